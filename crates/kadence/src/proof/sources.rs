//! What is read, with its digests.

use std::io::{self, Read};
use std::sync::{Arc, Mutex, PoisonError};

use kadence_core::seal::SealedSource;
use sha2::{Digest as _, Sha256};

/// What is read, and its digests so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Sources(Arc<Mutex<Vec<Watched>>>);

#[derive(Debug)]
struct Watched {
    name: String,
    bytes: u64,
    digest: Sha256,
}

struct Watching {
    reader: Box<dyn Read + Send>,
    sources: Sources,
    place: usize,
}

impl Sources {
    /// Takes note of what is read from `reader`.
    pub(super) fn watch(&self, name: &str, reader: Box<dyn Read + Send>) -> Box<dyn Read + Send> {
        let mut watched = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        watched.push(Watched { name: name.to_owned(), bytes: 0, digest: Sha256::new() });
        Box::new(Watching { reader, sources: self.clone(), place: watched.len() - 1 })
    }

    /// Tells what there is; how much of it was read only once that `is_over`.
    pub(super) fn read(&self, is_over: bool) -> Vec<SealedSource> {
        let watched = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let source = |watched: &Watched| SealedSource {
            name: watched.name.clone(),
            bytes: is_over.then_some(watched.bytes),
            sha256: is_over.then(|| hex(&watched.digest.clone().finalize())),
        };
        watched.iter().map(source).collect()
    }
}

impl Read for Watching {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(buffer)?;
        let mut watched = self.sources.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(watched) = watched.get_mut(self.place) {
            watched.bytes += read as u64;
            watched.digest.update(&buffer[..read]);
        }
        Ok(read)
    }
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        // A string takes all that is written.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
