//! `--select`: what a body is made of.

use crate::{bodies, csv, error, json_lines, selecting};

const ROW: &str = "a,b,c.d\n1,x,2.50\n";

#[test]
fn columns_are_chosen_renamed_and_left_out() {
    for (select, body) in [
        ("*", r#"{"a":1,"b":"x","c.d":2.50}"#),
        ("b, a", r#"{"b":"x","a":1}"#),
        ("a AS n, a", r#"{"n":1,"a":1}"#),
        ("b AS n, *", r#"{"n":"x","a":1,"c.d":2.50}"#),
        ("*, b AS n", r#"{"a":1,"n":"x","c.d":2.50}"#),
        ("*, b", r#"{"a":1,"b":"x","c.d":2.50}"#),
        ("* IGNORE a", r#"{"b":"x","c.d":2.50}"#),
        ("* IGNORE a, c.d, line() AS n", r#"{"b":"x","n":2}"#),
        ("*, b AS n IGNORE a, c.d", r#"{"n":"x"}"#),
        ("c.d", r#"{"c.d":2.50}"#),
        ("`c.d` AS cd", r#"{"cd":2.50}"#),
        ("*, c.d AS e", r#"{"a":1,"b":"x","e":2.50}"#),
        ("a AS b, b AS a", r#"{"b":1,"a":"x"}"#),
        ("*, a AS b, b AS a", r#"{"b":1,"a":"x","c.d":2.50}"#),
        ("line(), file(), text('it''s') AS t, 0.10 AS n", r#"{"line":2,"file":"data","t":"it's","n":0.10}"#),
        ("a AS `na\"me`", r#"{"na\"me":1}"#),
    ] {
        assert_eq!(bodies(ROW, &selecting(select, csv())), [body], "{select}");
    }
}

#[test]
fn a_star_renames_and_leaves_out_where_records_differ() {
    let row = r#"{"a":1,"b":{"c":2},"d":3}"#;
    for (select, body) in [
        ("*", row),
        ("*, a AS x", r#"{"x":1,"b":{"c":2},"d":3}"#),
        ("d AS x, *", r#"{"x":3,"a":1,"b":{"c":2}}"#),
        ("*, b.c AS x IGNORE d", r#"{"a":1,"b":{"c":2},"x":2}"#),
        ("* IGNORE b", r#"{"a":1,"d":3}"#),
    ] {
        assert_eq!(bodies(row, &selecting(select, json_lines())), [body], "{select}");
    }
}

/// Each of thousands of faults would show the list.
#[test]
fn a_list_of_thousands_of_items_has_few_faults() {
    let stars = vec!["*"; 5_000].join(", ");
    assert_eq!(error(ROW, &selecting(&stars, csv())), "--select, character 4: `*` stands here a second time");
    let absent = (0..5_000).map(|n| format!("x{n}")).collect::<Vec<_>>().join(", ");
    let faults = error(ROW, &selecting(&absent, csv()));
    assert!(faults.ends_with("--select: 4980 more faults"), "{faults}");
    assert_eq!(faults.matches("no column").count(), 20, "{faults}");
}

#[test]
fn faults_name_the_character() {
    for (select, message) in [
        ("a, z", "character 4: no column `z` (found: a, b, c.d)"),
        ("a b", "character 3: expected `,` or AS (found `b`); did you forget a comma?"),
        ("a, *, *", "character 7: `*` stands here a second time"),
        (
            "*, upper(a) AS u",
            "character 4: unknown function `upper`; there are uuid(), now(), event_time(), line(), file(), text('…')",
        ),
        ("5", "character 1: needs a name; add AS and one"),
        ("text('x')", "character 1: needs a name; add AS and one"),
        ("text() AS t", "character 1: text() takes one text"),
        ("uuid('4') AS u", "character 1: takes no arguments"),
        ("now(a) AS t", "character 5: now() takes texts in single quotes"),
        (
            "now('%A') AS t",
            "character 1: `%A` has no fixed width; use %Y %m %d %H %M %S %f %j %y %z and plain text",
        ),
        (
            "now('%Y', 'Mars') AS t",
            "character 1: unknown time zone `Mars`; use an IANA name such as Europe/Berlin, or UTC",
        ),
        ("a, b AS a", "character 4: two members are called `a`; rename one with AS"),
        ("*, line() AS b, 1 AS n", "character 4: two members are called `b`; rename one with AS"),
        ("*, a AS b", "character 1: two members are called `b`; rename one with AS"),
        (
            "*, a AS x, a AS y",
            "character 4: `*` can hold `a` once only; name it before the star to have it twice",
        ),
        ("", "character 1: expected a column (found the end); name the columns, or write `*` for all"),
    ] {
        assert_eq!(error(ROW, &selecting(select, csv())), format!("--select, {message}"), "{select}");
    }
    assert_eq!(
        error("{\"a\":{\"b\":1}}", &selecting("* IGNORE a.b", json_lines())),
        "--select, character 10: IGNORE takes whole columns, not parts of them"
    );
}
