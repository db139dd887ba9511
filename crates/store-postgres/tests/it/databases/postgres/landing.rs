//! A landing from its records to its rows.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use kadence_core::clock::{Stop, SystemClock};
use kadence_core::feed::Partition;
use kadence_core::record::Timestamp;
use kadence_core::target::{Batch, Claim, Committed, Delivery, Rejects, Target};
use kadence_land::memory::{MemoryCluster, MemoryFeed, MemoryFeedOptions, MemoryRecord, Protocol};
use kadence_land::{Ended, OnReject, Options, Outcome, land};
use kadence_store::{Landing, LandingOptions, Mode, Notice, Parameter, Session as _, SqlTarget, Store as _};
use kadence_store_postgres::Postgres;

use crate::server::{Sessions as _, ask, shared};

const TOPIC: &str = "orders";

fn cluster(bodies: impl IntoIterator<Item = String>) -> MemoryCluster {
    let cluster = MemoryCluster::new(Arc::new(SystemClock), Protocol::Eager, Duration::from_secs(10));
    cluster.make_topic(TOPIC, 3);
    append(&cluster, bodies);
    cluster
}

fn append(cluster: &MemoryCluster, bodies: impl IntoIterator<Item = String>) {
    for (number, body) in bodies.into_iter().enumerate() {
        let record = MemoryRecord {
            key: Some(number.to_string().into_bytes()),
            body: Some(body.into_bytes()),
            time: Timestamp::from_nanos(0),
        };
        cluster.append(TOPIC, (number % 3) as i32, Some(record));
    }
}

fn options() -> LandingOptions {
    LandingOptions { name: "orders".into(), table: TOPIC.into(), ..LandingOptions::default() }
}

fn target(url: &str, options: LandingOptions) -> (SqlTarget<Postgres>, Arc<Mutex<Vec<Notice>>>) {
    let notices: Arc<Mutex<Vec<Notice>>> = Arc::default();
    let told = Arc::clone(&notices);
    let database = Postgres::from_url(url, None).unwrap();
    let name = options.name.clone();
    let mut target =
        SqlTarget::new(database, options, "cluster", move |notice| told.lock().unwrap().push(notice))
            .unwrap();
    target.define_ledger().unwrap();
    if target.landing().unwrap().is_none() {
        let landing = Landing { name, group: "g".into(), origin: "start".into(), fingerprint: String::new() };
        assert!(target.begin(&landing, &[]).unwrap());
        assert!(!target.begin(&landing, &[]).unwrap(), "it is there");
    }
    (target, notices)
}

fn run(cluster: &MemoryCluster, target: impl Target, options: Options) -> Outcome {
    // Who comes back under its name takes its partitions over at once.
    let instance = Some("one".to_owned());
    let feed_options =
        MemoryFeedOptions { instance, until_end: true, records: 70, ..MemoryFeedOptions::default() };
    let feed = MemoryFeed::join(cluster, feed_options);
    let (outcome, feed) = land(feed, target, options, &SystemClock, &Stop::new(), std::sync::Arc::default());
    feed.leave();
    outcome
}

fn skipping() -> Options {
    Options {
        batch_records: 100,
        linger: Duration::from_millis(20),
        on_reject: OnReject::Skip,
        ..Options::default()
    }
}

/// A target that is gone after so many commits: its process was killed behind one.
struct Dying {
    inner: Option<SqlTarget<Postgres>>,
    commits: u64,
    left: Arc<AtomicU64>,
}

impl Target for Dying {
    fn delivery(&self) -> Delivery {
        Delivery::ExactlyOnce
    }

    fn claim(
        &mut self,
        partitions: &[(Partition, Option<i64>)],
    ) -> Result<Vec<Claim>, kadence_core::fault::Fault> {
        self.inner.as_mut().unwrap().claim(partitions)
    }

    fn commit(
        &mut self,
        batch: &Batch<'_>,
        rejects: &mut dyn Rejects,
    ) -> Result<Committed, kadence_core::fault::Fault> {
        let committed = self.inner.as_mut().unwrap().commit(batch, rejects)?;
        self.commits -= 1;
        if self.commits == 0 {
            self.inner = None;
            self.left.fetch_add(1, Ordering::Relaxed);
            panic!("the process is killed, as it was told to be");
        }
        Ok(committed)
    }
}

