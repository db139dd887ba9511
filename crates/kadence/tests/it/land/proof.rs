//! Sealed runs, and what `verify` says of the tables into which they were landed.

use serde_json::Value;

use super::database::Database;
use crate::seal::Taken;
use crate::support::{Bench, SERIES};

/// Replays the series sealed, with keys.
fn replay(bench: &Bench, manifest: &str, column: &str) {
    bench.file("data.csv", SERIES);
    let key = format!("column:{column}");
    let words = ["replay", "data.csv", "-t", "t", "--unpaced", "--format", "json", "--key", &key];
    bench.kadence(&[&words[..], &["--seal", manifest]].concat()).ok();
}

fn verify(bench: &Bench, manifest: &str, database: &Database, more: &[&str]) -> (Option<i32>, Value) {
    let words = ["verify", manifest, "--json", "--target", &*database.url];
    let finished = bench.kadence(&[&words[..], more].concat());
    assert!(finished.code == Some(0) || finished.code == Some(1), "{finished:#?}");
    let verdict = if finished.stdout.is_empty() { Value::Null } else { finished.json() };
    (finished.code, verdict)
}

fn land(bench: &Bench, database: &Database, more: &[&str]) {
    let words = ["land", "t", "--into", &*database.url, "--until-end"];
    bench.kadence(&[&words[..], more].concat()).ok();
}

/// What was found of each kind.
fn counts(verdict: &Value) -> [u64; 5] {
    ["sent", "found"]
        .map(|name| verdict[name].as_u64().unwrap())
        .into_iter()
        .chain(["lost", "doubled", "unexpected"].map(|name| verdict[name]["records"].as_u64().unwrap()))
        .collect::<Vec<_>>()
        .try_into()
        .unwrap()
}

pub(super) fn a_sealed_run_is_found_in_its_table(bench: &Bench, database: &Database) {
    bench.kadence(&["topics", "create", "t", "--partitions", "3"]).ok();
    replay(bench, "before.json", "value");
    replay(bench, "run.json", "value");
    land(bench, database, &["--lineage"]);
    for manifest in ["before.json", "run.json"] {
        let (code, verdict) = verify(bench, manifest, database, &[]);
        assert_eq!((code, counts(&verdict)), (Some(0), [9, 9, 0, 0, 0]), "{verdict}");
    }
    let run: Value =
        crate::support::json(&std::fs::read_to_string(bench.folder.path().join("run.json")).unwrap());
    let run = run["run"].as_str().unwrap();
    // Each of these does one thing to the table, and is told from the others.
    let sql = |text: &str| text.replace('"', database.quote()).replace("RUN", &format!("'{run}'"));
    let steps = [
        ("DELETE FROM \"t\" WHERE \"_run\" = RUN AND \"_sequence\" = 3", [9, 8, 1, 0, 0]),
        ("INSERT INTO \"t\" SELECT * FROM \"t\" WHERE \"_run\" = RUN AND \"_sequence\" = 4", [9, 8, 1, 1, 0]),
        (
            "INSERT INTO \"t\" (\"_topic\", \"_partition\", \"_offset\") VALUES ('t', 0, 1000)",
            [9, 8, 1, 1, 1],
        ),
        ("UPDATE \"t\" SET \"_sequence\" = 9 WHERE \"_run\" = RUN AND \"_sequence\" = 8", [9, 7, 2, 1, 2]),
        // A row that says nothing of where it came from is nobody's.
        ("INSERT INTO \"t\" (\"_partition\") VALUES (3)", [9, 7, 2, 1, 3]),
        ("DELETE FROM \"t\" WHERE \"_partition\" = 3", [9, 7, 2, 1, 2]),
        // Of other topics nothing was asked.
        ("UPDATE \"t\" SET \"_topic\" = 'another' WHERE \"_offset\" = 1000", [9, 7, 2, 1, 1]),
    ];
    for (step, expected) in steps {
        database.run(&sql(step));
        let (code, verdict) = verify(bench, "run.json", database, &[]);
        assert_eq!((code, counts(&verdict)), (Some(1), expected), "{step}: {verdict}");
    }
    let (_, verdict) = verify(bench, "run.json", database, &[]);
    assert_eq!(verdict["lost"]["examples"][0]["sequence"], 3, "{verdict}");
    assert_eq!(verdict["corrupted"]["records"], 0, "{verdict}");
    database.run(&sql("UPDATE \"t\" SET \"_crc\" = NULL WHERE \"_run\" = RUN AND \"_sequence\" = 5"));
    assert_eq!(verify(bench, "run.json", database, &[]).1["corrupted"]["records"], 1);
}

pub(super) fn a_row_that_was_tampered_with_on_the_way_says_so(bench: &Bench, database: &Database) {
    bench.kadence(&["topics", "create", "t"]).ok();
    bench.kadence(&["topics", "create", "copy"]).ok();
    replay(bench, "run.json", "value");
    let mut records = crate::seal::taken(bench, "t");
    // As text it is another one, and the same row.
    records[2].body.push(b' ');
    crate::seal::write(bench, "copy", &records);
    let words = ["land", "copy", "--into", &*database.url, "--until-end", "--lineage"];
    bench.kadence(&words).ok();
    let (code, verdict) = verify(bench, "run.json", database, &["--topic", "copy"]);
    assert_eq!((code, counts(&verdict)), (Some(1), [9, 9, 0, 0, 0]), "{verdict}");
    assert_eq!(verdict["corrupted"]["examples"][0]["sequence"], 2, "{verdict}");
    let (code, verdict) = verify(bench, "run.json", database, &["--table", "copy"]);
    assert_eq!((code, counts(&verdict)), (Some(1), [9, 0, 9, 0, 0]), "not of this topic: {verdict}");
}

