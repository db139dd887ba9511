//! Readers and writers, with what the rules of resolution say of them.

use super::super::{Avro, Compatibility, Rule};
use super::{avro, broken};

use Rule::{
    FixedSizeMismatch as Size, MissingEnumSymbols as Symbols, MissingUnionBranch as Branch,
    NameMismatch as Name, ReaderFieldMissingDefaultValue as Default, TypeMismatch as Type,
};

fn check(table: &[(&str, &str, &[Rule])]) {
    for (reader, writer, rules) in table {
        assert_eq!(broken(reader, writer), *rules, "{reader} reads {writer}");
    }
}

#[test]
fn primitives_are_promoted_one_way() {
    const PROMOTED: [(&str, &str); 8] = [
        ("long", "int"),
        ("float", "int"),
        ("double", "int"),
        ("float", "long"),
        ("double", "long"),
        ("double", "float"),
        ("string", "bytes"),
        ("bytes", "string"),
    ];
    let names = ["null", "boolean", "int", "long", "float", "double", "bytes", "string"];
    for reader in names {
        for writer in names {
            let is_read = reader == writer || PROMOTED.contains(&(reader, writer));
            let rules = broken(&format!("\"{reader}\""), &format!("\"{writer}\""));
            assert_eq!(rules, if is_read { vec![] } else { vec![Type] }, "{reader} reads {writer}");
        }
    }
}

