//! Topics landed in databases.

pub(crate) mod database;
mod owners;
mod proof;

use rustix::process::Signal;
use serde_json::Value;

use self::database::{Database, Kind};
use self::owners::{
    a_worker_that_is_stopped_inside_a_transaction_holds_nobody_up,
    a_worker_that_is_told_to_end_leaves_its_partitions_to_others, a_worker_that_was_killed_goes_on_at_once,
};
use self::proof::{
    a_row_that_was_tampered_with_on_the_way_says_so, a_sealed_run_is_found_in_its_table,
    an_upserted_table_has_the_last_of_each_key, unsealed_records_have_no_columns_for_seals,
};
use crate::support::{Bench, Running, eventually, json, signal};

/// Runs each of these functions as a test with SQLite on the embedded broker, and as ignored ones with SQLite on a
/// real Kafka and with the servers on the embedded broker.
macro_rules! on_all_databases {
    ($($name:ident,)*) => {
        mod sqlite {
            $(#[test] fn $name() {
                let bench = crate::support::Bench::new();
                super::$name(&bench, &super::Database::new(super::Kind::Sqlite, &bench));
            })*
        }
        mod kafka {
            $(#[test] #[ignore = "needs a real Kafka at KADENCE_TEST_KAFKA"]
            fn $name() {
                let bench = crate::support::Bench::on_kafka();
                super::$name(&bench, &super::Database::new(super::Kind::Sqlite, &bench));
            })*
        }
        mod databases {
            mod postgres {
                $(#[test] #[ignore = "needs a PostgreSQL at KADENCE_TEST_POSTGRES"]
                fn $name() {
                    let bench = crate::support::Bench::new();
                    super::super::$name(&bench, &super::super::Database::new(super::super::Kind::Postgres, &bench));
                })*
            }
            mod mariadb {
                $(#[test] #[ignore = "needs a MariaDB at KADENCE_TEST_MARIADB"]
                fn $name() {
                    let bench = crate::support::Bench::new();
                    super::super::$name(&bench, &super::super::Database::new(super::super::Kind::MariaDb, &bench));
                })*
            }
        }
    };
}

on_all_databases! {
    a_sealed_run_is_found_in_its_table,
    a_row_that_was_tampered_with_on_the_way_says_so,
    an_upserted_table_has_the_last_of_each_key,
    unsealed_records_have_no_columns_for_seals,
    fields_become_columns_and_a_second_run_goes_on,
    nothing_is_written_by_a_look_ahead,
    tombstones_delete_where_that_is_asked_for,
    what_is_not_taken_stops_or_goes_to_a_file,
    what_cannot_be_kept_in_the_file_is_not_left_out,
    a_worker_whose_landing_is_dropped_ends,
    a_topic_made_anew_is_not_taken_for_the_old_one,
    a_gap_is_accepted_by_hand_only,
    where_it_starts_is_settled_once,
    bytes_are_landed_as_they_are,
    what_is_named_takes_the_place_of_a_field,
    a_landing_that_has_landed_nothing_takes_other_options,
    the_ledger_knows_its_landing,
    columns_are_added_where_that_is_asked_for,
    workers_share_the_partitions,
    it_ends_cleanly_when_it_is_stopped,
    a_worker_that_is_killed_over_and_over_lands_each_record_once,
    a_worker_that_is_stopped_inside_a_transaction_holds_nobody_up,
    a_worker_that_is_told_to_end_leaves_its_partitions_to_others,
    a_worker_that_was_killed_goes_on_at_once,
}

/// Writes JSON bodies into a topic, keyed by their `id`.
fn write(bench: &Bench, topic: &str, bodies: &[&str]) {
    bench.file("bodies.jsonl", bodies.join("\n"));
    let replay = format!("replay bodies.jsonl -t {topic} --unpaced --key column:id -q");
    bench.kadence(&replay.split(' ').collect::<Vec<_>>()).ok();
}

