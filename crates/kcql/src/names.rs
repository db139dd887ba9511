//! Paths, names and numbers: what columns and arguments are made of.

use winnow::combinator::opt;
use winnow::prelude::*;
use winnow::stream::{Stream, TokenSlice};
use winnow::token::{any, one_of};

use crate::error::{Fault, Miss};
use crate::lexer::{Kind, Token, is_reserved};
use crate::{Name, Path};

pub(crate) type Tokens<'s, 't> = TokenSlice<'s, Token<'t>>;
pub(crate) type Parsed<T> = Result<T, Miss>;

const AS_A_NAME: &str = "write it in backticks to use it as a name";
const COLUMNS_ALONE: &str =
    "give the columns alone, without SELECT and FROM, or put it in backticks if it is a name";

/// Backtracks if there is no name at all.
pub(crate) fn path(input: &mut Tokens<'_, '_>) -> Parsed<Path> {
    if !starts_name(next(input)) {
        return Err(Miss::Other);
    }
    let mut names = vec![name(input, "expected a column", "name the columns, or write `*` for all")?];
    while opt(is(&Kind::Dot)).parse_next(input)?.is_some() {
        if next(input).kind == Kind::Star {
            let what = "nested `*` is not supported yet by column lists";
            return Err(Fault::at(next(input), what, "name the fields one by one").into());
        }
        names.push(name(input, "expected a name after the dot", "name a field, or remove the dot")?);
    }
    Ok(Path { names })
}

pub(crate) fn name(input: &mut Tokens<'_, '_>, expected: &str, help: &str) -> Parsed<Name> {
    let token = next(input);
    let text = match &token.kind {
        Kind::Word if token.raw.bytes().all(|b| b.is_ascii_digit()) => {
            let help = match token.raw.strip_prefix('0') {
                Some(rest) if !rest.is_empty() => format!("{AS_A_NAME}; a number has no leading zero"),
                _ => AS_A_NAME.to_owned(),
            };
            return Err(Fault::at(token, "a bare name is not all digits", help).into());
        }
        Kind::Word if is_reserved(token.raw) => {
            // A statement where a list belongs begins like this.
            let first = input.previous_tokens().next().is_none();
            let help = if first && !token.is_keyword("AS") { COLUMNS_ALONE } else { AS_A_NAME };
            return Err(Fault::at(token, format!("{expected}, not a reserved word"), help).into());
        }
        Kind::Word => token.raw,
        Kind::Backticked(text) | Kind::Quoted(text) if text.is_empty() => {
            let help = "name a field; the empty text is text('')";
            return Err(Fault::at(token, "a name cannot be empty", help).into());
        }
        Kind::Backticked(text) | Kind::Quoted(text) => text,
        Kind::Number => return Err(Fault::at(token, expected, AS_A_NAME).into()),
        _ => return Err(Fault::at(token, expected, help).into()),
    };
    read(input)?;
    Ok(Name { text: text.to_owned(), span: token.span })
}

pub(crate) fn number(input: &mut Tokens<'_, '_>) -> Parsed<String> {
    let number = read(input)?;
    match next(input).kind {
        Kind::Dot => Err(Fault::at(number, "a number cannot start a path", AS_A_NAME).into()),
        _ => Ok(number.raw.to_owned()),
    }
}

pub(crate) fn starts_name(token: &Token<'_>) -> bool {
    matches!(token.kind, Kind::Word | Kind::Backticked(_) | Kind::Quoted(_))
}

/// The token to be read next; the end is never read.
pub(crate) fn next<'s, 't>(input: &Tokens<'s, 't>) -> &'s Token<'t> {
    input.peek_token().expect("the tokens end with `Kind::End`")
}

/// The next token, taken.
pub(crate) fn read<'s, 't>(input: &mut Tokens<'s, 't>) -> Parsed<&'s Token<'t>> {
    any.parse_next(input)
}

pub(crate) fn is<'s, 't: 's>(
    kind: &'static Kind<'static>,
) -> impl Parser<Tokens<'s, 't>, &'s Token<'t>, Miss> {
    one_of(move |token: &Token<'_>| token.kind == *kind)
}

pub(crate) fn keyword<'s, 't: 's>(upper: &'static str) -> impl Parser<Tokens<'s, 't>, &'s Token<'t>, Miss> {
    one_of(move |token: &Token<'_>| token.is_keyword(upper))
}
