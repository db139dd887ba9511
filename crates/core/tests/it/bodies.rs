//! What bodies and keys look like.

use std::io::Read;

use kadence_core::codec::{Format, Shape};
use kadence_core::schedule::Schedule;
use kadence_core::source::{KeyRule, Lookalike, RecordingOptions};
use kadence_core::text::{CellType, ColumnTypes};

use crate::simulation::Simulation;
use crate::{bodies, csv, csv_without_header, error, json_lines, read, selecting};

fn typed(types: &[(&str, CellType)], options: RecordingOptions) -> RecordingOptions {
    let declared = types.iter().map(|&(name, ty)| (name.to_owned(), ty)).collect();
    RecordingOptions { types: ColumnTypes::new(declared, CellType::Auto), ..options }
}

fn text(options: RecordingOptions) -> RecordingOptions {
    RecordingOptions { types: ColumnTypes::new(Vec::new(), CellType::Text), ..options }
}

/// Six texts in the order asked for, the recording's own byte for byte, a fresh UUID each, and the instant at which
/// the record left, which is the one it carries.
#[test]
fn accelerometer_rows_as_a_managed_kafka_demo_sends_them() {
    let mut rows = String::new();
    Lookalike::new(1, 4).read_to_string(&mut rows).unwrap();
    let options = RecordingOptions {
        schedule: Schedule::Recorded { speed: "1".parse().unwrap() },
        ..text(selecting("uuid() AS _id, now() AS _date, *", csv_without_header(&["sec", "X", "Y", "Z"])))
    };
    let played = Simulation::new().play(rows.as_str(), &options).succeeds();
    let mut ids = Vec::new();
    for (record, row) in played.records.iter().zip(rows.lines()) {
        assert_eq!(record.key, None);
        let body = std::str::from_utf8(record.body.as_ref().unwrap()).unwrap();
        let cells: Vec<&str> = row.split(',').collect();
        let [sec, x, y, z] = cells[..] else { panic!("{row}") };
        let body_text = |name: &str| {
            serde_json::from_str::<serde_json::Value>(body).unwrap()[name].as_str().unwrap().to_owned()
        };
        let (id, date) = (body_text("_id"), body_text("_date"));
        let expected =
            format!(r#"{{"_id":"{id}","_date":"{date}","sec":"{sec}","X":"{x}","Y":"{y}","Z":"{z}"}}"#);
        assert_eq!(body, expected);

        let uuid = uuid::Uuid::parse_str(&id).unwrap();
        assert_eq!((uuid.get_version_num(), id.clone()), (4, uuid.hyphenated().to_string()));
        ids.push(uuid);

        assert_eq!(date.len(), "2022-03-27T11:37:32.919642".len(), "always six digits");
        let local: jiff::civil::DateTime = date.parse().unwrap();
        let instant = local.to_zoned(jiff::tz::TimeZone::system()).unwrap().timestamp();
        assert_eq!(instant.as_microsecond(), record.timestamp.as_nanos() / 1_000);
    }
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 4);
}

