//! Where in the text something stands.

use std::ops::Range;

/// A range of the text, in bytes; empty at the end of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Span {
    /// The first byte.
    pub start: usize,
    /// The byte after the last.
    pub end: usize,
}

impl Span {
    /// The number of the first character in `text`, counted from 1.
    pub fn character(&self, text: &str) -> usize {
        text.char_indices().take_while(|(at, _)| *at < self.start).count() + 1
    }

    /// The line of `text` that it starts on, and `^^^` below it, as of [`ParseError::caret`](crate::ParseError::caret).
    pub fn caret(&self, text: &str) -> String {
        crate::caret::render(text, self.start..self.end)
    }

    /// From the start of this one to the end of the `other`.
    pub(crate) fn to(self, other: Span) -> Span {
        Span { start: self.start, end: other.end }
    }
}

impl From<Range<usize>> for Span {
    fn from(range: Range<usize>) -> Self {
        Span { start: range.start, end: range.end }
    }
}
