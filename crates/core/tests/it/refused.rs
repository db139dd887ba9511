//! What recordings are refused for, word for word: place first, what is wrong and what was found, what to do.

use std::time::Duration;

use kadence_core::codec::Shape;
use kadence_core::schedule::{OutOfOrder, Schedule};
use kadence_core::source::{CsvOptions, KeyRule, RecordingKind, RecordingOptions};
use kadence_core::text::{CellType, ColumnTypes};

use crate::{bodies, csv, csv_without_header, error, json_lines, raw, read, unpaced};

fn recorded(options: RecordingOptions) -> RecordingOptions {
    RecordingOptions { schedule: Schedule::Recorded { speed: "1".parse().unwrap() }, ..options }
}

fn typed(types: &[(&str, CellType)], options: RecordingOptions) -> RecordingOptions {
    let declared = types.iter().map(|&(name, ty)| (name.to_owned(), ty)).collect();
    RecordingOptions { types: ColumnTypes::new(declared, CellType::Auto), ..options }
}

#[test]
fn csv_recordings_that_are_no_table() {
    let cases: [(&[u8], &str); 14] = [
        (b"", "data:1: no records (the file is empty)"),
        (b"\n\n", "data:1: no records (the file is empty)"),
        (
            b"timestamp,value\n",
            "data:1: no records (nothing follows the header line); with --columns the first line counts as a record",
        ),
        (b"t,v\n1,2\n\n3,4\n", "data:3: blank line; remove it"),
        (b"t,v\r\n1,2\r\n\r\n\r\n3,4\r\n", "data:3: blank line; remove it"),
        (b"\nt,v\n1,2\n", "data:1: blank line; remove it"),
        (b"t,v\n1,2\n3\n", "data:3: 1 cell where 2 are expected (t, v)"),
        (b"t,v\n1,2\n3,4,5\n", "data:3: 3 cells where 2 are expected (t, v)"),
        (b"t,v\n1,2\n3,\xff\n", "data:3: column 2 `v` is not UTF-8; convert the file"),
        (b"t,\xe9t\xe9\n1,2\n", "data:1: column 2 `\u{fffd}t\u{fffd}` is not UTF-8; convert the file"),
        (b"t,v\n1,\"open\n2,3\n", "data:2: a quote opens here and never closes"),
        (b"t,v\n1,2\n\"a\nb\",\"c\nd", "data:4: a quote opens here and never closes"),
        (b"\xff\xfet\0", "data:1: starts like UTF-16; convert it to UTF-8: iconv -f UTF-16 -t UTF-8"),
        (
            b"a,b,a\n1,2,3\n",
            "data:1: two columns are called `a`; name the columns with --columns, and pass over the header line with --skip-lines 1",
        ),
    ];
    for (text, message) in cases {
        assert_eq!(error(text, &csv()), message, "{}", String::from_utf8_lossy(text));
    }
    assert_eq!(error("1,2\n", &csv_without_header(&["a", "a"])), "--columns: two columns are called `a`");
    assert_eq!(error("", &csv_without_header(&["a", "b"])), "data:1: no records (the file is empty)");
}

