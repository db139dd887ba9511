//! A whole landing over it.

use std::sync::Arc;
use std::time::Duration;

use kadence_core::clock::{Stop, SystemClock};
use kadence_core::fault::Fault;
use kadence_core::feed::Partition;
use kadence_core::record::{Facts, Timestamp};
use kadence_core::run::Run;
use kadence_core::target::{Batch, Claim, Committed, Delivery, Part, Rejects, Target, Verdict};
use kadence_land::memory::{MemoryCluster, MemoryFeed, MemoryFeedOptions, MemoryRecord, Protocol};
use kadence_land::{Ended, OnReject, Options, Outcome, land};
use kadence_store::{LandingOptions, Mode, Notice, SqlTarget, Store as _};
use kadence_store_mysql::Mysql;
use kadence_testing::line::{Cut, Line};

use crate::server::Db;

on_both! {
    crashes_neither_lose_nor_repeat_a_row_and_bad_ones_are_left_out,
    lost_answers_neither_lose_nor_repeat_a_row,
    a_table_is_made_for_what_comes_and_grows_with_it,
    upserts_keep_the_state_of_each_key_and_tombstones_delete,
    what_would_not_be_exactly_once_is_refused,
    a_ledger_that_cannot_roll_back_is_refused,
    a_successor_ends_who_stands_still_inside_a_transaction,
}

const TOPIC: &str = "orders";

/// Where a process dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Crash {
    Never,
    /// Before this commit.
    Before(u32),
    /// Between this commit and its answer.
    Behind(u32),
}

/// A target whose process dies.
struct Mortal {
    target: SqlTarget<Mysql>,
    crash: Crash,
    commits: u32,
}

impl Mortal {
    fn dead() -> Fault {
        Fault::new("the process", "is dead")
    }
}

impl Target for Mortal {
    fn delivery(&self) -> Delivery {
        self.target.delivery()
    }

    fn claim(&mut self, partitions: &[(Partition, Option<i64>)]) -> Result<Vec<Claim>, Fault> {
        self.target.claim(partitions)
    }

    fn commit(&mut self, batch: &Batch<'_>, rejects: &mut dyn Rejects) -> Result<Committed, Fault> {
        self.commits += 1;
        if self.crash == Crash::Before(self.commits) {
            return Err(Self::dead());
        }
        let committed = self.target.commit(batch, rejects)?;
        if self.crash == Crash::Behind(self.commits) { Err(Self::dead()) } else { Ok(committed) }
    }
}

fn cluster() -> MemoryCluster {
    let cluster = MemoryCluster::new(Arc::new(SystemClock), Protocol::Eager, Duration::from_secs(10));
    cluster.make_topic(TOPIC, 3);
    cluster
}

fn record(key: &str, body: Option<String>) -> MemoryRecord {
    let (key, body) = (Some(key.as_bytes().to_vec()), body.map(String::into_bytes));
    MemoryRecord { key, body, time: Timestamp::from_nanos(1) }
}

fn target(db: &Db, options: LandingOptions) -> SqlTarget<Mysql> {
    let mut target = SqlTarget::new(db.mysql(), options, "cluster", |_| {}).unwrap();
    target.define_ledger().unwrap();
    target
}

fn run(db: &Db, cluster: &MemoryCluster, options: LandingOptions, crash: Crash) -> Outcome {
    let feed_options = MemoryFeedOptions { until_end: true, records: 70, ..MemoryFeedOptions::default() };
    let feed = MemoryFeed::join(cluster, feed_options);
    let how = Options { batch_records: 100, on_reject: OnReject::Skip, ..Options::default() };
    let target = Mortal { target: target(db, options), crash, commits: 0 };
    let (outcome, feed) = land(feed, target, how, &SystemClock, &Stop::new(), std::sync::Arc::default());
    feed.leave();
    outcome
}

fn options(table: &str) -> LandingOptions {
    LandingOptions { name: "landing".into(), table: table.into(), ..LandingOptions::default() }
}

