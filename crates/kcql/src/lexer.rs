//! From text to tokens.
//!
//! The lexer refuses nothing. What cannot be read becomes a token too, and ends the tokens: the parser
//! reports it if it gets that far, so that the leftmost fault is always the one reported.

use winnow::ascii::{digit0, digit1};
use winnow::combinator::{alt, delimited, dispatch, eof, not, opt, peek, repeat};
use winnow::error::EmptyError;
use winnow::prelude::*;
use winnow::stream::{LocatingSlice, Location};
use winnow::token::{any, one_of, take_till, take_while};

use crate::Span;

/// In all lower or all upper case these are no bare names.
const RESERVED: [&str; 7] = ["AS", "FROM", "IGNORE", "INSERT", "INTO", "SELECT", "UPSERT"];

type Input<'t> = LocatingSlice<&'t str>;
type Lexed<T> = Result<T, EmptyError>;

/// A token, and the text it was read from.
#[derive(Debug, Clone)]
pub(crate) struct Token<'t> {
    pub(crate) kind: Kind<'t>,
    pub(crate) raw: &'t str,
    pub(crate) span: Span,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Kind<'t> {
    /// Of characters a bare name may have: a name, a keyword, or digits that make no number.
    Word,
    /// As JSON writes it.
    Number,
    /// Without the backticks.
    Backticked(String),
    /// Without the single quotes: a name, or a text as an argument.
    Quoted(String),
    Comma,
    Dot,
    Star,
    Open,
    Close,
    /// A quote without its end.
    Unclosed,
    /// A control character, inside quotes or outside.
    Control,
    /// Any other character, with all that is written around it without a gap.
    Stray {
        around: &'t str,
    },
    /// The end of the text, right after the last token; always there, always last.
    End,
}

impl Kind<'_> {
    fn is_fault(&self) -> bool {
        matches!(self, Kind::Unclosed | Kind::Control | Kind::Stray { .. })
    }
}

impl Token<'_> {
    /// Keywords are all upper or all lower case; `As` is a name.
    pub(crate) fn is_keyword(&self, upper: &str) -> bool {
        self.kind == Kind::Word && is_keyword(self.raw, upper)
    }
}

/// Whether a bare name may hold it.
pub(crate) fn is_bare(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '@' || c == '_'
}

pub(crate) fn is_reserved(word: &str) -> bool {
    RESERVED.iter().any(|reserved| is_keyword(word, reserved))
}

/// Whether all of it is a number as JSON writes it.
pub(crate) fn is_number(text: &str) -> bool {
    (number, eof).parse(LocatingSlice::new(text)).is_ok()
}

fn is_keyword(word: &str, upper: &str) -> bool {
    word == upper || (word.eq_ignore_ascii_case(upper) && !word.contains(|c: char| c.is_ascii_uppercase()))
}

/// Reads all of `text`, or as far as it can be read.
pub(crate) fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut input = LocatingSlice::new(text);
    let mut tokens: Vec<Token<'_>> = Vec::new();
    while let Ok(token) = next_token(text, tokens.last(), &mut input) {
        let last = token.kind.is_fault();
        tokens.push(token);
        if last {
            break;
        }
    }
    let end = tokens.last().map_or(0, |last| last.span.end);
    tokens.push(Token { kind: Kind::End, raw: "", span: Span { start: end, end } });
    tokens
}

fn next_token<'t>(text: &'t str, before: Option<&Token<'t>>, input: &mut Input<'t>) -> Lexed<Token<'t>> {
    take_while(0.., char::is_whitespace).void().parse_next(input)?;
    // After a dot digits are part of a path, and glued to a name a minus is part of it.
    let glued = before.is_some_and(|last| last.span.end == input.current_token_start());
    let numbers = match before.map(|last| &last.kind) {
        Some(Kind::Dot) => false,
        Some(Kind::Word | Kind::Number | Kind::Backticked(_) | Kind::Quoted(_)) => !glued,
        _ => true,
    };
    let (kind, range) = if numbers {
        alt((number.value(Kind::Number), token)).with_span().parse_next(input)?
    } else {
        token.with_span().parse_next(input)?
    };
    let mut span = Span::from(range);
    let kind = match kind {
        Kind::Stray { .. } => Kind::Stray { around: around(text, span) },
        Kind::Backticked(_) | Kind::Quoted(_) => match forbidden(&text[span.start..span.end]) {
            Some((at, c)) => {
                span = Span { start: span.start + at, end: span.start + at + c.len_utf8() };
                Kind::Control
            }
            None => kind,
        },
        kind => kind,
    };
    Ok(Token { kind, raw: &text[span.start..span.end], span })
}

