//! The manifest of a sealed run: what was sent, as a file says it.

use serde::{Deserialize, Serialize};

use super::sealed::Sealed;
use super::{RunId, hex};
use crate::fault::{Explain, Fault};
use crate::phrase;
use crate::report::Percentiles;

/// The form of the manifest that is written and read here.
pub(super) const FORMAT: u32 = 1;

/// What is known of a sealed run. It is written before the first record, when it is not complete, and again at the end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// The form of this manifest: 1.
    pub format: u32,
    /// The run.
    pub run: RunId,
    /// Whether the numbers are those of the end; a run that was killed leaves a manifest that is not.
    pub complete: bool,
    /// Whether somebody stopped the run before its end.
    #[serde(default)]
    pub interrupted: bool,
    /// What cut the run short; null where nothing did.
    #[serde(default)]
    pub error: Option<String>,
    /// The version that made it.
    pub version: String,
    /// The command line, without secrets.
    pub command: Vec<String>,
    /// When it began, in RFC 3339.
    pub started: String,
    /// When it ended.
    #[serde(default)]
    pub ended: Option<String>,
    /// What was read, by lane.
    pub sources: Vec<SealedSource>,
    /// What was written to.
    pub topics: Vec<SealedTopic>,
    /// What was sealed; empty until the end.
    pub lanes: Vec<SealedLane>,
    /// How the run was paced, in words.
    pub pace: String,
    /// Records that the client took.
    #[serde(default)]
    pub accepted: u64,
    /// Records that the cluster acknowledged.
    #[serde(default)]
    pub acknowledged: u64,
    /// When the last record was due, in seconds after the first; null where nothing was paced.
    #[serde(default)]
    pub ideal_s: Option<f64>,
    /// How long it took, in seconds.
    #[serde(default)]
    pub elapsed_s: f64,
    /// How much lateness grew over the run, in percent of its ideal length.
    #[serde(default)]
    pub skew_percent: Option<f64>,
    /// Hand-over minus due, in microseconds.
    #[serde(default)]
    pub lateness_us: Option<Percentiles>,
    /// Acknowledged minus due, in microseconds.
    #[serde(default)]
    pub arrival_lateness_us: Option<Percentiles>,
    /// Records that left too late; null where nothing was paced.
    #[serde(default)]
    pub late: Option<Late>,
}

/// A recording that was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedSource {
    /// Its name, as typed.
    pub name: String,
    /// How many bytes were read of it; null until the end.
    #[serde(default)]
    pub bytes: Option<u64>,
    /// The SHA-256 of these bytes in hexadecimal; null until the end.
    #[serde(default)]
    pub sha256: Option<String>,
}

/// A topic that was written to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedTopic {
    /// Its name.
    pub name: String,
    /// Its id; null where the cluster has none to tell.
    #[serde(default)]
    pub id: Option<String>,
    /// Where its partitions ended before the first record.
    pub start: Vec<StartOffset>,
}

/// Where a partition ended before the first record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StartOffset {
    /// The partition.
    pub partition: i32,
    /// The offset that its next record would have got.
    pub offset: i64,
}

/// What was sealed of a lane.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedLane {
    /// The lane.
    pub lane: u32,
    /// How many records the client took.
    pub records: u64,
    /// How many of them are tombstones.
    #[serde(default)]
    pub tombstones: u64,
    /// The first sequence; null without records.
    pub first: Option<u64>,
    /// The last one.
    pub last: Option<u64>,
    /// The sum of each checksum times one more than twice its sequence, modulo 2^64, in hexadecimal.
    #[serde(with = "digest")]
    pub digest: u64,
}

/// Records that left too late.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Late {
    /// What was allowed, in microseconds.
    pub tolerance_us: u64,
    /// How many left later than that.
    pub records: u64,
    /// The first few of them.
    pub examples: Vec<LateExample>,
}

/// A record that left too late.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LateExample {
    /// Its lane.
    pub lane: u32,
    /// Its sequence.
    pub sequence: u64,
    /// How late it left, in microseconds.
    pub late_us: u64,
}

impl SealedLane {
    /// Tells what was sealed of a lane.
    pub fn new(lane: u32, sealed: &Sealed) -> Self {
        let (first, last) = sealed.range.unzip();
        let Sealed { records, tombstones, digest, .. } = *sealed;
        Self { lane, records, tombstones, first, last, digest }
    }
}

/// Why a text is no manifest.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ManifestError {
    /// It is no JSON of this form.
    #[error("{}", self.explain())]
    Unreadable(serde_json::Error),
    /// It is of another form.
    #[error("{}", self.explain())]
    Format(u32),
    /// Its numbers contradict each other.
    #[error("{}", self.explain())]
    Contradiction(String),
}

impl Explain for ManifestError {
    fn explain(&self) -> Fault {
        let help = phrase!["name the file that ", @"seal", " wrote"];
        match self {
            Self::Unreadable(error) => {
                Fault::new("", format!("is no manifest of a sealed run ({error})")).help(help)
            }
            Self::Format(found) => {
                let what = format!("is a manifest of form {found}, and only {FORMAT} is known here");
                Fault::new("", what).help("use the kadence that wrote it, or a later one")
            }
            Self::Contradiction(what) => Fault::new("", what.clone()).help(help),
        }
    }
}