/// Numbered bodies.
fn write_numbers(bench: &Bench, topic: &str, numbers: std::ops::Range<u32>) {
    let bodies: Vec<String> = numbers.map(|id| format!(r#"{{"id":{id},"text":"record {id}"}}"#)).collect();
    write(bench, topic, &bodies.iter().map(String::as_str).collect::<Vec<_>>());
}

/// Writes records without bodies, as only other clients do.
fn write_tombstones(bench: &Bench, topic: &str, keys: &[&str]) {
    let records: Vec<(&[u8], Option<&[u8]>)> = keys.iter().map(|key| (key.as_bytes(), None)).collect();
    write_bytes(bench, topic, &records);
}

/// Writes records of any bytes.
fn write_bytes(bench: &Bench, topic: &str, records: &[(&[u8], Option<&[u8]>)]) {
    use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _};

    let producer: BaseProducer = rdkafka::ClientConfig::new()
        .set("bootstrap.servers", &bench.address)
        // A key has to go where its records are.
        .set("partitioner", "murmur2_random")
        .create()
        .unwrap();
    for &(key, body) in records {
        let record = BaseRecord::<[u8], [u8]> { payload: body, ..BaseRecord::to(topic).key(key) };
        producer.send(record).map_err(|(error, _)| error).unwrap();
    }
    producer.flush(crate::support::PATIENCE).unwrap();
}

fn land<'a>(topic: &'a str, database: &'a Database, more: &[&'a str]) -> Vec<&'a str> {
    [&["land", topic, "--into", &*database.url], more].concat()
}

/// Lands all that there is, and gives the report.
#[track_caller]
fn land_all(bench: &Bench, topic: &str, database: &Database, more: &[&str]) -> Value {
    let finished = bench.kadence(&land(topic, database, &[&["--until-end", "--json"], more].concat()));
    assert_eq!(finished.code, Some(0), "{finished:#?}");
    finished.json()
}