fn token<'t>(input: &mut Input<'t>) -> Lexed<Kind<'t>> {
    dispatch! { peek(any);
        c if is_bare(c) => take_while(1.., is_bare).value(Kind::Word),
        '`' => alt((quoted('`').map(Kind::Backticked), any.value(Kind::Unclosed))),
        '\'' => alt((quoted('\'').map(Kind::Quoted), any.value(Kind::Unclosed))),
        ',' => any.value(Kind::Comma),
        '.' => any.value(Kind::Dot),
        '*' => any.value(Kind::Star),
        '(' => any.value(Kind::Open),
        ')' => any.value(Kind::Close),
        c if c.is_control() => any.value(Kind::Control),
        _ => any.value(Kind::Stray { around: "" }),
    }
    .parse_next(input)
}

/// Ends where a bare name could not go on: `5a` is a name.
fn number<'t>(input: &mut Input<'t>) -> Lexed<&'t str> {
    let whole = alt((one_of('0').void(), (one_of('1'..='9'), digit0).void()));
    let fraction = ('.', digit1);
    let exponent = (one_of(['e', 'E']), opt(one_of(['+', '-'])), digit1);
    (opt('-'), whole, opt(fraction), opt(exponent), not(one_of(is_bare))).take().parse_next(input)
}

fn quoted<'t>(quote: char) -> impl Parser<Input<'t>, String, EmptyError> {
    let doubled = (quote, quote).take().map(|both: &str| &both[1..]);
    let inside = repeat(0.., alt((take_till(1.., quote), doubled)))
        .fold(String::new, |text, piece: &str| text + piece);
    delimited(quote, inside, quote)
}

/// A header cell may hold a tab or a line end, hence so may a name.
fn forbidden(raw: &str) -> Option<(usize, char)> {
    raw.char_indices().find(|(_, c)| c.is_control() && !matches!(c, '\t' | '\n' | '\r'))
}

/// All that is written without a gap or a dot around `span`: most likely the name that is meant.
fn around(text: &str, span: Span) -> &str {
    let gap = |c: char| {
        c.is_whitespace() || c.is_control() || matches!(c, ',' | '.' | '(' | ')' | '\'' | '`' | '*')
    };
    let start = text[..span.start]
        .rfind(gap)
        .map_or(0, |at| at + text[at..].chars().next().map_or(0, char::len_utf8));
    let end = text[span.end..].find(gap).map_or(text.len(), |at| span.end + at);
    &text[start..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> Vec<Kind<'_>> {
        tokens(text).into_iter().map(|token| token.kind).collect()
    }

    #[test]
    fn a_number_is_one_only_where_no_name_goes_on() {
        for number in ["0", "5", "-5", "5.25", "1e5", "-0.5E-3", "100"] {
            assert_eq!(kinds(number), [Kind::Number, Kind::End], "{number}");
            assert!(is_number(number), "{number}");
        }
        for word in ["5a", "01", "1e", "0x10", "@5", "5_"] {
            assert_eq!(kinds(word), [Kind::Word, Kind::End], "{word}");
            assert!(!is_number(word), "{word}");
        }
        assert_eq!(kinds("a.5"), [Kind::Word, Kind::Dot, Kind::Word, Kind::End]);
        assert_eq!(kinds("a -5"), [Kind::Word, Kind::Number, Kind::End]);
        assert_eq!(kinds("a-5"), [Kind::Word, Kind::Stray { around: "a-5" }, Kind::End]);
    }

    #[test]
    fn the_first_unreadable_thing_ends_the_tokens() {
        assert_eq!(kinds("a ' b ` c"), [Kind::Word, Kind::Unclosed, Kind::End]);
        assert_eq!(kinds("x\u{1}y"), [Kind::Word, Kind::Control, Kind::End]);
        let tokens = tokens("'é\u{1b}'");
        assert_eq!((tokens[0].kind.clone(), tokens[0].span), (Kind::Control, Span { start: 3, end: 4 }));
    }

    #[test]
    fn the_end_stands_right_after_the_last_token() {
        assert_eq!(tokens("ab,  \n").last().map(|end| end.span), Some(Span { start: 3, end: 3 }));
    }
}
