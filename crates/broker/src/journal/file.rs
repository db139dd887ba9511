//! The journal's file.
//!
//! A write is one line. A process that dies leaves at most its last line torn, without its end, which is cut off at
//! the next start: what it said was not answered. A loss of power may leave zeros in place of any page that was not
//! synced; what follows them is cut off as well, and told of. The first line behind a sync says how far the file was
//! synced, so that zeros before that are known for damage. All other lines with an end that say nothing are damage
//! too, which is refused.

use super::{
    error::JournalError,
    event::{Event, FORMAT},
    line::{self, Bad},
    state::State,
};
use crate::disk;
use std::{
    fs,
    io::{self, BufRead as _, BufReader, Read as _, Seek as _, SeekFrom},
    path::{Path, PathBuf},
};

/// At the start a journal beyond this size is written anew.
const REWRITE_AT_START: u64 = 1 << 20;
/// A journal beyond this size, and beyond four times what it was, is written anew.
const REWRITE_AT: u64 = 4 << 20;
const GROWTH: u64 = 4;
/// It is written anew in pieces of this size.
const REWRITE_BYTES: usize = 1 << 16;

#[derive(Debug)]
pub(super) struct File {
    path: PathBuf,
    handle: fs::File,
    len: u64,
    rewrite_at: u64,
    sync: bool,
    /// Nothing was written since the last sync.
    synced: bool,
    /// How far the file is synced, until a line says so.
    mark: Option<u64>,
    /// Whether it takes anything.
    open: Taking,
    line: Vec<u8>,
}

/// Whether a journal takes anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Taking {
    Yes,
    /// A write failed and could not be taken back.
    HalfWritten,
    /// Nobody can find the file any more.
    Gone,
}

/// A journal that is open, what it comes to, and what is not in it any longer.
pub(super) struct Opened {
    pub(super) file: File,
    pub(super) state: State,
    pub(super) lost: Option<JournalError>,
}

impl File {
    /// Opens the journal, or begins one. All that it says is on the disk when this returns.
    pub(super) fn open(path: &Path, sync: bool) -> Result<Opened, JournalError> {
        let io = |what| io_error(path, what);
        let file = disk::open_or_create(path).map_err(io("cannot be opened"))?;
        let read = read(path, &file)?;
        let len = file.metadata().map_err(io("cannot be read"))?.len();
        if len > read.good_len {
            disk::cut(path, read.good_len).map_err(io("cannot be cut behind its last whole line"))?;
        }
        let (line, bytes) = (read.lines, len - read.good_len);
        let lost = (bytes > 0).then(|| {
            let path = path.to_owned();
            if read.lost {
                JournalError::Unsynced { path, line, bytes }
            } else {
                JournalError::Torn { path, line, bytes }
            }
        });
        let mut journal = Self {
            path: path.to_owned(),
            handle: file,
            len: read.good_len,
            rewrite_at: REWRITE_AT.max(read.good_len * GROWTH),
            sync,
            synced: false,
            mark: None,
            open: Taking::Yes,
            line: Vec::new(),
        };
        journal.sync()?;
        sync_directory(path);
        if journal.len > REWRITE_AT_START {
            journal.try_rewrite(&read.state);
        }
        Ok(Opened { file: journal, state: read.state, lost })
    }

    pub(super) fn write(&mut self, events: &[Event]) -> Result<(), JournalError> {
        let io = |path: &Path, source| io_error(path, "cannot be written")(source);
        self.check_open()?;
        if self.len > self.rewrite_at {
            match read(&self.path, &self.handle) {
                Ok(read) if read.good_len == self.len => self.try_rewrite(&read.state),
                // There is no room to look into it now; it grows on.
                Ok(_) | Err(_) => self.rewrite_at = self.len.saturating_mul(2),
            }
        }
        line::write(&mut self.line, self.mark, events).map_err(|e| io(&self.path, e.into()))?;
        self.synced = false;
        let written = disk::append(&self.handle, &self.line, &[], disk::write)
            .and_then(|()| if self.sync { disk::sync(&self.handle) } else { Ok(()) });
        if let Err(source) = written {
            // What is there of it was not answered and must not be found by the next start.
            if disk::cut(&self.path, self.len).is_err() {
                self.open = Taking::HalfWritten;
            }
            return Err(io(&self.path, source));
        }
        if !disk::has_name(&self.handle) {
            return Err(self.gone());
        }
        self.len += self.line.len() as u64;
        (self.synced, self.mark) = (self.sync, self.sync.then_some(self.len));
        Ok(())
    }

    /// Has the disk keep all that is written.
    pub(super) fn sync(&mut self) -> Result<(), JournalError> {
        self.check_open()?;
        if !self.synced {
            if let Err(source) = disk::sync(&self.handle) {
                // Nobody knows what is on the disk now, and the next sync would not tell.
                self.open = Taking::HalfWritten;
                return Err(io_error(&self.path, "cannot be written to the disk")(source));
            }
            (self.synced, self.mark) = (true, Some(self.len));
        }
        Ok(())
    }

    fn check_open(&self) -> Result<(), JournalError> {
        match self.open {
            Taking::Yes => Ok(()),
            Taking::HalfWritten => Err(JournalError::Closed { path: self.path.clone() }),
            Taking::Gone => Err(JournalError::Gone { path: self.path.clone() }),
        }
    }

