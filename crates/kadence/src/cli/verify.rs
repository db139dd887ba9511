//! Whether a topic has all that a sealed run sent.

use std::path::PathBuf;
use std::sync::Arc;

use kadence_core::clock::{Clock, SystemClock};
use kadence_core::seal::{Example, Finding, Manifest};

use super::Exit;
use super::connection::ConnectionOptions;
use crate::fault::Error;
use crate::output::{Voice, count, print_json, print_plain_line};
use crate::signals::Signals;
use crate::verifying::{Verdict, Verification};

/// Verify that a topic has what a sealed run sent: all of it, once, in order and unchanged
///
/// Reads the topic from where it ended when the run began, and holds each record's seal against the manifest that
/// `replay --seal FILE` wrote. Ends with 1 where something is lost, doubled, reordered, corrupted or unexpected, and
/// where the run was cut so that nobody can tell.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  kadence replay data.csv -t my-stream --seal run.seal.json
  kadence verify run.seal.json
  kadence verify run.seal.json -b other:9092 --topic copy-of-my-stream --json")]
pub(crate) struct VerifyOptions {
    /// Manifest of the run
    #[arg(value_name = "FILE")]
    manifest: PathBuf,
    #[command(flatten)]
    connection: ConnectionOptions,
    /// Copy of the topic to look at instead, from its beginning
    #[arg(short, long, value_name = "TOPIC")]
    topic: Option<String>,
}

impl VerifyOptions {
    pub(crate) fn run(self, voice: Voice) -> Result<Exit, Error> {
        let signals = Signals::listen();
        let verification = Verification {
            manifest: self.manifest()?,
            connection: self.connection.connection(),
            topic: self.topic,
        };
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let Some(verdict) = verification.run(&clock, &signals.stop)? else { return Ok(Exit::Interrupted) };
        if voice.json {
            print_json(&verdict, false)?;
        } else {
            shown(&verdict).iter().try_for_each(|line| print_plain_line(line))?;
        }
        Ok(if verdict.sound { Exit::Done } else { Exit::Failed })
    }

    fn manifest(&self) -> Result<Manifest, Error> {
        let name = self.manifest.display().to_string();
        let text = std::fs::read_to_string(&self.manifest)
            .map_err(|error| Error::met(name.clone(), format!("cannot be read ({error})"), ""))?;
        Manifest::parse(&text).map_err(|error| {
            let mut fault = kadence_core::fault::Explain::explain(&error);
            fault.place = name.into();
            fault.into()
        })
    }
}

/// A verdict in words, a line each.
fn shown(verdict: &Verdict) -> Vec<String> {
    let findings = &verdict.findings;
    let sent = findings.sent.map_or_else(|| "an unknown number".to_owned(), count);
    let mut lines = vec![format!(
        "{sent} sent, {} found, {} lost, {} doubled, {} reordered, {} corrupted, {} unexpected, {} late",
        count(findings.found),
        count(findings.lost.records),
        count(findings.doubled.records),
        count(findings.reordered.records),
        count(findings.corrupted.records),
        count(findings.unexpected.records),
        count(findings.late.records),
    )];
    for (kind, finding) in [
        ("lost", &findings.lost),
        ("doubled", &findings.doubled),
        ("reordered", &findings.reordered),
        ("corrupted", &findings.corrupted),
        ("unexpected", &findings.unexpected),
        ("not confirmed", &findings.unconfirmed),
    ] {
        lines.extend(examples(kind, finding));
    }
    for lane in &findings.resealed {
        lines.push(format!("lane {lane}: each seal holds, but together they are not those of the run"));
    }
    if findings.others > 0 {
        lines.push(format!("{} records of other sealed runs stand beside", count(findings.others)));
    }
    lines.extend(verdict.notes.iter().cloned());
    lines.push(if verdict.sound { "sound".into() } else { "not sound".into() });
    lines
}

fn examples(kind: &str, finding: &Finding) -> Option<String> {
    if finding.records == 0 {
        return None;
    }
    let shown: Vec<String> = finding.examples.iter().map(example).collect();
    let more = if finding.records > finding.examples.len() as u64 { ", …" } else { "" };
    Some(format!("{kind}: {}{more}", shown.join(", ")))
}

fn example(example: &Example) -> String {
    let place =
        example.partition.zip(example.offset).map(|(partition, offset)| format!("[{partition}] at {offset}"));
    let seal =
        example.lane.zip(example.sequence).map(|(lane, sequence)| format!("lane {lane} sequence {sequence}"));
    [place, seal].into_iter().flatten().collect::<Vec<_>>().join(" ")
}
