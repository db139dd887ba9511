//! Raw recordings: each line is a record's body as it stands.

use super::error::RecordingError;
use super::input::Input;
use super::rows::Rows;
use crate::text::{CellText, ColumnRef};

/// The lines of a raw recording. A blank line is an empty body.
pub(crate) struct LineRows {
    input: Input,
    length: usize,
    taken: usize,
    taken_lines: u64,
}

impl LineRows {
    pub(crate) fn open(input: Input) -> Self {
        Self { input, length: 0, taken: 0, taken_lines: 0 }
    }
}

impl Rows for LineRows {
    fn advance(&mut self) -> Result<bool, RecordingError> {
        self.input.consume(self.taken, self.taken_lines);
        let end = self.input.find_line_end()?;
        let window = self.input.window();
        let length = end.unwrap_or(window.len());
        (self.taken, self.taken_lines) = (length + usize::from(end.is_some()), u64::from(end.is_some()));
        self.length = length - usize::from(window[..length].ends_with(b"\r"));
        Ok(self.taken > 0)
    }

    fn columns(&self) -> &[String] {
        &[]
    }

    fn names(&self) -> Vec<String> {
        Vec::new()
    }

    fn cell(&self, _field: &ColumnRef) -> Option<CellText<'_>> {
        None
    }

    fn text(&self) -> &[u8] {
        &self.input.window()[..self.length]
    }

    fn line(&self) -> u64 {
        self.input.line
    }

    fn is_buffered(&self) -> bool {
        self.input.has_line_after(self.taken)
    }
}
