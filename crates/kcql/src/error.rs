//! Why a text is refused.

use winnow::error::ParserError;
use winnow::stream::Stream;

use crate::lexer::{Kind, Token};
use crate::{Span, caret};

/// Longer findings are cut: the caret shows the rest.
const FOUND_CHARACTERS: usize = 40;

/// Why a text is refused; displayed as one line, `character N: what is wrong (found …); what to do`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("character {character}: {what} (found {found}); {help}")]
pub struct ParseError {
    span: Span,
    character: usize,
    what: String,
    found: String,
    help: String,
}

impl ParseError {
    /// Where the text goes wrong; empty at its end.
    pub fn span(&self) -> Span {
        self.span
    }

    /// The number of the first wrong character, counted from 1.
    pub fn character(&self) -> usize {
        self.character
    }

    /// What is wrong: lower case, no full stop, without what was found.
    pub fn what(&self) -> &str {
        &self.what
    }

    /// What stands there instead, already quoted; long ones are cut.
    pub fn found(&self) -> &str {
        &self.found
    }

    /// What to do about it.
    pub fn help(&self) -> &str {
        &self.help
    }

    /// The line of `text` that goes wrong, and `^^^` below the wrong part; no line end after it.
    ///
    /// `text` is the one that was parsed. Wide characters count as two, combining ones as none; a part that
    /// goes on in the next line is marked up to the end of its first.
    pub fn caret(&self, text: &str) -> String {
        self.span.caret(text)
    }
}

/// A [`ParseError`] in the making; the character is counted once, at the end.
#[derive(Debug)]
pub(crate) struct Fault {
    pub(crate) span: Span,
    pub(crate) what: String,
    pub(crate) found: String,
    pub(crate) help: String,
}

impl Fault {
    /// `what` is wrong about `token`, unless the lexer could not read it: that is the better message.
    pub(crate) fn at(token: &Token<'_>, what: impl Into<String>, help: impl Into<String>) -> Fault {
        unreadable(token).unwrap_or_else(|| Fault {
            span: token.span,
            what: what.into(),
            found: if token.kind == Kind::End { "the end".to_owned() } else { shown(token.raw) },
            help: help.into(),
        })
    }

    pub(crate) fn into_error(self, text: &str) -> ParseError {
        let Fault { span, what, found, help } = self;
        ParseError { span, character: span.character(text), what, found, help }
    }
}

/// What a parser of tokens returns instead of a tree.
#[derive(Debug)]
pub(crate) enum Miss {
    /// Something else may fit here.
    Other,
    /// Nothing does.
    Fault(Fault),
}

impl From<Fault> for Miss {
    fn from(fault: Fault) -> Self {
        Miss::Fault(fault)
    }
}

impl<I: Stream> ParserError<I> for Miss {
    type Inner = Self;

    fn from_input(_: &I) -> Self {
        Miss::Other
    }

    fn is_backtrack(&self) -> bool {
        matches!(self, Miss::Other)
    }

    fn into_inner(self) -> Result<Self, Self> {
        Ok(self)
    }
}

/// What is wrong with a token the lexer could not read.
fn unreadable(token: &Token<'_>) -> Option<Fault> {
    let (what, help) = match token.kind {
        Kind::Unclosed => {
            let what = format!("the quote {} is never closed", token.raw);
            let help = format!("close it with another {}; inside, write it twice", token.raw);
            return Some(Fault { span: token.span, what, found: "the end".to_owned(), help });
        }
        Kind::Control => ("a control character cannot stand here", "remove it".to_owned()),
        Kind::Stray { around } => stray(token.raw, around),
        _ => return None,
    };
    Some(Fault { span: token.span, what: what.to_owned(), found: shown(token.raw), help })
}

fn stray(character: &str, around: &str) -> (&'static str, String) {
    let signed = around.strip_prefix(['+', '-']);
    if matches!(character, "+" | "-")
        && signed.is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
    {
        let help = format!("drop a leading `+` or zero, or write {} if it is a name", backticked(around));
        return ("this is no number as JSON writes it", help);
    }
    match character {
        "\"" => (
            "double quotes are not used here",
            "write a name in backticks, and a text as text('…')".to_owned(),
        ),
        "‘" | "’" | "“" | "”" | "´" => {
            ("this is a typographic quote", "write ' or a backtick instead".to_owned())
        }
        ";" => ("a column list is not a statement", "remove the `;`".to_owned()),
        c if c.chars().all(is_invisible) => {
            ("an invisible character cannot stand here", "remove it".to_owned())
        }
        _ if around.contains(char::is_alphanumeric) => (
            "a bare name holds only a-z, A-Z, 0-9, `@` and `_`",
            format!("write the name in backticks: {}", backticked(around)),
        ),
        _ => (
            "this character means nothing here",
            "remove it, or write the name it belongs to in backticks".to_owned(),
        ),
    }
}

/// `name` as it must be written, for a help.
fn backticked(name: &str) -> String {
    format!("`{}`", cut(name))
}

/// `raw` for a message: one short line, between backticks.
pub(crate) fn shown(raw: &str) -> String {
    let mut characters = raw.chars();
    match (characters.next(), characters.next()) {
        (Some(c), None) if is_invisible(c) => format!("U+{:04X}", u32::from(c)),
        (Some('`'), Some(_)) => cut(raw),
        _ => format!("`{}`", cut(raw)),
    }
}

fn cut(raw: &str) -> String {
    let mut line = String::new();
    for (at, c) in raw.chars().enumerate() {
        if at == FOUND_CHARACTERS {
            line.push('…');
            break;
        }
        if is_invisible(c) { line.extend(c.escape_debug()) } else { line.push(c) }
    }
    line
}

/// Nothing to be seen on a terminal, or something that would upset the line.
fn is_invisible(c: char) -> bool {
    // The standard library escapes combining characters as well, and those are seen.
    c != ' ' && (c.is_control() || c.is_whitespace() || (!caret::combines(c) && is_escaped(c)))
}

fn is_escaped(c: char) -> bool {
    !matches!(c, '\'' | '"' | '\\') && c.escape_debug().len() > 1
}
