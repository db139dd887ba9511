//! The journal's file.
//!
//! A write is one line. A process that dies leaves at most its last line torn, without its end, which is cut off at
//! the next start: what it said was not answered. A line with an end that says nothing is damage, and refused.

use super::{
    event::{Event, FORMAT},
    line::{self, Bad},
    state::State,
};
use std::{
    fs::{self, OpenOptions},
    io::{self, BufRead as _, BufReader, BufWriter, Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
};

/// At the start a journal beyond this size is written anew.
const REWRITE_AT_START: u64 = 1 << 20;
/// A journal beyond this size, and beyond four times what it was, is written anew.
const REWRITE_AT: u64 = 4 << 20;
const GROWTH: u64 = 4;

/// Why a journal cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the messages say it")]
pub enum JournalError {
    #[error("{}: {what}", path.display())]
    Io { path: PathBuf, what: &'static str, source: io::Error },
    #[error(
        "{}: line {line} is damaged; restore the file from a copy, or move the directory away to start anew",
        path.display()
    )]
    Damaged { path: PathBuf, line: u64 },
    #[error("{}: line {line} was written by a later version of this program ({what})", path.display())]
    Later { path: PathBuf, line: u64, what: String },
    #[error("{}: it cannot be written any longer, since an earlier write failed half-way", path.display())]
    Closed { path: PathBuf },
}

#[derive(Debug)]
pub(super) struct File {
    path: PathBuf,
    handle: fs::File,
    len: u64,
    rewrite_at: u64,
    sync: bool,
    /// A write failed and could not be taken back.
    closed: bool,
    line: Vec<u8>,
}

impl File {
    pub(super) fn open(path: &Path, sync: bool) -> Result<(Self, State), JournalError> {
        let io = |what| io_error(path, what);
        let opened = OpenOptions::new().read(true).append(true).create(true).open(path);
        let file = opened.map_err(io("cannot be opened"))?;
        let read = read(path, &file)?;
        if file.metadata().map_err(io("cannot be read"))?.len() > read.good_len {
            cut(path, read.good_len).map_err(io("cannot be cut behind its last whole line"))?;
        }
        let mut journal = Self {
            path: path.to_owned(),
            handle: file,
            len: read.good_len,
            rewrite_at: REWRITE_AT.max(read.good_len * GROWTH),
            sync,
            closed: false,
            line: Vec::new(),
        };
        sync_directory(path);
        if journal.len > REWRITE_AT_START {
            journal.try_rewrite(&read.state);
        }
        Ok((journal, read.state))
    }

    pub(super) fn write(&mut self, events: &[Event]) -> Result<(), JournalError> {
        let io = |path: &Path, source| io_error(path, "cannot be written")(source);
        if self.closed {
            return Err(JournalError::Closed { path: self.path.clone() });
        }
        if self.len > self.rewrite_at {
            match read(&self.path, &self.handle) {
                Ok(read) if read.good_len == self.len => self.try_rewrite(&read.state),
                // There is no room to look into it now; it grows on.
                Ok(_) | Err(_) => self.rewrite_at = self.len.saturating_mul(2),
            }
        }
        line::write(&mut self.line, events).map_err(|e| io(&self.path, e.into()))?;
        let written = self
            .handle
            .write_all(&self.line)
            .and_then(|()| if self.sync { self.handle.sync_data() } else { Ok(()) });
        if let Err(source) = written {
            // What is there of it was not answered and must not be found by the next start.
            self.closed = cut(&self.path, self.len).is_err();
            return Err(io(&self.path, source));
        }
        self.len += self.line.len() as u64;
        Ok(())
    }

    pub(super) fn sync(&mut self) -> Result<(), JournalError> {
        self.handle.sync_data().map_err(io_error(&self.path, "cannot be written to the disk"))
    }

    /// Keeps the file small. Where that cannot be done it is as good as before, and larger.
    fn try_rewrite(&mut self, state: &State) {
        if self.rewrite(state).is_err() {
            let _ = fs::remove_file(self.path.with_extension("new"));
            self.rewrite_at = self.len.saturating_mul(2);
        }
    }

    /// Puts a file with nothing but `state` in place of this one.
    fn rewrite(&mut self, state: &State) -> Result<(), JournalError> {
        let new = self.path.with_extension("new");
        let io = |what| io_error(&new, what);
        let created = OpenOptions::new().read(true).write(true).create(true).truncate(true).open(&new);
        let mut out = BufWriter::new(created.map_err(io("cannot be created"))?);
        let mut len = 0;
        for event in state.events() {
            line::write(&mut self.line, std::slice::from_ref(&event))
                .map_err(|e| io("cannot be written")(e.into()))?;
            out.write_all(&self.line).map_err(io("cannot be written"))?;
            len += self.line.len() as u64;
        }
        let out = out.into_inner().map_err(|e| io("cannot be written")(e.into_error()))?;
        out.sync_all().map_err(io("cannot be written to the disk"))?;
        // Before the file has the journal's name, so that nothing can go wrong behind that.
        let handle = OpenOptions::new().read(true).append(true).open(&new).map_err(io("cannot be opened"))?;
        drop(out);
        fs::rename(&new, &self.path).map_err(io("cannot take the journal's place"))?;
        sync_directory(&self.path);
        self.handle = handle;
        (self.len, self.rewrite_at) = (len, REWRITE_AT.max(len * GROWTH));
        Ok(())
    }
}

/// Cuts a file off. It has a handle of its own: Windows does not let one for appending do it.
fn cut(path: &Path, len: u64) -> io::Result<()> {
    OpenOptions::new().write(true).open(path)?.set_len(len)
}

/// Has the name of a file outlive a loss of power, where the system has a way to ask for it.
fn sync_directory(path: &Path) {
    if let Some(directory) = path.parent().filter(|_| !cfg!(windows)) {
        let _ = fs::File::open(directory).and_then(|directory| directory.sync_all());
    }
}

fn io_error(path: &Path, what: &'static str) -> impl Fn(io::Error) -> JournalError {
    move |source| JournalError::Io { path: path.to_owned(), what, source }
}

struct Read {
    state: State,
    /// Bytes of whole lines.
    good_len: u64,
}

fn read(path: &Path, file: &fs::File) -> Result<Read, JournalError> {
    let io = io_error(path, "cannot be read");
    let mut reader = BufReader::new(file);
    reader.seek(SeekFrom::Start(0)).map_err(&io)?;
    let mut read = Read { state: State::default(), good_len: 0 };
    let (mut line, mut number) = (Vec::new(), 0);
    loop {
        line.clear();
        let len = reader.read_until(b'\n', &mut line).map_err(&io)? as u64;
        if len == 0 {
            return Ok(read);
        }
        number += 1;
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
            }
            // A write that was torn has no end of its line.
            Err(Bad::Checksum) if line.ends_with(b"\n") => {
                return Err(JournalError::Damaged { path: path.to_owned(), line: number });
            }
            Err(Bad::Checksum) => return Ok(read),
            Err(Bad::Unknown(what)) => return Err(later(what)),
        }
    }
}
