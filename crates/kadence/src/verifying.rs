//! A sealed run held against what its topic has of it, or a table into which it was landed.

mod table;

use std::collections::{BTreeSet, HashMap};
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use kadence_core::clock::{Clock, Stop};
use kadence_core::fault::{Explain as _, Fault};
use kadence_core::feed::{Event, Feed as _, Partition};
use kadence_core::phrase;
use kadence_core::record::Record;
use kadence_core::seal::{Audit, Finding, Findings, Manifest, Place, SealedTopic};
use kadence_kafka::{Connection, ReaderOptions, StopAt, TopicFeed};
use serde::Serialize;

pub use self::table::TableVerification;
use crate::fault::Error;
use crate::output::count;

/// How long one wait for records lasts before a stop request is looked for.
const PATIENCE: Duration = Duration::from_millis(100);
/// After so long without a record the cluster is asked whether it is still there.
const SILENCE: Duration = Duration::from_secs(10);

/// What is to be verified, and where.
#[derive(Clone, Debug)]
pub struct Verification {
    /// What was sent.
    pub manifest: Manifest,
    /// The cluster.
    pub connection: Connection,
    /// A copy of the topic, in the place of the one that was written to.
    pub topic: Option<String>,
}

/// Reads the manifest that a run left in a file.
pub(crate) fn manifest_at(path: &Path) -> Result<Manifest, Error> {
    let name = path.display().to_string();
    let read =
        if path == Path::new("-") { io::read_to_string(io::stdin()) } else { std::fs::read_to_string(path) };
    let text = read.map_err(|error| Error::met(name.clone(), format!("cannot be read ({error})"), ""))?;
    Manifest::parse(&text).map_err(|error| Fault { place: name.into(), ..error.explain() }.into())
}

/// What a verification comes to.
#[derive(Clone, Debug, Serialize)]
pub struct Verdict {
    /// What was looked at.
    pub place: String,
    /// Whether all that was sent is there, once, in its order and as it was, and nothing else.
    pub sound: bool,
    /// Whether the run could say at its end how much it sent.
    pub complete: bool,
    /// What is the matter with the topic as a whole, a line each.
    pub notes: Vec<String>,
    /// What was found.
    #[serde(flatten)]
    pub findings: Findings,
    /// How long it took, in seconds.
    pub elapsed_s: f64,
}

impl Verdict {
    fn new(place: String, manifest: &Manifest, findings: Findings, mut notes: Vec<String>) -> Self {
        let complete = manifest.complete;
        if !complete {
            notes.push("the run has not said how much it sent: it was cut, or is still under way".into());
        }
        let open = findings.unconfirmed.records;
        if complete && open > 0 {
            notes.push(format!(
                "{} not there and not confirmed by the cluster during the run",
                records_are(open)
            ));
        }
        if let Some(error) = &manifest.error {
            notes.push(format!("the run failed: {error}"));
        }
        let sound = findings.is_sound() && complete && notes.is_empty();
        Self { place, sound, complete, notes, findings, elapsed_s: 0.0 }
    }