/// A crash may fall before a commit or between a commit and its answer. One record in ten is not taken by a CHECK.
fn crashes_neither_lose_nor_repeat_a_row_and_bad_ones_are_left_out(db: &Db) {
    db.run("CREATE TABLE t (n int PRIMARY KEY, note text, CHECK (n % 10 <> 3))");
    let cluster = cluster();
    for n in 0..3_000 {
        cluster.append(TOPIC, n % 3, Some(record("k", Some(format!(r#"{{"n":{n},"note":"row {n}"}}"#)))));
    }
    let crashes = [Crash::Before(1), Crash::Behind(1), Crash::Before(3), Crash::Behind(4), Crash::Behind(2)];
    for crash in crashes {
        let outcome = run(db, &cluster, options("t"), crash);
        assert!(matches!(outcome.ended, Ended::Failed(_)), "{crash:?}: {outcome:?}");
    }
    let outcome = run(db, &cluster, options("t"), Crash::Never);
    assert!(matches!(outcome.ended, Ended::Finished), "{outcome:?}");
    let counted = db.ask("SELECT COUNT(*), COUNT(DISTINCT n), SUM(n % 10 = 3) FROM t");
    assert_eq!(counted, [["2700", "2700", "0"]], "on {:?}", db.server.kind());
    let next = db.ask("SELECT next_offset FROM kadence_ledger ORDER BY partition_id");
    assert_eq!(next, [["1000"], ["1000"], ["1000"]]);
}

/// The answer to one COMMIT in five is lost, and with it the connection: of a batch, of a claim, of what looks at a
/// table.
fn lost_answers_neither_lose_nor_repeat_a_row(db: &Db) {
    let cluster = cluster();
    for n in 0..3_000 {
        cluster.append(TOPIC, n % 3, Some(record("k", Some(format!(r#"{{"n":{n}}}"#)))));
    }
    let line = Line::start(db.server.port()).unwrap();
    let mysql = Mysql::from_url(&db.url_by(&line), None).unwrap();
    let mut target = SqlTarget::new(mysql, options("t"), "cluster", |_| {}).unwrap();
    target.define_ledger().unwrap();
    let feed_options = MemoryFeedOptions { until_end: true, records: 70, ..MemoryFeedOptions::default() };
    let feed = MemoryFeed::join(&cluster, feed_options);
    let how = Options { batch_records: 100, ..Options::default() };
    line.cut_one_in(5, Cut::Meanwhile);
    let (outcome, feed) = land(feed, target, how, &SystemClock, &Stop::new(), std::sync::Arc::default());
    feed.leave();
    assert!(matches!(outcome.ended, Ended::Finished), "{outcome:?}");
    assert!(line.cuts() > 3, "{} answers were lost", line.cuts());
    assert_eq!((outcome.landed, outcome.uncertain), (3_000, 0));
    let counted = db.ask("SELECT COUNT(*), COUNT(DISTINCT n) FROM t");
    assert_eq!(counted, [["3000", "3000"]], "on {:?}", db.server.kind());
}

fn a_table_is_made_for_what_comes_and_grows_with_it(db: &Db) {
    let cluster = cluster();
    for n in 0..200 {
        let more = if n < 100 { "" } else { r#","more":"x""# };
        let body = format!(
            r#"{{"n":{n},"ok":true,"price":1.5,"name":"é {n}","at":"2021-01-01T00:00:00.123456Z","tags":[1,"b"]{more}}}"#
        );
        cluster.append(TOPIC, 0, Some(record("k", Some(body))));
    }
    let types = vec![("at".to_owned(), "timestamp".parse().unwrap())];
    let outcome = run(db, &cluster, LandingOptions { evolve: true, types, ..options("made") }, Crash::Never);
    assert!(matches!(outcome.ended, Ended::Finished), "{outcome:?}");
    assert_eq!(outcome.landed, 200, "{outcome:?}");
    let row = db
        .ask("SELECT n, ok, price, name, CAST(at AS CHAR), CAST(tags AS CHAR), more FROM made WHERE n = 150");
    let tags = if db.is_maria() { r#"[1,"b"]"# } else { r#"[1, "b"]"# };
    assert_eq!(row, [["150", "1", "1.5", "é 150", "2021-01-01 00:00:00.123456", tags, "x"]]);
    assert_eq!(db.count("SELECT COUNT(*) FROM made WHERE more IS NULL"), 100);
}

fn upserts_keep_the_state_of_each_key_and_tombstones_delete(db: &Db) {
    let cluster = cluster();
    for n in 0..3_000 {
        let key = n % 30;
        let body = (n % 7 != 0).then(|| format!(r#"{{"n":{n}}}"#));
        cluster.append(TOPIC, key % 3, Some(record(&format!("key {key} "), body)));
    }
    let options = LandingOptions {
        mode: Mode::Upsert,
        key: vec!["_key".into()],
        delete_on_null: true,
        ..options("states")
    };
    for crash in [Crash::Behind(2), Crash::Before(5), Crash::Never] {
        run(db, &cluster, options.clone(), crash);
    }
    let expected: Vec<Vec<String>> = (2_970..3_000)
        .filter(|n| n % 7 != 0)
        .map(|n| vec![format!("key {} ", n % 30), n.to_string()])
        .collect();
    assert_eq!(db.ask("SELECT _key, n FROM states ORDER BY n"), expected, "on {:?}", db.server.kind());
}

fn what_would_not_be_exactly_once_is_refused(db: &Db) {
    db.run("CREATE TABLE crashes (n int PRIMARY KEY) ENGINE=MyISAM");
    db.run("CREATE TABLE two (k varchar(20) PRIMARY KEY, n int, UNIQUE (n))");
    db.run("CREATE TABLE part (k varchar(20) PRIMARY KEY, n varchar(20), UNIQUE (n(3)))");
    let cluster = cluster();
    cluster.append(TOPIC, 0, Some(record("k", Some(r#"{"n":1}"#.into()))));
    let upsert = |table| LandingOptions {
        mode: Mode::Upsert,
        key: vec!["_key".into()],
        select: Some("_key AS k, n".into()),
        ..options(table)
    };
    let by_k = |table| LandingOptions { key: vec!["k".into()], ..upsert(table) };
    for (options, told) in [
        (options("crashes"), "its engine is MyISAM"),
        (by_k("two"), "has another unique index, over (n)"),
        (by_k("part"), "has another unique index, over (n(3))"),
    ] {
        let outcome = run(db, &cluster, options, Crash::Never);
        let Ended::Failed(error) = outcome.ended else { panic!("{outcome:?}") };
        assert!(error.to_string().contains(told), "{error}");
    }
    assert_eq!(db.count("SELECT (SELECT COUNT(*) FROM crashes) + (SELECT COUNT(*) FROM two)"), 0);
}

fn a_ledger_that_cannot_roll_back_is_refused(db: &Db) {
    for table in ["kadence_landings", "kadence_ledger"] {
        db.run(&format!("CREATE TABLE {table} (a int) ENGINE=MyISAM"));
        let mut target = SqlTarget::new(db.mysql(), options("t"), "cluster", |_| {}).unwrap();
        let partition = Partition { topic: Arc::from(TOPIC), id: None, index: 0 };
        let error = target.claim(&[(partition, None)]).unwrap_err().to_string();
        assert!(error.contains(table) && error.contains("its engine is MyISAM"), "{error}");
        db.run(&format!("DROP TABLE {table}"));
    }
}

/// Stops inside the transaction, until it is told to go on.
struct Standstill<'s> {
    stands: &'s Stop,
    goes_on: &'s Stop,
}

impl Rejects for Standstill<'_> {
    fn rejected(&mut self, _: usize, _: &str) -> Verdict {
        self.stands.raise();
        self.goes_on.wait(Duration::from_mins(1));
        Verdict::LeaveOut
    }
}

fn batch(bodies: &[&str]) -> Run {
    let mut run = Run::new(usize::MAX / 4, bodies.len());
    for (sequence, body) in bodies.iter().enumerate() {
        let mut draft = run.draft();
        draft.bytes().extend_from_slice(body.as_bytes());
        let time = Some(Timestamp::from_nanos(0));
        draft.finish(Facts { time, lane: 0, partition: Some(0), sequence: sequence as u64, line: 0 });
    }
    run
}

/// A worker that was stopped inside a transaction holds its locks. Its successor ends its session, and what it wakes
/// up to commit is not there any more.
fn a_successor_ends_who_stands_still_inside_a_transaction(db: &Db) {
    db.run("CREATE TABLE t (n int PRIMARY KEY)");
    let cluster = cluster();
    let partition = cluster.partition(TOPIC, 0);
    let mut stopped = target(db, options("t"));
    let epoch = stopped.claim(&[(partition.clone(), None)]).unwrap()[0].epoch;
    let run = batch(&[r#"{"n":1}"#, "not taken"]);
    let part = |epoch| Part { partition: partition.clone(), epoch, expected: None, next: 2, mark: None };
    let (stands, goes_on) = (Stop::new(), Stop::new());
    let ended = Arc::new(std::sync::Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        let standing = scope.spawn(|| {
            let parts = [part(epoch)];
            let mut rejects = Standstill { stands: &stands, goes_on: &goes_on };
            stopped.commit(&Batch { parts: &parts, records: &run }, &mut rejects)
        });
        assert!(stands.wait(Duration::from_mins(1)));
        let notices = Arc::clone(&ended);
        let notice = move |notice| notices.lock().unwrap().push(notice);
        let mut successor = SqlTarget::new(db.mysql(), options("t"), "cluster", notice).unwrap();
        let claims = successor.claim(&[(partition.clone(), None)]).unwrap();
        assert_eq!((claims[0].epoch, claims[0].next), (epoch + 1, None));
        goes_on.raise();
        match standing.join().unwrap() {
            Ok(Committed::Unknown) => {}
            other => panic!("{other:?}"),
        }
        let parts = [part(epoch + 1)];
        let mut rejects = Standstill { stands: &stands, goes_on: &goes_on };
        let committed = successor.commit(&Batch { parts: &parts, records: &run }, &mut rejects).unwrap();
        assert_eq!(committed, Committed::Done);
    });
    assert!(ended.lock().unwrap().iter().any(|notice| matches!(notice, Notice::Ended(_))));
    assert_eq!(db.ask("SELECT n FROM t"), [["1"]]);
    // Who was fenced writes nothing, with a new session either.
    let parts = [part(epoch)];
    let mut rejects = Standstill { stands: &stands, goes_on: &goes_on };
    let committed = stopped.commit(&Batch { parts: &parts, records: &run }, &mut rejects).unwrap();
    assert_eq!(committed, Committed::Fenced(vec![partition]));
}
