//! A file for records that the database does not take.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use kadence_core::fault::Fault;
use kadence_core::feed::Partition;
use kadence_core::target::{Batch, Claim, Committed, Delivery, Rejects, Target, Verdict};
use serde::Serialize;

use crate::fault::Error;

/// A file to which records are appended as JSON, one a line. Clones write to the same one.
#[derive(Clone, Debug)]
pub(super) struct RejectsFile {
    name: String,
    file: Arc<Mutex<Appended>>,
}

#[derive(Debug)]
struct Appended {
    file: File,
    /// The last line may be half of one, into which the next would run.
    is_cut: bool,
}

#[derive(Serialize)]
struct Line<'r> {
    topic: &'r str,
    partition: i32,
    offset: u64,
    timestamp: Option<i64>,
    reason: &'r str,
    key: Option<Bytes<'r>>,
    body: Option<Bytes<'r>>,
}

/// Bytes as text, or in base64 where they are none.
#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum Bytes<'r> {
    Text(&'r str),
    Base64(String),
}

impl RejectsFile {
    pub(super) fn open(path: &Path) -> Result<Self, Error> {
        let name = path.display().to_string();
        let file = OpenOptions::new().create(true).append(true).open(path);
        let file =
            file.map_err(|error| Error::met(name.clone(), format!("cannot be written ({error})"), ""))?;
        Ok(Self { name, file: Arc::new(Mutex::new(Appended { file, is_cut: false })) })
    }

    /// Appends a record of a batch.
    fn write(&self, batch: &Batch<'_>, place: usize, reason: &str) -> io::Result<()> {
        let record = batch.records.record(place);
        let facts = record.facts;
        let partition = &batch.parts[facts.lane as usize].partition;
        let line = Line {
            topic: &partition.topic,
            partition: partition.index,
            offset: facts.sequence,
            timestamp: facts.time.map(kadence_core::record::Timestamp::as_millis),
            reason,
            key: record.key.map(text_or_base64),
            body: record.body.map(text_or_base64),
        };
        let mut line = serde_json::to_vec(&line)?;
        line.push(b'\n');
        let mut appended = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        if appended.is_cut {
            line.insert(0, b'\n');
        }
        let written = appended.file.write_all(&line);
        appended.is_cut = written.is_err();
        written
    }
}

/// A target whose rejected records are in the file before their batch is committed: where it is not, they are there
/// and come again, and none is ever missing.
pub(super) struct Recorded<T> {
    pub(super) target: T,
    pub(super) file: Option<RejectsFile>,
}

/// Writes what is left out, and rolls back where that fails.
struct Recorder<'r> {
    rejects: &'r mut dyn Rejects,
    batch: &'r Batch<'r>,
    file: &'r RejectsFile,
    failed: Option<io::Error>,
}

impl Rejects for Recorder<'_> {
    fn rejected(&mut self, place: usize, reason: &str) -> Verdict {
        if self.rejects.rejected(place, reason) == Verdict::RollBack {
            return Verdict::RollBack;
        }
        match self.file.write(self.batch, place, reason) {
            Ok(()) => Verdict::LeaveOut,
            Err(error) => {
                self.failed = Some(error);
                Verdict::RollBack
            }
        }
    }
}

impl<T: Target> Target for Recorded<T> {
    fn delivery(&self) -> Delivery {
        self.target.delivery()
    }

    fn claim(&mut self, partitions: &[(Partition, Option<i64>)]) -> Result<Vec<Claim>, Fault> {
        self.target.claim(partitions)
    }

    fn commit(&mut self, batch: &Batch<'_>, rejects: &mut dyn Rejects) -> Result<Committed, Fault> {
        let Some(file) = &self.file else { return self.target.commit(batch, rejects) };
        let mut recorder = Recorder { rejects, batch, file, failed: None };
        let committed = self.target.commit(batch, &mut recorder);
        match recorder.failed {
            Some(error) => {
                let what = format!("cannot be written ({error}); nothing of the batch is landed");
                Err(Fault::new(file.name.clone(), what))
            }
            None => committed,
        }
    }
}

fn text_or_base64(bytes: &[u8]) -> Bytes<'_> {
    use base64::Engine as _;
    str::from_utf8(bytes)
        .map_or_else(|_| Bytes::Base64(base64::prelude::BASE64_STANDARD.encode(bytes)), Bytes::Text)
}
