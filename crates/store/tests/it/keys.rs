//! Keys of rows, read off records.

use std::sync::Arc;

use kadence_core::feed::Partition;
use kadence_core::record::Facts;
use kadence_core::run::Run;
use kadence_store::{BodyFormat, KeyReader, Keyed, LandingOptions, Mode};

fn reader(format: BodyFormat, key: &[&str], delete_on_null: bool) -> KeyReader {
    let key = key.iter().map(|&field| field.to_owned()).collect();
    let options = LandingOptions {
        name: "n".into(),
        table: "t".into(),
        format,
        key,
        mode: Mode::Upsert,
        delete_on_null,
        ..LandingOptions::default()
    };
    KeyReader::new(options).unwrap()
}

/// What a record with this key and body does.
fn read<'k>(reader: &'k mut KeyReader, key: &str, body: Option<&str>) -> Keyed<'k> {
    let partition = Partition { topic: Arc::from("t"), id: None, index: 0 };
    let mut run = Run::new(1_000, 1);
    let mut draft = run.draft();
    draft.bytes().extend_from_slice(key.as_bytes());
    draft.end_key();
    match body {
        Some(body) => draft.bytes().extend_from_slice(body.as_bytes()),
        None => draft.tombstone(),
    }
    draft.finish(Facts::default());
    reader.read(&partition, &run.record(0))
}

/// The key of a record that is a row.
fn put(reader: &mut KeyReader, key: &str, body: &str) -> Option<String> {
    if let Keyed::Put(key) = read(reader, key, Some(body)) { Some(key.to_owned()) } else { None }
}

#[test]
fn keys_are_told_apart_in_each_format() {
    let mut json = reader(BodyFormat::Json, &["a", "b"], false);
    let one = put(&mut json, "k", r#"{"a":1,"b":"x","c":2}"#).unwrap();
    assert_eq!(put(&mut json, "other", r#"{"c":3,"a":1,"b":"x"}"#), Some(one.clone()));
    assert_ne!(put(&mut json, "k", r#"{"a":1,"b":"y"}"#), Some(one));
    // What is no row has no key.
    assert_eq!(put(&mut json, "k", r#"{"a":1,"b":null}"#), None);
    assert_eq!(put(&mut json, "k", "no json"), None);
    let mut raw = reader(BodyFormat::Raw, &["value"], false);
    let one = put(&mut raw, "k", "x").unwrap();
    assert_eq!(put(&mut raw, "other", "x"), Some(one.clone()));
    assert_ne!(put(&mut raw, "k", "y"), Some(one));
}

#[test]
fn tombstones_delete_where_that_is_asked_for() {
    let mut deletes = reader(BodyFormat::Json, &["_key"], true);
    let row = put(&mut deletes, "k", "{}").unwrap();
    assert_eq!(read(&mut deletes, "k", None), Keyed::Delete(&row));
    assert_eq!(read(&mut reader(BodyFormat::Json, &["_key"], false), "k", None), Keyed::Nothing);
}
