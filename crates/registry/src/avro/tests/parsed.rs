//! Texts that are schemas and texts that are not.

use super::super::Avro;
use super::avro;

#[test]
fn texts_are_printed_as_java_does() {
    for (text, printed) in [
        (r#""int""#, r#""int""#),
        (r#"{"type":"int"}"#, r#""int""#),
        (r#"{"type":"int","doc":"x"}"#, r#""int""#),
        (r#"{"logicalType":"date","type":"int"}"#, r#"{"type":"int","logicalType":"date"}"#),
        (r#"{"b":1,"items":"int","a":2,"type":"array"}"#, r#"{"type":"array","items":"int","b":1,"a":2}"#),
        (
            r#"{"aliases":["n.A","o.B"],"p":1,"size":2,"doc":"d","name":"n.F","type":"fixed"}"#,
            r#"{"type":"fixed","name":"F","namespace":"n","doc":"d","size":2,"p":1,"aliases":["A","o.B"]}"#,
        ),
        (
            r#"{"default":"A","aliases":["D"],"p":1,"symbols":["A"],"doc":"d","name":"E","type":"enum"}"#,
            r#"{"type":"enum","name":"E","doc":"d","symbols":["A"],"default":"A","p":1,"aliases":["D"]}"#,
        ),
        (
            r#"{"type":"record","name":"R","namespace":"n","fields":[{"order":"ignore","aliases":["z"],"default":1e10,
                "p":1,"doc":"d","type":"double","name":"a"},{"name":"r","type":["null","R"]}]}"#,
            r#"{"type":"record","name":"R","namespace":"n","fields":[{"name":"a","type":"double","doc":"d","default":1.0E10,"order":"ignore","aliases":["z"],"p":1},{"name":"r","type":["null","R"]}]}"#,
        ),
        (
            r#"{"type":"record","name":"n.R","fields":[{"name":"a","type":{"type":"record","name":"S","namespace":"","fields":[]}},{"name":"b","type":"S"},{"name":"c","type":{"type":"fixed","name":"n.int","size":1}},{"name":"d","type":"n.int"}]}"#,
            r#"{"type":"record","name":"R","namespace":"n","fields":[{"name":"a","type":{"type":"record","name":"S","namespace":"","fields":[]}},{"name":"b","type":"S"},{"name":"c","type":{"type":"fixed","name":"int","size":1}},{"name":"d","type":"n.int"}]}"#,
        ),
    ] {
        assert_eq!(avro(text).canonical(), printed);
        assert_eq!(avro(printed).canonical(), printed, "what is printed is printed so again");
    }
}

#[test]
fn the_normal_form_orders_properties_and_aliases() {
    let one = avro(r#"{"type":"fixed","name":"F","size":1,"b":1,"a":2,"aliases":["Z","A"]}"#);
    let other = avro(r#"{"type":"fixed","name":"F","size":1,"a":2,"b":1,"aliases":["A","Z"]}"#);
    assert_ne!(one.canonical(), other.canonical());
    assert_eq!(one.normal(), other.normal());
}

#[test]
fn texts_that_are_no_schemas_are_refused() {
    for text in [
        "",
        "int",
        "{",
        "1",
        "{}",
        r#""nope""#,
        r#"{"type":"nope"}"#,
        r#"{"type":{"type":"int"}}"#,
        r#"{"type":"array"}"#,
        r#"{"type":"map","values":"nope"}"#,
        r#"["int","int"]"#,
        r#"["int",["null"]]"#,
        r#"[{"type":"map","values":"int"},{"type":"map","values":"long"}]"#,
        r#"{"type":"fixed","name":"F"}"#,
        r#"{"type":"fixed","name":"F","size":-1}"#,
        r#"{"type":"fixed","size":1}"#,
        r#"{"type":"fixed","name":"int","size":1}"#,
        r#"{"type":"fixed","name":"1F","size":1}"#,
        r#"{"type":"fixed","name":"F","size":1,"aliases":"G"}"#,
        r#"{"type":"enum","name":"E"}"#,
        r#"{"type":"enum","name":"E","symbols":["A","A"]}"#,
        r#"{"type":"enum","name":"E","symbols":["A-B"]}"#,
        r#"{"type":"enum","name":"E","symbols":["A"],"default":"B"}"#,
        r#"{"type":"record","name":"R"}"#,
        r#"{"type":"record","name":"R","fields":[{"type":"int"}]}"#,
        r#"{"type":"record","name":"R","fields":[{"name":"a"}]}"#,
        r#"{"type":"record","name":"R","fields":[{"name":"a","type":"int"},{"name":"a","type":"int"}]}"#,
        r#"{"type":"record","name":"R","fields":[{"name":"a","type":"int","order":"up"}]}"#,
        r#"{"type":"record","name":"R","fields":[{"name":"a","type":{"type":"record","name":"R","fields":[]}}]}"#,
    ] {
        assert!(Avro::parse(text, &[], true).is_err(), "{text}");
    }
    assert!(Avro::parse(&r#"{"type":"array","items":"#.repeat(10_000), &[], true).is_err());
}

#[test]
fn defaults_are_values_of_their_fields() {
    let schema = |kind: &str, default: &str| {
        format!(
            r#"{{"type":"record","name":"R","fields":[{{"name":"a","type":{kind},"default":{default}}}]}}"#
        )
    };
    for (kind, default, fits) in [
        (r#""int""#, "1", true),
        (r#""int""#, "1.0", false),
        (r#""int""#, "3000000000", false),
        (r#""long""#, "3000000000", true),
        (r#""long""#, "9300000000000000000", false),
        (r#""float""#, "1", true),
        (r#""double""#, r#""NaN""#, true),
        (r#""double""#, r#""x""#, false),
        (r#""string""#, "null", false),
        (r#"["null","int"]"#, "null", true),
        (r#"["null","int"]"#, "1", true),
        (r#"["null","int"]"#, r#""x""#, false),
        (r#"{"type":"array","items":"int"}"#, "[1,2]", true),
        (r#"{"type":"array","items":"int"}"#, r#"["x"]"#, false),
        (r#"{"type":"map","values":"int"}"#, r#"{"a":1}"#, true),
        (r#"{"type":"map","values":"int"}"#, r#"{"a":null}"#, false),
        (r#"{"type":"record","name":"S","fields":[{"name":"x","type":"int"}]}"#, r#"{"x":1}"#, true),
        (r#"{"type":"record","name":"S","fields":[{"name":"x","type":"int"}]}"#, "{}", false),
        (r#""R""#, "{}", false),
        (r#"["null","R"]"#, "null", true),
    ] {
        let text = schema(kind, default);
        assert_eq!(Avro::parse(&text, &[], true).is_ok(), fits, "{text}");
        assert!(Avro::parse(&text, &[], false).is_ok(), "what is stored is read: {text}");
    }
}

#[test]
fn defaults_that_go_round_come_to_an_end() {
    let fields: Vec<String> = ["a", "b", "c"]
        .map(|name| format!(r#"{{"name":"{name}","type":["int","R"],"default":{{}}}}"#))
        .into();
    let text = format!(r#"{{"type":"record","name":"R","fields":[{}]}}"#, fields.join(","));
    assert!(Avro::parse(&text, &[], true).is_err());
}

#[test]
fn a_schema_uses_others() {
    let inner = r#"{"type":"record","name":"n.Inner","fields":[]}"#;
    let outer = r#"{"type":"record","name":"n.Outer","fields":[{"name":"a","type":"Inner"}]}"#;
    assert!(Avro::parse(outer, &[], true).is_err());
    let whole = Avro::parse(outer, &[inner], true).unwrap();
    let printed =
        r#"{"type":"record","name":"Outer","namespace":"n","fields":[{"name":"a","type":"Inner"}]}"#;
    assert_eq!(whole.canonical(), printed);
    assert!(Avro::parse(inner, &[inner], true).is_err(), "a type is defined once");
}

#[test]
fn another_library_takes_what_is_printed() {
    for text in [
        r#"{"type":"record","name":"n.R","doc":"d","fields":[{"name":"a","type":["null","R"],"default":null}]}"#,
        r#"{"type":"enum","name":"E","symbols":["A","B"],"default":"A"}"#,
        r#"{"type":"map","values":{"type":"fixed","name":"n.F","size":16}}"#,
        r#"{"type":"bytes","logicalType":"decimal","precision":10,"scale":2}"#,
    ] {
        let printed = avro(text).canonical();
        let theirs = apache_avro::Schema::parse_str(&printed).unwrap();
        assert_eq!(theirs, apache_avro::Schema::parse_str(text).unwrap(), "{printed}");
    }
}
