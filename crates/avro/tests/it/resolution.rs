//! What one schema writes, as another one reads it.

use kadence_avro::{AvroDecoder, Schema, SchemaError};
use kadence_core::codec::write_json;
use kadence_core::data::{RowBuffer, Value};
use serde_json::{Value as Json, json};

use crate::support::{body, decode_by, encode, record_of, schema};

fn as_json(rows: &RowBuffer) -> Json {
    let mut text = Vec::new();
    write_json(&Value::Struct(rows.row(0).fields()), &mut text).unwrap();
    serde_json::from_slice(&text).unwrap()
}

fn read(writer: &Schema, reader: &Schema, body: &[u8]) -> Result<Json, String> {
    let mut decoder = AvroDecoder::with_reader(reader);
    decode_by(&mut decoder, writer, body).map(|rows| as_json(&rows)).map_err(|error| error.to_string())
}

/// What becomes of a row that `writer` writes.
fn through(writer: &Schema, reader: &Schema, row: &str) -> Result<Json, String> {
    read(writer, reader, &encode(writer, &crate::support::json(row)).unwrap())
}

fn record(fields: &str) -> Schema {
    schema(&format!(r#"{{"type":"record","name":"R","fields":[{fields}]}}"#))
}

/// What another implementation makes of the same bytes.
fn theirs(writer: &Schema, reader: &Schema, row: &str) -> Json {
    let encoded = encode(writer, &crate::support::json(row)).unwrap();
    let [writer, reader] =
        [writer, reader].map(|schema| apache_avro::Schema::parse_str(schema.text()).unwrap());
    let both = apache_avro::reader::datum::GenericDatumReader::builder(&writer)
        .reader_schema(&reader)
        .build()
        .unwrap();
    both.read_value(&mut &encoded[5..]).unwrap().try_into().unwrap()
}

#[test]
fn fields_are_resolved_as_others_resolve_them() {
    let inner = r#"{"type":"record","name":"I","fields":[{"name":"x","type":"int"}]}"#;
    let wider = r#"{"type":"record","name":"I","fields":[{"name":"y","type":"string","default":"d"},{"name":"x","type":"long"}]}"#;
    for (writer, reader, row, expected) in [
        (r#"{"name":"a","type":"int"}"#, r#"{"name":"a","type":"long"}"#, r#"{"a":7}"#, json!({"a": 7})),
        (r#"{"name":"a","type":"long"}"#, r#"{"name":"a","type":"double"}"#, r#"{"a":7}"#, json!({"a": 7.0})),
        (
            r#"{"name":"a","type":"float"}"#,
            r#"{"name":"a","type":"double"}"#,
            r#"{"a":0.5}"#,
            json!({"a": 0.5}),
        ),
        (
            r#"{"name":"a","type":"int"},{"name":"b","type":"string"},{"name":"c","type":"boolean"}"#,
            r#"{"name":"c","type":"boolean"},{"name":"d","type":["null","int"],"default":null},{"name":"a","type":"int"}"#,
            r#"{"a":1,"b":"x","c":true}"#,
            json!({"c": true, "d": null, "a": 1}),
        ),
        (
            r#"{"name":"a","type":["null","int"]}"#,
            r#"{"name":"a","type":["string","null","long"]}"#,
            r#"{"a":5}"#,
            json!({"a": 5}),
        ),
        (
            r#"{"name":"a","type":["null","int"]}"#,
            r#"{"name":"a","type":"long"}"#,
            r#"{"a":5}"#,
            json!({"a": 5}),
        ),
        (
            r#"{"name":"a","type":"int"}"#,
            r#"{"name":"a","type":["null","long"]}"#,
            r#"{"a":5}"#,
            json!({"a": 5}),
        ),
        (
            r#"{"name":"a","type":{"type":"enum","name":"E","symbols":["A","B"]}}"#,
            r#"{"name":"a","type":{"type":"enum","name":"E","symbols":["B","C"],"default":"C"}}"#,
            r#"{"a":"A"}"#,
            json!({"a": "C"}),
        ),
        (
            &format!(r#"{{"name":"a","type":{{"type":"array","items":{inner}}}}}"#),
            &format!(r#"{{"name":"a","type":{{"type":"array","items":{wider}}}}}"#),
            r#"{"a":[{"x":1},{"x":2}]}"#,
            json!({"a": [{"y": "d", "x": 1}, {"y": "d", "x": 2}]}),
        ),
        (
            r#"{"name":"a","type":{"type":"map","values":"int"}}"#,
            r#"{"name":"a","type":{"type":"map","values":"double"}},{"name":"z","type":{"type":"array","items":"int"},"default":[1,2]}"#,
            r#"{"a":{"k":1}}"#,
            json!({"a": {"k": 1.0}, "z": [1, 2]}),
        ),
    ] {
        let (writer, reader) = (record(writer), record(reader));
        assert_eq!(through(&writer, &reader, row), Ok(expected.clone()), "{reader:?}");
        assert_eq!(theirs(&writer, &reader, row), expected, "{reader:?}");
    }
}

#[test]
fn texts_and_bytes_become_each_other() {
    let (text, bytes) = (record_of("\"string\""), record_of("\"bytes\""));
    let mut decoder = AvroDecoder::with_reader(&bytes);
    let rows = decode_by(&mut decoder, &text, &body(&[4, b'h', b'i'])).unwrap();
    assert_eq!(rows.row(0).get("f"), Some(Value::Bytes(b"hi")));
    assert_eq!(read(&bytes, &text, &body(&[4, b'h', b'i'])), Ok(json!({"f": "hi"})));
    assert_eq!(read(&bytes, &text, &body(&[2, 0xFF])), Err("a text is not UTF-8 at byte 7".into()));
}

#[test]
fn aliases_and_short_names_count() {
    let writer = schema(
        r#"{"type":"record","name":"a.Old","fields":[{"name":"old","type":"int"},
            {"name":"e","type":{"type":"enum","name":"Shade","symbols":["A"]}},
            {"name":"s","type":{"type":"record","name":"Same","fields":[]}}]}"#,
    );
    let reader = schema(
        r#"{"type":"record","name":"b.New","aliases":["a.Old"],"fields":[
            {"name":"new","type":"long","aliases":["old"]},
            {"name":"e","type":{"type":"enum","name":"Colour","aliases":["Shade"],"symbols":["A"]}},
            {"name":"s","type":{"type":"record","name":"c.Same","fields":[]}}]}"#,
    );
    let row = r#"{"old":3,"e":"A","s":{}}"#;
    assert_eq!(through(&writer, &reader, row), Ok(json!({"new": 3, "e": "A", "s": {}})));
}

#[test]
fn meanings_are_kept() {
    let millis = record_of(r#"{"type":"long","logicalType":"timestamp-millis"}"#);
    let micros = record_of(r#"{"type":"long","logicalType":"timestamp-micros"}"#);
    let long = record_of("\"long\"");
    let body = body(&[0xD0, 0x0F]);
    assert_eq!(read(&millis, &micros, &body), Ok(json!({"f": "1970-01-01T00:00:01Z"})), "the same time");
    assert_eq!(read(&millis, &long, &body), Ok(json!({"f": 1000})));
    assert_eq!(read(&long, &micros, &body), Ok(json!({"f": "1970-01-01T00:00:00.001Z"})));
    let int = record_of("\"int\"");
    assert_eq!(read(&int, &millis, &body), Ok(json!({"f": "1970-01-01T00:00:01Z"})));
    let float = record_of("\"float\"");
    assert_eq!(read(&int, &float, &body), Ok(json!({"f": 1000.0})));
}

#[test]
fn what_cannot_be_read_is_told_by_its_field() {
    let inner =
        |field: &str| format!(r#"{{"name":"a","type":{{"type":"record","name":"I","fields":[{field}]}}}}"#);
    let scaled = |scale: u32| {
        format!(
            r#"{{"name":"b","type":{{"type":"bytes","logicalType":"decimal","precision":9,"scale":{scale}}}}}"#
        )
    };
    for (writer, reader, field, what) in [
        (r#"{"name":"b","type":"long"}"#, r#"{"name":"b","type":"int"}"#, "a.b", "long as int"),
        (
            r#"{"name":"b","type":["string","boolean"]}"#,
            r#"{"name":"b","type":["long","double"]}"#,
            "a.b",
            "string as long or double",
        ),
        ("", r#"{"name":"b","type":"int"}"#, "a.b", "is not written, and has no default"),
        (
            "",
            r#"{"name":"b","type":"int","default":"x"}"#,
            "a.b",
            "is not written, and the default \"x\" is no int",
        ),
        (&scaled(2), &scaled(3), "a.b", "decimal(9,2) as decimal(9,3)"),
        (
            r#"{"name":"b","type":{"type":"fixed","name":"F","size":1}}"#,
            r#"{"name":"b","type":{"type":"fixed","name":"F","size":2}}"#,
            "a.b",
            "fixed F of 1 bytes as fixed F of 2 bytes",
        ),
        (
            r#"{"name":"b","type":{"type":"record","name":"X","fields":[]}}"#,
            r#"{"name":"b","type":{"type":"record","name":"Y","fields":[]}}"#,
            "a.b",
            "record X as record Y",
        ),
    ] {
        let (writer, reader) = (record(&inner(writer)), record(&inner(reader)));
        let error = AvroDecoder::with_reader(&reader).learn(1, &writer).unwrap_err();
        assert_eq!(error, SchemaError::Unresolved { field: field.into(), what: what.into() });
    }
    let error = AvroDecoder::with_reader(&schema("\"int\"")).learn(1, &schema("\"string\"")).unwrap_err();
    assert_eq!(error.to_string(), "cannot be read by the reader's schema: string as int");
}

#[test]
fn a_branch_without_a_place_is_an_error_once_it_is_met() {
    let writer = record_of(r#"["null","int","string"]"#);
    let reader = record_of(r#"["null","long"]"#);
    assert_eq!(through(&writer, &reader, r#"{"f":1}"#), Ok(json!({"f": 1})));
    assert_eq!(
        through(&writer, &reader, r#"{"f":"x"}"#),
        Err("the reader's schema cannot read string as null or long at byte 6".into())
    );
    let writer = record_of(r#"{"type":"enum","name":"E","symbols":["A","B"]}"#);
    let reader = record_of(r#"{"type":"enum","name":"E","symbols":["B"]}"#);
    assert_eq!(through(&writer, &reader, r#"{"f":"B"}"#), Ok(json!({"f": "B"})));
    assert!(through(&writer, &reader, r#"{"f":"A"}"#).unwrap_err().contains("symbol number 0"));
}

#[test]
fn outermost_unions_of_records_are_rows() {
    let writer = schema(
        r#"[{"type":"record","name":"A","fields":[{"name":"x","type":"int"}]},
            {"type":"record","name":"B","fields":[{"name":"x","type":"int"}]}]"#,
    );
    let reader = schema(r#"{"type":"record","name":"B","fields":[{"name":"x","type":"long"}]}"#);
    assert_eq!(read(&writer, &reader, &body(&[2, 6])), Ok(json!({"x": 3})));
    assert!(read(&writer, &reader, &body(&[0, 6])).is_err());
    let union = schema(r#"["null",{"type":"record","name":"B","fields":[{"name":"x","type":"long"}]}]"#);
    assert_eq!(read(&reader, &union, &body(&[6])), Ok(json!({"value": {"x": 3}})));
}

#[test]
fn recursive_types_are_resolved() {
    let node = |value: &str| {
        schema(&format!(
            r#"{{"type":"record","name":"Node","fields":[{{"name":"next","type":["null","Node"]}},{{"name":"v","type":"{value}"}}]}}"#
        ))
    };
    let shuffled = schema(
        r#"{"type":"record","name":"Node","fields":[{"name":"v","type":"double"},{"name":"next","type":["null","Node"]}]}"#,
    );
    let row = r#"{"next":{"next":null,"v":2},"v":1}"#;
    assert_eq!(
        through(&node("int"), &node("long"), row),
        Ok(json!({"next": {"next": null, "v": 2}, "v": 1}))
    );
    assert_eq!(
        through(&node("int"), &shuffled, row),
        Ok(json!({"v": 1.0, "next": {"v": 2.0, "next": null}})),
        "in the reader's order"
    );
}

/// Circles of records that differ in length are gone through until both are at their start again.
#[test]
fn circles_of_different_lengths_end() {
    let circle = |name: &str, records: usize, number: &str| {
        let aliases: Vec<String> = (0..40).map(|other| format!("W{other}")).collect();
        let aliases = if name == "R" { aliases } else { Vec::new() };
        let start = format!("{name}0");
        let end = json!(["null", start]);
        let circle = (0..records).rev().fold(end, |inner, place| {
            let fields = json!([{"name": "v", "type": number}, {"name": "n", "type": inner}]);
            let record =
                json!({"type": "record", "name": format!("{name}{place}"), "aliases": aliases, "fields": fields});
            if place == 0 { record } else { json!(["null", record]) }
        });
        schema(&circle.to_string())
    };
    for (records, others) in [(7, 11), (29, 31)] {
        let mut decoder = AvroDecoder::with_reader(&circle("R", others, "long"));
        let learned = decoder.learn(1, &circle("W", records, "int"));
        assert_eq!(learned.is_ok(), records == 7, "{learned:?}");
    }
}

#[test]
fn defaults_of_many_fields_are_not_held_against_a_body() {
    let item = |fields: &str| {
        format!(r#"{{"type":"array","items":{{"type":"record","name":"I","fields":[{fields}]}}}}"#)
    };
    let more: Vec<String> =
        (0..60).map(|n| format!(r#"{{"name":"d{n}","type":"int","default":1}}"#)).collect();
    let (writer, reader) = (record_of(&item(r#"{"name":"x","type":"int"}"#)), {
        record_of(&item(&format!(r#"{{"name":"x","type":"int"}},{}"#, more.join(","))))
    });
    let mut datum = vec![0xF0, 0x2E];
    datum.extend(vec![2; 3_000]);
    datum.push(0);
    let read = read(&writer, &reader, &body(&datum)).unwrap();
    assert_eq!(read["f"][2_999]["d59"], 1);
}
