//! The certificate of a run: written at its end, and again once it was verified.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;
use std::time::Duration;

use kadence_certificate::{
    Bucket, Certificate, Fault as Found, PlaceVerdict, Promise, Slice, Source, Topic, Unreadable,
};
use kadence_core::clock::Clock;
use kadence_core::fault::{Explain as _, Fault};
use kadence_core::phrase;
use kadence_core::pipeline::Outcome;
use kadence_core::report::{Lateness, Percentiles, Report};
use kadence_core::seal::{Example, Finding, RunId};
use kadence_kafka::client_version;

use super::Proof;
use super::machine::machine;
use super::sources::Sources;
use crate::fault::{Error, line};
use crate::output::{count, micros};
use crate::verifying::Verdict;
use crate::whole_file::{WholeFile, is_still};

/// The form that is written and read.
const FORMAT: u32 = 1;
/// What is promised of the topic, and seen by `verify`.
const COMPLETE: &str = "All that was acknowledged is there: once, in order and unchanged";
/// The most drift that counts as none, in percent of the run's length.
const MOST_SKEW: f64 = 0.1;

/// The forms of a certificate.
#[derive(Clone, Copy, Debug)]
enum Form {
    Page,
    Data,
}

impl Form {
    /// What the file's name says.
    fn of(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()? {
            "html" => Some(Self::Page),
            "json" => Some(Self::Data),
            _ => None,
        }
    }

    fn write(self, certificate: &Certificate) -> String {
        match self {
            Self::Page => certificate.to_html(),
            Self::Data => certificate.to_json(),
        }
    }
}

/// Whether a certificate may be called so.
pub(crate) fn is_certificate(path: &Path) -> bool {
    Form::of(path).is_some()
}

/// A certificate that is being made.
pub(crate) struct Certifying {
    file: WholeFile,
    form: Form,
    started: String,
    command: Vec<String>,
    pace: String,
    brokers: String,
    tolerance: Option<Duration>,
    sources: Sources,
}

impl Certifying {
    /// Makes the file, so that a run is not made in vain. A `tolerance` is given where records have a time to leave.
    pub(crate) fn begin(
        path: &Path,
        proof: &Proof,
        brokers: String,
        tolerance: Option<Duration>,
        clock: &dyn Clock,
    ) -> Result<Self, Error> {
        let sources = proof.sources.read(false);
        let recording = sources.first().map(|source| Path::new(&source.name));
        let option = phrase![@"certificate"];
        let is_ours = |text: &str| matches!(Certificate::read(text), Ok(_) | Err(Unreadable::Format(_)));
        let file = WholeFile::create(path, recording, &option, "the certificate")?;
        let mut file = file.refuse_others(is_ours, &option)?;
        // If the run is killed, that of another one is not to stand there as if it were this one's.
        file.clear()?;
        Ok(Self {
            file,
            form: Form::of(path).unwrap_or(Form::Data),
            started: clock.wall().to_rfc3339(),
            command: proof.command.clone(),
            pace: proof.pace.clone(),
            brokers,
            tolerance,
            sources: proof.sources.clone(),
        })
    }

    /// Writes the certificate of a run that has ended, and was sealed as `run`.
    pub(crate) fn end(
        mut self,
        outcome: &Outcome,
        run: Option<RunId>,
        clock: &dyn Clock,
    ) -> Result<(), Error> {
        let sources = self.sources.read(true);
        let has_cluster = !self.brokers.is_empty();
        let certificate = Certificate {
            format: FORMAT,
            kadence: env!("CARGO_PKG_VERSION").to_owned(),
            client: if has_cluster { client_version() } else { String::new() },
            machine: machine(),
            run: run.map(|run| run.to_string()),
            started: std::mem::take(&mut self.started),
            ended: clock.wall().to_rfc3339(),
            command: std::mem::take(&mut self.command),
            pace: std::mem::take(&mut self.pace),
            sources: sources
                .into_iter()
                .map(|source| Source { name: source.name, bytes: source.bytes, sha256: source.sha256 })
                .collect(),
            brokers: std::mem::take(&mut self.brokers),
            topics: outcome
                .report
                .topics
                .iter()
                .map(|(name, partitions)| Topic { name: name.clone(), partitions: partitions.clone() })
                .collect(),
            report: report_of(
                &outcome.report,
                outcome.failure.as_ref().map(|failure| line(&failure.explain())),
            ),
            lateness: buckets(&outcome.lateness),
            arrival_lateness: buckets(&outcome.arrival_lateness),
            timeline: outcome.course.slices().map(slice).collect(),
            promises: promises(&outcome.report, self.tolerance, has_cluster, run.is_some()),
            verdict: None,
        };
        self.file.replace(&self.form.write(&certificate))
    }
}

fn report_of(report: &Report, error: Option<String>) -> kadence_certificate::Report {
    let percentiles = |of: Option<Percentiles>| {
        of.map(|of| kadence_certificate::Percentiles {
            p50: of.p50,
            p90: of.p90,
            p99: of.p99,
            p999: of.p999,
            max: of.max,
        })
    };
    kadence_certificate::Report {
        accepted: report.accepted,
        acknowledged: report.acknowledged,
        bytes: report.bytes,
        failed: report.failed,
        interrupted: report.interrupted,
        elapsed_s: report.elapsed_s,
        ideal_s: report.ideal_s,
        skew_percent: report.skew_percent,
        lateness_us: percentiles(report.lateness_us),
        arrival_lateness_us: percentiles(report.arrival_lateness_us),
        missed: report.missed,
        retries: report.retries,
        error,
    }
}

