//! How CSV is split.

use kadence_core::source::{CsvOptions, RecordingKind};

use crate::{bodies, csv, csv_without_header, error, read, selecting, unpaced};

fn lines(text: &str) -> Vec<u64> {
    let given = read(text, &csv());
    assert_eq!(given.error, None, "{text:?}");
    given.facts.iter().map(|facts| facts.line).collect()
}

#[test]
fn quotes_hold_delimiters_line_ends_and_doubled_quotes() {
    let text = "t,v\n1,\"a,b\"\n2,\"say \"\"hi\"\"\"\n3,\"two\nlines\"\n4,\"\"\n5,in \"the\" middle\n";
    let values = [r#""a,b""#, r#""say \"hi\"""#, r#""two\nlines""#, r#""""#, r#""in \"the\" middle""#];
    let expected: Vec<_> =
        values.iter().zip(1..).map(|(value, n)| format!("{{\"t\":{n},\"v\":{value}}}")).collect();
    assert_eq!(bodies(text, &csv()), expected);
}

#[test]
fn other_delimiters_and_quotes() {
    let options = CsvOptions { delimiter: b';', quote: b'\'', columns: None };
    let text = "t;v\n1;'a;b'\n2;\"c,d\n";
    let expected = [r#"{"t":1,"v":"a;b"}"#, r#"{"t":2,"v":"\"c,d"}"#];
    assert_eq!(bodies(text, &unpaced(RecordingKind::Csv(options))), expected);
}

#[test]
fn lines_are_counted_through_quoted_line_ends() {
    assert_eq!(lines("t,v\n1,a\n2,\"b\nb\n\nb\"\n3,c\n4,\"\n\"\n5,e"), [2, 3, 7, 8, 10]);
    assert_eq!(lines("t,v\r\n1,a\r\n2,\"b\r\nb\"\r\n3,c\r\n4,d"), [2, 3, 5, 6]);
    assert_eq!(lines("t,v\r1,a\r2,\"b\rb\"\r3,c\r"), [2, 3, 5]);
}

#[test]
fn any_line_end_will_do() {
    let expected = [r#"{"t":1,"v":"a"}"#, r#"{"t":2,"v":"b"}"#];
    for text in [
        "t,v\n1,a\n2,b\n",
        "t,v\n1,a\n2,b",
        "t,v\r\n1,a\r\n2,b\r\n",
        "t,v\r\n1,a\r\n2,b\r",
        "t,v\r1,a\r2,b\r",
        "t,v\r1,a\r2,b",
        "\u{feff}t,v\n1,a\n2,b\n",
        "t,v\n1,a\n2,b\n\n\n",
        "t,v\r\n1,a\r\n2,b\r\n\r\n",
    ] {
        assert_eq!(bodies(text, &csv()), expected, "{text:?}");
    }
    assert_eq!(error("t,v\r1,a\r\r2,b\r", &csv()), "data:3: blank line; remove it");
    assert_eq!(error("t,v\r\n1,a\r\n\n2,b\r\n", &csv()), "data:3: blank line; remove it");
}

/// A quote in the middle of a cell is text, at the end of the file as well.
#[test]
fn a_lone_quote_inside_a_cell_is_not_open() {
    assert_eq!(bodies("t,v\n1,5\" pipe", &csv()), [r#"{"t":1,"v":"5\" pipe"}"#]);
    assert_eq!(bodies("t,v\n1,\"a\"b\"", &csv()), [r#"{"t":1,"v":"ab\""}"#]);
}

#[test]
fn a_byte_order_mark_is_no_part_of_the_first_name() {
    for text in ["\u{feff}\"t\"\n1\n", "\u{feff}\u{feff}t\n1\n"] {
        assert_eq!(bodies(text, &csv()), [r#"{"t":1}"#]);
        let bytewise = kadence_testing::faults::Trickle::new(text.into(), 1);
        let recording = kadence_core::source::Recording::open("data", Box::new(bytewise), &csv());
        assert_eq!(crate::drain(recording.unwrap()).bodies, [r#"{"t":1}"#]);
    }
}

#[test]
fn named_columns_make_the_first_line_a_record() {
    assert_eq!(
        bodies("1,2\n3,4\n", &csv_without_header(&["x", "y"])),
        [r#"{"x":1,"y":2}"#, r#"{"x":3,"y":4}"#]
    );
    let message = "data:1: 2 cells where 3 are expected (x, y, z)";
    assert_eq!(error("1,2\n", &csv_without_header(&["x", "y", "z"])), message);
}

#[test]
fn a_row_longer_than_any_buffer_is_read_whole() {
    let long = "x".repeat(1_000_000);
    let text = format!("t,v\n1,a\n2,\"{long}\n\"\n3,b\n");
    let given = read(text, &selecting("v, line() AS line", csv()));
    assert_eq!(given.error, None);
    assert_eq!(given.bodies[1], format!(r#"{{"v":"{long}\n","line":3}}"#));
    assert_eq!(given.bodies[2], r#"{"v":"b","line":5}"#);
}

#[test]
fn rows_of_many_cells() {
    let names: Vec<String> = (0..3_000).map(|n| format!("c{n}")).collect();
    let cells: Vec<String> = (0..3_000).map(|n| n.to_string()).collect();
    let text = format!("{}\n{}\n", names.join(","), cells.join(","));
    assert_eq!(bodies(text, &selecting("c2999, c0", csv())), [r#"{"c2999":2999,"c0":0}"#]);
}

/// Rows may end with a lone carriage return, and so may the lines that are passed over.
#[test]
fn lines_are_passed_over_as_rows_end() {
    let options =
        kadence_core::source::RecordingOptions { skip_lines: 1, ..crate::csv_without_header(&["a", "b"]) };
    for text in ["h,i\r1,2\r3,4\n", "h,i\r\n1,2\r\n3,4\r\n", "h,i\n1,2\n3,4"] {
        assert_eq!(crate::bodies(text, &options), [r#"{"a":1,"b":2}"#, r#"{"a":3,"b":4}"#], "{text:?}");
    }
}