#[test]
fn cells_that_are_not_of_their_type() {
    for (ty, cell, shown) in [
        (CellType::Float, "fast", "`fast` is no float"),
        (CellType::Float, "1,5", "`1,5` is no float"),
        (CellType::Float, "NaN", "`NaN` is no float"),
        (CellType::Int, "5.0", "`5.0` is no int"),
        (CellType::Int, "9223372036854775808", "`9223372036854775808` is no int"),
        (CellType::Bool, "yes", "`yes` is no bool"),
        (CellType::Json, "{\"\"a\"\":}", "`{\"a\":}` is no json"),
        (CellType::Int, "a\nb\tit's", "`a\\nb\\tit's` is no int"),
    ] {
        let given = read(format!("t,v\n1,\n2,\"{cell}\"\n"), &typed(&[("v", ty)], csv()));
        assert_eq!(given.error, Some(format!("data:3: column 2 `v`: {shown}")));
        assert_eq!(given.bodies, [r#"{"t":1,"v":null}"#], "the row before it is good");
    }
    let long = format!("v\n{}\n", "x".repeat(100));
    let message = format!("data:2: column 1 `v`: `{}…` is no int", "x".repeat(60));
    assert_eq!(error(long, &typed(&[("v", CellType::Int)], csv())), message);
}

#[test]
fn times_that_are_none_or_go_backwards() {
    let dates =
        |second: &str| format!("timestamp,value\n2021-01-01 00:00:00,1\n2021-01-01 00:00:04,2\n{second},3\n");
    assert_eq!(
        error(dates("2021-01-01 00:00:02"), &recorded(csv())),
        "data:4: column 1 `timestamp`: `2021-01-01 00:00:02` is 2s earlier than the record before it; if \
         `timestamp` is not the event time, name the right column with --time; otherwise sort the file, or pass \
         --out-of-order=clamp to replay it as it stands"
    );
    let stated = RecordingOptions { time: Some("timestamp".into()), ..recorded(csv()) };
    assert_eq!(
        error(dates("2021-01-01 00:00:02"), &stated),
        "data:4: column 1 `timestamp`: `2021-01-01 00:00:02` is 2s earlier than the record before it; sort the \
         file, or pass --out-of-order=clamp to replay it as it stands"
    );
    assert_eq!(
        error(dates(""), &recorded(csv())),
        "data:4: column 1 `timestamp`: `` is no time in the format iso (ISO 8601); there is no time in \
         it: fill it in, or leave the record out"
    );
    assert_eq!(
        error("name,unit\nice,ml\n", &recorded(csv())),
        "data:2: no column holds a time (found: name, unit); name it with --time and --time-format, or pace with \
         --rate, --interval or --unpaced"
    );
    let named = |column: &str| RecordingOptions { time: Some(column.into()), ..recorded(csv()) };
    assert_eq!(
        error("name,t\nice,1\n", &named("name")),
        "data:2: column 1 `name`: `ice` is in no form of a time that is recognised; state it with --time-format, or \
         name another column with --time"
    );
    assert_eq!(error("name,t\nice,1\n", &named("at")), "data: no column `at` for --time (found: name, t)");
    assert_eq!(
        error("a\n", &recorded(raw())),
        "data: raw lines have no event times; pace them with --rate, --interval or --unpaced"
    );
    assert_eq!(error("{\"t\":1}\n{\"u\":2}\n", &recorded(json_lines())), "data:2: no field `t`");
    let mars = RecordingOptions { time_zone: Some("Mars/Olympus".into()), ..recorded(csv()) };
    assert_eq!(
        error("t\n1\n", &mars),
        "--time-zone: unknown time zone `Mars/Olympus`; use an IANA name such as Europe/Berlin, or UTC"
    );
}

/// A rate needs no times, so times that go backwards are nobody's fault.
#[test]
fn what_is_not_needed_is_not_checked() {
    let rate = Schedule::Interval(Duration::from_secs(1));
    assert_eq!(bodies("t,v\n2,a\n1,b\nx,c\n", &RecordingOptions { schedule: rate, ..csv() }).len(), 3);
    let clamped = RecordingOptions { out_of_order: OutOfOrder::Clamp, ..recorded(csv()) };
    assert_eq!(bodies("t,v\n2,a\n1,b\n", &clamped).len(), 2);
}

#[test]
fn json_lines_that_are_no_objects() {
    let cases: [(&[u8], &str); 10] = [
        (b"", "data:1: no records (the file is empty)"),
        (b"{}\n\n{}\n", "data:2: blank line; remove it"),
        (
            b"{}\n[1]\n",
            "data:2: not a JSON object (invalid type: sequence, expected an object) at character 1",
        ),
        (
            b"{}\n5\n",
            "data:2: not a JSON object (invalid type: integer `5`, expected an object) at character 1",
        ),
        (b"{\"a\":1,}\n", "data:1: not a JSON object (trailing comma) at character 8"),
        (b"{\"a\":01}\n", "data:1: not a JSON object (invalid number) at character 7"),
        (b"  {\"\xc3\xa4\":x}\n", "data:1: not a JSON object (expected value) at character 8"),
        (b"{\"a\":1\n", "data:1: not a JSON object (EOF while parsing an object) at character 7"),
        (b"{\"a\":1} {}\n", "data:1: not a JSON object (trailing characters) at character 9"),
        (b" {\"\xc3\xa4\":\"\xff\"}\n", "data:1: not a JSON object (not UTF-8) at character 8"),
    ];
    for (text, message) in cases {
        assert_eq!(error(text, &json_lines()), message, "{}", String::from_utf8_lossy(text));
    }
}

/// A row without end does not fill the memory.
#[test]
fn records_beyond_the_bound() {
    struct Endless;
    impl std::io::Read for Endless {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            buffer.fill(b'x');
            Ok(buffer.len())
        }
    }
    let opened = |options: &RecordingOptions| {
        let faults = kadence_core::source::Recording::open("data", Box::new(Endless), options);
        faults.err().map(|faults| crate::shown(&faults[0]))
    };
    let message = "data:1: the record exceeds 67108864 bytes (is a quote left open?)";
    for options in [csv(), json_lines(), raw()] {
        assert_eq!(opened(&options).as_deref(), Some(message));
    }
    let delimiters = CsvOptions { delimiter: b'x', ..CsvOptions::default() };
    assert_eq!(
        opened(&unpaced(RecordingKind::Csv(delimiters))).as_deref(),
        Some("data:1: the row has more than 1048576 cells (is the delimiter right?)")
    );
}

#[test]
fn all_faults_of_the_options_come_together() {
    let options = RecordingOptions {
        time: Some("when".into()),
        key: KeyRule::Column("who".into()),
        select: Some("a, what".into()),
        ..recorded(typed(&[("why", CellType::Int)], csv()))
    };
    assert_eq!(
        error("a,b\n1,2\n", &options),
        "data: no column `why` for --types (found: a, b)\n\
         --select, character 4: no column `what` (found: a, b)\n\
         data: no column `when` for --time (found: a, b)\n\
         data: no column `who` for --key (found: a, b)"
    );
}

#[test]
fn what_says_how_times_are_read_is_refused_where_none_is() {
    let said = || RecordingOptions {
        time_format: "s".parse().unwrap(),
        time_zone: Some("Europe/Berlin".into()),
        ..csv()
    };
    let help = "no event time is read here; leave it out, or name a column to read with --time";
    assert_eq!(error("t,v\n1,2\n", &said()), format!("--time-format: {help}\n--time-zone: {help}"));
    let lines = RecordingOptions { time_zone: Some("UTC".into()), ..raw() };
    assert_eq!(error("a\n", &lines), format!("--time-zone: {help}"));
    for reads in [
        RecordingOptions { time: Some("t".into()), ..said() },
        RecordingOptions { select: Some("event_time() AS at, v".into()), ..said() },
        RecordingOptions { shape: Shape::Keyed, ..said() },
        recorded(said()),
    ] {
        assert_eq!(read("t,v\n1,2\n", &reads).error, None, "{reads:?}");
    }
}
