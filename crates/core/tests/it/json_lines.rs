//! JSON Lines and raw lines.

use kadence_core::codec::Format;
use kadence_core::source::{KeyRule, RecordingOptions};

use crate::{bodies, error, json_lines, raw, read, selecting};

#[test]
fn objects_pass_as_they_stand() {
    let lines = [
        r#"{"b":1.50,"a":-0,"b":1e400,"é\n":[1, {"x": null}]}"#,
        r#"{ "only" : "spaces" }"#,
        "{}",
        r#"{"n":12345678901234567890123}"#,
    ];
    assert_eq!(bodies(lines.join("\n"), &json_lines()), lines);
    assert_eq!(bodies(format!("  {}\t\r\n", lines[0]), &json_lines()), [lines[0]]);
}

#[test]
fn order_and_number_text_survive_a_selection() {
    let text = r#"{"z":1.50,"a":{"deep":[0.10]},"m":null,"t":"\u00e9\n","k":true}"#;
    assert_eq!(
        bodies(text, &selecting("*, line() AS line", json_lines())),
        [r#"{"z":1.50,"a":{"deep":[0.10]},"m":null,"t":"\u00e9\n","k":true,"line":1}"#]
    );
    assert_eq!(
        bodies(text, &selecting("m, z AS y, a", json_lines())),
        [r#"{"m":null,"y":1.50,"a":{"deep":[0.10]}}"#]
    );
}

#[test]
fn paths_lead_into_objects() {
    let text = "{\"s\":{\"id\":7,\"at\":{\"x.y\":1}}}\n{\"s\":{\"id\":null}}\n{\"s\":5}\n{}\n{\"s\":{\"id\":1,\"id\":2}}\n";
    assert_eq!(
        bodies(text, &selecting("s.id AS id, s.at.`x.y`", json_lines())),
        [
            r#"{"id":7,"x.y":1}"#,
            r#"{"id":null,"x.y":null}"#,
            r#"{"id":null,"x.y":null}"#,
            r#"{"id":null,"x.y":null}"#,
            r#"{"id":2,"x.y":null}"#,
        ]
    );
}

#[test]
fn fields_that_are_missing_are_null_and_those_that_come_later_are_known_to_the_star() {
    let text = "{\"a\":1}\n{\"b\":2}\n";
    assert_eq!(bodies(text, &selecting("a", json_lines())), [r#"{"a":1}"#, r#"{"a":null}"#]);
    assert_eq!(
        bodies(text, &selecting("line() AS n, *", json_lines())),
        [r#"{"n":1,"a":1}"#, r#"{"n":2,"b":2}"#]
    );
}

/// Of two fields of a name the last counts where one is asked for, as in most programs.
#[test]
fn the_last_of_two_fields_counts() {
    assert_eq!(bodies(r#"{"a":1,"a":2}"#, &selecting("a", json_lines())), [r#"{"a":2}"#]);
    assert_eq!(
        bodies(r#"{"a":1,"a":2}"#, &selecting("*, line() AS n", json_lines())),
        [r#"{"a":1,"a":2,"n":1}"#]
    );
}

#[test]
fn keys_with_escapes_are_found_by_what_they_say() {
    let text = "{\"\\u0061\":1,\"q\\\"q\":2,\"\\ud83d\\ude00\":3}";
    assert_eq!(bodies(text, &selecting("a, `😀`", json_lines())), [r#"{"a":1,"😀":3}"#]);
    assert_eq!(bodies(text, &selecting("* IGNORE a", json_lines())), [r#"{"q\"q":2,"😀":3}"#]);
}

#[test]
fn a_field_that_comes_by_a_name_already_given_is_an_error() {
    let text = "{\"a\":1}\n{\"a\":2,\"n\":3}\n";
    let given = read(text, &selecting("*, line() AS n", json_lines()));
    assert_eq!(given.bodies, [r#"{"a":1,"n":1}"#]);
    assert_eq!(
        given.error.as_deref(),
        Some(
            "data:2: the record has a field `n` of its own, and --select makes another; rename one with AS, or \
             leave the field out with IGNORE"
        )
    );
    assert_eq!(
        error("{\"n\":1}\n", &selecting("*, line() AS n", json_lines())),
        "--select, character 4: two members are called `n`; rename one with AS"
    );
}

#[test]
fn keys_are_texts_and_a_record_without_the_field_has_none() {
    let text = "{\"id\":\"a\\n\"}\n{\"id\":5}\n{\"id\":null}\n{}\n{\"id\":\"\"}\n";
    let key = KeyRule::Column("id".into());
    let given = read(text, &RecordingOptions { key, ..json_lines() });
    let keys: Vec<_> = given.keys.iter().map(Option::as_deref).collect();
    assert_eq!(keys, [Some("a\n"), Some("5"), None, None, Some("")]);
}

#[test]
fn raw_lines_pass_as_they_stand() {
    let text = "one\n\n {\"two\n\tthree \r\nfour\\";
    assert_eq!(bodies(text, &raw()), ["one", "", " {\"two", "\tthree ", "four\\"]);
    assert_eq!(bodies("\n", &raw()), [""]);
    assert_eq!(error("", &raw()), "data:1: no records (the file is empty)");
    let given = read("a\nb", &RecordingOptions { key: KeyRule::Constant("k".into()), ..raw() });
    assert_eq!(given.keys, [Some("k".into()), Some("k".into())]);
}

/// A line is no JSON, so it cannot be passed off as a body of that format.
#[test]
fn raw_lines_have_no_columns() {
    let json = RecordingOptions { format: Format::Json, ..raw() };
    assert_eq!(
        error("a\n", &json),
        "data: raw lines have no columns; send them with --format raw, or name with --select what to send"
    );
    assert_eq!(bodies("a\nb\n", &selecting("line() AS n", json)), [r#"{"n":1}"#, r#"{"n":2}"#]);
}
