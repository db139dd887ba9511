//! The manifest of a sealed run: written before its first record, and again at its end.

use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use kadence_core::clock::Clock;
use kadence_core::phrase;
use kadence_core::pipeline::Outcome;
use kadence_core::seal::{Late, Manifest, RunId, SealedSource, SealedTopic};
use sha2::{Digest as _, Sha256};

use crate::fault::Error;
use crate::whole_file::WholeFile;

/// How a run is sealed.
#[derive(Clone, Debug)]
pub struct SealOptions {
    /// The file of the manifest.
    pub path: PathBuf,
    /// The command line that the manifest names, without secrets.
    pub command: Vec<String>,
    /// How the run is paced, in words.
    pub pace: String,
    sources: Sources,
}

impl SealOptions {
    /// Seals into the manifest at `path`.
    pub fn new(path: impl Into<PathBuf>, command: Vec<String>, pace: String) -> Self {
        Self { path: path.into(), command, pace, sources: Sources::default() }
    }

    /// Has what is read from `reader` stand in the manifest.
    pub(crate) fn watch(&self, name: &str, reader: Box<dyn Read + Send>) -> Box<dyn Read + Send> {
        self.sources.watch(name, reader)
    }
}

/// What is read, and its digests so far.
#[derive(Clone, Debug, Default)]
struct Sources(Arc<Mutex<Vec<Watched>>>);

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
    fn watch(&self, name: &str, reader: Box<dyn Read + Send>) -> Box<dyn Read + Send> {
        let mut watched = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        watched.push(Watched { name: name.to_owned(), bytes: 0, digest: Sha256::new() });
        Box::new(Watching { reader, sources: self.clone(), place: watched.len() - 1 })
    }

    fn read(&self, is_over: bool) -> Vec<SealedSource> {
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

/// A run that is being sealed.
pub(crate) struct Sealing {
    file: WholeFile,
    manifest: Manifest,
    sources: Sources,
    tolerance_us: Option<u64>,
}

impl Sealing {
    /// Writes the manifest of a run that begins.
    pub(crate) fn begin(
        options: &SealOptions,
        topic: SealedTopic,
        tolerance_us: Option<u64>,
        clock: &dyn Clock,
    ) -> Result<Self, Error> {
        let sources = options.sources.read(false);
        let recording = sources.first().map(|source| Path::new(&source.name));
        let file = WholeFile::create(&options.path, recording, &phrase![@"seal"], "the manifest")?;
        let started = clock.wall().to_rfc3339();
        let mut manifest =
            Manifest::begun(RunId::random(), options.command.clone(), options.pace.clone(), started);
        manifest.topics.push(topic);
        manifest.sources = sources;
        let mut sealing = Self { file, manifest, sources: options.sources.clone(), tolerance_us };
        sealing.write()?;
        Ok(sealing)
    }

    pub(crate) fn run(&self) -> RunId {
        self.manifest.run
    }

    /// Writes the manifest of a run that has ended.
    pub(crate) fn end(mut self, outcome: &Outcome, clock: &dyn Clock) -> Result<(), Error> {
        let report = &outcome.report;
        let failure = outcome.failure.as_ref().map(ToString::to_string);
        let late = self.tolerance_us.map(|tolerance_us| Late {
            tolerance_us,
            records: report.missed.unwrap_or_default(),
            examples: outcome.late.clone(),
        });
        self.manifest = Manifest {
            complete: true,
            interrupted: report.interrupted,
            error: failure,
            ended: Some(clock.wall().to_rfc3339()),
            sources: self.sources.read(true),
            lanes: outcome.sealed.clone(),
            accepted: report.accepted,
            acknowledged: report.acknowledged.unwrap_or_default(),
            ideal_s: report.ideal_s,
            elapsed_s: report.elapsed_s,
            skew_percent: report.skew_percent,
            lateness_us: report.lateness_us,
            arrival_lateness_us: report.arrival_lateness_us,
            late,
            ..self.manifest
        };
        self.write()
    }

    fn write(&mut self) -> Result<(), Error> {
        let text = self.manifest.to_text();
        self.file.replace(&text)
    }
}
