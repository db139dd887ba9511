//! JSON read into typed rows, and written from them.

use kadence_core::codec::{Decoder as _, Encoder as _, Encoding, JsonDecoder, JsonEncoder};
use kadence_core::data::{DataType, Row, RowBuffer, Schema, Value};
use kadence_core::schedule::Schedule;
use kadence_core::source::{CsvOptions, RecordingKind, RecordingOptions};
use proptest::prelude::*;

/// The rows of one body; the error as people see it.
fn decoded(body: &[u8]) -> Result<RowBuffer, String> {
    let mut rows = RowBuffer::new();
    JsonDecoder::new().decode(body, &mut rows).map_err(|error| error.to_string())?;
    Ok(rows)
}

fn encoded(row: Row<'_>) -> String {
    let mut bytes = Vec::new();
    JsonEncoder::new().encode(row, &mut bytes).unwrap();
    String::from_utf8(bytes).unwrap()
}

/// A value as `serde_json` has it. Of several members with one name it keeps the last one.
fn as_json(value: &Value<'_>) -> serde_json::Value {
    match value {
        Value::Null => serde_json::Value::Null,
        Value::Bool(value) => (*value).into(),
        Value::Int(value) => (*value).into(),
        Value::UInt(value) => (*value).into(),
        Value::Float(value) => (*value).into(),
        Value::Decimal(text) => text.parse::<f64>().unwrap().into(),
        Value::Text(text) => (*text).into(),
        Value::List(items) => items.clone().map(|item| as_json(&item)).collect(),
        Value::Struct(fields) => {
            fields.clone().map(|(name, value)| (name.to_owned(), as_json(&value))).collect()
        }
        other => panic!("JSON has no {other:?}"),
    }
}

/// Whether two values are the same; `serde_json` is off by a few in a double's last place, now and then.
fn same(one: &serde_json::Value, other: &serde_json::Value) -> bool {
    use serde_json::Value::{Array, Number, Object};
    match (one, other) {
        (Number(one), Number(other)) if one.is_f64() || other.is_f64() => {
            let bits = [one, other].map(|number| number.as_f64().unwrap().to_bits());
            bits[0].abs_diff(bits[1]) <= 8
        }
        (Array(one), Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        (Object(one), Object(other)) => {
            one.len() == other.len()
                && one.iter().zip(other).all(|(one, other)| one.0 == other.0 && same(one.1, other.1))
        }
        _ => one == other,
    }
}

fn json(depth: u32) -> impl Strategy<Value = String> {
    let space = || "[ \t\n\r]{0,2}";
    let text = prop_oneof![
        "\"[ !#-\\[\\]-~äö€𝄞]{0,20}\"",
        r#""([a-z]|\\["\\/bfnrt]|\\u00[0-9a-f][0-9A-F]|\\ud834\\udd1e|ä){0,8}""#,
    ];
    let number = prop_oneof![
        any::<i64>().prop_map(|number| number.to_string()),
        any::<u64>().prop_map(|number| number.to_string()),
        any::<f64>()
            .prop_filter("JSON has them", |number| number.is_finite())
            .prop_map(|number| format!("{number:?}")),
        "-?(0|[1-9][0-9]{0,24})(\\.[0-9]{1,24})?([eE][-+]?[0-9]{1,2})?",
    ];
    let leaf = prop_oneof![Just("null".to_owned()), Just("true".into()), Just("false".into()), text, number];
    leaf.prop_recursive(depth, 64, 6, move |inner| {
        let item =
            (space(), inner, space()).prop_map(|(before, value, behind)| format!("{before}{value}{behind}"));
        let member = (space(), "\"[a-d\u{e4}]{0,2}\"", space(), item.clone())
            .prop_map(|(before, name, behind, value)| format!("{before}{name}{behind}:{value}"));
        prop_oneof![
            prop::collection::vec(item, 0..6).prop_map(|items| format!("[{}]", items.join(","))),
            prop::collection::vec(member, 0..6).prop_map(|members| format!("{{{}}}", members.join(","))),
        ]
    })
}

proptest! {
    #[test]
    fn what_serde_json_reads_is_read_as_the_same(value in json(5)) {
        let body = format!("{{\"a\": {value} }}");
        let expected: serde_json::Value = serde_json::from_str(&body).unwrap();
        let rows = decoded(body.as_bytes()).unwrap();
        let found: serde_json::Value =
            rows.row(0).fields().map(|(name, value)| (name.to_owned(), as_json(&value))).collect();
        prop_assert!(same(&found, &expected), "{} is no {}", found, expected);
    }

    #[test]
    fn rows_survive_being_written(value in json(5)) {
        let rows = decoded(format!("{{\"a\":{value},\"b\":1}}").as_bytes()).unwrap();
        let text = encoded(rows.row(0));
        let again = decoded(text.as_bytes()).unwrap();
        prop_assert_eq!(again.row(0), rows.row(0));
        prop_assert_eq!(encoded(again.row(0)), text);
    }

    #[test]
    fn no_body_makes_it_panic_and_none_leaves_a_trace(
        body in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..40),
            "[{}\\[\\]\",:\\\\u0-9dDeE.+-truefalsn ä]{0,40}".prop_map(String::into_bytes),
            (json(3), any::<prop::sample::Index>(), any::<u8>()).prop_map(|(value, at, byte)| {
                let mut body = format!("{{\"a\":{value}}}").into_bytes();
                let at = at.index(body.len());
                body[at] = byte;
                body
            }),
        ],
    ) {
        let mut rows = decoded(b"{\"there\":[\"before\"]}").unwrap();
        let serde = serde_json::from_slice::<serde_json::Map<String, serde_json::Value>>(&body);
        let read = JsonDecoder::new().decode(&body, &mut rows);
        match &serde {
            Ok(_) => prop_assert!(read.is_ok(), "{:?}", read),
            Err(error) if error.to_string().contains("out of range") => {}
            Err(error) => prop_assert!(read.is_err(), "serde_json: {}", error),
        }
        prop_assert_eq!(rows.len(), 1 + usize::from(read.is_ok()));
        let next = decoded(b"{\"c\":2}").unwrap();
        JsonDecoder::new().decode(b"{\"c\":2}", &mut rows).unwrap();
        let first = decoded(b"{\"there\":[\"before\"]}").unwrap();
        prop_assert_eq!(rows.row(0), first.row(0));
        prop_assert_eq!(rows.row(rows.len() - 1), next.row(0));
    }
}

