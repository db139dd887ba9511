//! The rows of most recordings: no quotes, and as many cells as there are columns. They are split where they stand.
//!
//! Eight bytes are looked at together. Only the row's own bytes are judged, and whatever is unusual about it is left
//! to `csv-core`, so that one place alone decides what it means.

use crate::swar;

/// Splits plain rows.
pub(super) struct PlainRows {
    delimiter: u8,
    quote: u8,
    /// Whether delimiter, quote and line ends are told apart at all.
    pub(super) is_usable: bool,
}

impl PlainRows {
    pub(super) fn new(delimiter: u8, quote: u8) -> Self {
        let is_line_end = |byte| matches!(byte, b'\n' | b'\r');
        let is_usable = delimiter != quote && !is_line_end(delimiter) && !is_line_end(quote);
        Self { delimiter, quote, is_usable }
    }

    /// Notes in `ends` where the cells of the row end that `text` starts with, and says how long it is, line end
    /// included. `None` unless it is plain, has exactly as many cells as `ends` has places, and stands in `text` up
    /// to its line end, with a few bytes after it.
    #[inline]
    pub(super) fn split(&self, text: &[u8], ends: &mut [usize]) -> Option<usize> {
        if !self.is_usable {
            return None;
        }
        let mut ends = ends.iter_mut();
        let (words, _) = text.as_chunks();
        for (word, start) in words.iter().zip((0..).step_by(8)) {
            let word = u64::from_le_bytes(*word);
            let delimiters = swar::equal(word, self.delimiter);
            let mut found = delimiters
                | swar::equal(word, self.quote)
                | swar::equal(word, b'\n')
                | swar::equal(word, b'\r');
            while found != 0 {
                let at = start + swar::first(found);
                let lowest = found & found.wrapping_neg();
                if lowest & delimiters == 0 {
                    return Self::end(text, at, ends);
                }
                *ends.next()? = at;
                found ^= lowest;
            }
        }
        None
    }

    /// The length of the row whose last cell ends `at` a byte that is no delimiter.
    fn end<'e>(text: &[u8], at: usize, mut ends: impl Iterator<Item = &'e mut usize>) -> Option<usize> {
        let line_end = match text.get(at..)? {
            [b'\r', b'\n', ..] => 2,
            [b'\n' | b'\r', ..] => 1,
            _ => return None,
        };
        *ends.next()? = at;
        ends.next().is_none().then_some(at + line_end)
    }
}
