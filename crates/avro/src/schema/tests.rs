use super::*;

fn nested(depth: usize) -> String {
    let mut text = String::new();
    for _ in 0..depth {
        text += r#"{"type":"array","items":"#;
    }
    text += "\"long\"";
    text += &"}".repeat(depth);
    text
}

#[test]
fn types_of_other_texts_are_found() {
    let main =
        r#"{"type":"record","name":"a.Main","fields":[{"name":"x","type":"a.X"},{"name":"y","type":"b.Y"}]}"#;
    let x = r#"{"type":"record","name":"X","namespace":"a","fields":[{"name":"y","type":"b.Y"}]}"#;
    let y = r#"{"type":"enum","name":"b.Y","symbols":["A"]}"#;
    let schema = Schema::parse_with(main, &[x, y, y]).unwrap();
    assert_eq!((schema.name(), schema.references().len()), (Some("a.Main"), 2));
    let union = Schema::parse_with(r#"["a.X","b.Y"]"#, &[x, y]).unwrap();
    assert_eq!(union.name(), None);
    let missing = Schema::parse_with(main, &[x]).unwrap_err();
    assert!(missing.to_string().contains("b.Y"), "{missing}");
}

#[test]
fn texts_that_are_no_schema_are_told() {
    for (text, part) in [
        ("{", "no JSON"),
        (r#"{"type":"record","name":"R"}"#, "no Avro schema"),
        ("long long", "no JSON"),
        (r#"{"type":"record","name":"R","fields":[{"name":"a","type":"nope"}]}"#, "nope"),
    ] {
        let error = Schema::parse(text).unwrap_err();
        assert!(error.to_string().contains(part), "{error}");
    }
    assert!(Schema::parse("long").is_ok(), "registries have bare names too");
    let twice = r#"["null",{"type":"array","items":{"type":"fixed","name":"F","size":1}},
        {"type":"fixed","name":"F","size":2}]"#;
    assert_eq!(Schema::parse(twice).unwrap_err(), SchemaError::DefinedTwice { name: "F".into() });
    for hostile in [r#"{"name":"a","type":{"type":"record","name":"b","fields":[]}}"#, "\"long\"", "[]"] {
        assert!(Schema::parse_with("\"long\"", &[hostile]).is_ok(), "what is not named does no harm");
    }
    for hostile in ["3", "{}", "[[]", r#"{"type":"record","name":"R"}"#] {
        assert!(Schema::parse_with("\"long\"", &[hostile]).is_err());
    }
    let circle = [
        r#"{"type":"record","name":"A","fields":[{"name":"b","type":"B"}]}"#,
        r#"{"type":"record","name":"B","fields":[{"name":"a","type":{"type":"array","items":"A"}}]}"#,
    ];
    assert!(Schema::parse_with("\"A\"", &circle).is_err());
    let large = r#"{"type":"fixed","name":"F","size":99999999999}"#;
    assert!(matches!(Schema::parse(large), Err(SchemaError::TooLarge { .. })));
}

#[test]
fn nesting_ends_before_the_stack_does() {
    let text = nested(120);
    assert!(Schema::parse(&text).is_ok());
    let record = |name: usize, inner: &str| {
        format!(
            r#"{{"type":"record","name":"R{name}","fields":[{{"name":"f","type":{{"type":"array","items":"R{}"}}}},{{"name":"n","type":{inner}}}]}}"#,
            name + 1
        )
    };
    let mut chain: Vec<String> = (1..18).map(|name| record(name, &nested(110))).collect();
    chain.push(r#"{"type":"record","name":"R18","fields":[]}"#.to_owned());
    assert!(Schema::parse_with(&record(0, "\"long\""), &chain).is_ok());
    let mut chain: Vec<String> = (1..490).map(|name| record(name, "\"long\"")).collect();
    chain.push(r#"{"type":"record","name":"R490","fields":[]}"#.to_owned());
    let long = Schema::parse_with(&record(0, "\"long\""), &chain).unwrap();
    let mut decoder = crate::AvroDecoder::new();
    assert_eq!(decoder.learn(1, &long), Ok(()));
    let compared = crate::AvroDecoder::with_reader(&long).learn(1, &long);
    assert!(matches!(compared, Err(SchemaError::Unresolved { .. })));
    let mut chain: Vec<String> = (1..700).map(|name| record(name, "\"long\"")).collect();
    chain.push(r#"{"type":"record","name":"R700","fields":[]}"#.to_owned());
    let error = Schema::parse_with(&record(0, "\"long\""), &chain).unwrap_err();
    assert_eq!(error, SchemaError::TooDeep { most: MOST_NESTING });
}

#[test]
fn defaults_that_double_at_each_level_take_no_time() {
    let mut inner =
        r#"{"type":"record","name":"R0","fields":[{"name":"n","type":"long","default":1}]}"#.to_owned();
    for level in 1..28 {
        let before = level - 1;
        inner = format!(
            r#"{{"type":"record","name":"R{level}","fields":[{{"name":"a","type":{inner},"default":{{}}}},{{"name":"b","type":"R{before}","default":{{}}}}]}}"#
        );
    }
    assert!(Schema::parse(&inner).is_ok());
    let endless = r#"{"type":"record","name":"R","fields":[{"name":"r","type":"R","default":{}}]}"#;
    assert!(Schema::parse(endless).is_ok(), "the default is none, and nobody asks for it");
}