#[test]
fn numbers_stay_exact() {
    let value = |text: &str| {
        let rows = decoded(format!("{{\"n\":{text}}}").as_bytes()).unwrap();
        format!("{:?}", rows.row(0).get("n").unwrap())
    };
    for (text, expected) in [
        ("0", "Int(0)"),
        ("-0", "Float(-0.0)"),
        ("9223372036854775807", "Int(9223372036854775807)"),
        ("-9223372036854775808", "Int(-9223372036854775808)"),
        ("9223372036854775808", "UInt(9223372036854775808)"),
        ("18446744073709551615", "UInt(18446744073709551615)"),
        ("18446744073709551616", "Decimal(\"18446744073709551616\")"),
        ("51.0", "Float(51.0)"),
        ("0.10", "Float(0.1)"),
        ("0.30000000000000004", "Float(0.30000000000000004)"),
        ("0.3000000000000000444", "Decimal(\"0.3000000000000000444\")"),
        ("1234567890123456.78", "Decimal(\"1234567890123456.78\")"),
        ("1e400", "Decimal(\"1e400\")"),
        ("5e-324", "Float(5e-324)"),
        ("1e3", "Float(1000.0)"),
    ] {
        assert_eq!(value(text), expected, "{text}");
    }
}

#[test]
fn a_bad_body_is_told_with_its_place() {
    let error = |body: &str| decoded(body.as_bytes()).unwrap_err();
    assert_eq!(error("[1]"), "not a JSON object at byte 0");
    assert_eq!(error("{\"a\":1} x"), "something follows the object at byte 8");
    assert_eq!(error("{\"a\":01}"), "not a number at byte 7");
    assert_eq!(error("{\"a\":\"\n\"}"), "a control character stands in a text at byte 6");
    assert_eq!(error("{\"a\":\"\\ud800\"}"), "half a character is escaped at byte 12");
    assert_eq!(decoded(b"{\"a\":\xff}").unwrap_err(), "not UTF-8 at byte 5");
    let deep =
        |levels: usize| decoded(format!("{{\"a\":{}{}}}", "[".repeat(levels), "]".repeat(levels)).as_bytes());
    assert!(deep(126).is_ok());
    assert!(deep(127).unwrap_err().starts_with("objects and lists are nested too deep"));
}