#[test]
fn keyed_bodies_have_the_time_as_it_stands_for_their_name() {
    let options = typed(
        &[("value", CellType::Float)],
        RecordingOptions { shape: Shape::Keyed, key: KeyRule::File, ..csv() },
    );
    let given = read("timestamp,value\n2021-01-01 00:00:00,51\n2021-01-01 00:00:04,60.50\n", &options);
    assert_eq!(given.bodies, [r#"{"2021-01-01 00:00:00":51.0}"#, r#"{"2021-01-01 00:00:04":60.50}"#]);
    assert_eq!(given.keys, [Some("data".to_owned()), Some("data".to_owned())]);

    assert_eq!(
        error("t,a,b\n1,2,3\n", &options_keyed(csv())),
        "--shape keyed: takes exactly one column besides the time (found: a, b); choose one with --select"
    );
    assert_eq!(bodies("t,a,b\n1,2,3\n", &selecting("b", options_keyed(csv()))), [r#"{"1":3}"#]);
    assert_eq!(
        bodies("{\"t\":1.50,\"v\":null}", &selecting("t, v", options_keyed(json_lines()))),
        [r#"{"1.50":null}"#]
    );
}

fn options_keyed(options: RecordingOptions) -> RecordingOptions {
    RecordingOptions { shape: Shape::Keyed, ..options }
}

#[test]
fn types_decide_how_a_cell_is_written() {
    let row = |cell: &str| format!("v,w\n{cell},\n");
    for (ty, cell, written) in [
        (CellType::Auto, "0.10", "0.10"),
        (CellType::Auto, "007", "\"007\""),
        (CellType::Auto, "", "\"\""),
        (CellType::Auto, "true", "\"true\""),
        (CellType::Auto, "NaN", "\"NaN\""),
        (CellType::Text, "51", "\"51\""),
        (CellType::Text, "", "null"),
        (CellType::Int, "+7", "7"),
        (CellType::Int, "-0", "-0"),
        (CellType::Int, "007", "7"),
        (CellType::Float, "51", "51.0"),
        (CellType::Float, "1e3", "1e3"),
        (CellType::Float, ".5", "0.5"),
        (CellType::Float, "1.", "1.0"),
        (CellType::Bool, "TRUE", "true"),
        (CellType::Bool, "0", "false"),
        (CellType::Json, "[1]", "[1]"),
        (CellType::Json, "", "null"),
    ] {
        let found = bodies(row(cell), &selecting("v", typed(&[("v", ty)], csv())));
        assert_eq!(found, [format!("{{\"v\":{written}}}")], "{ty} {cell}");
    }
}

#[test]
fn json_values_are_retyped_where_a_type_is_declared() {
    for (ty, value, written) in [
        (CellType::Float, "51", "51.0"),
        (CellType::Float, r#""51""#, "51.0"),
        (CellType::Float, r#""\u0035\u0031""#, "51.0"),
        (CellType::Int, r#""\u0035""#, "5"),
        (CellType::Text, "1.50", "\"1.50\""),
        (CellType::Text, r#""a\"\u00e9""#, "\"a\\\"é\""),
        (CellType::Bool, "1", "true"),
        (CellType::Int, "null", "null"),
        (CellType::Json, r#"{"a": 1}"#, r#"{"a": 1}"#),
    ] {
        let found = bodies(format!("{{\"v\":{value}}}"), &selecting("v", typed(&[("v", ty)], json_lines())));
        assert_eq!(found, [format!("{{\"v\":{written}}}")], "{ty} {value}");
    }
}

#[test]
fn arrays_and_csv_lines_and_raw_texts() {
    let text = "t,v,w\n1,\"a,\"\"b\"\"\",\n2,\"c\nd\", e\n";
    let array = RecordingOptions { shape: Shape::Array, ..csv() };
    assert_eq!(bodies(text, &array), [r#"[1,"a,\"b\"",""]"#, r#"[2,"c\nd"," e"]"#]);

    let lines = RecordingOptions { format: Format::Csv, ..csv() };
    assert_eq!(bodies(text, &lines), ["1,\"a,\"\"b\"\"\",", "2,\"c\nd\", e"]);
    assert_eq!(
        bodies(
            "t\n1\n",
            &selecting(
                "now('%Y,%m', 'UTC') AS n, event_time('%Y,', 'UTC') AS e, t",
                with_time(lines.clone())
            )
        ),
        ["\"       \",\"1970,\",1"]
    );

    let raw = RecordingOptions { format: Format::Raw, ..csv() };
    assert_eq!(bodies(text, &raw), ["1,\"a,\"\"b\"\"\",", "2,\"c\nd\", e"]);
    assert_eq!(bodies(text, &selecting("v", raw.clone())), ["a,\"b\"", "c\nd"]);
    assert_eq!(
        error(text, &selecting("t, v", raw)),
        "--format raw: takes whole lines, or exactly one column (found: t, v); choose one with --select"
    );
}

fn with_time(options: RecordingOptions) -> RecordingOptions {
    RecordingOptions { time: Some("t".into()), ..options }
}

#[test]
fn event_times_are_written_in_any_form() {
    let select = "event_time() AS iso, event_time('%d.%m.%y') AS utc, event_time('%H:%M:%S.%f %z', 'Asia/Tokyo') AS tokyo";
    assert_eq!(
        bodies("t\n1618055496.2873\n1618055497\n", &selecting(select, csv())),
        [
            r#"{"iso":"2021-04-10T11:51:36.2873Z","utc":"10.04.21","tokyo":"20:51:36.287300 +0900"}"#,
            r#"{"iso":"2021-04-10T11:51:37Z","utc":"10.04.21","tokyo":"20:51:37.000000 +0900"}"#,
        ]
    );
}

#[test]
fn keys_come_from_the_file_a_column_or_a_constant() {
    for (key, expected) in [
        (KeyRule::None, None),
        (KeyRule::File, Some("data")),
        (KeyRule::Constant(String::new()), Some("")),
        (KeyRule::Column("v".into()), Some("a,b")),
    ] {
        let given = read("t,v\n1,\"a,b\"\n", &RecordingOptions { key: key.clone(), ..csv() });
        assert_eq!(given.keys, [expected.map(String::from)], "{key:?}");
        assert_eq!(given.bodies, [r#"{"t":1,"v":"a,b"}"#], "the key is no part of the body");
    }
}
