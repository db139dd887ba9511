//! What holds for all lists and all texts.

use super::{NOWHERE, without_spans};
use kadence_kcql::{Argument, Column, ColumnList, Expr, Name, Path, parse_columns};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

/// Bare names, names that need quotes, and those that only look as if they did not.
fn name() -> impl Strategy<Value = Name> {
    let text = prop_oneof![
        "[A-Za-z0-9@_]{1,8}",
        "[-a-z0-9'`.,()* \t\r\n\"é温😀]{1,6}",
        "[0-9]{1,3}(e[0-9])?",
        prop::sample::select(vec!["AS", "as", "As", "IGNORE", "from", "SELECT", "into", "UPSERT", "insert"])
            .prop_map(str::to_owned),
    ];
    text.prop_map(|text| Name { text, span: NOWHERE })
}

fn path() -> impl Strategy<Value = Path> {
    vec(name(), 1..4).prop_map(|names| Path { names })
}

fn number() -> impl Strategy<Value = String> {
    "-?(0|[1-9][0-9]{0,20})(\\.[0-9]{1,3})?([eE][-+]?[0-9]{1,3})?"
}

fn argument() -> impl Strategy<Value = Argument> {
    prop_oneof![
        "[a-z'` \n,()%é😀]{0,8}".prop_map(|value| Argument::Text { value, span: NOWHERE }),
        path().prop_map(Argument::Path),
        number().prop_map(|text| Argument::Number { text, span: NOWHERE }),
    ]
}

fn column() -> impl Strategy<Value = Column> {
    let expr = prop_oneof![
        path().prop_map(Expr::Path),
        number().prop_map(|text| Expr::Number { text, span: NOWHERE }),
        (name(), vec(argument(), 0..4)).prop_map(|(function, arguments)| Expr::Call { function, arguments }),
    ];
    prop_oneof![
        1 => Just(Column { expr: Expr::All, alias: None, span: NOWHERE }),
        6 => (expr, option::of(name())).prop_map(|(expr, alias)| Column { expr, alias, span: NOWHERE }),
    ]
}

fn list() -> impl Strategy<Value = ColumnList> {
    (vec(column(), 1..6), vec(path(), 0..3)).prop_map(|(columns, ignored)| ColumnList { columns, ignored })
}

/// Pieces of KCQL in any order come further than random characters do.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "a", "b-c", "5", "01", "-", "1e5", ".", ",", "*", "(", ")", "'", "`", "''", "'x y'", "`z`", " AS ",
        " as ", " IGNORE ", "FROM", " ", "\n", "é", "\u{1b}", "\u{feff}", "f(", "\"", "+", ";", "😀",
        "e\u{301}", "\t",
    ]);
    vec(piece, 0..14).prop_map(|pieces| pieces.concat())
}

/// Parses whatever comes; a fault must lie in the text, fill one line and be drawable.
fn check(text: &str) -> Result<(), TestCaseError> {
    match parse_columns(text) {
        Ok(list) => {
            prop_assert!(!list.columns.is_empty());
            for column in &list.columns {
                prop_assert!(text.get(column.span.start..column.span.end).is_some_and(|own| !own.is_empty()));
            }
            let again = parse_columns(&list.to_string());
            prop_assert_eq!(again.map(without_spans), Ok(without_spans(list)));
        }
        Err(error) => {
            let span = error.span();
            prop_assert!(text.get(span.start..span.end).is_some(), "{:?}", span);
            prop_assert_eq!(error.character(), text[..span.start].chars().count() + 1);
            prop_assert!(!error.to_string().contains(char::is_control), "{}", error);
            prop_assert!(error.to_string().chars().count() < 300, "{}", error);
            prop_assert_eq!(error.caret(text).lines().count(), 2);
            prop_assert!(error.caret(text).ends_with('^'));
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn printed_lists_parse_back(list in list()) {
        let text = list.to_string();
        let parsed = parse_columns(&text);
        prop_assert_eq!(parsed.map(without_spans), Ok(list), "{}", text);
    }

    #[test]
    fn no_text_panics(text in any::<String>()) {
        check(&text)?;
    }

    #[test]
    fn no_order_of_pieces_panics(text in pieces()) {
        check(&text)?;
    }

    /// A caret may be asked for with another text, by mistake.
    #[test]
    fn no_foreign_text_panics(text in pieces(), other in any::<String>()) {
        if let Err(error) = parse_columns(&text) {
            prop_assert!(error.caret(&other).ends_with('^'));
        }
    }
}

/// Depth and length are the text's, not the stack's.
#[test]
fn long_and_deep_texts_are_read() {
    let columns = "a.b AS c, ".repeat(100_000) + "d";
    assert_eq!(parse_columns(&columns).unwrap().columns.len(), 100_001);
    let path = "a.".repeat(100_000) + "b";
    assert_eq!(parse_columns(&path).unwrap().columns.len(), 1);
    for opening in ["f(", "(", "'", "`", "-", ".", "*"] {
        assert!(parse_columns(&opening.repeat(100_000 + 1)).is_err(), "{opening}");
    }
}
