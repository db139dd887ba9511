//! The tree of a column list.

use crate::Span;

/// The columns of a record to be made, and the paths `*` leaves out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnList {
    /// In the order they are written, never empty after parsing.
    pub columns: Vec<Column>,
    /// The paths after IGNORE.
    pub ignored: Vec<Path>,
}

/// One item of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// What it holds.
    pub expr: Expr,
    /// The name after AS; `*` never has one.
    pub alias: Option<Name>,
    /// From the first byte of the expression to the last of the alias.
    pub span: Span,
}

/// What a column holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expr {
    /// Every field: `*`.
    All,
    /// A field of the record.
    Path(Path),
    /// A function's result. Any name may stand here.
    Call {
        /// The name before the parenthesis.
        function: Name,
        /// What stands between the parentheses.
        arguments: Vec<Argument>,
    },
    /// A number, always the same.
    Number {
        /// As written, which is as JSON writes it.
        text: String,
        /// Where it stands.
        span: Span,
    },
}

/// What a function is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Argument {
    /// A text in single quotes.
    Text {
        /// Without the quotes, doubled ones made single.
        value: String,
        /// With the quotes.
        span: Span,
    },
    /// A field of the record.
    Path(Path),
    /// A number.
    Number {
        /// As written, which is as JSON writes it.
        text: String,
        /// Where it stands.
        span: Span,
    },
}

impl Argument {
    /// Where it stands.
    pub fn span(&self) -> Span {
        match self {
            Argument::Text { span, .. } | Argument::Number { span, .. } => *span,
            Argument::Path(path) => path.span(),
        }
    }
}

/// The way to a field: names joined by dots.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Path {
    /// Outermost first, never empty.
    pub names: Vec<Name>,
}

impl Path {
    /// From the first byte of the first name to the last of the last.
    pub fn span(&self) -> Span {
        match (self.names.first(), self.names.last()) {
            (Some(first), Some(last)) => first.span.to(last.span),
            // A path made by hand may break the rule; a span is not worth a panic.
            _ => Span { start: 0, end: 0 },
        }
    }
}

/// A name, never empty after parsing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    /// Without quotes, doubled ones made single.
    pub text: String,
    /// With the quotes, if there are any.
    pub span: Span,
}
