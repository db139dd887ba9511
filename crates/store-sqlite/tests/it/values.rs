//! Values are kept exactly, or refused.

use kadence_store::LandingOptions;

use crate::support::{File, land, options};

#[test]
fn the_fields_of_json_become_columns_with_their_types() {
    let file = File::new();
    let body = r#"{"i":9223372036854775807,"u":18446744073709551615,"d":27.5,"x":12345678901234567890.5,"t":"a\u0000b","b":true,"j":{"a":[1,2.50]},"n":null}"#;
    let reasons = land(&mut file.target(options()), &[Some(body), Some(r#"{"d":1}"#)]);
    assert_eq!(reasons, [""; 0]);
    let columns = file.rows("SELECT name, type FROM pragma_table_info('rows')");
    let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
    assert_eq!(columns.len(), 7, "{columns:?}");
    let rows = file.rows("SELECT i, u, d, x, b, j, hex(t) FROM rows ORDER BY rowid");
    assert_eq!(
        rows,
        [
            "9223372036854775807 '18446744073709551615' 27.5 '12345678901234567890.5' 1 '{\"a\":[1,2.5]}' '610062'",
            "null null 1.0 null null null ''"
        ]
    );
}

#[test]
fn what_does_not_fit_is_rejected_with_column_type_and_value() {
    let file = File::new();
    let mut target = file.target(options());
    assert_eq!(land(&mut target, &[Some(r#"{"id":1,"name":"a"}"#)]), [""; 0]);
    let reasons = land(
        &mut target,
        &[
            Some(r#"{"id":2.5}"#),
            Some(r#"{"id":"x"}"#),
            Some(r#"{"id":18446744073709551615}"#),
            Some(r#"{"id":3,"other":1}"#),
            Some(r#"{"id":4,"other":null}"#),
            Some(r#"{"id":"5","name":6}"#),
        ],
    );
    assert_eq!(
        reasons,
        [
            "0: column `id` (INTEGER): the value would not be kept exactly (found: 2.5)",
            "1: column `id` (INTEGER): the value is not of the column's type (found: \"x\")",
            "2: column `id` (INTEGER): the value is out of the column's range (found: 18446744073709551615)",
            "3: table rows has no column `other` (found: 1)",
        ]
    );
    assert_eq!(file.rows("SELECT * FROM rows"), ["1 'a'", "4 null", "5 '6'"]);
}

#[test]
fn declared_types_are_kept_as_texts_that_sort() {
    let file = File::new();
    let types = [
        ("at", "timestamp"),
        ("ms", "epoch-ms"),
        ("day", "date"),
        ("clock", "time"),
        ("price", "decimal"),
        ("who", "uuid"),
        ("raw", "bytes"),
    ];
    let types = types.map(|(name, of)| (name.to_owned(), of.parse().expect("a type")));
    let mut target = file.target(LandingOptions { types: types.into(), ..options() });
    let good = r#"{"at":"2021-04-10T20:51:36.287301+09:00","ms":1618055496288,"day":"2021-04-10","clock":"20:51:36.5","price":12.50,"who":"67E55044-10B1-426F-9247-BB680E5FE0C8","raw":"AAEC"}"#;
    let reasons = land(
        &mut target,
        &[Some(good), Some(r#"{"at":"yesterday"}"#), Some(r#"{"day":"2021-02-30"}"#), Some(r#"{"raw":"?"}"#)],
    );
    assert_eq!(reasons.len(), 3, "{reasons:?}");
    assert_eq!(
        file.rows("SELECT at, ms, day, clock, price, who, hex(raw) FROM rows"),
        [
            "'2021-04-10 11:51:36.287301' '2021-04-10 11:51:36.288' '2021-04-10' '20:51:36.5' '12.5' '67e55044-10b1-426f-9247-bb680e5fe0c8' '000102'"
        ]
    );
}

#[test]
fn a_record_without_fields_is_a_row_where_there_is_a_table_and_is_never_passed_over() {
    let file = File::new();
    let mut target = file.target(options());
    let no_table = "the record has no fields, and there is no table yet";
    assert_eq!(land(&mut target, &[Some("{}"), None]), [format!("0: {no_table}")]);
    assert_eq!(land(&mut target, &[Some(r#"{"a":1}"#), Some("{}")]), [""; 0]);
    assert_eq!(file.rows("SELECT a FROM rows"), ["1", "null"]);
}
