//! A window on the bytes of a recording.

use std::io::{self, Read};

use super::error::RecordingError;
use super::foreign::{foreign, may_be_foreign};

/// How much is asked of the reader at a time.
const CHUNK: usize = 256 * 1024;
/// How much is looked at before its turn, at most.
const GLANCE_BYTES: usize = 64 * 1024;

const BYTE_ORDER_MARK: [u8; 3] = [0xEF, 0xBB, 0xBF];

/// The longest record: far beyond what a broker takes, and a bound on memory.
pub const LONGEST_RECORD_BYTES: usize = 64 * 1024 * 1024;

/// Buffers a reader so that a record stands in one piece of memory.
pub(crate) struct Input {
    reader: Box<dyn Read + Send>,
    pub(crate) name: String,
    /// The line at the start of the window, counted from 1.
    pub(crate) line: u64,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    ended: bool,
    last: Option<u8>,
    /// Up to where the buffer holds whole lines.
    lines_end: usize,
    /// Lines at the start were passed over.
    pub(crate) passed_over: bool,
}

impl Input {
    /// Starts reading; UTF-8 byte order marks are passed over.
    pub(crate) fn open(name: String, reader: Box<dyn Read + Send>) -> Result<Self, RecordingError> {
        let mut input = Self {
            reader,
            name,
            line: 1,
            buffer: Vec::new(),
            start: 0,
            end: 0,
            ended: false,
            last: None,
            lines_end: 0,
            passed_over: false,
        };
        while input.passes_over_a_mark()? {}
        // What is no text says so in its first bytes, if they are not text by chance.
        while may_be_foreign(input.window()) && input.more()? {}
        match foreign(input.window(), &input.name) {
            Some((what, help)) => {
                Err(RecordingError::NotText { name: input.name, what, help: Box::new(help) })
            }
            None => Ok(input),
        }
    }

    /// Passes over so many lines at the start, which end with `\n` and, where `returns` end lines too, with `\r`.
    pub(crate) fn skip_lines(&mut self, lines: u64, returns: bool) -> Result<(), RecordingError> {
        self.passed_over = lines > 0;
        for _ in 0..lines {
            loop {
                let at = if returns {
                    memchr::memchr2(b'\n', b'\r', self.window())
                } else {
                    memchr::memchr(b'\n', self.window())
                };
                if let Some(at) = at {
                    self.consume(at + 1, 1);
                    break;
                }
                // What is passed over need not be kept.
                let rest = self.window().len();
                self.consume(rest, 0);
                if !self.more()? {
                    return Ok(());
                }
            }
            // Of `\r\n` the second byte may come later.
            if self.last == Some(b'\r')
                && (!self.window().is_empty() || self.more()?)
                && self.window()[0] == b'\n'
            {
                self.consume(1, 0);
            }
        }
        Ok(())
    }

    /// Passes over a byte order mark, of which files that were joined have several.
    fn passes_over_a_mark(&mut self) -> Result<bool, RecordingError> {
        // Somebody who types a short line is not kept waiting: only what may be a mark is read on.
        let may_be_a_mark = |window: &[u8]| window.len() < 3 && BYTE_ORDER_MARK.starts_with(window);
        while may_be_a_mark(self.window()) && self.more()? {}
        let is_mark = self.window().starts_with(&BYTE_ORDER_MARK);
        if is_mark {
            self.start += BYTE_ORDER_MARK.len();
        }
        Ok(is_mark)
    }

    /// The next `lines` lines behind the first `taken` bytes of the window, to be looked at before their turn. Reads
    /// on until they are there, so that what is seen does not depend on how the bytes come; fewer where the recording
    /// ends, or where they are long.
    pub(crate) fn ahead(&mut self, taken: usize, lines: usize) -> Option<Self> {
        let length = loop {
            let rest = self.window().get(taken..)?;
            let rest = &rest[..rest.len().min(GLANCE_BYTES)];
            let mut ends = memchr::memchr_iter(b'\n', rest);
            if let Some(end) = ends.nth(lines.saturating_sub(1)) {
                break end + 1;
            }
            if rest.len() == GLANCE_BYTES {
                // A line that is not whole says nothing.
                break memchr::memrchr(b'\n', rest).map_or(0, |end| end + 1);
            }
            if !self.more().ok()? {
                break self.window().len() - taken;
            }
        };
        let lines = self.window()[taken..taken + length].to_vec();
        Self::open(self.name.clone(), Box::new(io::Cursor::new(lines))).ok()
    }

    /// What is buffered and not consumed.
    #[inline]
    pub(crate) fn window(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    /// Whether a line end, or the end of the recording, is known to stand after the first `taken` bytes of the
    /// window.
    #[inline]
    pub(crate) fn has_line_after(&self, taken: usize) -> bool {
        self.start + taken < if self.ended { self.end } else { self.lines_end }
    }

    /// The byte consumed last.
    #[inline]
    pub(crate) fn last_consumed(&self) -> Option<u8> {
        self.last
    }

    /// Gives up the first `length` bytes, on which `lines` line ends stand.
    #[inline]
    pub(crate) fn consume(&mut self, length: usize, lines: u64) {
        if length > 0 {
            self.last = Some(self.buffer[self.start + length - 1]);
        }
        self.start += length;
        self.line += lines;
    }

    /// Widens the window at its end; `false` at the end of the recording. A terminal or pipe gives what it has.
    pub(crate) fn more(&mut self) -> Result<bool, RecordingError> {
        if self.ended {
            return Ok(false);
        }
        if self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.lines_end = self.lines_end.saturating_sub(self.start);
            self.start = 0;
        }
        if self.end >= LONGEST_RECORD_BYTES {
            return Err(RecordingError::TooLong {
                name: self.name.clone(),
                line: self.line,
                limit: LONGEST_RECORD_BYTES,
            });
        }
        if self.buffer.len() - self.end < CHUNK / 2 {
            self.buffer.resize((self.buffer.len() * 2).max(CHUNK), 0);
        }
        loop {
            match self.reader.read(&mut self.buffer[self.end..]) {
                Ok(0) => {
                    self.ended = true;
                    return Ok(false);
                }
                Ok(length) => {
                    let fresh = &self.buffer[self.end..self.end + length];
                    if let Some(at) = memchr::memrchr2(b'\n', b'\r', fresh) {
                        self.lines_end = self.end + at + 1;
                    }
                    self.end += length;
                    return Ok(true);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(source) => return Err(RecordingError::Read { name: self.name.clone(), source }),
            }
        }
    }

    /// Widens the window until it holds a line end, and says where that is; `None` when the recording ends first.
    pub(crate) fn find_line_end(&mut self) -> Result<Option<usize>, RecordingError> {
        let mut searched = 0;
        loop {
            if let Some(at) = memchr::memchr(b'\n', &self.window()[searched..]) {
                return Ok(Some(searched + at));
            }
            searched = self.window().len();
            if !self.more()? {
                return Ok(None);
            }
        }
    }
}
