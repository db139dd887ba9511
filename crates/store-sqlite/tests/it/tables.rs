//! Tables that are there, are made, and change.

use kadence_store::{LandingOptions, Mode, Notice, Store as _};

use crate::support::{File, land, land_keyed, options};

#[test]
fn columns_are_added_where_that_is_asked_for() {
    let file = File::new();
    let (mut target, told) = file.telling(LandingOptions { evolve: true, ..options() });
    assert_eq!(land(&mut target, &[Some(r#"{"a":1,"later":null}"#)]), [""; 0]);
    assert_eq!(land(&mut target, &[Some(r#"{"a":2}"#), Some(r#"{"later":"x","b":[1]}"#)]), [""; 0]);
    assert_eq!(file.rows("SELECT a, later, b FROM rows").len(), 3);
    let told = told.lock().expect("no panic");
    assert!(matches!(&told[0], Notice::Defined(sql) if sql.starts_with("CREATE TABLE \"rows\"")), "{told:?}");
    assert!(
        matches!(&told[1], Notice::Untyped(table, names) if table == "rows" && *names == ["later"]),
        "{told:?}"
    );
    assert!(
        matches!(&told[2], Notice::Defined(sql) if sql == "ALTER TABLE \"rows\" ADD COLUMN \"later\" TEXT"),
        "{told:?}"
    );
    assert_eq!(told.len(), 4);
}

#[test]
fn an_upsert_keeps_the_last_of_each_key_and_tombstones_delete() {
    let file = File::new();
    let mut target = file.target(LandingOptions {
        key: vec!["_key".into()],
        mode: Mode::Upsert,
        delete_on_null: true,
        ..options()
    });
    let records = [
        (Some("a"), Some(r#"{"n":1}"#)),
        (Some("b"), Some(r#"{"n":2}"#)),
        (Some("a"), Some(r#"{"n":3}"#)),
        (Some("b"), None),
        (Some("c"), Some(r#"{"n":4}"#)),
        (None, Some(r#"{"n":5}"#)),
        (Some("absent"), None),
    ];
    let reasons = land_keyed(&mut target, &records).expect("a landing");
    assert_eq!(reasons, ["5: column `_key` (TEXT) takes no null, and the record has no value for it"]);
    assert_eq!(file.rows("SELECT * FROM rows ORDER BY _key"), ["'a' 3", "'c' 4"]);
}

/// A column that is called ANY keeps a text that looks like a number only in a strict table.
#[test]
fn a_column_for_anything_is_one_in_strict_tables_only() {
    for (options_of, rows, refused) in [("STRICT", &["'007'"][..], 0), ("", &[], 1)] {
        let file = File::new();
        file.open().execute_batch(&format!("CREATE TABLE rows (x ANY) {options_of}")).expect("a table");
        let mut target = file.target(options());
        let reasons = land(&mut target, &[Some(r#"{"x":"007"}"#)]);
        assert_eq!(reasons.len(), refused, "{options_of}: {reasons:?}");
        assert_eq!(file.rows("SELECT x FROM rows"), rows, "{options_of}");
    }
}

/// By the column's collation, not by the bytes: which row is which the database says.
#[test]
fn the_last_of_a_key_wins_and_the_database_says_what_a_key_is() {
    let file = File::new();
    file.open()
        .execute_batch("CREATE TABLE rows (_key TEXT COLLATE NOCASE PRIMARY KEY, n INTEGER)")
        .expect("a table");
    let options =
        LandingOptions { key: vec!["_key".into()], mode: Mode::Upsert, delete_on_null: true, ..options() };
    let records = [
        (Some("a"), Some(r#"{"n":1}"#)),
        (Some("B"), Some(r#"{"n":2}"#)),
        (Some("A"), Some(r#"{"n":3}"#)),
        (Some("b"), None),
        (Some("c"), None),
        (Some("C"), Some(r#"{"n":4}"#)),
    ];
    assert_eq!(land_keyed(&mut file.target(options), &records).expect("a landing"), [""; 0]);
    assert_eq!(file.rows("SELECT * FROM rows ORDER BY n"), ["'a' 3", "'C' 4"]);
}

#[test]
fn a_table_that_is_there_keeps_its_defaults_and_its_rules() {
    let file = File::new();
    file.open()
        .execute_batch(
            "CREATE TABLE rows (id INTEGER PRIMARY KEY, name TEXT NOT NULL CHECK (name <> 'bad'), made TEXT DEFAULT 'now', \
             twice INTEGER GENERATED ALWAYS AS (id * 2))",
        )
        .expect("a table");
    let mut target = file.target(options());
    let mut bodies: Vec<String> = (0..200).map(|id| format!(r#"{{"id":{id},"name":"n"}}"#)).collect();
    for at in (0..200).step_by(10) {
        bodies[at] = format!(r#"{{"id":{at},"name":"bad"}}"#);
    }
    bodies[55] = r#"{"id":54,"name":"twice"}"#.into();
    bodies[56] = r#"{"id":56}"#.into();
    bodies[57] = r#"{"id":57,"name":"n","twice":3}"#.into();
    let bodies: Vec<_> = bodies.iter().map(|body| Some(body.as_str())).collect();
    let reasons = land(&mut target, &bodies);
    assert_eq!(reasons.len(), 23, "{reasons:#?}");
    assert!(reasons[0].starts_with("0: CHECK constraint failed"), "{}", reasons[0]);
    assert_eq!(file.rows("SELECT count(*), min(made), sum(twice) IS NOT NULL FROM rows"), ["177 'now' 1"]);
}

#[test]
fn tables_that_cannot_take_records_are_refused_by_name() {
    let refused = |sql: &str, options: LandingOptions| {
        let file = File::new();
        file.open().execute_batch(sql).expect("a table");
        land_keyed(&mut file.target(options), &[(Some("a"), Some(r#"{"id":1}"#))]).expect_err("a refusal")
    };
    let view = refused("CREATE VIEW rows AS SELECT 1 AS id", options());
    assert!(view.contains("table rows: is a view"), "{view}");
    let upsert = LandingOptions { key: vec!["id".into()], mode: Mode::Upsert, ..options() };
    let keyless = refused("CREATE TABLE rows (id INTEGER)", upsert);
    assert!(keyless.contains("no primary key or unique index over (id)"), "{keyless}");
    let rule = refused("CREATE TABLE rows (id INTEGER UNIQUE ON CONFLICT REPLACE)", options());
    assert!(rule.contains("ON CONFLICT REPLACE"), "{rule}");
    let temporary = refused("", LandingOptions { table: "temp.rows".into(), ..options() });
    assert!(temporary.contains("is temporary"), "{temporary}");
    let absent = refused("", LandingOptions { no_create: true, ..options() });
    assert!(absent.contains("does not exist"), "{absent}");
    let ledger = refused("", LandingOptions { table: "KADENCE_LEDGER".into(), ..options() });
    assert!(ledger.contains("is where a ledger is"), "{ledger}");
}

#[test]
fn fields_that_cannot_be_columns_are_refused_before_anything_is_made() {
    let refused = |body: &str| {
        let file = File::new();
        let error = land_keyed(&mut file.target(options()), &[(None, Some(body))]).expect_err("a refusal");
        assert_eq!(file.rows("SELECT name FROM sqlite_schema WHERE name = 'rows'"), [""; 0], "{error}");
        error
    };
    assert!(refused(r#"{"a":1,"A":2}"#).contains("one name to SQLite"));
    assert!(refused(r#"{"":1}"#).contains("is no name for a column"));
    assert!(refused(r#"{"2021-04-10 20:51:36.287301":1.5}"#).contains("has a time for its name"));
    let many: Vec<String> = (0..300).map(|at| format!("\"c{at}\":1")).collect();
    assert!(refused(&format!("{{{}}}", many.join(","))).contains("256"));
}

#[test]
fn each_topic_may_have_a_table_of_its_own() {
    let file = File::new();
    let mut target = file.target(LandingOptions { table: "t_{topic}".into(), ..options() });
    assert_eq!(land(&mut target, &[Some(r#"{"id":1}"#)]), [""; 0]);
    assert_eq!(file.rows("SELECT id FROM t_records"), ["1"]);
}

#[test]
fn a_preview_writes_nothing() {
    use kadence_core::feed::Partition;
    use kadence_core::record::{Facts, Headers, Record};
    use kadence_core::run::Run;
    use kadence_core::target::{Batch, Part};

    let file = File::new();
    let mut target = file.target(options());
    let mut run = Run::new(1 << 20, 100);
    for body in [r#"{"id":1,"x":1.5}"#, "no JSON", r#"{"id":2}"#] {
        let (body, facts) = (Some(body.as_bytes()), Facts::default());
        run.push(&Record { key: None, body, headers: Headers::default(), facts }, facts);
    }
    let partition = Partition { topic: "records".into(), id: None, index: 0 };
    let part = Part { partition, epoch: 0, expected: None, next: 3, mark: None };
    let preview = target.preview(&Batch { parts: &[part], records: &run }, 10).expect("a preview");
    assert_eq!(preview.rejected.len(), 1);
    let table = &preview.tables[0];
    assert_eq!(table.definitions, ["CREATE TABLE \"rows\" (\n  \"id\" INTEGER,\n  \"x\" DOUBLE\n)"]);
    assert_eq!(table.columns, [("id".into(), "INTEGER".into()), ("x".into(), "DOUBLE".into())]);
    assert_eq!(table.rows, [[Some("1".into()), Some("1.5".into())], [Some("2".into()), None]]);
    assert_eq!(file.rows("SELECT name FROM sqlite_schema"), [""; 0]);
}

#[test]
fn two_fields_of_one_column_are_not_one_value() {
    let file = File::new();
    let mut target = file.target(options());
    assert_eq!(land(&mut target, &[Some(r#"{"a":1}"#)]), [""; 0]);
    let reasons =
        land(&mut target, &[Some(r#"{"a":5,"A":6}"#), Some(r#"{"A":7}"#), Some(r#"{"A":8,"a":9}"#)]);
    assert_eq!(reasons.len(), 2, "{reasons:?}");
    assert!(reasons[0].starts_with("0: fields `a` and `A` are one column"), "{reasons:?}");
    assert_eq!(file.rows("SELECT a FROM rows"), ["1", "7"]);
}