    /// What can be found, by its name.
    pub(crate) fn kinds(&self) -> [(&'static str, &Finding); 8] {
        let findings = &self.findings;
        [
            ("lost", &findings.lost),
            ("doubled", &findings.doubled),
            ("reordered", &findings.reordered),
            ("corrupted", &findings.corrupted),
            ("unexpected", &findings.unexpected),
            ("late", &findings.late),
            ("not confirmed", &findings.unconfirmed),
            ("taken by retention", &findings.expired),
        ]
    }

    /// What is the matter with records, a few words each. That some left late is no fault of the place.
    pub(crate) fn faults(&self) -> Vec<String> {
        let faults = self.kinds().into_iter().filter(|(kind, found)| *kind != "late" && found.records > 0);
        faults.map(|(kind, found)| format!("{} {kind}", count(found.records))).collect()
    }

    fn after(self, elapsed: Duration) -> Self {
        Self { elapsed_s: elapsed.as_secs_f64(), ..self }
    }
}

/// Where a partition is read from.
struct Range {
    partition: Partition,
    from: i64,
    /// Where the partition ends.
    to: i64,
    /// Offsets before that which retention has emptied.
    emptied: u64,
}

/// What is read, and how far retention has come.
struct Looked {
    topics: Vec<String>,
    emptied: u64,
    /// Offsets at which nobody is shown a record.
    holes: u64,
}

impl Verification {
    /// Reads the topic to its end, and counts in `looked_at`; `None` if it was stopped.
    pub fn run(
        &self,
        clock: &Arc<dyn Clock>,
        stop: &Arc<Stop>,
        looked_at: &AtomicU64,
    ) -> Result<Option<Verdict>, Error> {
        let began = clock.now();
        let mut audit = Audit::new(&self.manifest);
        let mut notes = Vec::new();
        let look = |place, _: &Partition, record: &Record<'_>| audit.look(place, record);
        let Some(looked) = self.read(clock, stop, &mut notes, looked_at, look)? else { return Ok(None) };
        audit.note_emptied(looked.emptied);
        let place = format!("topic {} at {}", looked.topics.join(", "), self.connection.addresses());
        let findings = audit.finish();
        if findings.lost.records > 0 && looked.holes > 0 {
            notes.push(format!(
                "at {} offsets no record is shown: markers, transactions that are open or were aborted, or what \
                 compaction took",
                count(looked.holes)
            ));
        }
        let verdict = Verdict::new(place, &self.manifest, findings, notes);
        Ok(Some(verdict.after(clock.now().saturating_sub(began))))
    }