#[test]
fn records_may_differ_in_their_fields() {
    let mut rows = RowBuffer::new();
    let mut decoder = JsonDecoder::new();
    for body in ["{\"a\":1,\"b\":\"x\"}", "{\"b\":null,\"c\":{\"a\":2}}", "{}", "{\"a\":1.5,\"a\":2.5}"] {
        decoder.decode(body.as_bytes(), &mut rows).unwrap();
    }
    assert_eq!(rows.row(1).get("a"), None);
    assert_eq!(rows.row(1).get("b"), Some(Value::Null));
    assert_eq!(rows.row(3).get("a"), Some(Value::Float(2.5)), "the last one counts");
    let mut schema = Schema::of(rows.row(0).fields());
    schema.join(Schema::of(rows.row(1).fields()));
    schema.join(Schema::of(rows.row(3).fields()));
    let found: Vec<String> = schema
        .columns
        .iter()
        .map(|column| format!("{} {} {}", column.name, column.data_type, column.nullable))
        .collect();
    assert_eq!(found, ["a decimal true", "b text true", "c struct of a true"]);
    assert_eq!(schema.column("b").unwrap().data_type, DataType::Text);
}

#[test]
fn values_that_json_lacks_are_written_as_text_or_refused() {
    let mut rows = RowBuffer::new();
    let mut row = rows.build();
    row.name("bytes").bytes(b"any carnal pleas");
    row.name("date").date(-1);
    row.name("time").time(3_600_500_000_000);
    row.name("at").timestamp(kadence_core::record::Timestamp::from_nanos(1_500_000_000));
    row.name("id").uuid([0x11; 16]);
    row.name("json").json("[1, 2]");
    row.name("map").begin_map();
    row.name("k").uint(1);
    row.end();
    row.finish().unwrap();
    assert_eq!(
        encoded(rows.row(0)),
        "{\"bytes\":\"YW55IGNhcm5hbCBwbGVhcw==\",\"date\":\"1969-12-31\",\"time\":\"01:00:00.5\",\
         \"at\":\"1970-01-01T00:00:01.5Z\",\"id\":\"11111111-1111-1111-1111-111111111111\",\"json\":[1, 2],\
         \"map\":{\"k\":1}}"
    );
    let mut row = rows.build();
    row.name("a").begin_struct();
    row.name("b").float(f64::NAN);
    row.finish().unwrap();
    let mut into = b"before".to_vec();
    let error = JsonEncoder::new().encode(rows.row(1), &mut into).unwrap_err();
    assert_eq!(error.to_string(), "field `a.b`: JSON has no NaN");
    assert_eq!(into, b"before");
}

#[test]
fn a_recording_is_written_by_an_encoder_of_typed_rows() {
    let typed = |text: &str, options: RecordingOptions| {
        let encoding = Some(Encoding::new(|| Box::new(JsonEncoder::new())));
        crate::bodies(text, &RecordingOptions { encoding, schedule: Schedule::Unpaced, ..options })
    };
    let csv = RecordingOptions::new(RecordingKind::Csv(CsvOptions::default()));
    let select = Some("*, line() AS n, text('x') AS t, 1.50 AS d, event_time() AS at".to_owned());
    assert_eq!(
        typed("time,a,b\n2021-01-01,007,0.10\n", RecordingOptions { select, ..csv.clone() }),
        ["{\"time\":\"2021-01-01\",\"a\":\"007\",\"b\":0.1,\"n\":2,\"t\":\"x\",\"d\":1.5,\
             \"at\":\"2021-01-01T00:00:00Z\"}"]
    );
    let lines = RecordingOptions::new(RecordingKind::JsonLines);
    assert_eq!(
        typed("{\"a\":{\"b\":[1,18446744073709551616]}}\n{\"c\":\"\\u00e9\"}\n", lines),
        ["{\"a\":{\"b\":[1,18446744073709551616]}}", "{\"c\":\"é\"}"]
    );
    let encoding = Some(Encoding::new(|| Box::new(JsonEncoder::new())));
    let select = Some("now() AS n".to_owned());
    let refused =
        crate::error("a\n1\n", &RecordingOptions { encoding, select, schedule: Schedule::Unpaced, ..csv });
    assert!(refused.contains("now() is filled in at the hand-over"), "{refused}");
}