    pub(super) fn is_here(&self) -> bool {
        disk::is_at(&self.handle, &self.path)
    }

    /// Takes nothing more.
    pub(super) fn gone(&mut self) -> JournalError {
        self.open = Taking::Gone;
        JournalError::Gone { path: self.path.clone() }
    }

    /// Keeps the file small. Where that cannot be done it is as good as before, and larger.
    fn try_rewrite(&mut self, state: &State) {
        if self.rewrite(state).is_err() {
            let _ = disk::remove_file(&self.path.with_extension("new"));
            self.rewrite_at = self.len.saturating_mul(2);
        }
    }

    /// Puts a file with nothing but `state` in place of this one.
    fn rewrite(&mut self, state: &State) -> Result<(), JournalError> {
        let new = self.path.with_extension("new");
        let io = |what| io_error(&new, what);
        let mut out = disk::create(&new).map_err(io("cannot be created"))?;
        let (mut len, mut lines) = (0, Vec::new());
        let mut events = state.events().into_iter().peekable();
        while let Some(event) = events.next() {
            line::write(&mut self.line, None, std::slice::from_ref(&event))
                .map_err(|e| io("cannot be written")(e.into()))?;
            lines.extend_from_slice(&self.line);
            if lines.len() >= REWRITE_BYTES || events.peek().is_none() {
                disk::append(&out, &lines, &[], disk::write).map_err(io("cannot be written"))?;
                len += lines.len() as u64;
                lines.clear();
            }
        }
        disk::sync(&out).map_err(io("cannot be written to the disk"))?;
        // Before the file has the journal's name, so that nothing can go wrong behind that.
        out = disk::open(&new, false).map_err(io("cannot be opened"))?;
        disk::rename(&new, &self.path).map_err(io("cannot take the journal's place"))?;
        sync_directory(&self.path);
        self.handle = out;
        (self.len, self.rewrite_at) = (len, REWRITE_AT.max(len * GROWTH));
        (self.synced, self.mark) = (true, Some(len));
        Ok(())
    }
}

/// Has the name of a file outlive a loss of power, where the system has a way to ask for it.
fn sync_directory(path: &Path) {
    if let Some(directory) = path.parent() {
        let _ = disk::sync_dir(directory);
    }
}

fn io_error(path: &Path, what: &'static str) -> impl Fn(io::Error) -> JournalError {
    move |source| JournalError::Io { path: path.to_owned(), what, source }
}

struct Read {
    state: State,
    /// Bytes of whole lines, and how many.
    good_len: u64,
    lines: u64,
    /// A loss of power took what is behind them.
    lost: bool,
}

fn read(path: &Path, file: &fs::File) -> Result<Read, JournalError> {
    let io = io_error(path, "cannot be read");
    let mut reader = BufReader::new(file);
    reader.seek(SeekFrom::Start(0)).map_err(&io)?;
    let mut read = Read { state: State::default(), good_len: 0, lines: 0, lost: false };
    let mut line = Vec::new();
    loop {
        line.clear();
        let len = reader.read_until(b'\n', &mut line).map_err(&io)? as u64;
        if len == 0 {
            return Ok(read);
        }
        let number = read.lines + 1;
        let later = |what| JournalError::Later { path: path.to_owned(), line: number, what };
        match line::read(&line) {
            Ok(events) => {
                for event in events {
                    if let Event::Cluster { format, .. } = &event
                        && *format > FORMAT
                    {
                        return Err(later(format!("format {format}; this one knows {FORMAT}")));
                    }
                    read.state.apply(event);
                }
                read.good_len += len;
                read.lines = number;
            }
            // A write that was torn has no end of its line.
            Err(Bad::Checksum) if !line.ends_with(b"\n") => return Ok(read),
            Err(Bad::Checksum) => {
                let mut rest = std::mem::take(&mut line);
                reader.read_to_end(&mut rest).map_err(&io)?;
                if is_unsynced(&rest, read.good_len) {
                    return Ok(Read { lost: true, ..read });
                }
                return Err(JournalError::Damaged { path: path.to_owned(), line: number });
            }
            Err(Bad::Unknown(what)) => return Err(later(what)),
        }
    }
}

/// What a disk writes whole, or not at all.
const PAGE: u64 = 4096;

/// Whether the bytes of a journal from `position` on, which begin with a line that says nothing, are what a loss of
/// power leaves: a page of zeros, from a sync or the page's begin on, and no word of a later sync behind it.
fn is_unsynced(rest: &[u8], position: u64) -> bool {
    let mut lines = rest.split_inclusive(|b| *b == b'\n');
    let first = lines.next().unwrap_or_default();
    let Some(start) = first.iter().position(|b| *b == 0) else { return false };
    let zeros = rest[start..].iter().take_while(|b| **b == 0).count();
    let at_page = |at: usize| (position + at as u64).is_multiple_of(PAGE);
    let begins = start == 0 || at_page(start);
    let ends = at_page(start + zeros) || start + zeros == rest.len();
    let is_mark = |event: &Event| matches!(event, Event::Synced { len } if *len > position);
    let marked = |line: &[u8]| line::read(line).is_ok_and(|events| events.iter().any(is_mark));
    begins && ends && !lines.any(marked)
}