    /// Gives each record that was written since the run began to `look`; what is the matter with the topic goes to
    /// `notes`. Gives `None` if it was stopped.
    fn read(
        &self,
        clock: &Arc<dyn Clock>,
        stop: &Arc<Stop>,
        notes: &mut Vec<String>,
        looked_at: &AtomicU64,
        look: impl FnMut(Place, &Partition, &Record<'_>),
    ) -> Result<Option<Looked>, Error> {
        let topics = self.topics()?;
        let Some(mut feed) = self.open(topics.clone(), clock, stop)? else { return Ok(None) };
        let Some(partitions) = given(&mut feed, stop)? else { return Ok(None) };
        let ranges = self.ranges(&mut feed, partitions, notes)?;
        let emptied = ranges.iter().map(|range| range.emptied).sum();
        let offsets: i64 = ranges.iter().map(|range| range.to - range.from).sum();
        let found = read(&mut feed, &ranges, clock, stop, looked_at, look)?;
        Ok(found.map(|found| Looked { topics, emptied, holes: offsets.unsigned_abs().saturating_sub(found) }))
    }

    /// The topics that are read.
    fn topics(&self) -> Result<Vec<String>, Error> {
        let named = self.manifest.topics.iter().map(|topic| topic.name.clone());
        match &self.topic {
            // It would stand for several topics.
            Some(pattern) if pattern.starts_with('^') => {
                let what = format!("`{pattern}` is a pattern, and one topic is looked at");
                Err(Fault::new(phrase![@"topic"], what).help("name it").misuse().into())
            }
            Some(topic) if self.manifest.topics.len() == 1 => Ok(vec![topic.clone()]),
            Some(_) => {
                let what = "the run wrote to several topics";
                Err(Fault::new(phrase![@"topic"], what).help("leave it out").misuse().into())
            }
            None => Ok(named.collect()),
        }
    }

    fn open(
        &self,
        topics: Vec<String>,
        clock: &Arc<dyn Clock>,
        stop: &Arc<Stop>,
    ) -> Result<Option<TopicFeed>, Error> {
        let options = ReaderOptions {
            connection: self.connection.clone(),
            topics,
            until: StopAt::End,
            ..ReaderOptions::default()
        };
        Ok(TopicFeed::open(&options, Arc::clone(clock), Arc::clone(stop), |_| {})?)
    }

    /// Where to read.
    fn ranges(
        &self,
        feed: &mut TopicFeed,
        partitions: Vec<Partition>,
        notes: &mut Vec<String>,
    ) -> Result<Vec<Range>, Error> {
        let mut ranges = Vec::with_capacity(partitions.len());
        let mut anew = BTreeSet::new();
        for partition in partitions {
            let span = feed.span(&partition)?;
            let of_run = self.manifest.topics.iter().find(|topic| *topic.name == *partition.topic);
            let of_run = of_run.filter(|_| self.topic.is_none());
            let is_anew = of_run.is_some_and(|of_run| is_anew(of_run, &partition, span.end));
            if is_anew && anew.insert(partition.topic.clone()) {
                let topic = &partition.topic;
                notes.push(format!(
                    "topic {topic} is another than the one that was written to: it was deleted and made anew, or it \
                     is a copy on another cluster, which --topic {topic} says"
                ));
            }
            let start = of_run.filter(|_| !is_anew).and_then(|of_run| start_of(of_run, partition.index));
            // Where a copy had its first record, nobody knows.
            let from = start.unwrap_or(if self.topic.is_some() { 0 } else { span.start });
            if from < span.start && self.topic.is_none() {
                notes.push(format!(
                    "{partition}: retention has taken offsets {from} to {}, of which nothing can be said",
                    span.start - 1
                ));
            }
            let emptied = span.start.saturating_sub(from).max(0).unsigned_abs();
            let (from, to) = (from.clamp(span.start, span.end), span.end);
            ranges.push(Range { partition, from, to, emptied });
        }
        Ok(ranges)
    }
}

fn is_anew(of_run: &SealedTopic, partition: &Partition, end: i64) -> bool {
    let id = partition.id.map(|id| kadence_kafka::topic_id_text(&id));
    let has_another_id = matches!((&of_run.id, &id), (Some(before), Some(now)) if before != now);
    has_another_id || start_of(of_run, partition.index).is_some_and(|start| end < start)
}

fn start_of(topic: &SealedTopic, partition: i32) -> Option<i64> {
    topic.start.iter().find(|start| start.partition == partition).map(|start| start.offset)
}

/// The partitions that there are; `None` if it was stopped.
fn given(feed: &mut TopicFeed, stop: &Stop) -> Result<Option<Vec<Partition>>, Error> {
    while !stop.is_raised() {
        match feed.next(PATIENCE)? {
            Event::Given(partitions) => return Ok(Some(partitions)),
            Event::Finished => return Ok(Some(Vec::new())),
            _ => {}
        }
    }
    Ok(None)
}

/// Reads all, and says how many records there were; `None` if it was stopped.
fn read(
    feed: &mut TopicFeed,
    ranges: &[Range],
    clock: &Arc<dyn Clock>,
    stop: &Stop,
    looked_at: &AtomicU64,
    mut look: impl FnMut(Place, &Partition, &Record<'_>),
) -> Result<Option<u64>, Error> {
    // Also what is empty: the feed is finished once all partitions are.
    let starts: Vec<(Partition, i64)> =
        ranges.iter().map(|range| (range.partition.clone(), range.from)).collect();
    if starts.is_empty() {
        return Ok(Some(0));
    }
    feed.begin(&starts)?;
    let topics: Vec<Arc<str>> = feed.topics().to_vec();
    let seat = |partition: &Partition| {
        let lane = topics.iter().position(|topic| *topic == partition.topic)?;
        Some((lane as u32, partition.index))
    };
    let partitions: HashMap<(u32, i32), &Partition> =
        starts.iter().filter_map(|(partition, _)| Some((seat(partition)?, partition))).collect();
    let mut current: Option<((u32, i32), &Partition)> = None;
    let mut heard = clock.now();
    let mut found = 0;
    loop {
        if stop.is_raised() {
            return Ok(None);
        }
        match feed.next(PATIENCE)? {
            Event::Records(run) => {
                heard = clock.now();
                found += run.len() as u64;
                looked_at.fetch_add(run.len() as u64, Ordering::Relaxed);
                for record in run.records() {
                    let Record { facts, .. } = record;
                    let seat = (facts.lane, facts.partition.unwrap_or_default());
                    if current.is_none_or(|(before, _)| before != seat) {
                        current = partitions.get(&seat).map(|partition| (seat, *partition));
                    }
                    let Some((_, partition)) = current else { continue };
                    let place = Place { topic: seat.0, partition: seat.1, offset: facts.sequence as i64 };
                    look(place, partition, &record);
                }
            }
            Event::Finished => return Ok(Some(found)),
            _ if clock.now().saturating_sub(heard) > SILENCE => {
                // A cluster that is gone says nothing; one that is asked and does not answer is a fault.
                feed.span(&starts[0].0)?;
                heard = clock.now();
            }
            _ => {}
        }
    }
}

fn records_are(records: u64) -> String {
    if records == 1 { "1 record is".into() } else { format!("{} records are", count(records)) }
}