impl Manifest {
    /// The manifest of a run that begins: not complete.
    pub fn begun(run: RunId, command: Vec<String>, pace: String, started: String) -> Self {
        Self {
            format: FORMAT,
            run,
            complete: false,
            interrupted: false,
            error: None,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            command,
            started,
            ended: None,
            sources: Vec::new(),
            topics: Vec::new(),
            lanes: Vec::new(),
            pace,
            accepted: 0,
            acknowledged: 0,
            ideal_s: None,
            elapsed_s: 0.0,
            skew_percent: None,
            lateness_us: None,
            arrival_lateness_us: None,
            late: None,
        }
    }

    /// Reads a manifest.
    pub fn parse(text: &str) -> Result<Self, ManifestError> {
        #[derive(Deserialize)]
        struct Form {
            format: u32,
        }
        // An editor may have put a mark of the byte order before it.
        let text = text.trim_start_matches('\u{feff}');
        let Form { format } = serde_json::from_str(text).map_err(ManifestError::Unreadable)?;
        if format != FORMAT {
            return Err(ManifestError::Format(format));
        }
        let manifest: Self = serde_json::from_str(text).map_err(ManifestError::Unreadable)?;
        manifest.check()?;
        Ok(manifest)
    }

    fn check(&self) -> Result<(), ManifestError> {
        let contradiction = |what: String| Err(ManifestError::Contradiction(what));
        if self.topics.is_empty() {
            return contradiction("names no topic".into());
        }
        for topic in &self.topics {
            let is_of_a_name = |char: char| char.is_ascii_alphanumeric() || matches!(char, '.' | '_' | '-');
            if topic.name.is_empty() || !topic.name.chars().all(is_of_a_name) {
                return contradiction(format!("names a topic that there cannot be ({:?})", topic.name));
            }
            let mut partitions: Vec<i32> = topic.start.iter().map(|start| start.partition).collect();
            partitions.sort_unstable();
            let is_twice = |pair: &[i32]| pair[0] == pair[1];
            let others = self.topics.iter().filter(|other| other.name == topic.name);
            if others.count() > 1 || partitions.windows(2).any(is_twice) {
                return contradiction(format!("names topic {} or a partition of it twice", topic.name));
            }
            if let Some(start) = topic.start.iter().find(|start| start.offset < 0 || start.partition < 0) {
                let StartOffset { partition, offset } = start;
                return contradiction(format!(
                    "says that partition {partition} of topic {} began at {offset}",
                    topic.name
                ));
            }
        }
        self.check_lanes()
    }

    fn check_lanes(&self) -> Result<(), ManifestError> {
        let contradiction = |what: String| Err(ManifestError::Contradiction(what));
        let mut total = 0_u64;
        for lane in &self.lanes {
            total = match total.checked_add(lane.records) {
                Some(total) => total,
                None => return contradiction("has more records than there can be".into()),
            };
            let counted = match (lane.first, lane.last) {
                (None, None) => Some(0),
                (Some(first), Some(last)) => last.checked_sub(first).and_then(|more| more.checked_add(1)),
                _ => None,
            };
            if counted != Some(lane.records) {
                let range = match (lane.first, lane.last) {
                    (Some(first), Some(last)) => format!("those from {first} to {last} are not as many"),
                    _ => "not the first and the last of them".to_owned(),
                };
                let SealedLane { lane, records, .. } = lane;
                return contradiction(format!("lane {lane} has {records} records, and {range}"));
            }
            if lane.tombstones > lane.records {
                let SealedLane { lane, records, tombstones, .. } = lane;
                return contradiction(format!(
                    "lane {lane} has {records} records, and {tombstones} tombstones"
                ));
            }
        }
        let mut lanes: Vec<u32> = self.lanes.iter().map(|lane| lane.lane).collect();
        lanes.sort_unstable();
        match lanes.windows(2).find(|pair| pair[0] == pair[1]) {
            Some(twice) => contradiction(format!("lane {} stands there twice", twice[0])),
            None => Ok(()),
        }?;
        if self.complete && self.accepted != total || self.acknowledged > self.accepted {
            let Self { accepted, acknowledged, .. } = self;
            return contradiction(format!(
                "has {total} records in its lanes, {accepted} accepted and {acknowledged} acknowledged"
            ));
        }
        Ok(())
    }

    /// Writes it as text, which ends in a line feed.
    pub fn to_text(&self) -> String {
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }
}

/// A digest is text: readers of JSON that keep numbers as doubles would round it.
mod digest {
    use serde::{Deserialize as _, Deserializer, Serializer};

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "that is what serde calls")]
    pub(super) fn serialize<S: Serializer>(digest: &u64, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{digest:016x}"))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
        let text = String::deserialize(deserializer)?;
        super::hex(&text).ok_or_else(|| serde::de::Error::custom("a digest is 16 hexadecimal digits"))
    }
}
