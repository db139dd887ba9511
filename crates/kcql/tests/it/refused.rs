//! What is refused: where, why, and with what remedy.

use kadence_kcql::parse_columns;

/// Texts, and the whole line people see.
const REFUSED: &[(&str, &str)] = &[
    ("", "character 1: expected a column (found the end); name the columns, or write `*` for all"),
    (" \n ", "character 1: expected a column (found the end); name the columns, or write `*` for all"),
    (
        "a,",
        "character 3: expected a column (found the end); name a column after the comma, or remove the comma",
    ),
    (
        "a,,b",
        "character 3: expected a column (found `,`); name a column after the comma, or remove the comma",
    ),
    ("a b", "character 3: expected `,` or AS (found `b`); did you forget a comma?"),
    (
        "a.*",
        "character 3: nested `*` is not supported yet by column lists (found `*`); name the fields one by one",
    ),
    ("*.b", "character 2: `*` cannot start a path (found `.`); name the fields one by one"),
    (
        "* AS x",
        "character 3: `*` takes no alias (found `AS`); remove it, or rename single columns: *, a AS b",
    ),
    (
        "a AS b.c",
        "character 7: an alias is one name, not a path (found `.`); put it in backticks if the dot belongs to the name",
    ),
    ("a AS", "character 5: expected a name after AS (found the end); name the column"),
    (
        "a AS 5",
        "character 6: expected a name after AS (found `5`); write it in backticks to use it as a name",
    ),
    (
        "a AS IGNORE b",
        "character 6: expected a name after AS, not a reserved word (found `IGNORE`); write it in backticks to use it as a name",
    ),
    ("a AS x AS y", "character 8: expected `,` (found `AS`); a column has one alias: remove this one"),
    (
        "AS",
        "character 1: expected a column, not a reserved word (found `AS`); write it in backticks to use it as a name",
    ),
    (
        "SELECT a FROM t",
        "character 1: expected a column, not a reserved word (found `SELECT`); give the columns alone, without SELECT and FROM, or put it in backticks if it is a name",
    ),
    (
        "a FROM t",
        "character 3: expected `,` or AS (found `FROM`); give the columns alone, without SELECT and FROM",
    ),
    (
        "a.from",
        "character 3: expected a name after the dot, not a reserved word (found `from`); write it in backticks to use it as a name",
    ),
    (
        "insert(1)",
        "character 1: expected a column, not a reserved word (found `insert`); give the columns alone, without SELECT and FROM, or put it in backticks if it is a name",
    ),
    (
        "IGNORE a",
        "character 1: expected a column before IGNORE (found `IGNORE`); say first what to keep: * IGNORE a; or write it in backticks to use it as a name",
    ),
    (
        "* IGNORE",
        "character 9: expected a path without alias after IGNORE (found the end); name the fields to leave out",
    ),
    (
        "* IGNORE 5",
        "character 10: expected a path without alias after IGNORE (found `5`); name the fields to leave out",
    ),
    (
        "* IGNORE a AS x",
        "character 10: expected a path without alias after IGNORE (found `a`); name the fields to leave out",
    ),
    (
        "* IGNORE a.*",
        "character 12: nested `*` is not supported yet by column lists (found `*`); name the fields one by one",
    ),
    (
        "* IGNORE a,",
        "character 12: expected a column (found the end); name a column after the comma, or remove the comma",
    ),
    (
        "* IGNORE a, 5 IGNORE b",
        "character 15: IGNORE stands here twice (found `IGNORE`); put all paths after one IGNORE",
    ),
    ("a As b", "character 3: expected `,` or AS (found `As`); keywords are all upper or all lower case"),
    (
        "* Ignore b",
        "character 3: expected `,` or IGNORE (found `Ignore`); keywords are all upper or all lower case",
    ),
    (
        "01",
        "character 1: a bare name is not all digits (found `01`); write it in backticks to use it as a name; a number has no leading zero",
    ),
    (
        "-01",
        "character 1: this is no number as JSON writes it (found `-`); drop a leading `+` or zero, or write `-01` if it is a name",
    ),
    (
        "+5",
        "character 1: this is no number as JSON writes it (found `+`); drop a leading `+` or zero, or write `+5` if it is a name",
    ),
    (
        "a.5",
        "character 3: a bare name is not all digits (found `5`); write it in backticks to use it as a name",
    ),
    (
        "5.a",
        "character 1: a number cannot start a path (found `5`); write it in backticks to use it as a name",
    ),
    (".5", "character 1: expected a column (found `.`); write a name before the dot, or 0 before a fraction"),
    (
        "1.5.2",
        "character 1: a number cannot start a path (found `1.5`); write it in backticks to use it as a name",
    ),
    ("a -5", "character 3: expected `,` or AS (found `-5`); did you forget a comma?"),
    (
        "2024-01-01",
        "character 5: a bare name holds only a-z, A-Z, 0-9, `@` and `_` (found `-`); write the name in backticks: `2024-01-01`",
    ),
    (
        "my-field",
        "character 3: a bare name holds only a-z, A-Z, 0-9, `@` and `_` (found `-`); write the name in backticks: `my-field`",
    ),
    (
        "größe",
        "character 3: a bare name holds only a-z, A-Z, 0-9, `@` and `_` (found `ö`); write the name in backticks: `größe`",
    ),
    (
        "a, b.größe x",
        "character 8: a bare name holds only a-z, A-Z, 0-9, `@` and `_` (found `ö`); write the name in backticks: `größe`",
    ),
    (
        "a + b",
        "character 3: this character means nothing here (found `+`); remove it, or write the name it belongs to in backticks",
    ),
    (
        "a * b",
        "character 3: expected `,` or AS (found `*`); did you forget a comma? there is no arithmetic here",
    ),
    (
        "a = 1",
        "character 3: this character means nothing here (found `=`); remove it, or write the name it belongs to in backticks",
    ),
    ("a;", "character 2: a column list is not a statement (found `;`); remove the `;`"),
    (
        "\"a b\"",
        "character 1: double quotes are not used here (found `\"`); write a name in backticks, and a text as text('…')",
    ),
    ("‘a’", "character 1: this is a typographic quote (found `‘`); write ' or a backtick instead"),
    ("\u{feff}a", "character 1: an invisible character cannot stand here (found U+FEFF); remove it"),
    ("a\0b", "character 2: a control character cannot stand here (found U+0000); remove it"),
    ("'a\u{1b}'", "character 3: a control character cannot stand here (found U+001B); remove it"),
    ("a\u{200b}b", "character 2: an invisible character cannot stand here (found U+200B); remove it"),
    (
        "'abc",
        "character 1: the quote ' is never closed (found the end); close it with another '; inside, write it twice",
    ),
    (
        "'''",
        "character 1: the quote ' is never closed (found the end); close it with another '; inside, write it twice",
    ),
    ("''", "character 1: a name cannot be empty (found `''`); name a field; the empty text is text('')"),
    ("a AS ``", "character 6: a name cannot be empty (found ``); name a field; the empty text is text('')"),
    ("a..b", "character 3: expected a name after the dot (found `.`); name a field, or remove the dot"),
    ("a.", "character 3: expected a name after the dot (found the end); name a field, or remove the dot"),
    ("f(", "character 2: the parenthesis `(` is never closed (found the end); close it with `)`"),
    ("f(a,", "character 2: the parenthesis `(` is never closed (found the end); close it with `)`"),
    ("f(a,)", "character 5: expected an argument (found `)`); write a 'text', a name or a number"),
    ("f(a b)", "character 5: expected `,` or `)` (found `b`); did you forget a comma?"),
    ("f(a AS x)", "character 5: expected `,` or `)` (found `AS`); an alias stands after the parenthesis"),
    (
        "f(g(x))",
        "character 3: a function cannot be given another function (found `g`); name a field, a text or a number",
    ),
    (
        "f('a'.b)",
        "character 6: a text cannot start a path (found `.`); in a function single quotes hold a text; write the name in backticks",
    ),
    ("f(*)", "character 3: a function cannot be given `*` (found `*`); name a field"),
    (
        "f('a",
        "character 3: the quote ' is never closed (found the end); close it with another '; inside, write it twice",
    ),
    ("f(a))", "character 5: expected `,` or AS (found `)`); remove it: no parenthesis is open here"),
    ("(a)", "character 1: expected a column (found `(`); remove it, or write a function's name before it"),
    (
        "a.b(x)",
        "character 1: a function has one name, not a path (found `a.b`); remove what stands before the last dot, or put it in backticks if the dot belongs to the name",
    ),
    (
        "f()()",
        "character 4: expected `,` or AS (found `(`); remove it: only a function's name stands before a parenthesis",
    ),
    ("f().x", "character 4: expected `,` or AS (found `.`); remove it: only names make a path"),
    (
        "f(01)",
        "character 3: a bare name is not all digits (found `01`); write it in backticks to use it as a name; a number has no leading zero",
    ),
    ("'温度', `é` b", "character 11: expected `,` or AS (found `b`); did you forget a comma?"),
    ("a,\nb c,\nd", "character 6: expected `,` or AS (found `c`); did you forget a comma?"),
    (
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-b",
        "character 50: a bare name holds only a-z, A-Z, 0-9, `@` and `_` (found `-`); write the name in backticks: `aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa…`",
    ),
    ("a 'x\ny'", "character 3: expected `,` or AS (found `'x\\ny'`); did you forget a comma?"),
    (
        "5(x)",
        "character 2: expected `,` or AS (found `(`); remove it: only a function's name stands before a parenthesis",
    ),
    (
        "a AS x(1)",
        "character 7: expected `,` (found `(`); remove it: only a function's name stands before a parenthesis",
    ),
    (
        "* *",
        "character 3: expected `,` or IGNORE (found `*`); did you forget a comma? there is no arithmetic here",
    ),
    ("f(a.)", "character 5: expected a name after the dot (found `)`); name a field, or remove the dot"),
    (
        "f(SELECT)",
        "character 3: expected a column, not a reserved word (found `SELECT`); write it in backticks to use it as a name",
    ),
];

#[test]
fn refused_lists_say_where_why_and_what_to_do() {
    for (text, message) in REFUSED {
        let error = parse_columns(text).expect_err(text);
        assert_eq!(error.to_string(), *message, "{text:?}");
    }
}

/// The line is for the log, the parts are for JSON.
#[test]
fn the_parts_of_an_error_can_be_asked_for() {
    let error = parse_columns("'ü' b").unwrap_err();
    assert_eq!((error.span().start, error.span().end, error.character()), (5, 6, 5));
    assert_eq!((error.what(), error.found()), ("expected `,` or AS", "`b`"));
    assert_eq!(error.help(), "did you forget a comma?");
}

#[test]
fn carets_stand_below_what_is_wrong() {
    for (text, drawn) in [
        ("", "\n^"),
        ("a,", "a,\n  ^"),
        ("a bcd", "a bcd\n  ^^^"),
        ("a,\r\n\t`温度` bc,\r\nd", "\t`温度` bc,\n\t       ^^"),
        ("a,\nb, f(c", "b, f(c\n    ^"),
    ] {
        let error = parse_columns(text).expect_err(text);
        assert_eq!(error.caret(text), drawn, "{text:?}");
    }
}
