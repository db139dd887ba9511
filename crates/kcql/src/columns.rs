//! From tokens to a column list.
//!
//! One token ahead decides nearly everything, and nothing nests: there is no recursion to bound.

use winnow::combinator::{not, opt, preceded, separated, terminated};
use winnow::prelude::*;
use winnow::stream::TokenSlice;
use winnow::token::one_of;

use crate::calls::arguments;
use crate::error::{Fault, Miss, shown};
use crate::lexer::{Kind, Token, tokens};
use crate::names::{Parsed, Tokens, is, keyword, name, next, number, path, read, starts_name};
use crate::{Column, ColumnList, Expr, Name, ParseError, Path};

/// Parses a column list, such as `*, a.b AS x, now('%Y') AS year IGNORE c`.
///
/// IGNORE takes all plain paths that follow. The first item that is none (a function, a number, `*`, a path
/// with an alias) is a column again: `* IGNORE a, b, uuid() AS _id` ignores two fields and adds one.
///
/// Of several faults the leftmost is returned.
pub fn parse_columns(text: &str) -> Result<ColumnList, ParseError> {
    let tokens = tokens(text);
    let mut input = TokenSlice::new(&tokens);
    column_list(&mut input).map_err(|miss| {
        let fault = match miss {
            Miss::Fault(fault) => fault,
            Miss::Other => Fault::at(next(&input), "expected a column", "remove it"),
        };
        fault.into_error(text)
    })
}

fn column_list(input: &mut Tokens<'_, '_>) -> Parsed<ColumnList> {
    let mut list = ColumnList { columns: Vec::new(), ignored: Vec::new() };
    loop {
        let column = column(input)?;
        let mut expected = match (&column.expr, &column.alias) {
            (Expr::All, _) => "`,` or IGNORE",
            (_, None) => "`,` or AS",
            (_, Some(_)) => "`,`",
        };
        list.columns.push(column);
        if next(input).is_keyword("IGNORE") {
            if !list.ignored.is_empty() {
                return Err(Fault::at(
                    next(input),
                    "IGNORE stands here twice",
                    "put all paths after one IGNORE",
                )
                .into());
            }
            list.ignored = ignored(input)?;
            expected = "`,`";
        }
        match next(input).kind {
            Kind::Comma => {
                read(input)?;
            }
            Kind::End => return Ok(list),
            _ => return Err(no_separator(next(input), expected).into()),
        }
    }
}

fn ignored(input: &mut Tokens<'_, '_>) -> Parsed<Vec<Path>> {
    read(input)?;
    let first = next(input);
    // Anything else gives the comma back and is a column.
    let plain = terminated(path, not(one_of(|t: &Token<'_>| t.kind == Kind::Open || t.is_keyword("AS"))));
    separated(1.., plain, is(&Kind::Comma)).parse_next(input).map_err(|miss| match miss {
        Miss::Other => {
            let what = "expected a path without alias after IGNORE";
            Fault::at(first, what, "name the fields to leave out").into()
        }
        fault @ Miss::Fault(_) => fault,
    })
}

fn column(input: &mut Tokens<'_, '_>) -> Parsed<Column> {
    let first = next(input);
    let expr = match first.kind {
        Kind::Star => all(input)?,
        Kind::Number => Expr::Number { text: number(input)?, span: first.span },
        _ if first.is_keyword("IGNORE") => {
            let help = "say first what to keep: * IGNORE a; or write it in backticks to use it as a name";
            return Err(Fault::at(first, "expected a column before IGNORE", help).into());
        }
        _ if starts_name(first) => path_or_call(input)?,
        _ => {
            let after_comma = input.previous_tokens().next().is_some();
            let help = match first.kind {
                Kind::Dot => "write a name before the dot, or 0 before a fraction",
                Kind::Open => "remove it, or write a function's name before it",
                _ if after_comma => "name a column after the comma, or remove the comma",
                _ => "name the columns, or write `*` for all",
            };
            return Err(Fault::at(first, "expected a column", help).into());
        }
    };
    let alias = opt(preceded(keyword("AS"), alias)).parse_next(input)?;
    let end = input.previous_tokens().next().map_or(first.span, |last| last.span);
    Ok(Column { expr, alias, span: first.span.to(end) })
}

fn all(input: &mut Tokens<'_, '_>) -> Parsed<Expr> {
    read(input)?;
    match next(input).kind {
        Kind::Dot => {
            Err(Fault::at(next(input), "`*` cannot start a path", "name the fields one by one").into())
        }
        _ if next(input).is_keyword("AS") => {
            let help = "remove it, or rename single columns: *, a AS b";
            Err(Fault::at(next(input), "`*` takes no alias", help).into())
        }
        _ => Ok(Expr::All),
    }
}

fn alias(input: &mut Tokens<'_, '_>) -> Parsed<Name> {
    let alias = name(input, "expected a name after AS", "name the column")?;
    match next(input).kind {
        Kind::Dot => {
            let help = "put it in backticks if the dot belongs to the name";
            Err(Fault::at(next(input), "an alias is one name, not a path", help).into())
        }
        _ => Ok(alias),
    }
}

fn path_or_call(input: &mut Tokens<'_, '_>) -> Parsed<Expr> {
    let mut path = path(input)?;
    if next(input).kind != Kind::Open {
        return Ok(Expr::Path(path));
    }
    if path.names.len() > 1 {
        let help =
            "remove what stands before the last dot, or put it in backticks if the dot belongs to the name";
        let what = "a function has one name, not a path".to_owned();
        let found = shown(&path.to_string());
        return Err(Fault { span: path.span(), what, found, help: help.to_owned() }.into());
    }
    let function = path.names.remove(0);
    Ok(Expr::Call { function, arguments: arguments(input)? })
}

/// Why `token` cannot follow a column.
fn no_separator(token: &Token<'_>, expected: &str) -> Fault {
    let word = |keyword: &str| token.kind == Kind::Word && token.raw.eq_ignore_ascii_case(keyword);
    let help = match token.kind {
        _ if token.is_keyword("FROM") => "give the columns alone, without SELECT and FROM",
        _ if token.is_keyword("AS") => "a column has one alias: remove this one",
        _ if word("AS") || word("IGNORE") => "keywords are all upper or all lower case",
        Kind::Close => "remove it: no parenthesis is open here",
        Kind::Open => "remove it: only a function's name stands before a parenthesis",
        Kind::Dot => "remove it: only names make a path",
        Kind::Star => "did you forget a comma? there is no arithmetic here",
        _ => "did you forget a comma?",
    };
    Fault::at(token, format!("expected {expected}"), help)
}
