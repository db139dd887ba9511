//! Rows a second, with a server that keeps what it has committed.
//!
//! `KADENCE_TEST_POSTGRES=/usr/lib/postgresql/15/bin cargo test --release -p kadence-store-postgres --test it -- --ignored measure --nocapture`

use std::sync::Arc;
use std::time::Duration;

use kadence_core::clock::{Clock as _, SystemClock};
use kadence_core::feed::Partition;
use kadence_core::record::{Facts, Timestamp};
use kadence_core::run::Run;
use kadence_core::target::{Batch, Committed, Part, Rejects, Target as _, Verdict};
use kadence_store::{Cell, Change, Landing, LandingOptions, Mode, Rows, Session as _, SqlTarget, Store as _};
use kadence_store_postgres::Postgres;
use kadence_testing::database::{Kind as ServerKind, Server};

use crate::server::{Sessions as _, ask, table};

const ROWS: usize = 1_000_000;
const BATCH: usize = 10_000;
const TABLE: &str =
    "CREATE TABLE readings (id varchar(36) PRIMARY KEY, a float8, b float8, c float8, at timestamptz)";

/// Random ids that are the same in each run.
fn id(number: usize) -> String {
    let mix = |seed: u64| {
        let mut value = (number as u64).wrapping_add(seed).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        value ^ (value >> 31)
    };
    uuid::Uuid::from_u64_pair(mix(1), mix(1 << 40)).to_string()
}

fn values(number: usize) -> [f64; 3] {
    [0.1, 0.7, 1.3].map(|factor| number as f64 * factor)
}

fn stamp(number: usize) -> i64 {
    1_700_000_000_000_000_000 + number as i64 * 1_000_000
}

fn told(what: &str, rows: usize, passed: Duration) {
    println!("{what}: {:.0} rows/s", rows as f64 / passed.as_secs_f64());
}

#[test]
#[ignore = "measures, for which nothing else should run"]
fn measure_a_session_alone() {
    let server = Server::start(ServerKind::Postgres, &[]);
    for mode in [Mode::Insert, Mode::Upsert] {
        let mut session = server.session(&server.database());
        session.define(TABLE).unwrap();
        session.define("CREATE TABLE ledger (next int8); INSERT INTO ledger VALUES (0)").unwrap();
        let table = table(&mut session, "readings", &["id"], mode);
        let mut batches = Vec::new();
        for batch in 0..ROWS / BATCH {
            let mut rows = Rows::default();
            rows.clear(5);
            for number in batch * BATCH..(batch + 1) * BATCH {
                let [a, b, c] = values(number).map(Cell::Double);
                let at = Cell::Timestamp(Timestamp::from_nanos(stamp(number)));
                rows.push(number % BATCH, Change::Put, &[Cell::Text(&id(number)), a, b, c, at]);
            }
            batches.push(rows);
        }
        let start = SystemClock.now();
        for rows in &batches {
            session.begin().unwrap();
            assert_eq!(session.execute("UPDATE ledger SET next = next + 1", &[]).unwrap(), 1);
            session.set_savepoint().unwrap();
            session.write(&table, rows, 0..rows.len()).unwrap();
            session.commit().unwrap();
        }
        told(&format!("session, {mode:?}"), ROWS, SystemClock.now().saturating_sub(start));
        assert_eq!(ask(&mut session, "SELECT count(*) FROM readings"), [ROWS.to_string()]);
    }
}

/// How many records are left out.
struct Left(usize);

impl Rejects for Left {
    fn rejected(&mut self, _: usize, _: &str) -> Verdict {
        self.0 += 1;
        Verdict::LeaveOut
    }
}

#[test]
#[ignore = "measures, for which nothing else should run"]
fn measure_a_target() {
    let server = Server::start(ServerKind::Postgres, &[]);
    for mode in [Mode::Insert, Mode::Upsert] {
        assert_eq!(land(&server, TABLE, mode, ROWS), 0);
    }
}

/// A tenth of the rows is refused by the server.
#[test]
#[ignore = "measures, for which nothing else should run"]
fn measure_a_target_with_rejects() {
    let server = Server::start(ServerKind::Postgres, &[]);
    let table = TABLE.replace("a float8", "a float8 CHECK (round(a * 10)::int % 10 <> 3)");
    for mode in [Mode::Insert, Mode::Upsert] {
        assert_eq!(land(&server, &table, mode, 50_000), 5_000);
    }
}

/// Lands so many records, says how fast, and gives how many were left out.
fn land(server: &Server, table: &str, mode: Mode, all: usize) -> usize {
    let database = server.database();
    server.session(&database).define(table).unwrap();
    let options = LandingOptions {
        name: "n".into(),
        table: "readings".into(),
        key: vec!["id".into()],
        mode,
        ..LandingOptions::default()
    };
    let postgres = Postgres::from_url(&server.url(&database), None).unwrap();
    let mut target = SqlTarget::new(postgres, options, "", |_| {}).unwrap();
    target.define_ledger().unwrap();
    let landing =
        Landing { name: "n".into(), group: "g".into(), origin: "start".into(), fingerprint: String::new() };
    assert!(target.begin(&landing, &[]).unwrap());
    let partition = Partition { topic: Arc::from("t"), id: None, index: 0 };
    let claim = target.claim(&[(partition.clone(), None)]).unwrap().remove(0);
    let batches: Vec<Run> = (0..all / BATCH).map(run).collect();
    let mut left = Left(0);
    let start = SystemClock.now();
    let mut next = None;
    for (batch, records) in batches.iter().enumerate() {
        let part = Part {
            partition: partition.clone(),
            epoch: claim.epoch,
            expected: next,
            next: ((batch + 1) * BATCH) as i64,
            mark: None,
        };
        next = Some(part.next);
        let committed = target.commit(&Batch { parts: &[part], records }, &mut left).unwrap();
        assert_eq!(committed, Committed::Done);
    }
    told(&format!("target, {mode:?}, {} left out", left.0), all, SystemClock.now().saturating_sub(start));
    left.0
}

fn run(batch: usize) -> Run {
    let mut run = Run::new(usize::MAX / 4, BATCH);
    for number in batch * BATCH..(batch + 1) * BATCH {
        let [a, b, c] = values(number);
        let at = kadence_store::timestamp_text(Timestamp::from_nanos(stamp(number))).replace(' ', "T");
        let body = format!("{{\"id\":\"{}\",\"a\":{a},\"b\":{b},\"c\":{c},\"at\":\"{at}Z\"}}", id(number));
        let mut draft = run.draft();
        draft.bytes().extend_from_slice(body.as_bytes());
        let at = Some(Timestamp::from_nanos(stamp(number)));
        draft.finish(Facts { time: at, lane: 0, partition: Some(0), sequence: number as u64, line: 0 });
    }
    run
}
