//! CSV recordings: `csv-core` splits, this module finds what it passes over: blank lines, short and long rows,
//! quotes left open, and on which line they are. Rows without quotes are split where they stand, by `plain`.

mod plain;
#[cfg(test)]
mod tests;

use csv_core::{ReadRecordResult, ReaderBuilder};

use self::plain::PlainRows;
use super::error::{RecordingError, delimiter_help};
use super::input::Input;
use super::rows::Rows;
use crate::text::{CellText, ColumnRef};

/// The form in which a CSV recording is written.
#[derive(Clone, Debug)]
pub struct CsvOptions {
    /// What separates cells; a comma by default.
    pub delimiter: u8,
    /// What encloses cells that hold delimiters or line ends; a double quote by default.
    pub quote: u8,
    /// The names of the columns, for recordings without a header line.
    pub columns: Option<Vec<String>>,
}

impl Default for CsvOptions {
    fn default() -> Self {
        Self { delimiter: b',', quote: b'"', columns: None }
    }
}

/// The most cells of a row: far beyond any recording, and a bound on memory.
const MOST_CELLS: usize = 1 << 20;

/// The rows of a CSV recording.
pub(crate) struct CsvRows {
    input: Input,
    splitter: csv_core::Reader,
    /// Whether `splitter` has seen a row: it takes marks at the start of its first one for byte order marks.
    is_started: bool,
    plain: PlainRows,
    delimiter: u8,
    quote: u8,
    columns: Vec<String>,
    /// The present row is plain: its cells stand in the input's window, with a delimiter between them.
    is_plain: bool,
    /// The cells of a row that is not plain, one after the other, unquoted.
    cells: Vec<u8>,
    /// Where each cell ends.
    ends: Vec<usize>,
    /// How many cells the present row has.
    count: usize,
    /// How much of the input's window the present row takes, line end included.
    taken: usize,
    /// How many line ends are in there.
    taken_lines: u64,
}

impl CsvRows {
    pub(crate) fn open(input: Input, options: &CsvOptions) -> Result<Self, RecordingError> {
        let splitter = ReaderBuilder::new().delimiter(options.delimiter).quote(options.quote).build();
        let mut rows = Self {
            input,
            splitter,
            is_started: false,
            plain: PlainRows::new(options.delimiter, options.quote),
            delimiter: options.delimiter,
            quote: options.quote,
            columns: Vec::new(),
            is_plain: false,
            cells: vec![0; 1024],
            ends: vec![0; 64],
            count: 0,
            taken: 0,
            taken_lines: 0,
        };
        rows.columns = match &options.columns {
            Some(columns) => columns.clone(),
            None if rows.split()? => rows.header()?,
            None => {
                let passed_over = rows.input.passed_over;
                return Err(RecordingError::Empty { name: rows.input.name, passed_over });
            }
        };
        rows.ends.resize(rows.ends.len().max(rows.columns.len()), 0);
        let mut sorted: Vec<_> = rows.columns.iter().collect();
        sorted.sort();
        match sorted.windows(2).find(|pair| pair[0] == pair[1]) {
            None => Ok(rows),
            Some(pair) if options.columns.is_some() => {
                Err(RecordingError::ColumnNamedTwice { column: pair[0].clone() })
            }
            Some(pair) => {
                let line = rows.line();
                Err(RecordingError::DuplicateColumn { column: pair[0].clone(), line, name: rows.input.name })
            }
        }
    }

    /// The rows that stand on the next lines.
    pub(crate) fn ahead(&mut self, lines: usize) -> Option<Self> {
        let input = self.input.ahead(self.taken, lines)?;
        let columns = Some(self.columns.clone());
        let options = CsvOptions { delimiter: self.delimiter, quote: self.quote, columns };
        Self::open(input, &options).ok()
    }

    /// A usual delimiter that the names of the columns hold more often than they are apart.
    pub(crate) fn likelier_delimiter(&self) -> Option<char> {
        let held =
            |delimiter: char| self.columns.iter().map(|name| name.matches(delimiter).count()).sum::<usize>();
        let others = [';', '\t', '|', ','].into_iter().filter(|&other| other != char::from(self.delimiter));
        let likeliest = others.max_by_key(|&delimiter| held(delimiter))?;
        (held(likeliest) >= self.columns.len()).then_some(likeliest)
    }

    fn header(&self) -> Result<Vec<String>, RecordingError> {
        (0..self.count)
            .map(|index| {
                String::from_utf8(self.cell_bytes(index).to_vec()).map_err(|_| RecordingError::NotUtf8 {
                    name: self.input.name.clone(),
                    line: self.line(),
                    number: Some(index + 1),
                    column: String::from_utf8_lossy(self.cell_bytes(index)).into_owned(),
                })
            })
            .collect()
    }

    /// The text of cell number `index` of the present row, if there is one.
    #[inline]
    pub(crate) fn text_of(&self, index: usize) -> Option<&[u8]> {
        (index < self.count).then(|| self.cell_bytes(index))
    }

