//! Who has a partition, and how long after somebody died or left.

use std::time::Duration;

use kadence_core::clock::{Clock as _, Stop, SystemClock};
use rustix::process::Signal;

use super::database::{Database, Kind};
use super::{land, land_all, stop, write_numbers};
use crate::support::{Bench, eventually, signal};

/// A session that outlives a test's patience with whoever does not go on at once.
const LONG_SESSION: &str = "session.timeout.ms=100000";
/// Less than that, and more than a worker needs on a busy machine.
const AT_ONCE: Duration = Duration::from_secs(40);

/// Waits for so many rows.
#[track_caller]
fn landed(database: &Database, most: i64) {
    eventually("the records to be landed", || {
        database.number("SELECT count(*) FROM t").filter(|count| *count >= most)
    });
}

/// Waits for so many rows, and not for the end of a session.
#[track_caller]
fn landed_at_once(database: &Database, most: i64) {
    let deadline = SystemClock.now() + AT_ONCE;
    eventually("the records to be landed", || {
        assert!(SystemClock.now() < deadline, "somebody's session is waited for");
        database.number("SELECT count(*) FROM t").filter(|count| *count >= most)
    });
}

#[track_caller]
fn each_is_there_once(database: &Database) {
    assert_eq!(
        database.number("SELECT count(*) - count(DISTINCT id) FROM t"),
        Some(0),
        "nothing is there twice"
    );
}

/// What makes the row with id 3 take its time, inside the transaction that writes it.
fn slow_row(database: &Database) {
    let statements: &[&str] = match database.kind {
        Kind::Sqlite => &[
            "CREATE TABLE numbers (n int)",
            "INSERT INTO numbers WITH RECURSIVE n(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM n WHERE n < 6000) \
             SELECT n FROM n",
            "CREATE TRIGGER slow BEFORE INSERT ON t WHEN NEW.id = 3 BEGIN \
             SELECT count(*) FROM numbers a, numbers b WHERE a.n + b.n < 0; END",
        ],
        Kind::Postgres => &[
            "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS \
             'BEGIN IF NEW.id = 3 THEN PERFORM pg_sleep(3); END IF; RETURN NEW; END'",
            "CREATE TRIGGER slow BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION slow()",
        ],
        Kind::MariaDb => &[
            "CREATE TRIGGER slow BEFORE INSERT ON t FOR EACH ROW SET NEW.id = NEW.id + IF(NEW.id = 3, SLEEP(3), 0)",
        ],
    };
    for statement in statements {
        database.run(statement);
    }
}

/// Whether somebody is at that row now.
fn is_at_the_slow_row(database: &Database) -> Option<()> {
    let asked = match database.kind {
        Kind::Sqlite => return is_locked_for_long(database).then_some(()),
        Kind::Postgres => {
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()"
        }
        Kind::MariaDb => {
            "SELECT count(*) FROM information_schema.processlist WHERE state = 'User sleep' AND db = database()"
        }
    };
    database.number(asked).filter(|count| *count > 0).map(drop)
}

/// Whether nobody else can write to the file, longer than any other transaction lasts.
fn is_locked_for_long(database: &Database) -> bool {
    let never = Stop::new();
    (0..15).all(|_| {
        never.wait(Duration::from_millis(10));
        let file = rusqlite::Connection::open(database.url.strip_prefix("sqlite:").unwrap()).unwrap();
        file.busy_timeout(Duration::ZERO).unwrap();
        file.execute_batch("BEGIN IMMEDIATE; ROLLBACK").is_err()
    })
}

/// SIGSTOP inside a transaction: its locks stay, and nobody's timeout ends them. Who owns the partition next ends the
/// session, or says whose process it is where there are no sessions. What wakes up later writes nothing twice.
pub(super) fn a_worker_that_is_stopped_inside_a_transaction_holds_nobody_up(
    bench: &Bench,
    database: &Database,
) {
    bench.kadence(&["topics", "create", "t"]).ok();
    write_numbers(bench, "t", 0..3);
    land_all(bench, "t", database, &[]);
    slow_row(database);
    let quick = ["--max-wait", "20ms", "-X", "session.timeout.ms=6000"];
    let stopped = bench.start(&land("t", database, &quick));
    write_numbers(bench, "t", 3..6);
    eventually("a worker inside its transaction", || is_at_the_slow_row(database));
    signal(stopped.pid(), Signal::STOP);
    let mut successor = bench.start(&land("t", database, &quick));
    if database.kind == Kind::Sqlite {
        assert_eq!(successor.wait().code(), Some(1), "{}", successor.stderr());
        let told = successor.stderr();
        assert!(told.contains(&format!("process {} on ", stopped.pid())), "{told}");
        assert!(told.contains("let that process go on, or end it"), "{told}");
        signal(stopped.pid(), Signal::CONT);
        landed(database, 6);
        stop(stopped);
    } else {
        landed(database, 6);
        assert!(successor.said().contains("ended a session that stood still"), "{}", successor.said());
        signal(stopped.pid(), Signal::CONT);
        write_numbers(bench, "t", 6..9);
        landed(database, 9);
        stop(stopped);
        stop(successor);
    }
    land_all(bench, "t", database, &[]);
    each_is_there_once(database);
}

/// It comes back under its name, and the group knows it again.
pub(super) fn a_worker_that_was_killed_goes_on_at_once(bench: &Bench, database: &Database) {
    bench.kadence(&["topics", "create", "t", "--partitions", "3"]).ok();
    write_numbers(bench, "t", 0..20);
    let killed = bench.start(&land("t", database, &["--max-wait", "20ms", "-X", LONG_SESSION]));
    landed(database, 20);
    drop(killed);
    write_numbers(bench, "t", 20..40);
    let next = bench.start(&land("t", database, &["--max-wait", "20ms", "-X", LONG_SESSION]));
    landed_at_once(database, 40);
    stop(next);
    each_is_there_once(database);
}

/// A static member that only goes away would keep its partitions until its session is over.
pub(super) fn a_worker_that_is_told_to_end_leaves_its_partitions_to_others(
    bench: &Bench,
    database: &Database,
) {
    bench.kadence(&["topics", "create", "t", "--partitions", "4"]).ok();
    let start = || bench.start(&land("t", database, &["--max-wait", "20ms", "-X", LONG_SESSION]));
    let workers = [start(), start()];
    write_numbers(bench, "t", 0..40);
    landed(database, 40);
    eventually("both to have partitions", || {
        database
            .number("SELECT count(DISTINCT token) FROM kadence_ledger WHERE epoch > 0")
            .filter(|both| *both == 2)
    });
    let [leaving, staying] = workers;
    stop(leaving);
    write_numbers(bench, "t", 40..80);
    landed_at_once(database, 80);
    stop(staying);
    each_is_there_once(database);
}
