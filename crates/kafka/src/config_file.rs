//! Properties files, in the form Java's clients read them.

mod jaas;
mod java;
mod syntax;

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use kadence_core::fault::{Fault, Phrase};

/// What a properties file says, in librdkafka's names.
#[derive(Debug, Default)]
pub(crate) struct ConfigFile {
    pub(crate) settings: Vec<Setting>,
    /// What means nothing here, a line each.
    pub(crate) notices: Vec<Phrase>,
    pub(crate) faults: Vec<Fault>,
}

/// A property with the line it came from.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Setting {
    pub(crate) name: String,
    pub(crate) value: String,
    pub(crate) line: usize,
}

/// The value is left out: it may be a secret.
impl std::fmt::Debug for Setting {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.line, self.name)
    }
}

/// What is larger is some other file.
const MOST_BYTES: u64 = 1 << 20;

/// Reads the file at `path`.
pub(crate) fn read(path: &Path) -> Result<ConfigFile, Fault> {
    let unread =
        |source: io::Error| Fault::new(path.display().to_string(), "cannot be read").misuse().because(source);
    let mut bytes = Vec::new();
    let read = File::open(path)
        .and_then(|file| file.take(MOST_BYTES + 1).read_to_end(&mut bytes))
        .map_err(unread)?;
    if read as u64 > MOST_BYTES {
        return Err(unread(io::Error::other("more than 1 MiB is no properties file")));
    }
    Ok(java::translate(path, &syntax::parse(&String::from_utf8_lossy(&bytes))))
}
