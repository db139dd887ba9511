//! Whether a topic or a table has all that a sealed run sent.

mod target;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use kadence_core::clock::{Clock, SystemClock};
use kadence_core::phrase;
use kadence_core::seal::{Example, Finding};

use self::target::TargetOptions;
use super::Exit;
use super::connection::ConnectionOptions;
use crate::fault::Error;
use crate::output::{Rate, Voice, Watching, count, print_json, print_plain_line};
use crate::proof::{is_certificate, judged};
use crate::signals::Signals;
use crate::verifying::{Verdict, Verification, manifest_at};

/// Verify that a topic, or a table, has what a sealed run sent: all of it, once, in order and unchanged
///
/// Reads the topic from where it ended when the run began, and holds each record's seal against the manifest that
/// `replay --seal FILE` wrote. With --target it reads a table into which `land --lineage` landed the topic instead. Ends
/// with 1 where something is lost, doubled, reordered, corrupted or unexpected, and where the run was cut so that nobody
/// can tell.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  kadence replay data.csv -t my-stream --seal run.seal.json
  kadence verify run.seal.json
  kadence verify run.seal.json -b other:9092 --topic copy-of-my-stream --json
  kadence land my-stream --into sqlite:points.db --lineage --until-end
  kadence verify run.seal.json --target sqlite:points.db")]
pub(crate) struct VerifyOptions {
    /// Manifest of the run; - is standard input
    #[arg(value_name = "FILE")]
    manifest: PathBuf,
    #[command(flatten)]
    connection: ConnectionOptions,
    /// Copy of the topic to look at instead, from its beginning
    #[arg(short, long, value_name = "TOPIC")]
    topic: Option<String>,
    #[command(flatten)]
    target: TargetOptions,
    /// Add the verdict to the certificate that `replay --certificate FILE` wrote with the manifest
    #[arg(long, value_name = "FILE.html|FILE.json")]
    certificate: Option<PathBuf>,
}

impl VerifyOptions {
    pub(crate) fn run(self, voice: Voice) -> Result<Exit, Error> {
        if let Some(certificate) = self.certificate.as_ref().filter(|path| !is_certificate(path)) {
            let what = format!("`{}` ends in neither .html nor .json", certificate.display());
            return Err(Error::misuse(phrase![@"certificate"], what, "name the one of the run"));
        }
        // Before signals are listened for: a pipe that nobody writes to is waited for.
        let manifest = manifest_at(&self.manifest)?;
        let signals = Signals::listen();
        let run = Verification { manifest, connection: self.connection.connection(), topic: self.topic };
        let run_id = run.manifest.run;
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let looked_at = Arc::new(AtomicU64::new(0));
        let watching = watch(voice, &looked_at, &clock);
        let verdict = match self.target.table(&run)? {
            Some(table) => table.run(&clock, &signals.stop, &looked_at)?,
            None => run.run(&clock, &signals.stop, &looked_at)?,
        };
        drop(watching);
        let Some(verdict) = verdict else { return Ok(Exit::Interrupted) };
        if voice.json {
            print_json(&verdict, false)?;
        } else if !voice.quiet {
            shown(&verdict).iter().try_for_each(|line| print_plain_line(line))?;
        }
        if let Some(certificate) = &self.certificate {
            judged(certificate, run_id, &verdict, &*clock)?;
        }
        Ok(if verdict.sound { Exit::Done } else { Exit::Failed })
    }
}

fn watch(voice: Voice, looked_at: &Arc<AtomicU64>, clock: &Arc<dyn Clock>) -> Watching {
    let (looked_at, mut rate) = (Arc::clone(looked_at), Rate::new(Arc::clone(clock)));
    Watching::start(voice, move || {
        let looked_at = looked_at.load(Ordering::Relaxed);
        format!("{} looked at · {:.0}/s", count(looked_at), rate.since(looked_at))
    })
}

/// A verdict in words, a line each.
fn shown(verdict: &Verdict) -> Vec<String> {
    let findings = &verdict.findings;
    let sent = findings.sent.map_or_else(|| "an unknown number".to_owned(), count);
    let mut lines = vec![format!(
        "{}: {sent} sent, {} found, {} lost, {} doubled, {} reordered, {} corrupted, {} unexpected, {} late",
        verdict.place,
        count(findings.found),
        count(findings.lost.records),
        count(findings.doubled.records),
        count(findings.reordered.records),
        count(findings.corrupted.records),
        count(findings.unexpected.records),
        count(findings.late.records),
    )];
    for (kind, finding) in verdict.kinds() {
        lines.extend(examples(kind, finding));
    }
    for lane in &findings.resealed {
        lines.push(format!("lane {lane}: each seal holds, but together they are not those of the run"));
    }
    if findings.others > 0 {
        lines.push(format!("records of other sealed runs beside them: {}", count(findings.others)));
    }
    lines.extend(verdict.notes.iter().cloned());
    lines.push(if verdict.sound { "sound".into() } else { "not sound".into() });
    lines
}

fn examples(kind: &str, finding: &Finding) -> Option<String> {
    if finding.records == 0 {
        return None;
    }
    let mut shown: Vec<String> = finding.examples.iter().map(Example::to_string).collect();
    if finding.records > shown.len() as u64 {
        shown.push("…".into());
    }
    Some(format!("{} {kind}: {}", count(finding.records), shown.join(", ")))
}