#[test]
fn collections_are_read_by_what_is_in_them() {
    let (ints, longs) = (r#"{"type":"array","items":"int"}"#, r#"{"type":"array","items":"long"}"#);
    let (int_map, long_map) = (r#"{"type":"map","values":"int"}"#, r#"{"type":"map","values":"long"}"#);
    let logical = r#"{"type":"long","logicalType":"timestamp-millis"}"#;
    check(&[
        (ints, ints, &[]),
        (longs, ints, &[]),
        (ints, longs, &[Type]),
        (long_map, int_map, &[]),
        (int_map, long_map, &[Type]),
        (ints, int_map, &[Type]),
        (ints, r#""int""#, &[Type]),
        (logical, r#""int""#, &[]),
        (r#""long""#, logical, &[]),
    ]);
}

#[test]
fn unions_need_a_branch_for_all_that_is_written() {
    check(&[
        (r#"["null","int"]"#, r#""int""#, &[]),
        (r#"["null","int"]"#, r#""null""#, &[]),
        (r#"["null","int"]"#, r#""long""#, &[Branch]),
        (r#"["null","long"]"#, r#""int""#, &[]),
        (r#"["null","string"]"#, r#""bytes""#, &[]),
        (r#"["null","int"]"#, r#"["int","null"]"#, &[]),
        (r#"["null","int"]"#, r#"["int"]"#, &[]),
        (r#"["int"]"#, r#"["null","int"]"#, &[Branch]),
        (r#"["int"]"#, r#"["null","string"]"#, &[Branch, Branch]),
        (r#""int""#, r#"["int"]"#, &[]),
        (r#""double""#, r#"["int","long","float"]"#, &[]),
        (r#""int""#, r#"["int","null"]"#, &[Type]),
        ("[]", "[]", &[]),
        (r#""int""#, "[]", &[]),
        (r#"["int"]"#, "[]", &[]),
        ("[]", r#""int""#, &[Branch]),
        (r#"["null",{"type":"array","items":"int"}]"#, r#"{"type":"array","items":"string"}"#, &[Branch]),
    ]);
}

#[test]
fn fixed_and_enums_are_matched_by_name_then_by_what_they_hold() {
    let fixed = |name: &str, size: u32, more: &str| {
        format!(r#"{{"type":"fixed","name":"{name}","size":{size}{more}}}"#)
    };
    let symbols = |name: &str, symbols: &str, more: &str| {
        format!(r#"{{"type":"enum","name":"{name}","symbols":[{symbols}]{more}}}"#)
    };
    let (two, ab) = (fixed("F", 2, ""), symbols("E", r#""A","B""#, ""));
    for (reader, writer, rules) in [
        (&two, two.clone(), &[][..]),
        (&two, fixed("F", 3, ""), &[Size]),
        (&two, fixed("G", 2, ""), &[Name]),
        (&two, fixed("G", 3, ""), &[Name, Size]),
        (&two, fixed("n.F", 2, ""), &[]),
        (&fixed("F", 2, r#","aliases":["G"]"#), fixed("G", 2, ""), &[]),
        (&fixed("F", 2, r#","aliases":["n.G"]"#), fixed("n.G", 2, ""), &[]),
        (&fixed("F", 2, r#","aliases":["G"]"#), fixed("n.G", 2, ""), &[Name]),
        (&fixed("n.F", 2, r#","aliases":["G"]"#), fixed("n.G", 2, ""), &[]),
        (&two, fixed("G", 2, r#","aliases":["F"]"#), &[Name]),
        (&two, r#""bytes""#.to_owned(), &[Type]),
        (&ab, ab.clone(), &[]),
        (&ab, symbols("E", r#""B""#, ""), &[]),
        (&ab, symbols("E", r#""A","B","C""#, ""), &[Symbols]),
        (&symbols("E", r#""A","B""#, r#","default":"A""#), symbols("E", r#""C","D""#, ""), &[]),
        (&ab, symbols("E", r#""C""#, r#","default":"C""#), &[Symbols]),
        (&ab, symbols("D", r#""C""#, ""), &[Name, Symbols]),
        (&symbols("E", r#""A""#, r#","aliases":["D"]"#), symbols("D", r#""A""#, ""), &[]),
        (&ab, symbols("n.E", r#""A""#, ""), &[]),
        (&ab, r#""string""#.to_owned(), &[Type]),
    ] {
        assert_eq!(broken(reader, &writer), rules, "{reader} reads {writer}");
    }
}

fn record(name: &str, fields: &str) -> String {
    format!(r#"{{"type":"record","name":"{name}","fields":[{fields}]}}"#)
}

#[test]
fn records_are_read_field_by_field() {
    let a = r#"{"name":"a","type":"int"}"#;
    let (b, b_default) = (r#"{"name":"b","type":"int"}"#, r#"{"name":"b","type":"int","default":0}"#);
    let both = format!("{a},{b}");
    let kind = r#"{"name":"e","type":{"type":"enum","name":"E","symbols":["A"],"default":"A"}}"#;
    for (reader, writer, rules) in [
        (record("R", a), record("R", a), &[][..]),
        (record("R", a), record("n.R", a), &[]),
        (record("R", a), record("S", a), &[Name]),
        (record("R", a), record("S", b), &[Name, Default]),
        (record("R", ""), record("R", a), &[]),
        (record("R", a), record("R", ""), &[Default]),
        (record("R", &both), record("R", a), &[Default]),
        (record("R", &format!("{a},{b_default}")), record("R", a), &[]),
        (record("R", &both), record("R", ""), &[Default, Default]),
        (record("R", &both), record("R", &format!("{b},{a}")), &[]),
        (record("R", r#"{"name":"a","type":"long"}"#), record("R", a), &[]),
        (record("R", a), record("R", r#"{"name":"a","type":"long"}"#), &[Type]),
        (record("R", a), record("R", r#"{"name":"a","type":["null","int"]}"#), &[Type]),
        (record("R", r#"{"name":"a","type":["null","int"]}"#), record("R", a), &[]),
        (record("R", r#"{"name":"q","type":"int","aliases":["a"]}"#), record("R", a), &[]),
        (record("R", a), record("R", r#"{"name":"q","type":"int","aliases":["a"]}"#), &[Default]),
        (record("R", r#"{"name":"a","type":"int","aliases":["b"]}"#), record("R", &both), &[Name]),
        (record("R", r#"{"name":"q","type":"string","aliases":["a"]}"#), record("R", a), &[Type]),
        // The default of an enum is none of the field.
        (record("R", kind), record("R", ""), &[Type]),
        (record("R", a), r#"{"type":"map","values":"int"}"#.to_owned(), &[Type]),
    ] {
        assert_eq!(broken(&reader, &writer), rules, "{reader} reads {writer}");
    }
    let alias = r#"{"type":"record","name":"R","namespace":"n","aliases":["S"],"fields":[]}"#;
    assert_eq!(broken(alias, &record("n.S", "")), []);
    assert_eq!(broken(alias, &record("S", "")), [Name]);
    let error = r#"{"type":"error","name":"R","fields":[]}"#;
    assert_eq!(broken(error, &record("R", "")), []);
}

#[test]
fn types_that_hold_themselves_are_compared_once() {
    let list = |value: &str| {
        record("L", &format!(r#"{{"name":"v","type":"{value}"}},{{"name":"next","type":["null","L"]}}"#))
    };
    assert_eq!(broken(&list("int"), &list("int")), []);
    assert_eq!(broken(&list("long"), &list("int")), []);
    let rules = broken(&list("int"), &list("long"));
    assert!(rules.contains(&Type), "{rules:?}");
    let trees = |name: &str| {
        record(name, r#"{"name":"children","type":{"type":"array","items":"T"}}"#)
            .replace("\"T\"", &format!("\"{name}\""))
    };
    assert_eq!(broken(&trees("T"), &trees("T")), []);
    assert_eq!(broken(&trees("T"), &trees("U")), [Name]);
}

#[test]
fn a_reason_says_where_and_which_types() {
    let inner = |kind: &str| record("Inner", &format!(r#"{{"name":"x","type":"{kind}"}}"#));
    let outer = |inner: String| {
        record("Outer", &format!(r#"{{"name":"o","type":{{"type":"array","items":{inner}}}}}"#))
    };
    let (reader, writer) = (avro(&outer(inner("int"))), avro(&outer(inner("string"))));
    let Compatibility::Incompatible(reasons) = reader.reads(&writer) else { panic!("it is not read") };
    let text = reasons.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    for part in ["TYPE_MISMATCH", "/fields/0/type/items/fields/0/type", "(o.x)", "int", "string"] {
        assert!(text.contains(part), "{part} in {text}");
    }
}

#[test]
fn schemas_that_are_too_deep_are_not_compared() {
    let mut branches = vec![record("R0", "")];
    for number in 1..400 {
        let field = format!(r#"{{"name":"f","type":"R{}"}}"#, number - 1);
        branches.push(record(&format!("R{number}"), &field));
    }
    let text = format!("{{\"type\":\"array\",\"items\":[{}]}}", branches.join(","));
    let top = record("Top", r#"{"name":"f","type":"R399"}"#);
    let deep = Avro::parse(&top, &[&text], true).unwrap();
    assert_eq!(deep.reads(&deep), Compatibility::Undecided);
    let wide = avro(&text);
    assert_eq!(wide.reads(&wide), Compatibility::Compatible, "each is compared after the one that it holds");
}
