//! What a certificate says.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::units::count;

/// The form that is written and read here.
pub(crate) const FORMAT: u32 = 1;

/// The certificate of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Certificate {
    /// The form: 1.
    pub format: u32,
    /// The version of kadence that made the run.
    pub kadence: String,
    /// The Kafka client that sent, with its version; empty where there was none.
    #[serde(default)]
    pub client: String,
    /// What it was made on.
    pub machine: Machine,
    /// The run's number as 16 hexadecimal digits; null where it was not sealed.
    #[serde(default)]
    pub run: Option<String>,
    /// When it began, in RFC 3339.
    pub started: String,
    /// When it ended.
    pub ended: String,
    /// The command line, without secrets.
    pub command: Vec<String>,
    /// How it was paced, in words.
    pub pace: String,
    /// What was read.
    #[serde(default)]
    pub sources: Vec<Source>,
    /// The cluster; empty where there was none.
    #[serde(default)]
    pub brokers: String,
    /// What was written to.
    #[serde(default)]
    pub topics: Vec<Topic>,
    /// The numbers, as the report of the run has them.
    pub report: Report,
    /// How many records left how late; empty where none had a time to leave.
    #[serde(default)]
    pub lateness: Vec<Bucket>,
    /// How many were acknowledged how late.
    #[serde(default)]
    pub arrival_lateness: Vec<Bucket>,
    /// How it went over its length.
    #[serde(default)]
    pub timeline: Vec<Slice>,
    /// What was promised.
    #[serde(default)]
    pub promises: Vec<Promise>,
    /// What was found when somebody looked; null before.
    #[serde(default)]
    pub verdict: Option<Verdict>,
}

/// A machine.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    /// The system and its version.
    pub system: String,
    /// The kind of processor.
    pub architecture: String,
    /// The processor's name, where it is known.
    #[serde(default)]
    pub processor: Option<String>,
    /// How many of them a process may use.
    pub processors: u32,
}

/// A recording that was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// Its name, as typed.
    pub name: String,
    /// How many bytes were read of it.
    #[serde(default)]
    pub bytes: Option<u64>,
    /// The SHA-256 of these bytes in hexadecimal.
    #[serde(default)]
    pub sha256: Option<String>,
}

/// A topic that was written to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Topic {
    /// Its name.
    pub name: String,
    /// Records by partition: those that were acknowledged, or sent where nobody was asked.
    #[serde(default)]
    pub partitions: BTreeMap<i32, u64>,
}

/// The numbers of a run; each is what the report calls so.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Report {
    /// Records that were handed over.
    pub accepted: u64,
    /// Records that were acknowledged; null where nobody was asked.
    pub acknowledged: Option<u64>,
    /// Bytes of keys and bodies.
    pub bytes: u64,
    /// Records that were given up.
    pub failed: u64,
    /// Whether somebody stopped the run.
    pub interrupted: bool,
    /// How long it took, in seconds.
    pub elapsed_s: f64,
    /// How long it was to take, in seconds; null where it had no pace.
    pub ideal_s: Option<f64>,
    /// How much lateness grew, in percent of that length.
    pub skew_percent: Option<f64>,
    /// Hand-over minus due, in microseconds.
    pub lateness_us: Option<Percentiles>,
    /// Acknowledged minus due, in microseconds.
    pub arrival_lateness_us: Option<Percentiles>,
    /// Records later than the tolerance.
    pub missed: Option<u64>,
    /// How often something was sent again.
    pub retries: Option<u64>,
    /// What cut it short.
    pub error: Option<String>,
}

/// Percentiles, in microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Percentiles {
    pub p50: f64,
    pub p90: f64,
    pub p99: f64,
    pub p999: f64,
    pub max: f64,
}

/// Records up to a bound, and beyond the one before.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bucket {
    /// The bound, in microseconds.
    pub to_us: f64,
    /// How many there are.
    pub records: u64,
}

/// A stretch of a run.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Slice {
    /// Where it begins, in seconds after the start.
    pub from_s: f64,
    /// Where it ends.
    pub to_s: f64,
    /// Records that were due in it.
    pub planned: u64,
    /// Records that left in it.
    pub sent: u64,
    /// The mean lateness of these, in microseconds.
    pub mean_us: f64,
    /// The greatest.
    pub max_us: f64,
}

/// What was promised, and whether it was kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Promise {
    /// A sentence.
    pub promise: String,
    /// Whether it was kept; null where nobody knows.
    #[serde(default)]
    pub kept: Option<bool>,
    /// What was found.
    pub found: String,
}

/// What was found where the records were to be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// When somebody looked last, in RFC 3339.
    pub at: String,
    /// Whether nothing is the matter in any place.
    pub sound: bool,
    /// Where it was looked.
    pub places: Vec<PlaceVerdict>,
}

/// What was found in one place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlaceVerdict {
    /// The topic or the table.
    pub place: String,
    /// Whether nothing is the matter there.
    pub sound: bool,
    /// Records that are to be there; null where nobody knows.
    #[serde(default)]
    pub sent: Option<u64>,
    /// Records that are there, each counted once.
    pub found: u64,
    /// What is the matter.
    #[serde(default)]
    pub faults: Vec<Fault>,
    /// What is the matter with the place as a whole.
    #[serde(default)]
    pub notes: Vec<String>,
}

/// Records of which one thing is the matter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// What, in a word: lost, doubled.
    pub kind: String,
    /// How many.
    pub records: u64,
    /// The first of them.
    #[serde(default)]
    pub examples: Vec<String>,
}

impl PlaceVerdict {
    /// What is the matter, in short; empty where nothing is.
    pub fn reasons(&self) -> String {
        if self.sound {
            return String::new();
        }
        // That some left late is nothing that is the matter with the place.
        let faults = self.faults.iter().filter(|fault| fault.kind != "late");
        let mut reasons: Vec<String> =
            faults.map(|fault| format!("{} {}", count(fault.records), fault.kind)).collect();
        reasons.extend(self.notes.iter().cloned());
        reasons.join("; ")
    }
}

impl Certificate {
    /// Adds what was found in a place, instead of what was found there before.
    pub fn add(&mut self, at: String, place: PlaceVerdict) {
        let mut places = self.verdict.take().map_or_else(Vec::new, |verdict| verdict.places);
        match places.iter_mut().find(|before| before.place == place.place) {
            Some(before) => *before = place,
            None => places.push(place),
        }
        self.verdict = Some(Verdict { at, sound: places.iter().all(|place| place.sound), places });
    }
}
