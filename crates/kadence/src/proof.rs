//! What a run leaves behind for others to look at: a manifest against which it can be verified, and a certificate.

mod certifying;
mod machine;
mod sealing;
mod sources;

use std::io::Read;
use std::path::PathBuf;

use kadence_core::fault::Fault;
use kadence_core::phrase;

pub(crate) use self::certifying::{Certifying, is_certificate, judged};
pub(crate) use self::sealing::Sealing;
use self::sources::Sources;
use crate::whole_file::resolved;

/// What a run leaves behind.
#[derive(Clone, Debug)]
pub struct Proof {
    /// The file of the manifest, if the run is sealed.
    pub seal: Option<PathBuf>,
    /// The file of the certificate: a page if its name ends in `.html`, data if it ends in `.json`.
    pub certificate: Option<PathBuf>,
    /// The command line that both name, without secrets.
    pub command: Vec<String>,
    /// How the run is paced, in words.
    pub pace: String,
    sources: Sources,
}

impl Proof {
    /// Leaves nothing behind yet.
    pub fn new(command: Vec<String>, pace: String) -> Self {
        Self { seal: None, certificate: None, command, pace, sources: Sources::default() }
    }

    /// Has what is read from `reader` stand in manifest and certificate.
    pub(crate) fn watch(&self, name: &str, reader: Box<dyn Read + Send>) -> Box<dyn Read + Send> {
        self.sources.watch(name, reader)
    }

    /// What is wrong with the files' names.
    pub(crate) fn faults(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        if let Some(certificate) = &self.certificate {
            if !is_certificate(certificate) {
                let what = format!("`{}` ends in neither .html nor .json", certificate.display());
                let help = "name a page, or a file of data";
                faults.push(Fault::new(phrase![@"certificate"], what).help(help).misuse());
            }
            if self.seal.as_deref().is_some_and(|seal| resolved(seal) == resolved(certificate)) {
                let what = "manifest and certificate are two files";
                faults.push(Fault::new(phrase![@"certificate"], what).help("name another one").misuse());
            }
        }
        faults
    }
}
