//! Properties files, in the form Java's clients read them.

mod jaas;
mod java;
mod syntax;

use std::path::Path;

use crate::error::KafkaError;

/// What a properties file says, in librdkafka's names.
#[derive(Debug, Default)]
pub(crate) struct ConfigFile {
    pub(crate) settings: Vec<Setting>,
    /// What means nothing here, a line each.
    pub(crate) notices: Vec<String>,
    pub(crate) faults: Vec<KafkaError>,
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

/// Reads the file at `path`.
pub(crate) fn read(path: &Path) -> Result<ConfigFile, KafkaError> {
    let bytes =
        std::fs::read(path).map_err(|source| KafkaError::ReadConfigFile { path: path.to_owned(), source })?;
    Ok(java::translate(path, &syntax::parse(&String::from_utf8_lossy(&bytes))))
}