fn in_micros(duration: Duration) -> f64 {
    duration.as_nanos() as f64 / 1_000.0
}

fn buckets(lateness: &Lateness) -> Vec<Bucket> {
    let bucket = |(to, records)| Bucket { to_us: in_micros(to), records };
    lateness.buckets().into_iter().map(bucket).collect()
}

fn slice(slice: kadence_core::course::Slice) -> Slice {
    Slice {
        from_s: slice.from.as_secs_f64(),
        to_s: slice.to.as_secs_f64(),
        planned: slice.planned,
        sent: slice.sent,
        mean_us: in_micros(slice.mean),
        max_us: in_micros(slice.most),
    }
}

fn promises(
    report: &Report,
    tolerance: Option<Duration>,
    has_cluster: bool,
    is_sealed: bool,
) -> Vec<Promise> {
    let mut promises = Vec::new();
    let mut promise = |promise: String, kept, found| promises.push(Promise { promise, kept, found });
    if let (Some(tolerance), Some(missed)) = (tolerance, report.missed) {
        let most =
            report.lateness_us.map_or_else(String::new, |late| format!(", at most {}", micros(late.max)));
        let found = format!("{} of {} later{most}", count(missed), count(report.accepted));
        let tolerance = micros(in_micros(tolerance));
        promise(format!("Each record leaves within {tolerance} of its time"), Some(missed == 0), found);
        let (kept, found) = match report.skew_percent {
            Some(skew) => (Some(skew.abs() <= MOST_SKEW), format!("{skew:.4} % of the run's length")),
            None => (None, "too few records to tell".to_owned()),
        };
        promise(format!("Lateness does not grow over the run by more than {MOST_SKEW} %"), kept, found);
    }
    match report.acknowledged {
        _ if !has_cluster => {}
        Some(acknowledged) => {
            let is_kept = acknowledged == report.accepted && report.failed == 0;
            let found = format!("{} of {}", count(acknowledged), count(report.accepted));
            promise("Each record is acknowledged by the cluster".into(), Some(is_kept), found);
        }
        None => promise("Nobody was asked to acknowledge".into(), None, count(report.accepted) + " sent"),
    }
    if is_sealed {
        promise(COMPLETE.into(), None, "not verified yet".into());
    }
    promises
}

/// Adds a verdict to the certificate in a file.
pub(crate) fn judged(path: &Path, run: RunId, verdict: &Verdict, clock: &dyn Clock) -> Result<(), Error> {
    let name = path.display().to_string();
    let unreadable = |error: io::Error| Error::met(name.clone(), format!("cannot be read ({error})"), "");
    // Until it is written again: of two verdicts at once none is to be forgotten.
    let mut file = locked(path).map_err(unreadable)?;
    let mut text = String::new();
    file.read_to_string(&mut text).map_err(unreadable)?;
    let mut certificate = Certificate::read(&text).map_err(|error| {
        Error::met(name.clone(), error.to_string(), "name the file that --certificate of the run wrote")
    })?;
    if certificate.run != Some(run.to_string()) {
        let of =
            certificate.run.map_or_else(|| "a run without a seal".to_owned(), |run| format!("run {run}"));
        return Err(Fault::new(
            name,
            format!("is the certificate of {of}, and the manifest is that of run {run}"),
        )
        .help("name the certificate that was written with the manifest")
        .into());
    }
    let findings = &verdict.findings;
    let place = PlaceVerdict {
        place: verdict.place.clone(),
        sound: verdict.sound,
        sent: findings.sent,
        found: findings.found,
        faults: verdict.kinds().into_iter().filter(|(_, finding)| finding.records > 0).map(found).collect(),
        notes: verdict.notes.clone(),
    };
    certificate.add(clock.wall().to_rfc3339(), place);
    let places = certificate.verdict.as_ref().map_or(&[][..], |verdict| &verdict.places);
    let is_sound = places.iter().all(|place| place.sound);
    // Where something is the matter is what counts; otherwise where it was looked last.
    let shown = places.iter().find(|place| !place.sound).or(places.last());
    let said = shown.map_or_else(String::new, |place| {
        let sent = place.sent.map_or("?".into(), count);
        let reasons = place.reasons();
        let reasons = if reasons.is_empty() { reasons } else { format!(": {reasons}") };
        format!("{} of {sent} in {}{reasons}", count(place.found), place.place)
    });
    if let Some(promise) = certificate.promises.iter_mut().find(|promise| promise.promise == COMPLETE) {
        (promise.kept, promise.found) = (Some(is_sound), said);
    }
    let text = Form::of(path).unwrap_or(Form::Data).write(&certificate);
    WholeFile::create(path, None, &phrase![@"certificate"], "the certificate")?.replace(&text)
}

/// Opens a file for as long as nobody else has it so.
fn locked(path: &Path) -> io::Result<File> {
    loop {
        let file = File::open(path)?;
        // Where there are no locks, things are as they are.
        if file.lock().is_err() || is_still(&file, path) {
            return Ok(file);
        }
    }
}

fn found((kind, finding): (&str, &Finding)) -> Found {
    Found {
        kind: kind.to_owned(),
        records: finding.records,
        examples: finding.examples.iter().map(Example::to_string).collect(),
    }
}
