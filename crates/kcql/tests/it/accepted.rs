//! What is accepted, and what it means.

use kadence_kcql::{Argument, ColumnList, Expr, parse_columns};

/// Texts, and how the tree prints: the canonical form shows what was understood.
const ACCEPTED: &[(&str, &str)] = &[
    ("*", "*"),
    ("*, a AS x", "*, a AS x"),
    ("  a ,\n\tb\u{3000}, c\u{a0}", "a, b, c"),
    ("a.b.c as x", "a.b.c AS x"),
    ("a . b", "a.b"),
    ("_key.id, _value, _header.trace, _.offset, @ts", "_key.id, _value, _header.trace, _.offset, @ts"),
    // names in quotes
    ("`my-field`, 'my field' AS 'größe'", "`my-field`, `my field` AS `größe`"),
    ("'a.b'.`c`.d", "`a.b`.c.d"),
    ("'it''s', `a``b`, ''''", "`it's`, `a``b`, `'`"),
    ("`AS`, 'from' AS `SELECT`", "`AS`, `from` AS `SELECT`"),
    ("'温度', `tab\there`", "`温度`, `tab\there`"),
    // keywords have one case, mixed is a name
    ("As, Ignore, Select as From", "As, Ignore, Select AS From"),
    ("asset, fromage, ignored", "asset, fromage, ignored"),
    // numbers, and names that begin like one
    ("5 AS n, -5, 0, 0.50, -1.5e-3, 1E5, 2e+7", "5 AS n, -5, 0, 0.50, -1.5e-3, 1E5, 2e+7"),
    ("5a, 1e, 0x10, a.1e5, `5`, a.`01`", "5a, 1e, 0x10, a.`1e5`, `5`, a.`01`"),
    // functions
    ("uuid() AS _id, now('%Y') AS t, f ( a , `b` )", "uuid() AS _id, now('%Y') AS t, f(a, b)"),
    ("text('abc') AS lit, text('it''s'), text('')", "text('abc') AS lit, text('it''s'), text('')"),
    ("f(a.b, `c d`.e, -5.5, 'x', a.'y z')", "f(a.b, `c d`.e, -5.5, 'x', a.`y z`)"),
    ("'my fn'(1)", "`my fn`(1)"),
    // IGNORE
    ("* IGNORE b, c.d", "* IGNORE b, c.d"),
    ("*, a.b as x ignore `c d`", "*, a.b AS x IGNORE `c d`"),
    ("a IGNORE a.b", "a IGNORE a.b"),
    ("* IGNORE a, b, uuid() AS _id, c", "*, uuid() AS _id, c IGNORE a, b"),
    ("* IGNORE a, b AS x", "*, b AS x IGNORE a"),
    ("a IGNORE b, *", "a, * IGNORE b"),
    ("* IGNORE d, 5 AS n", "*, 5 AS n IGNORE d"),
    (
        "a, b.c AS x, * IGNORE d, uuid() AS _id, now('%Y') AS t, text('abc') AS lit, 5 AS n",
        "a, b.c AS x, *, uuid() AS _id, now('%Y') AS t, text('abc') AS lit, 5 AS n IGNORE d",
    ),
];

#[test]
fn accepted_lists_mean_what_their_canonical_form_says() {
    for (text, canonical) in ACCEPTED {
        let list =
            parse_columns(text).unwrap_or_else(|error| panic!("{text}\n{error}\n{}", error.caret(text)));
        assert_eq!(list.to_string(), *canonical, "{text}");
        let again = parse_columns(canonical).unwrap();
        assert_eq!(super::without_spans(again), super::without_spans(list), "{text}");
    }
}

/// Slices the text at each span: what a message will point at.
#[test]
fn spans_cover_what_was_written() {
    let text = "é, ".replace('é', "'é'") + "a.'b c' AS `x`, f('ü', p . q, -5) , 7 AS n IGNORE i.j";
    let ColumnList { columns, ignored } = parse_columns(&text).unwrap();
    let at = |span: kadence_kcql::Span| &text[span.start..span.end];

    let whole: Vec<_> = columns.iter().map(|column| at(column.span)).collect();
    assert_eq!(whole, ["'é'", "a.'b c' AS `x`", "f('ü', p . q, -5)", "7 AS n"]);
    assert_eq!(at(ignored[0].span()), "i.j");
    assert_eq!(columns[1].alias.as_ref().map(|alias| at(alias.span)), Some("`x`"));
    let (Expr::Path(path), Expr::Call { function, arguments }) = (&columns[1].expr, &columns[2].expr) else {
        panic!("{columns:?}");
    };
    assert_eq!((at(path.span()), at(path.names[1].span), at(function.span)), ("a.'b c'", "'b c'", "f"));
    let spans: Vec<_> = arguments.iter().map(|argument| at(argument.span())).collect();
    assert_eq!(spans, ["'ü'", "p . q", "-5"]);
    assert_eq!(columns[1].span.character(&text), 6);
}

/// Single quotes are a text only there; everywhere else they hold a name.
#[test]
fn single_quotes_are_a_text_only_as_an_argument() {
    let list = parse_columns("'a''b', f('a''b')").unwrap();
    let (Expr::Path(path), Expr::Call { arguments, .. }) = (&list.columns[0].expr, &list.columns[1].expr)
    else {
        panic!("{list:?}");
    };
    assert_eq!(path.names[0].text, "a'b");
    assert!(matches!(&arguments[0], Argument::Text { value, .. } if value == "a'b"), "{arguments:?}");
}