    #[inline]
    fn cell_bytes(&self, index: usize) -> &[u8] {
        let (text, gap) = if self.is_plain { (self.input.window(), 1) } else { (&*self.cells, 0) };
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before] + gap);
        &text[start..self.ends[index]]
    }

    /// Splits the next row; `false` at the end of the recording.
    fn split(&mut self) -> Result<bool, RecordingError> {
        self.input.consume(self.taken, self.taken_lines);
        (self.taken, self.taken_lines, self.count) = (0, 0, 0);
        if !self.find_row()? {
            return Ok(false);
        }
        if self.is_started
            && let Some(length) = self.plain.split(self.input.window(), &mut self.ends[..self.columns.len()])
        {
            (self.is_plain, self.count) = (true, self.columns.len());
            (self.taken, self.taken_lines) = (length, 1);
            return Ok(true);
        }
        (self.is_plain, self.is_started) = (false, true);
        self.split_any()
    }

    /// Splits the row at the start of the window, whatever it holds.
    fn split_any(&mut self) -> Result<bool, RecordingError> {
        let (mut read, mut written, mut ended) = (0, 0, 0);
        let mut at_end = false;
        loop {
            let rest = if at_end { &[][..] } else { &self.input.window()[read..] };
            let (result, nin, nout, nends) =
                self.splitter.read_record(rest, &mut self.cells[written..], &mut self.ends[ended..]);
            (read, written, ended) = (read + nin, written + nout, ended + nends);
            match result {
                ReadRecordResult::InputEmpty => at_end = !self.input.more()?,
                ReadRecordResult::OutputFull => self.cells.resize(self.cells.len() * 2, 0),
                ReadRecordResult::OutputEndsFull if ended >= MOST_CELLS => {
                    let (name, line) = (self.input.name.clone(), self.input.line);
                    return Err(RecordingError::TooManyCells { name, line, limit: MOST_CELLS });
                }
                ReadRecordResult::OutputEndsFull => self.ends.resize(self.ends.len() * 2, 0),
                ReadRecordResult::Record => break,
                ReadRecordResult::End => return Ok(false),
            }
        }
        self.count = ended;
        let (text, rest) = self.input.window().split_at(read);
        // A row ends at `\r`; the `\n` that belongs to it would pass for another line at hand.
        self.taken = read + usize::from(text.ends_with(b"\r") && rest.starts_with(b"\n"));
        // Most rows are one line: only a quote lets a row span several.
        if memchr::memchr(self.quote, text).is_none() {
            self.taken_lines = u64::from(text.ends_with(b"\n") || text.ends_with(b"\r"));
            return Ok(true);
        }
        self.taken_lines = line_ends(text);
        if at_end && let Some(at) = self.open_quote(text) {
            let line = self.input.line + line_ends(&text[..at]);
            return Err(RecordingError::OpenQuote { name: self.input.name.clone(), line });
        }
        Ok(true)
    }

    /// Where a quote opens in the row `text` that never closes.
    #[cold]
    fn open_quote(&self, text: &[u8]) -> Option<usize> {
        let (mut opened, mut starts_cell) = (None, true);
        let mut at = 0;
        while let Some(&byte) = text.get(at) {
            if opened.is_some() {
                if byte == self.quote && text.get(at + 1) == Some(&self.quote) {
                    at += 1;
                } else if byte == self.quote {
                    opened = None;
                }
            } else if starts_cell && byte == self.quote {
                opened = Some(at);
            }
            starts_cell = opened.is_none() && byte == self.delimiter;
            at += 1;
        }
        opened
    }

    /// Moves to where a row starts; `false` when only blank lines are left. Blank lines before a row are an error.
    fn find_row(&mut self) -> Result<bool, RecordingError> {
        let mut blank_line = None;
        // The `\n` that belongs to the last row's `\r` may have come only now.
        let mut after_return = self.input.last_consumed() == Some(b'\r');
        loop {
            let Some(&byte) = self.input.window().first() else {
                if self.input.more()? {
                    continue;
                }
                return Ok(false);
            };
            match byte {
                b'\n' if after_return => {
                    self.input.consume(1, 0);
                    after_return = false;
                }
                b'\n' => {
                    blank_line.get_or_insert(self.input.line);
                    self.input.consume(1, 1);
                    after_return = false;
                }
                b'\r' => {
                    blank_line.get_or_insert(self.input.line);
                    self.input.consume(1, 1);
                    after_return = true;
                }
                _ => break,
            }
        }
        match blank_line {
            None => Ok(true),
            Some(line) => Err(RecordingError::BlankLine { name: self.input.name.clone(), line }),
        }
    }
}

impl Rows for CsvRows {
    fn advance(&mut self) -> Result<bool, RecordingError> {
        if !self.split()? {
            return Ok(false);
        }
        if self.count != self.columns.len() {
            return Err(RecordingError::CellCount {
                name: self.input.name.clone(),
                line: self.line(),
                found: self.count,
                wanted: self.columns.len(),
                columns: crate::source::listed(&self.columns),
                help: Box::new(self.likelier_delimiter().map(delimiter_help).unwrap_or_default()),
            });
        }
        Ok(true)
    }

    fn columns(&self) -> &[String] {
        &self.columns
    }

    fn names(&self) -> Vec<String> {
        self.columns.clone()
    }

    #[inline]
    fn cell(&self, field: &ColumnRef) -> Option<CellText<'_>> {
        self.text_of(field.index).map(CellText::Text)
    }

    fn text(&self) -> &[u8] {
        let text = &self.input.window()[..self.taken];
        let text = text.strip_suffix(b"\n").unwrap_or(text);
        text.strip_suffix(b"\r").unwrap_or(text)
    }

    #[inline]
    fn line(&self) -> u64 {
        self.input.line
    }

    #[inline]
    fn is_buffered(&self) -> bool {
        self.input.has_line_after(self.taken)
    }
}

/// How many lines end in `text`, with `\n`, `\r` or both.
fn line_ends(text: &[u8]) -> u64 {
    if memchr::memchr(b'\r', text).is_none() {
        return memchr::memchr_iter(b'\n', text).count() as u64;
    }
    let both = memchr::memmem::find_iter(text, b"\r\n").count();
    (memchr::memchr2_iter(b'\n', b'\r', text).count() - both) as u64
}
