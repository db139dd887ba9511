//! Canonical KCQL: one space, keywords in capitals, IGNORE at the end, backticks where a name needs them.
//!
//! What is printed parses back to the same tree but for the spans, if the tree obeys the rules of its types
//! and its names and texts hold no control characters other than tab and line ends.

use std::fmt::{self, Display, Formatter, Write};

use crate::lexer::{is_bare, is_number, is_reserved};
use crate::{Argument, Column, ColumnList, Expr, Name, Path};

impl Display for ColumnList {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        joined(f, &self.columns, ", ")?;
        if !self.ignored.is_empty() {
            f.write_str(" IGNORE ")?;
            joined(f, &self.ignored, ", ")?;
        }
        Ok(())
    }
}

impl Display for Column {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.expr.fmt(f)?;
        match &self.alias {
            Some(alias) => write!(f, " AS {alias}"),
            None => Ok(()),
        }
    }
}

impl Display for Expr {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Expr::All => f.write_char('*'),
            Expr::Path(path) => path.fmt(f),
            Expr::Call { function, arguments } => {
                write!(f, "{function}(")?;
                joined(f, arguments, ", ")?;
                f.write_char(')')
            }
            Expr::Number { text, .. } => f.write_str(text),
        }
    }
}

impl Display for Argument {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Argument::Text { value, .. } => quoted(f, value, '\''),
            Argument::Path(path) => path.fmt(f),
            Argument::Number { text, .. } => f.write_str(text),
        }
    }
}

impl Display for Path {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        joined(f, &self.names, ".")
    }
}

impl Display for Name {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if stands_bare(&self.text) { f.write_str(&self.text) } else { quoted(f, &self.text, '`') }
    }
}

/// After a dot `1e5` could do without backticks, at the start of a path it could not: one rule for both.
fn stands_bare(name: &str) -> bool {
    !name.is_empty()
        && name.chars().all(is_bare)
        && !name.chars().all(|c| c.is_ascii_digit())
        && !is_number(name)
        && !is_reserved(name)
}

/// `text` between two of `quote`, those inside doubled.
pub(crate) fn quoted(f: &mut impl Write, text: &str, quote: char) -> fmt::Result {
    f.write_char(quote)?;
    for c in text.chars() {
        if c == quote {
            f.write_char(quote)?;
        }
        f.write_char(c)?;
    }
    f.write_char(quote)
}

fn joined<T: Display>(f: &mut Formatter<'_>, items: &[T], separator: &str) -> fmt::Result {
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            f.write_str(separator)?;
        }
        item.fmt(f)?;
    }
    Ok(())
}
