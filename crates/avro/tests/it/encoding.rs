//! What goes into which type, and what is said where it does not.

use kadence_avro::{AvroDecoder, AvroEncoder, HeaderDecoded, Schema, SchemaKey};
use kadence_core::codec::{Decoder, EncodeError, Encoder};
use kadence_core::data::{RowBuffer, RowBuilder, Value};
use kadence_core::record::Timestamp;

use crate::support::{ID, body, decode, encode, json, record_of, schema};

fn row(write: impl FnOnce(&mut RowBuilder<'_>)) -> RowBuffer {
    let mut rows = RowBuffer::new();
    let mut row = rows.build();
    row.name("f");
    write(&mut row);
    row.finish().unwrap();
    rows
}

/// The value of field `f` as it comes back, or what is wrong with it.
fn through(field_type: &str, rows: &RowBuffer) -> Result<String, String> {
    let schema = record_of(field_type);
    let body = encode(&schema, rows).map_err(|error| {
        assert_eq!(error.field, "f");
        error.what
    })?;
    Ok(format!("{:?}", decode(&schema, &body).unwrap().row(0).get("f").unwrap()))
}

const DECIMAL: &str = r#"{"type":"bytes","logicalType":"decimal","precision":5,"scale":2}"#;
const MILLIS: &str = r#"{"type":"long","logicalType":"timestamp-millis"}"#;
const UUID: &str = r#"{"type":"string","logicalType":"uuid"}"#;
const LOCAL: &str = r#"{"type":"long","logicalType":"local-timestamp-millis"}"#;
const COLOUR: &str = r#"{"type":"enum","name":"Colour","symbols":["RED","GREEN"]}"#;

#[test]
fn values_go_in_exactly() {
    let time = |nanos| row(|row| row.timestamp(Timestamp::from_nanos(nanos)));
    for (field_type, rows, expected) in [
        ("\"int\"", json(r#"{"f":2147483647}"#), "Int(2147483647)"),
        ("\"int\"", json(r#"{"f":27.0}"#), "Int(27)"),
        ("\"float\"", json(r#"{"f":0.1}"#), "Float(0.1)"),
        ("\"float\"", json(r#"{"f":7}"#), "Float(7.0)"),
        ("\"double\"", json(r#"{"f":9007199254740992}"#), "Float(9007199254740992.0)"),
        (DECIMAL, json(r#"{"f":12.5}"#), "Decimal(\"12.50\")"),
        (DECIMAL, json(r#"{"f":-3}"#), "Decimal(\"-3.00\")"),
        (DECIMAL, row(|row| row.decimal("0.05")), "Decimal(\"0.05\")"),
        ("\"string\"", row(|row| row.decimal("1.50")), "Text(\"1.50\")"),
        (MILLIS, time(-1_000_000), "Timestamp(Timestamp(-1000000))"),
        (LOCAL, json(r#"{"f":"2026-12-01T10:00:00.123"}"#), "Text(\"2026-12-01T10:00:00.123\")"),
        (COLOUR, json(r#"{"f":"GREEN"}"#), "Text(\"GREEN\")"),
        (r#"["null","double","long"]"#, json(r#"{"f":5}"#), "Int(5)"),
        (r#"["null","float","double"]"#, json(r#"{"f":0.123456789012}"#), "Float(0.123456789012)"),
        (r#"["null","long"]"#, json("{}"), "Null"),
        (r#"["string","null"]"#, json("{}"), "Null"),
        (r#"{"type":"map","values":"long"}"#, json(r#"{"f":{"a":1}}"#), "Map({\"a\": Int(1)})"),
    ] {
        assert_eq!(through(field_type, &rows).as_deref(), Ok(expected), "{field_type}");
    }
    let uuid = through(UUID, &json(r#"{"f":"67E55044-10B1-426F-9247-BB680E5FE0C8"}"#)).unwrap();
    assert!(uuid.starts_with("Uuid([103, 229,"), "{uuid}");
}

#[test]
fn what_would_be_lost_is_refused() {
    let nanos = row(|row| row.timestamp(Timestamp::from_nanos(1_001_000)));
    for (field_type, rows, expected) in [
        (
            "\"int\"",
            json(r#"{"f":2147483648}"#),
            "the schema has int, and this is int 2147483648, which is out of its range",
        ),
        ("\"long\"", json(r#"{"f":"12"}"#), "the schema has long, and this is text \"12\""),
        (
            "\"long\"",
            json(r#"{"f":1.5}"#),
            "the schema has long, and this is float 1.5, which it has not exactly",
        ),
        (
            "\"float\"",
            json(r#"{"f":16777217}"#),
            "the schema has float, and this is int 16777217, which it has not exactly",
        ),
        (
            "\"double\"",
            json(r#"{"f":9007199254740993}"#),
            "the schema has double, and this is int 9007199254740993, which it has not exactly",
        ),
        (
            DECIMAL,
            json(r#"{"f":0.001}"#),
            "the schema has decimal(5,2), and this is float 0.001, which has more digits behind the point",
        ),
        (
            DECIMAL,
            json(r#"{"f":1000}"#),
            "the schema has decimal(5,2), and this is int 1000, which has more digits",
        ),
        (
            MILLIS,
            nanos,
            "the schema has timestamp-millis, and this is timestamp \"1970-01-01T00:00:00.001001Z\", which it has not \
             exactly",
        ),
        (MILLIS, json(r#"{"f":5}"#), "the schema has timestamp-millis, and this is int 5"),
        (
            COLOUR,
            json(r#"{"f":"BLUE"}"#),
            "the schema has enum Colour, and this is text \"BLUE\", which is none of its symbols",
        ),
        (UUID, json(r#"{"f":"x"}"#), "the schema has uuid, and this is text \"x\", which is not of its form"),
        ("\"boolean\"", json(r#"{"f":null}"#), "the schema has boolean, and this is null: null"),
        (r#"["null","long"]"#, json(r#"{"f":"x"}"#), "the schema has long, and this is text \"x\""),
        (
            r#"["long","boolean"]"#,
            json(r#"{"f":"x"}"#),
            "the schema has long or boolean, and this is text \"x\"",
        ),
        ("\"long\"", json("{}"), "is missing, and the schema has long without a default"),
        (
            "\"long\"",
            json(r#"{"f":"0123456789012345678901234567890123456789"}"#),
            "the schema has long, and this is text \"012345678901234567890123456789012345678…",
        ),
        (
            r#"{"type":"fixed","name":"F","size":3}"#,
            row(|row| row.bytes(b"ab")),
            "the schema has fixed F of 3 bytes, and this is bytes of length 2, which has 2 bytes",
        ),
    ] {
        assert_eq!(through(field_type, &rows), Err(expected.to_owned()), "{field_type}");
    }
}

#[test]
fn errors_say_where() {
    let schema = schema(
        r#"{"type":"record","name":"R","fields":[{"name":"a","type":{"type":"array","items":
            {"type":"record","name":"S","fields":[{"name":"b","type":{"type":"map","values":"int"}}]}}}]}"#,
    );
    let of = |text: &str| encode(&schema, &json(text)).unwrap_err();
    assert_eq!(of(r#"{"a":[{"b":{}},{"b":{"k":true}}]}"#).field, "a.1.b.k");
    assert_eq!(of(r#"{"a":[{"b":{},"c":1}]}"#), EncodeError {
        field: "a.0.c".into(),
        what: "the schema (record S) has no such field, and this is int 1; leave it out, or add it to the schema".into(),
    });
    assert_eq!(of(r#"{"a":[{}]}"#).field, "a.0.b");
}

#[test]
fn fields_are_matched_by_name_in_any_order() {
    let schema = schema(
        r#"{"type":"record","name":"R","fields":[{"name":"a","type":"long"},{"name":"b","type":"string","default":"ü"},
            {"name":"c","type":["null",{"type":"record","name":"C","fields":[{"name":"x","type":"int"}]}],"default":null},
            {"name":"d","type":{"type":"fixed","name":"F","size":2},"default":"\u00ff\u0000"}]}"#,
    );
    let mut encoder = AvroEncoder::new(&schema, ID).ignore_unknown(true);
    let mut bytes = Vec::new();
    for text in [
        r#"{"a":1,"b":"x","c":{"x":2}}"#,
        r#"{"c":{"x":2},"b":"x","a":1}"#,
        r#"{"z":[],"a":7,"c":{"x":2,"y":1},"b":"x","a":1}"#,
        r#"{"a":1,"b":"x","c":{"x":2}}"#,
    ] {
        bytes.clear();
        encoder.encode(json(text).row(0), &mut bytes).unwrap();
        assert_eq!(bytes, body(&[2, 2, b'x', 2, 4, 0xFF, 0]), "{text}");
    }
    bytes.clear();
    encoder.encode(json(r#"{"a":1}"#).row(0), &mut bytes).unwrap();
    assert_eq!(bytes, body(&[2, 4, 0xC3, 0xBC, 0, 0xFF, 0]), "defaults stand in");
    let strict = AvroEncoder::new(&schema, ID).encode(json(r#"{"a":1,"z":0}"#).row(0), &mut bytes);
    assert_eq!(strict.unwrap_err().field, "z");
}

#[test]
fn an_outermost_type_that_is_no_record_is_the_field_value() {
    let schema = schema(r#"["null","string"]"#);
    let encoded = encode(&schema, &json(r#"{"value":"x"}"#)).unwrap();
    assert_eq!(encoded, body(&[2, 2, b'x']));
    assert_eq!(decode(&schema, &encoded).unwrap().row(0).get("value"), Some(Value::Text("x")));
    assert_eq!(encode(&schema, &json(r#"{"other":"x"}"#)).unwrap_err().field, "other");
}

#[test]
fn unions_of_records_take_the_one_that_fits() {
    let schema = record_of(
        r#"[{"type":"record","name":"A","fields":[{"name":"x","type":"long"}]},
            {"type":"record","name":"B","fields":[{"name":"x","type":"long"},{"name":"y","type":"long","default":0}]}]"#,
    );
    let of = |text: &str| encode(&schema, &json(text)).map(|body| body[5]);
    assert_eq!(of(r#"{"f":{"x":1}}"#), Ok(0));
    assert_eq!(of(r#"{"f":{"x":1,"y":2}}"#), Ok(2));
    assert_eq!(of(r#"{"f":{"z":1}}"#).unwrap_err().field, "f");
    let mut bytes = Vec::new();
    let mut encoder = AvroEncoder::new(&schema, ID).ignore_unknown(true);
    encoder.encode(json(r#"{"f":{"x":1,"y":2,"z":3}}"#).row(0), &mut bytes).unwrap();
    assert_eq!(bytes[5], 0, "the first that takes it with a field left out");
}

/// Branches that differ only at the bottom would be tried in all combinations.
#[test]
fn unions_within_unions_end() {
    let schema = schema(
        r#"{"type":"record","name":"A","fields":[{"name":"n","type":["null","A",
            {"type":"record","name":"B","fields":[{"name":"n","type":["null","A","B"]}]}]}]}"#,
    );
    let deep =
        |levels: usize, end: &str| json(&format!("{}{end}{}", r#"{"n":"#.repeat(levels), "}".repeat(levels)));
    assert!(encode(&schema, &deep(40, "null")).is_ok());
    let error = encode(&schema, &deep(40, "5")).unwrap_err();
    assert!(error.what.ends_with("takes too long to find out which"), "{error}");
    let error = encode(&schema, &deep(3, "5")).unwrap_err();
    assert!(error.what.starts_with("the schema has null or record A or record B"), "{error}");
    assert!(encode(&schema, &deep(80, "null")).is_err());
    let many = record_of(
        r#"{"type":"array","items":["null",{"type":"record","name":"A","fields":[]},
            {"type":"record","name":"B","fields":[{"name":"n","type":"long"}]}]}"#,
    );
    let items = vec![r#"{"n":1}"#; 150_000].join(",");
    assert!(encode(&many, &json(&format!(r#"{{"f":[{items}]}}"#))).is_ok(), "each item has a try of its own");
}

#[test]
fn a_header_may_say_the_schema() {
    let schema = record_of("\"long\"");
    let mut bytes = Vec::new();
    AvroEncoder::bare(&schema).encode(json(r#"{"f":-2}"#).row(0), &mut bytes).unwrap();
    assert_eq!(bytes, [3]);
    let guid = [7; 16];
    let header = [&[1][..], &guid].concat();
    let (mut decoder, mut rows) = (AvroDecoder::new(), RowBuffer::new());
    let unknown = decoder.decode_with_header(&header, &bytes, &mut rows);
    assert_eq!(unknown, Ok(HeaderDecoded::UnknownSchema(SchemaKey::Guid(guid))));
    decoder.learn_guid(guid, &schema).unwrap();
    assert_eq!(decoder.decode_with_header(&header, &bytes, &mut rows), Ok(HeaderDecoded::Row));
    assert_eq!(rows.row(0).get("f"), Some(Value::Int(-2)));
    decoder.learn(9, &schema).unwrap();
    assert_eq!(decoder.decode_with_header(&[0, 0, 0, 0, 9], &bytes, &mut rows), Ok(HeaderDecoded::Row));
    assert!(decoder.decode_with_header(&[1, 2], &bytes, &mut rows).is_err());
    assert!(decoder.decode_with_header(&[2; 17], &bytes, &mut rows).is_err());
    assert_eq!(rows.len(), 2);
}

#[test]
fn a_schema_that_is_learned_again_counts_anew() {
    let (one, other) = (record_of("\"long\""), record_of("\"boolean\""));
    let (mut decoder, mut rows) = (AvroDecoder::new(), RowBuffer::new());
    for (schema, value) in [(&one, Value::Int(-1)), (&other, Value::Bool(true)), (&one, Value::Int(-1))] {
        decoder.learn(ID, schema).unwrap();
        rows.clear(1_000);
        decoder.decode(&body(&[1]), &mut rows).unwrap();
        assert_eq!(rows.row(0).get("f"), Some(value));
    }
}

#[test]
fn recursive_types_go_round() {
    let schema: Schema = schema(
        r#"{"type":"record","name":"Node","fields":[{"name":"v","type":"int"},
            {"name":"next","type":["null","Node"],"default":null}]}"#,
    );
    let rows = json(r#"{"v":1,"next":{"v":2,"next":{"v":3,"next":null}}}"#);
    assert_eq!(decode(&schema, &encode(&schema, &rows).unwrap()).unwrap().row(0), rows.row(0));
}

/// The order of fields is remembered by type, and types within themselves may have another one each time.
#[test]
fn fields_within_fields_may_have_other_orders() {
    let schema = schema(
        r#"{"type":"record","name":"N","fields":[{"name":"a","type":"int","default":7},{"name":"n","type":["null","N"]},
            {"name":"b","type":"int"}]}"#,
    );
    let mut encoder = AvroEncoder::new(&schema, ID);
    let mut bytes = Vec::new();
    for (text, datum) in [
        (r#"{"a":1,"n":{"b":2,"n":{"n":null,"b":3,"a":4},"a":5},"b":6}"#, &[2, 2, 10, 2, 8, 0, 6, 4, 12][..]),
        (r#"{"n":{"b":2,"n":null},"b":6,"a":1}"#, &[2, 2, 14, 0, 4, 12]),
        (r#"{"a":1,"n":{"a":5,"n":null,"b":2},"b":6}"#, &[2, 2, 10, 0, 4, 12]),
    ] {
        bytes.clear();
        encoder.encode(json(text).row(0), &mut bytes).unwrap();
        assert_eq!(bytes, body(datum), "{text}");
    }
}