#[test]
#[ignore = "needs a PostgreSQL at KADENCE_TEST_POSTGRES"]
fn each_record_is_a_row_once_however_often_the_process_dies() {
    let server = shared();
    let database = server.database();
    let url = server.url(&database);
    let cluster = cluster((0..3_000).map(|number| format!("{{\"id\":{number},\"name\":\"n{number}\"}}")));
    let died = Arc::new(AtomicU64::new(0));
    for commits in [1, 3, 2, 5] {
        let (inner, _) = target(&url, options());
        let dying = Dying { inner: Some(inner), commits, left: Arc::clone(&died) };
        let landed =
            std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| run(&cluster, dying, skipping())));
        assert!(landed.is_err(), "{landed:?}");
    }
    assert_eq!(died.load(Ordering::Relaxed), 4);
    let (last, _) = target(&url, options());
    let outcome = run(&cluster, last, skipping());
    assert!(matches!(outcome.ended, Ended::Finished), "{outcome:?}");
    let mut session = server.session(&database);
    assert_eq!(
        ask(&mut session, "SELECT count(*), count(DISTINCT id), max(id) FROM orders"),
        ["3000|3000|2999"]
    );
    assert_eq!(ask(&mut session, "SELECT sum(next_offset)::int8 FROM kadence_ledger"), ["3000"]);
}

#[test]
#[ignore = "needs a PostgreSQL at KADENCE_TEST_POSTGRES"]
fn sessions_that_are_killed_change_nothing() {
    let server = shared();
    let database = server.database();
    let cluster = cluster((0..6_000).map(|number| format!("{{\"id\":{number}}}")));
    let (target, notices) = target(&server.url(&database), options());
    let stop = Arc::new(Stop::new());
    let other = {
        let (stop, mut session) = (Arc::clone(&stop), server.session(&database));
        std::thread::spawn(move || {
            let mut killed = 0;
            while !stop.wait(Duration::from_millis(70)) && killed < 6 {
                let sql = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
                    WHERE datname = current_database() AND pid <> pg_backend_pid()";
                killed += ask(&mut session, sql)[0].parse::<u64>().unwrap();
            }
            killed
        })
    };
    let outcome = run(&cluster, target, skipping());
    stop.raise();
    let killed = other.join().unwrap();
    assert!(matches!(outcome.ended, Ended::Finished), "{outcome:?}");
    let mut session = server.session(&database);
    assert_eq!(ask(&mut session, "SELECT count(*), count(DISTINCT id) FROM orders"), ["6000|6000"]);
    assert!(killed > 0, "{:?}", notices.lock().unwrap());
}

#[test]
#[ignore = "needs a PostgreSQL at KADENCE_TEST_POSTGRES"]
fn a_worker_that_stands_still_inside_a_transaction_is_ended() {
    let server = shared();
    let database = server.database();
    let cluster = cluster((0..300).map(|number| format!("{{\"id\":{number}}}")));
    let (first, _) = target(&server.url(&database), options());
    assert!(matches!(run(&cluster, first, skipping()).ended, Ended::Finished));
    // Its session is the one in the ledger, and it has moved the ledger on when it stops.
    let mut still = server.session(&database);
    let token = still.token().to_owned();
    still.execute("UPDATE kadence_ledger SET token = $1", &[Parameter::Text(&token)]).unwrap();
    still.begin().unwrap();
    still.execute("UPDATE kadence_ledger SET next_offset = next_offset + 1", &[]).unwrap();
    append(&cluster, (300..600).map(|number| format!("{{\"id\":{number}}}")));
    let (second, notices) = target(&server.url(&database), options());
    assert!(matches!(run(&cluster, second, skipping()).ended, Ended::Finished));
    let notices = notices.lock().unwrap();
    assert!(notices.iter().any(|notice| matches!(notice, Notice::Ended(_))), "{notices:?}");
    let mut session = server.session(&database);
    assert_eq!(ask(&mut session, "SELECT count(*), count(DISTINCT id) FROM orders"), ["600|600"]);
}