/// The mouse pointer's records, as its tutorial has them: one command makes the table and fills it.
fn fields_become_columns_and_a_second_run_goes_on(bench: &Bench, database: &Database) {
    bench.kadence(&["topics", "create", "JSON"]).ok();
    write(
        bench,
        "JSON",
        &[
            r#"{"id":"2021/04/10-20:51:36:287301","x":910,"y":454}"#,
            r#"{"id":"2021/04/10-20:51:37:290106","x":912,"y":-1}"#,
        ],
    );
    let report = land_all(bench, "JSON", database, &[]);
    assert_eq!((&report["written"], &report["delivery"]), (&2.into(), &"exactly once".into()));
    assert_eq!(report["checkpoint"], json(r#"{"JSON":{"0":2}}"#));
    let rows = "SELECT id, x + y FROM \"JSON\"".replace('"', database.quote());
    assert_eq!(database.rows(&rows), ["2021/04/10-20:51:36:287301 1364", "2021/04/10-20:51:37:290106 911"]);
    assert_eq!(land_all(bench, "JSON", database, &[])["written"], 0);
    write(bench, "JSON", &[r#"{"id":"2021/04/10-20:51:38:292208","x":1,"y":1}"#]);
    assert_eq!(land_all(bench, "JSON", database, &[])["written"], 1);
    assert_eq!(database.rows(&rows).len(), 3);
}

fn nothing_is_written_by_a_look_ahead(bench: &Bench, database: &Database) {
    bench.kadence(&["topics", "create", "t"]).ok();
    write(bench, "t", &[r#"{"id":1,"name":"a"}"#, r#"{"id":2}"#]);
    let shown = bench.kadence(&land("t", database, &["--preview"])).ok();
    assert!(
        shown.contains("CREATE TABLE") && shown.contains("1 | a") && shown.contains("2 | null"),
        "{shown}"
    );
    let ddl = bench.kadence(&land("t", database, &["--ddl"])).ok();
    assert_eq!(ddl.matches("CREATE TABLE").count(), 3, "{ddl}");
    let json = bench.kadence(&land("t", database, &["--preview", "--json"])).json();
    assert_eq!(json["tables"][0]["rows"], serde_json::json!([["1", "a"], ["2", null]]));
    let listed = bench.kadence(&["land", "--ledger", "list", "--into", &database.url]);
    assert_eq!((listed.code, &*listed.stdout), (Some(0), ""), "{listed:?}");
    if let Some(file) = database.url.strip_prefix("sqlite:") {
        assert!(!std::path::Path::new(file).exists(), "there is no file");
    }
    assert_eq!(database.number("SELECT count(*) FROM t"), None, "there is no table");
    assert_eq!(database.number("SELECT count(*) FROM kadence_ledger"), None, "nor a ledger");
}

/// Keys and bodies that are no text stay what they are, beside those that happen to be.
fn bytes_are_landed_as_they_are(bench: &Bench, database: &Database) {
    bench.kadence(&["topics", "create", "t"]).ok();
    let records: [(&[u8], Option<&[u8]>); 3] =
        [(b"\x00\xff", Some(b"\xfe\x01")), (b"AAEC", Some(b"AAEC")), (b"\x00\x01\x02", Some(b"\xc3\xa4"))];
    write_bytes(bench, "t", &records);
    land_all(bench, "t", database, &["--format", "raw", "--pk", "_key", "--mode", "upsert"]);
    assert_eq!(database.number("SELECT count(*) FROM t"), Some(3));
    let hex = if database.kind == Kind::Postgres { "encode(value, 'hex')" } else { "lower(hex(value))" };
    let bodies = database.rows(&format!("SELECT {hex} FROM t"));
    assert_eq!(bodies, ["41414543", "c3a4", "fe01"]);
    bench.kadence(&["topics", "create", "texts"]).ok();
    write_bytes(bench, "texts", &[(b"a", Some(b"text"))]);
    land_all(bench, "texts", database, &["--format", "raw"]);
    write_bytes(bench, "texts", &[(b"b", Some(b"\xff"))]);
    let refused = bench.kadence(&land("texts", database, &["--format", "raw", "--until-end"]));
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(refused.stderr.contains("is not UTF-8"), "{refused:?}");
}

/// What a first run was refused for can be put right: nothing was landed.
fn a_landing_that_has_landed_nothing_takes_other_options(bench: &Bench, database: &Database) {
    bench.kadence(&["topics", "create", "t"]).ok();
    write(bench, "t", &[r#"{"id":1,"2021-04-10":2}"#]);
    let refused = bench.kadence(&land("t", database, &["--until-end"]));
    assert_eq!(refused.code, Some(1), "{refused:?}");
    let report = land_all(bench, "t", database, &["--select", "id", "--types", "later:int"]);
    assert_eq!(report["written"], 1);
    // A type that was stated has a column, whatever the first records have.
    write(bench, "t", &[r#"{"id":2,"later":3}"#]);
    let other = bench.kadence(&land("t", database, &["--until-end", "--format", "raw"]));
    assert_eq!(other.code, Some(2), "now it has landed something: {other:?}");
    assert_eq!(database.rows("SELECT id, later FROM t WHERE later IS NULL").len(), 1);
}

/// A column that is named is not overwritten by a field of the body.
fn what_is_named_takes_the_place_of_a_field(bench: &Bench, database: &Database) {
    bench.kadence(&["topics", "create", "t"]).ok();
    write(bench, "t", &[r#"{"id":1,"_topic":"forged","at":"never","n":7}"#]);
    let named = ["--lineage", "--select", "*, _offset AS at"];
    land_all(bench, "t", database, &named);
    assert_eq!(database.rows("SELECT id, _topic, at, n, _offset FROM t"), ["1 t 0 7 0"]);
}

fn tombstones_delete_where_that_is_asked_for(bench: &Bench, database: &Database) {
    bench.kadence(&["topics", "create", "t", "--partitions", "3"]).ok();
    write_numbers(bench, "t", 0..20);
    write_tombstones(bench, "t", &["3", "7"]);
    let upsert = ["--pk", "_key", "--mode", "upsert", "--delete-on-null"];
    let report = land_all(bench, "t", database, &upsert);
    assert_eq!(report["rejected"], 0, "{report}");
    assert_eq!(database.number("SELECT count(*) FROM t"), Some(18));
    write(bench, "t", &[r#"{"id":3,"text":"is back"}"#]);
    land_all(bench, "t", database, &upsert);
    assert_eq!(database.number("SELECT count(*) FROM t"), Some(19));
    assert_eq!(database.rows("SELECT text FROM t WHERE id = 3"), ["is back"]);
}

fn what_is_not_taken_stops_or_goes_to_a_file(bench: &Bench, database: &Database) {
    bench.kadence(&["topics", "create", "t"]).ok();
    write(bench, "t", &[r#"{"id":1}"#]);
    land_all(bench, "t", database, &[]);
    write(bench, "t", &[r#"{"id":2}"#, r#"{"id":"three"}"#, r#"{"id":4}"#]);
    let stopped = bench.kadence(&land("t", database, &["--until-end"]));
    assert_eq!(stopped.code, Some(1));
    assert!(
        stopped.stderr.contains("t[0] at offset 2") && stopped.stderr.contains("\"three\""),
        "{stopped:?}"
    );
    assert_eq!(database.number("SELECT count(*) FROM t"), Some(1), "nothing of its batch is there");
    let report = land_all(bench, "t", database, &["--on-error", "skip", "--rejects", "rejects.jsonl"]);
    assert_eq!((&report["written"], &report["rejected"]), (&2.into(), &1.into()));
    let rejects = std::fs::read_to_string(bench.folder.path().join("rejects.jsonl")).unwrap();
    let reject = json(rejects.trim_end());
    assert_eq!((&reject["offset"], &reject["body"]["text"]), (&2.into(), &r#"{"id":"three"}"#.into()));
    assert_eq!(database.rows("SELECT id FROM t"), ["1", "2", "4"]);
}

/// A record that is left out is in the file before its batch is committed, or nothing of the batch is.
fn what_cannot_be_kept_in_the_file_is_not_left_out(bench: &Bench, database: &Database) {
    bench.kadence(&["topics", "create", "t"]).ok();
    write(bench, "t", &[r#"{"id":1}"#]);
    land_all(bench, "t", database, &[]);
    write(bench, "t", &[r#"{"id":2}"#, r#"{"id":"three"}"#]);
    let full =
        bench.kadence(&land("t", database, &["--until-end", "--on-error", "skip", "--rejects", "/dev/full"]));
    assert_eq!(full.code, Some(1), "{full:?}");
    assert!(full.stderr.contains("/dev/full: cannot be written"), "{full:?}");
    assert_eq!(database.number("SELECT count(*) FROM t"), Some(1));
    let report = land_all(bench, "t", database, &["--on-error", "skip", "--rejects", "rejects.jsonl"]);
    assert_eq!((&report["written"], &report["rejected"]), (&1.into(), &1.into()));
}

/// Lines that are gone are no reason to land everything again.
fn a_worker_whose_landing_is_dropped_ends(bench: &Bench, database: &Database) {
    bench.kadence(&["topics", "create", "t"]).ok();
    write_numbers(bench, "t", 0..50);
    let mut worker = bench.start(&land("t", database, &["--max-wait", "20ms"]));
    let count = |count| database.number("SELECT count(*) FROM t").filter(|there| *there == count);
    eventually("the records to be landed", || count(50));
    bench.kadence(&land("t", database, &["--ledger", "drop"])).ok();
    write_numbers(bench, "t", 50..60);
    assert_eq!(worker.wait().code(), Some(1));
    let said = worker.stderr();
    assert!(said.contains("was dropped"), "{said}");
    assert_eq!(database.number("SELECT count(*) - count(DISTINCT id) FROM t"), Some(0));
}

fn a_topic_made_anew_is_not_taken_for_the_old_one(bench: &Bench, database: &Database) {
    bench.kadence(&["topics", "create", "t", "--partitions", "2"]).ok();
    write_numbers(bench, "t", 0..5);
    land_all(bench, "t", database, &[]);
    bench.kadence(&["topics", "delete", "t"]).ok();
    eventually("the topic to be made anew", || {
        (bench.kadence(&["topics", "create", "t"]).code == Some(0)).then_some(())
    });
    write_numbers(bench, "t", 5..15);
    let refused = bench.kadence(&land("t", database, &["--until-end"]));
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(refused.stderr.contains("it was deleted and made anew"), "{refused:?}");
    let adopted = bench.kadence(&land("t", database, &["--ledger", "adopt"]));
    assert_eq!(adopted.code, Some(1), "{adopted:?}");
    assert!(adopted.stderr.contains("another record"), "{adopted:?}");
    let restart = bench.kadence(&land("t", database, &["--ledger", "restart"]));
    assert_eq!(restart.code, Some(2), "the table has rows: {restart:?}");
    bench.kadence(&land("t", database, &["--ledger", "restart", "--again"])).ok();
    assert_eq!(land_all(bench, "t", database, &[])["written"], 10);
    assert_eq!(database.number("SELECT count(DISTINCT id) FROM t"), Some(15));
    let listed = bench.kadence(&["land", "--ledger", "list", "--into", &database.url, "--json"]).json();
    assert_eq!(listed["ledger"].as_array().unwrap().len(), 1, "{listed}");
    assert_eq!(listed["ledger"][0]["next"], 10);
    // What comes later under the number of a partition that is gone is landed as well.
    bench.kadence(&["topics", "alter", "t", "--partitions", "2"]).ok();
    write_numbers(bench, "t", 15..30);
    assert_eq!(land_all(bench, "t", database, &[])["written"], 15);
}

fn a_gap_is_accepted_by_hand_only(bench: &Bench, database: &Database) {
    bench.kadence(&["topics", "create", "t", "--config", "segment.bytes=1048576"]).ok();
    write_numbers(bench, "t", 0..5);
    land_all(bench, "t", database, &[]);
    write_numbers(bench, "t", 5..10);
    // The ledger is put back behind what is there: as if retention had taken the records between.
    bench.kadence(&land("t", database, &["--ledger", "adopt", "--at", "t/0=3", "--again"])).ok();
    let report = land_all(bench, "t", database, &[]);
    assert_eq!(report["written"], 7, "{report}");
    assert_eq!(database.number("SELECT count(*) FROM t"), Some(12), "it was said so");
    let gap = bench.kadence(&land("t", database, &["--ledger", "accept-gap"])).ok();
    assert_eq!(gap, "landing t is as it was\n");
    let dropped = bench.kadence(&land("t", database, &["--ledger", "drop"])).ok();
    assert!(dropped.starts_with("landing t is forgotten; its rows stay"), "{dropped}");
    assert_eq!(database.number("SELECT count(*) FROM kadence_ledger"), Some(0));
}

/// A start at the end is that of the first run, and a partition that comes later is read from its beginning.
fn where_it_starts_is_settled_once(bench: &Bench, database: &Database) {
    bench.kadence(&["topics", "create", "t"]).ok();
    write_numbers(bench, "t", 0..5);
    assert_eq!(land_all(bench, "t", database, &["--from", "end"])["written"], 0);
    write_numbers(bench, "t", 5..8);
    bench.kadence(&["topics", "alter", "t", "--partitions", "3"]).ok();
    write_numbers(bench, "t", 8..40);
    assert_eq!(
        land_all(bench, "t", database, &["--from", "end"])["written"],
        35,
        "repeated, it is passed over"
    );
    assert_eq!(database.number("SELECT min(id) FROM t"), Some(5));
    let other = bench.kadence(&land("t", database, &["--from", "beginning", "--until-end"]));
    assert_eq!(other.code, Some(2), "{other:?}");
    assert!(other.stderr.contains("has started at end"), "{other:?}");
    // A partition that is there later and stays empty is landed as it is.
    bench.kadence(&["topics", "alter", "t", "--partitions", "4"]).ok();
    assert_eq!(land_all(bench, "t", database, &[])["written"], 0);
    bench.kadence(&land("t", database, &["--from", "-1", "--ledger", "restart", "--again"])).ok();
    let anew = land_all(bench, "t", database, &["--from", "-1"]);
    assert!(anew["written"].as_u64().is_some_and(|written| (1..=3).contains(&written)), "{anew}");
}

/// One name writes one thing; into another database it is another landing; a ledger of a later form is left alone.
fn the_ledger_knows_its_landing(bench: &Bench, database: &Database) {
    bench.kadence(&["topics", "create", "t", "--partitions", "2"]).ok();
    write_numbers(bench, "t", 0..30);
    let elsewhere = format!("sqlite:{}", bench.folder.path().join("elsewhere.db").display());
    let workers: Vec<Running> = [&database.url, &elsewhere]
        .map(|url| bench.start(&["land", "t", "--into", url, "--max-wait", "20ms"]))
        .into();
    // Neither gets half of the partitions.
    eventually("all records in the one", || {
        database.number("SELECT count(*) FROM t").filter(|count| *count == 30)
    });
    let file = rusqlite::Connection::open(bench.folder.path().join("elsewhere.db")).unwrap();
    eventually("all records in the other", || {
        file.query_row("SELECT count(*) FROM t", [], |row| row.get::<_, i64>(0))
            .ok()
            .filter(|count| *count == 30)
    });
    workers.into_iter().for_each(stop);
    let renamed = bench.kadence(&land("t", database, &["--table", "other", "--name", "t", "--until-end"]));
    assert_eq!(renamed.code, Some(2), "{renamed:?}");
    assert!(renamed.stderr.contains("writes something else"), "{renamed:?}");
    // Whether a table has rows is asked of the one that the landing fills.
    let restarted = ["--table", "other", "--name", "t", "--ledger", "restart"];
    let restarted = bench.kadence(&land("t", database, &restarted));
    assert_eq!(restarted.code, Some(2), "{restarted:?}");
    assert!(restarted.stderr.contains("writes something else"), "{restarted:?}");
    database.run("UPDATE kadence_landings SET form = 99");
    let newer = bench.kadence(&land("t", database, &["--until-end"]));
    assert_eq!(newer.code, Some(1), "{newer:?}");
    assert!(newer.stderr.contains("use a newer kadence"), "{newer:?}");
}

fn columns_are_added_where_that_is_asked_for(bench: &Bench, database: &Database) {
    bench.kadence(&["topics", "create", "t"]).ok();
    write(bench, "t", &[r#"{"id":1,"tag":null}"#]);
    land_all(bench, "t", database, &[]);
    write(bench, "t", &[r#"{"id":2,"tag":"x","more":{"a":[1,2]}}"#]);
    let refused = bench.kadence(&land("t", database, &["--until-end"]));
    assert_eq!(refused.code, Some(1));
    assert!(refused.stderr.contains("no column `tag`"), "{refused:?}");
    assert_eq!(land_all(bench, "t", database, &["--evolve"])["written"], 1);
    assert_eq!(database.rows("SELECT id, tag FROM t"), ["1 NULL", "2 x"]);
    assert_eq!(database.number("SELECT count(*) FROM t WHERE more IS NOT NULL"), Some(1));

    // Columns of whole numbers are widened, and keep what else they have.
    database.run("CREATE TABLE narrow (id smallint NOT NULL DEFAULT 7 PRIMARY KEY, note varchar(5))");
    write(bench, "narrow", &[r#"{"id":32767,"note":"a"}"#, r#"{"id":3276700000,"note":"b"}"#]);
    assert_eq!(land_all(bench, "narrow", database, &["--evolve"])["written"], 2);
    database.run("INSERT INTO narrow (note) VALUES ('c')");
    assert_eq!(database.rows("SELECT id, note FROM narrow"), ["32767 a", "3276700000 b", "7 c"]);
}

/// Two processes, one of two tasks, and one of them is killed.
fn workers_share_the_partitions(bench: &Bench, database: &Database) {
    bench.kadence(&["topics", "create", "t", "--partitions", "6"]).ok();
    let start = |tasks: &'static str| {
        let quick = ["--tasks", tasks, "--max-wait", "20ms", "-X", "session.timeout.ms=6000"];
        bench.start(&land("t", database, &quick))
    };
    let landed = |most: i64| {
        eventually("the records to be landed", || {
            database.number("SELECT count(*) FROM t").filter(|count| *count >= most)
        })
    };
    write_numbers(bench, "t", 0..100);
    let first = start("2");
    landed(100);
    let second = start("1");
    write_numbers(bench, "t", 100..300);
    landed(300);
    drop(second);
    write_numbers(bench, "t", 300..500);
    let third = start("1");
    assert_eq!(landed(500), 500);
    // Whoever asks for all gets all, also what a worker had that died.
    drop(third);
    stop(first);
    write_numbers(bench, "t", 500..600);
    land_all(bench, "t", database, &["-X", "session.timeout.ms=6000"]);
    assert_eq!(landed(600), 600);
    let counts = "SELECT count(*) - count(DISTINCT id) FROM t";
    assert_eq!(database.number(counts), Some(0), "nothing is there twice");
}

/// kill -9 at whatever instant, while records come; the next worker goes on at once.
fn a_worker_that_is_killed_over_and_over_lands_each_record_once(bench: &Bench, database: &Database) {
    const KILLS: u64 = 25;
    const RECORDS: i64 = 20_000;
    bench.kadence(&["topics", "create", "t", "--partitions", "3"]).ok();
    let bodies: String = (0..RECORDS).fold("id\n".into(), |text, id| format!("{text}{id}\n"));
    bench.file("numbers.csv", bodies);
    let mut source =
        bench.start(&["replay", "numbers.csv", "-t", "t", "--rate", "4000", "--key", "column:id", "-q"]);
    let count = || database.number("SELECT count(*) FROM t").unwrap_or(0);
    let never = kadence_core::clock::Stop::new();
    for kill in 0..KILLS {
        let before = count();
        let worker =
            bench.start(&land("t", database, &["--max-wait", "20ms", "--batch-rows", "300", "--lineage"]));
        if before < RECORDS {
            eventually("a row more", || (count() > before).then_some(()));
        }
        // Anywhere in what it does: no two of these are alike.
        never.wait(std::time::Duration::from_micros(kill * kill * 7_919 % 60_000));
        drop(worker);
    }
    assert!(source.wait().success(), "{}", source.stderr());
    land_all(bench, "t", database, &["--lineage"]);
    assert_eq!(count(), RECORDS);
    assert_eq!(database.number("SELECT count(DISTINCT id) FROM t"), Some(RECORDS));
}

fn stop(mut worker: Running) {
    signal(worker.pid(), Signal::TERM);
    assert_eq!(worker.wait().code(), Some(0), "{}", worker.stderr());
}

fn it_ends_cleanly_when_it_is_stopped(bench: &Bench, database: &Database) {
    bench.kadence(&["topics", "create", "t"]).ok();
    write_numbers(bench, "t", 0..50);
    let mut worker = bench.start(&land("t", database, &["--max-wait", "10s", "--json"]));
    // Nothing is due yet: what was read is committed since it is stopped.
    eventually("the worker to have its partition", || {
        let epoch = database.number("SELECT max(epoch) FROM kadence_ledger");
        epoch.filter(|epoch| *epoch > 0)
    });
    worker.interrupt();
    assert_eq!(worker.wait().code(), Some(0));
    let report = json(&worker.rest());
    assert_eq!(report["interrupted"], true);
    let there = database.number("SELECT count(*) FROM t").unwrap_or(0);
    assert_eq!(report["written"], there, "{report}");
    land_all(bench, "t", database, &[]);
    assert_eq!(database.number("SELECT count(*) FROM t"), Some(50));
}

#[test]
fn what_makes_no_sense_is_refused_together() {
    let bench = Bench::new();
    let refused = bench.kadence(&[
        "land",
        "t",
        "--into",
        "sqlite:x.db",
        "--mode",
        "upsert",
        "--delete-on-null",
        "--on-error",
        "skip",
        "--select",
        "a AS x, b AS x",
        "-X",
        "isolation.level=read_uncommitted",
    ]);
    assert_eq!(refused.code, Some(2));
    assert_eq!(refused.stderr.matches("kadence: ").count(), 4, "{}", refused.stderr);
    let several = bench.kadence(&["land", "a", "b", "--into", "sqlite:x.db"]);
    assert_eq!(several.code, Some(2));
    assert!(several.stderr.contains("--name"), "{several:?}");
    let secret = bench.kadence(&["land", "t", "--into", "postgres:hush@host"]);
    assert_eq!(secret.code, Some(2));
    assert!(!secret.stderr.contains("hush"), "{secret:?}");
}

/// What an action at the ledger has no use for is not passed over.
#[test]
fn options_without_a_meaning_to_the_ledger_are_refused() {
    let bench = Bench::new();
    for (given, option) in [
        (&["restart", "--again", "--at", "t/0=5"][..], "--at"),
        (&["accept-gap", "--at", "t/0=5"], "--at"),
        (&["drop", "--again"], "--again"),
        (&["list", "--until-end"], "--until-end"),
        (&["adopt", "-c", "5"], "--limit"),
    ] {
        let land = ["land", "t", "--into", "sqlite:x.db", "--ledger"];
        let refused = bench.kadence(&[&land[..], given].concat());
        assert_eq!(refused.code, Some(2), "{given:?}: {refused:?}");
        assert!(refused.stderr.contains(&format!("{option}: ")), "{given:?}: {refused:?}");
    }
}

/// What the ledger's word rests on is nobody else's to set.
#[test]
fn what_belongs_to_the_landing_cannot_be_set_by_hand() {
    let bench = Bench::new();
    for given in [
        "isolation.level=read_uncommitted",
        "enable.auto.commit=true",
        "enable.auto.offset.store=true",
        "group.id=mine",
        "group.instance.id=mine",
        "auto.offset.reset=latest",
    ] {
        let refused = bench.kadence(&["land", "t", "--into", "sqlite:x.db", "--until-end", "-X", given]);
        assert_eq!(refused.code, Some(2), "{given}: {refused:?}");
        assert!(refused.stderr.contains(given), "{given}: {refused:?}");
    }
    let good = ["isolation.level=read_committed", "enable.auto.commit=false"];
    bench.kadence(&["topics", "create", "t"]).ok();
    let given = ["land", "t", "--into", "sqlite:x.db", "--until-end", "-X", good[0], "-X", good[1]];
    bench.kadence(&given).ok();
}
