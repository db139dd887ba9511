//! A file for records that the database does not take.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use kadence_land::Rejected;
use serde::Serialize;

use crate::fault::Error;

/// A file to which records are appended as JSON, one a line. Clones write to the same one.
#[derive(Clone, Debug)]
pub(super) struct RejectsFile {
    name: String,
    file: Arc<Mutex<Written>>,
}

#[derive(Debug)]
struct Written {
    file: File,
    line: Vec<u8>,
    failed: Option<io::Error>,
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
        let written = Written { file, line: Vec::new(), failed: None };
        Ok(Self { name, file: Arc::new(Mutex::new(written)) })
    }

    /// Appends a record. What fails is told by [`Self::fault`].
    pub(super) fn write(&self, rejected: &Rejected<'_>) {
        let mut written = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let written = &mut *written;
        let facts = rejected.record.facts;
        let line = Line {
            topic: &rejected.partition.topic,
            partition: rejected.partition.index,
            offset: facts.sequence,
            timestamp: facts.time.map(kadence_core::record::Timestamp::as_millis),
            reason: rejected.reason,
            key: rejected.record.key.map(text_or_base64),
            body: rejected.record.body.map(text_or_base64),
        };
        written.line.clear();
        let line = serde_json::to_writer(&mut written.line, &line).map_err(io::Error::from);
        written.line.push(b'\n');
        let result = line.and_then(|()| written.file.write_all(&written.line));
        if let Err(error) = result {
            written.failed.get_or_insert(error);
        }
    }

    /// Why the file lacks records, if it does.
    pub(super) fn fault(&self) -> Option<Error> {
        let written = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let error = written.failed.as_ref()?;
        let what = format!("lacks records that were left out: it cannot be written ({error})");
        Some(Error::met(self.name.clone(), what, "the database does not have them either"))
    }
}

fn text_or_base64(bytes: &[u8]) -> Bytes<'_> {
    use base64::Engine as _;
    str::from_utf8(bytes)
        .map_or_else(|_| Bytes::Base64(base64::prelude::BASE64_STANDARD.encode(bytes)), Bytes::Text)
}