#[test]
#[ignore = "needs a PostgreSQL at KADENCE_TEST_POSTGRES"]
fn rows_that_the_server_refuses_are_left_out_alone() {
    let server = shared();
    for mode in [Mode::Insert, Mode::Upsert] {
        let database = server.database();
        let mut session = server.session(&database);
        session.define("CREATE TABLE orders (id int PRIMARY KEY, v int CHECK (v % 10 <> 3))").unwrap();
        let bodies = (0..2_000).map(|number| format!("{{\"id\":{number},\"v\":{}}}", number * 7 / 3));
        let cluster = cluster(bodies);
        let options = LandingOptions { mode, key: vec!["id".into()], ..options() };
        let (target, _) = target(&server.url(&database), options);
        let outcome = run(&cluster, target, skipping());
        let bad = (0..2_000).filter(|number| number * 7 / 3 % 10 == 3).count() as u64;
        assert!(matches!(outcome.ended, Ended::Finished), "{outcome:?}");
        assert_eq!((outcome.landed, outcome.rejected), (2_000 - bad, bad), "{mode:?}");
        let count = (2_000 - bad).to_string();
        assert_eq!(ask(&mut session, "SELECT count(*) FROM orders WHERE v = id * 7 / 3"), [count]);
    }
}

#[test]
#[ignore = "needs a PostgreSQL at KADENCE_TEST_POSTGRES"]
fn a_table_is_made_and_changed_as_records_need_it() {
    let server = shared();
    let database = server.database();
    let mut session = server.session(&database);
    let body = |number: u64| match number {
        0..200 => format!(
            "{{\"id\":{number},\"at\":\"2024-05-01T10:00:00.25Z\",\"x\":1.5,\"big\":18446744073709551615}}"
        ),
        _ => format!("{{\"id\":{number},\"more\":{{\"a\":[1]}},\"ok\":true,\"x\":null}}"),
    };
    let all = cluster((0..400).map(body));
    let options = LandingOptions {
        evolve: true,
        mode: Mode::Upsert,
        key: vec!["id".into()],
        lineage: true,
        types: vec![("at".into(), "timestamp(3)".parse().unwrap())],
        ..options()
    };
    let (first, notices) = target(&server.url(&database), options.clone());
    let outcome = run(&all, first, skipping());
    assert!(matches!(outcome.ended, Ended::Finished), "{outcome:?}");
    assert_eq!((outcome.landed, outcome.rejected), (400, 0), "{:?}", notices.lock().unwrap());
    assert_eq!(
        ask(
            &mut session,
            "SELECT id, at::text, x::text, big::text, more::text, ok::text, _offset FROM orders WHERE id IN (1, 399) ORDER BY id"
        ),
        [
            "1|2024-05-01 10:00:00.25+00|1.5|18446744073709551615|null|null|0",
            "399|null|null|null|{\"a\": [1]}|true|133"
        ]
    );
    // Narrow columns are widened.
    session.define("ALTER TABLE orders ADD COLUMN n int").unwrap();
    append(&all, ["{\"id\":1,\"n\":5}".into(), "{\"id\":2,\"n\":5000000000}".into()]);
    let (second, _) = target(&server.url(&database), options);
    let outcome = run(&all, second, skipping());
    assert_eq!((outcome.landed, outcome.rejected), (2, 0), "{outcome:?}");
    assert_eq!(
        ask(&mut session, "SELECT id, n FROM orders WHERE n > 0 ORDER BY id"),
        ["1|5", "2|5000000000"]
    );
    assert_eq!(ask(&mut session, "SELECT count(*) FROM orders"), ["400"]);
}

#[test]
#[ignore = "needs a PostgreSQL at KADENCE_TEST_POSTGRES"]
fn a_ledger_that_a_crash_empties_is_refused() {
    let server = shared();
    for table in ["kadence_landings", "kadence_ledger"] {
        let database = server.database();
        drop(target(&server.url(&database), options()));
        server.session(&database).define(&format!("ALTER TABLE {table} SET UNLOGGED")).unwrap();
        let postgres = Postgres::from_url(&server.url(&database), None).unwrap();
        let mut target = SqlTarget::new(postgres, options(), "cluster", |_| {}).unwrap();
        let partition = Partition { topic: Arc::from(TOPIC), id: None, index: 0 };
        let error = target.claim(&[(partition, None)]).unwrap_err().to_string();
        assert!(error.contains(table) && error.contains("is unlogged"), "{error}");
    }
}
