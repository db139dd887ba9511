//! The manifest of a sealed run: written before its first record, and again at its end.

use std::path::Path;

use kadence_core::clock::Clock;
use kadence_core::fault::Explain as _;
use kadence_core::phrase;
use kadence_core::pipeline::Outcome;
use kadence_core::seal::{Late, Manifest, ManifestError, RunId, SealedTopic};

use super::Proof;
use super::sources::Sources;
use crate::fault::{Error, line};
use crate::whole_file::WholeFile;

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
        file: &Path,
        proof: &Proof,
        topic: SealedTopic,
        tolerance_us: Option<u64>,
        clock: &dyn Clock,
    ) -> Result<Self, Error> {
        let sources = proof.sources.read(false);
        let recording = sources.first().map(|source| Path::new(&source.name));
        let option = phrase![@"seal"];
        let is_ours = |text: &str| !matches!(Manifest::parse(text), Err(ManifestError::Unreadable(_)));
        let file =
            WholeFile::create(file, recording, &option, "the manifest")?.refuse_others(is_ours, &option)?;
        let started = clock.wall().to_rfc3339();
        let mut manifest =
            Manifest::begun(RunId::random(), proof.command.clone(), proof.pace.clone(), started);
        manifest.topics.push(topic);
        manifest.sources = sources;
        let mut sealing = Self { file, manifest, sources: proof.sources.clone(), tolerance_us };
        sealing.write()?;
        Ok(sealing)
    }

    pub(crate) fn run(&self) -> RunId {
        self.manifest.run
    }

    /// Writes the manifest of a run that has ended.
    pub(crate) fn end(mut self, outcome: &Outcome, clock: &dyn Clock) -> Result<(), Error> {
        let report = &outcome.report;
        let failure = outcome.failure.as_ref().map(|failure| line(&failure.explain()));
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
