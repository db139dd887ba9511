//! Columns in which numbers and texts mix: said once, since a reader of the topic has to cope with both.

use super::values::Became;

/// What was seen in a column.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Seen(u8);

const NUMBER: u8 = 1;
const TEXT: u8 = 2;
const BOTH: u8 = NUMBER | TEXT;

impl Seen {
    /// Notes what a cell became; `true` the first time that both kinds were seen.
    #[inline]
    pub(super) fn note(&mut self, became: Became) -> bool {
        let before = self.0;
        self.0 |= match became {
            Became::Number => NUMBER,
            Became::Text => TEXT,
            Became::Other => 0,
        };
        self.0 == BOTH && before != BOTH
    }
}