pub(super) fn an_upserted_table_has_the_last_of_each_key(bench: &Bench, database: &Database) {
    bench.kadence(&["topics", "create", "t", "--partitions", "3"]).ok();
    bench.file("data.csv", "at,id,n\n1,a,1\n2,b,2\n3,a,3\n4,c,4\n5,b,5\n6,a,6\n");
    let words = ["replay", "data.csv", "-t", "t", "--unpaced", "--format", "json", "--key", "column:id"];
    bench.kadence(&[&words[..], &["--time", "at", "--seal", "run.json"]].concat()).ok();
    for (table, key) in [("by_field", "id"), ("by_key", "_key")] {
        let how = ["--table", table, "--mode", "upsert", "--pk", key];
        let types = if key == "id" { "id:text(20)" } else { "_key:text(20)" };
        land(bench, database, &[&how[..], &["--name", table, "--lineage", "--types", types]].concat());
        let (code, verdict) = verify(bench, "run.json", database, &how);
        assert_eq!((code, counts(&verdict)), (Some(0), [3, 3, 0, 0, 0]), "{table}: {verdict}");
        let sql = |text: &str| text.replace("TABLE", table).replace('"', database.quote());
        // The record before the last one is not what is to be there.
        database.run(&sql("UPDATE \"TABLE\" SET \"_sequence\" = 2 WHERE \"_sequence\" = 5"));
        let (code, verdict) = verify(bench, "run.json", database, &how);
        assert_eq!((code, counts(&verdict)), (Some(1), [3, 2, 1, 0, 1]), "{table}: {verdict}");
        assert_eq!(verdict["lost"]["examples"][0]["sequence"], 5, "{verdict}");
    }
    // A key that no record has makes all of them rowless, and so lost: never is an empty table sound by that.
    database.run(&"DELETE FROM \"by_field\"".replace('"', database.quote()));
    let typo = ["--table", "by_field", "--mode", "upsert", "--pk", "no_such"];
    let (code, verdict) = verify(bench, "run.json", database, &typo);
    assert_eq!((code, counts(&verdict)), (Some(1), [6, 0, 6, 0, 0]), "{verdict}");
    // The topic is held against the manifest as well: of a copy that lacks something, nobody knows what comes last.
    bench.kadence(&["topics", "create", "lacking"]).ok();
    let mut records = crate::seal::taken(bench, "t");
    records.pop();
    for record in &mut records {
        record.partition = 0;
    }
    crate::seal::write(bench, "lacking", &records);
    let how = ["--table", "by_key", "--mode", "upsert", "--pk", "_key", "--topic", "lacking"];
    let (code, verdict) = verify(bench, "run.json", database, &how);
    assert_eq!(code, Some(1), "{verdict}");
    assert!(verdict["notes"].to_string().contains("1 lost"), "{verdict}");
    // A key of a record's place is one like any other.
    let how = ["--table", "by_place", "--mode", "upsert", "--pk", "_partition,_offset"];
    land(bench, database, &[&how[..], &["--name", "by_place", "--lineage"]].concat());
    let (code, verdict) = verify(bench, "run.json", database, &how);
    assert_eq!((code, counts(&verdict)), (Some(0), [6, 6, 0, 0, 0]), "{verdict}");
    let refused = bench.kadence(&["verify", "run.json", "--target", &database.url, "--pk", "id"]);
    assert_eq!(refused.code, Some(2), "{refused:#?}");
}

pub(super) fn unsealed_records_have_no_columns_for_seals(bench: &Bench, database: &Database) {
    bench.kadence(&["topics", "create", "t"]).ok();
    bench.file("data.csv", SERIES);
    let words = ["replay", "data.csv", "-t", "t", "--unpaced", "--format", "json"];
    bench.kadence(&words).ok();
    land(bench, database, &["--lineage"]);
    replay(bench, "run.json", "value");
    // The table goes on as it was made, which is said.
    let words = ["land", "t", "--into", &*database.url, "--until-end", "--lineage"];
    let finished = bench.kadence(&words);
    assert_eq!(finished.code, Some(0), "{finished:#?}");
    assert!(
        finished.stderr.contains("table t: no column for _run, _lane, _sequence, _crc, so"),
        "{finished:#?}"
    );
    assert_eq!(database.number(&"SELECT count(*) FROM \"t\"".replace('"', database.quote())), Some(18));
    let finished = bench.kadence(&["verify", "run.json", "--target", &database.url]);
    assert_eq!(finished.code, Some(1), "{finished:#?}");
    assert!(finished.stderr.contains("table t: has no column `_run`"), "{finished:#?}");
    let finished = bench.kadence(&["verify", "run.json", "--target", &database.url, "--table", "none"]);
    assert!(finished.stderr.contains("table none: does not exist"), "{finished:#?}");
    // Without a seal a field of that name is one like any other.
    bench.kadence(&["topics", "create", "odd"]).ok();
    let words = ["land", "odd", "--into", &*database.url, "--until-end"];
    for (body, code) in [(r#"{"a":1}"#, 0), (r#"{"a":2,"_crc":5}"#, 1)] {
        let record = Taken { partition: 0, key: None, body: body.into(), headers: Vec::new() };
        crate::seal::write(bench, "odd", &[record]);
        let finished = bench.kadence(&words);
        assert_eq!(finished.code, Some(code), "{finished:#?}");
        assert_eq!(finished.stderr.contains("has no column `_crc`"), code == 1, "{finished:#?}");
    }
}
