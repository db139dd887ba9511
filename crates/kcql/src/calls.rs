//! What stands between the parentheses of a function.

use winnow::combinator::opt;
use winnow::prelude::*;

use crate::error::{Fault, shown};
use crate::lexer::Kind;
use crate::names::{Parsed, Tokens, is, next, number, path, read, starts_name};
use crate::{Argument, Span};

pub(crate) fn arguments(input: &mut Tokens<'_, '_>) -> Parsed<Vec<Argument>> {
    let open = read(input)?;
    let mut arguments = Vec::new();
    if opt(is(&Kind::Close)).parse_next(input)?.is_some() {
        return Ok(arguments);
    }
    loop {
        if next(input).kind != Kind::End {
            arguments.push(argument(input)?);
        }
        let token = next(input);
        match token.kind {
            Kind::Comma => {
                read(input)?;
            }
            Kind::Close => {
                read(input)?;
                return Ok(arguments);
            }
            Kind::End => return Err(never_closed(open.span).into()),
            _ => {
                let help = match token.kind {
                    _ if token.is_keyword("AS") => "an alias stands after the parenthesis",
                    _ if starts_name(token) || token.kind == Kind::Number => "did you forget a comma?",
                    _ => "close the parenthesis before it",
                };
                return Err(Fault::at(token, "expected `,` or `)`", help).into());
            }
        }
    }
}

fn argument(input: &mut Tokens<'_, '_>) -> Parsed<Argument> {
    let token = next(input);
    match &token.kind {
        Kind::Quoted(text) => {
            read(input)?;
            if next(input).kind == Kind::Dot {
                let help = "in a function single quotes hold a text; write the name in backticks";
                return Err(Fault::at(next(input), "a text cannot start a path", help).into());
            }
            Ok(Argument::Text { value: text.clone(), span: token.span })
        }
        Kind::Number => Ok(Argument::Number { text: number(input)?, span: token.span }),
        _ if starts_name(token) => {
            let path = path(input)?;
            if next(input).kind == Kind::Open {
                let what = "a function cannot be given another function".to_owned();
                let help = "name a field, a text or a number".to_owned();
                return Err(Fault { span: path.span(), what, found: shown(&path.to_string()), help }.into());
            }
            Ok(Argument::Path(path))
        }
        Kind::Star => Err(Fault::at(token, "a function cannot be given `*`", "name a field").into()),
        _ => {
            let help = "write a 'text', a name or a number";
            Err(Fault::at(token, "expected an argument", help).into())
        }
    }
}

fn never_closed(open: Span) -> Fault {
    Fault {
        span: open,
        what: "the parenthesis `(` is never closed".to_owned(),
        found: "the end".to_owned(),
        help: "close it with `)`".to_owned(),
    }
}
