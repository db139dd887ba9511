//! How fast rows are written; only when asked for.

use std::time::Duration;

use kadence_core::clock::{Clock as _, SystemClock};
use kadence_core::feed::Partition;
use kadence_core::record::{Facts, Timestamp};
use kadence_core::run::Run;
use kadence_core::target::{Batch, Committed, Part, Rejects, Target as _, Verdict};
use kadence_store::{Cell, Change, LandingOptions, Mode, Rows, Session as _, SqlTarget, Store as _};

use crate::server::Db;

mod mariadb {
    #[test]
    #[ignore = "takes minutes; run it in release, with a MariaDB at KADENCE_TEST_MARIADB"]
    fn rows_by_the_session() {
        super::rows_by_the_session(&crate::server::Db::new(crate::server::Kind::MariaDb));
    }

    #[test]
    #[ignore = "takes minutes; run it in release, with a MariaDB at KADENCE_TEST_MARIADB"]
    fn json_by_the_target() {
        super::json_by_the_target(&crate::server::Db::new(crate::server::Kind::MariaDb));
    }
}

mod mysql {
    #[test]
    #[ignore = "takes minutes; run it in release, with a MySQL at KADENCE_TEST_MYSQLD"]
    fn rows_by_the_session() {
        super::rows_by_the_session(&crate::server::Db::new(crate::server::Kind::MySql));
    }

    #[test]
    #[ignore = "takes minutes; run it in release, with a MySQL at KADENCE_TEST_MYSQLD"]
    fn json_by_the_target() {
        super::json_by_the_target(&crate::server::Db::new(crate::server::Kind::MySql));
    }
}

const ROWS: usize = 1_000_000;
const COMMIT: usize = 10_000;
const START: i64 = 1_640_995_200_000_000_000;

const TABLE: &str = "CREATE TABLE t (id varchar(36) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PRIMARY KEY, a double, \
                     b double, c double, at datetime(6))";

struct Reading {
    id: String,
    values: [f64; 3],
    at: i64,
}

/// The same random keys on each run, as UUIDs are: spread over all there are.
fn readings() -> impl Iterator<Item = Reading> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    (0..ROWS as i64).map(move |n| {
        let (high, low) = (random(), random());
        let id = format!(
            "{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}",
            high >> 32,
            high >> 16 & 0xffff,
            high & 0xfff,
            low >> 52,
            low & 0xffff_ffff_ffff
        );
        let value = |bits: u64| (bits >> 11) as f64 / 9_007.0;
        Reading { id, values: [value(random()), value(random()), value(random())], at: START + n * 1_000_000 }
    })
}

fn report(db: &Db, what: &str, took: Duration) {
    let seconds = took.as_secs_f64();
    eprintln!("{:?}, {what}: {seconds:.1} s, {:.0} rows/s", db.server.kind(), ROWS as f64 / seconds);
}

fn rows_by_the_session(db: &Db) {
    let readings: Vec<Reading> = readings().collect();
    let batches: Vec<Rows> = readings
        .chunks(COMMIT)
        .map(|chunk| {
            let mut rows = Rows::default();
            rows.clear(5);
            for (place, Reading { id, values: [a, b, c], at }) in chunk.iter().enumerate() {
                let [a, b, c] = [a, b, c].map(|value| Cell::Double(*value));
                let at = Cell::Timestamp(Timestamp::from_nanos(*at));
                rows.push(place, Change::Put, &[Cell::Text(id), a, b, c, at]);
            }
            rows
        })
        .collect();
    for (mode, name) in [(Mode::Insert, "insert"), (Mode::Upsert, "upsert"), (Mode::Upsert, "upsert again")] {
        if name != "upsert again" {
            db.run("DROP TABLE IF EXISTS t");
            db.run(TABLE);
        }
        let table = db.table("t", mode, &[0]);
        let mut session = db.session();
        let before = SystemClock.now();
        for rows in &batches {
            session.begin().unwrap();
            session.set_savepoint().unwrap();
            session.write(&table, rows, 0..rows.len()).unwrap();
            session.commit().unwrap();
        }
        report(db, &format!("session, {name}"), SystemClock.now().saturating_sub(before));
        assert_eq!(db.count("SELECT COUNT(*) FROM t"), ROWS as i64);
    }
}

struct NoRejects;

impl Rejects for NoRejects {
    fn rejected(&mut self, _: usize, reason: &str) -> Verdict {
        panic!("{reason}")
    }
}

fn json_by_the_target(db: &Db) {
    let readings: Vec<Reading> = readings().collect();
    let batches: Vec<Run> =
        readings.chunks(COMMIT).enumerate().map(|(n, chunk)| run(n * COMMIT, chunk)).collect();
    for (mode, name) in [(Mode::Insert, "insert"), (Mode::Upsert, "upsert")] {
        db.run("DROP TABLE IF EXISTS t");
        db.run(TABLE);
        let options = LandingOptions {
            name: name.into(),
            table: "t".into(),
            key: vec!["id".into()],
            mode,
            ..LandingOptions::default()
        };
        let mut target = SqlTarget::new(db.mysql(), options, "cluster", |_| {}).unwrap();
        target.define_ledger().unwrap();
        let partition = Partition { topic: "readings".into(), id: None, index: 0 };
        let epoch = target.claim(&[(partition.clone(), None)]).unwrap()[0].epoch;
        let before = SystemClock.now();
        for (n, records) in batches.iter().enumerate() {
            let expected = (n > 0).then_some((n * COMMIT) as i64);
            let next = ((n + 1) * COMMIT) as i64;
            let parts = [Part { partition: partition.clone(), epoch, expected, next, mark: None }];
            let committed = target.commit(&Batch { parts: &parts, records }, &mut NoRejects).unwrap();
            assert_eq!(committed, Committed::Done);
        }
        report(db, &format!("target from JSON, {name}"), SystemClock.now().saturating_sub(before));
        assert_eq!(db.count("SELECT COUNT(*) FROM t"), ROWS as i64);
    }
}

fn run(first: usize, readings: &[Reading]) -> Run {
    let mut run = Run::new(usize::MAX / 4, readings.len());
    for (place, Reading { id, values: [a, b, c], at }) in readings.iter().enumerate() {
        let at = kadence_store::timestamp_text(Timestamp::from_nanos(*at)).replace(' ', "T");
        let body = format!(r#"{{"id":"{id}","a":{a},"b":{b},"c":{c},"at":"{at}Z"}}"#);
        let mut draft = run.draft();
        draft.bytes().extend_from_slice(body.as_bytes());
        let (time, sequence) = (Some(Timestamp::from_nanos(0)), (first + place) as u64);
        draft.finish(Facts { time, lane: 0, partition: Some(0), sequence, line: 0 });
    }
    run
}
