//! A sealed run held against what its topic has of it.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use kadence_core::clock::{Clock, Stop};
use kadence_core::fault::Fault;
use kadence_core::feed::{Event, Feed as _, Partition};
use kadence_core::phrase;
use kadence_core::seal::{Audit, Findings, Manifest, Place, SealedTopic};
use kadence_kafka::{Connection, ReaderOptions, StopAt, TopicFeed};
use serde::Serialize;

use crate::fault::Error;

/// How long one wait for records lasts before a stop request is looked for.
const PATIENCE: Duration = Duration::from_millis(100);

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

/// What a verification comes to.
#[derive(Clone, Debug, Serialize)]
pub struct Verdict {
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

/// Where the log of a topic begins and ends behind what the manifest says of it.
struct Range {
    partition: Partition,
    from: i64,
    until: i64,
}

impl Verification {
    /// Reads the topic to its end; `None` if it was stopped.
    pub fn run(&self, clock: &Arc<dyn Clock>, stop: &Arc<Stop>) -> Result<Option<Verdict>, Error> {
        let began = clock.now();
        let Some(mut feed) = self.open(clock, stop)? else { return Ok(None) };
        let Some(partitions) = given(&mut feed, stop)? else { return Ok(None) };
        let mut notes = Vec::new();
        let ranges = self.ranges(&mut feed, partitions, &mut notes)?;
        let mut audit = Audit::new(&self.manifest);
        if !read(&mut feed, &ranges, &mut audit, stop)? {
            return Ok(None);
        }
        let findings = audit.finish();
        let complete = self.manifest.complete;
        if !complete {
            notes.push("the run was cut before it could say how much it sent".into());
        }
        let sound = findings.is_sound() && complete && notes.is_empty();
        let elapsed_s = clock.now().saturating_sub(began).as_secs_f64();
        Ok(Some(Verdict { sound, complete, notes, findings, elapsed_s }))
    }

    fn open(&self, clock: &Arc<dyn Clock>, stop: &Arc<Stop>) -> Result<Option<TopicFeed>, Error> {
        let named = self.manifest.topics.iter().map(|topic| topic.name.clone());
        let topics = match &self.topic {
            Some(topic) if self.manifest.topics.len() == 1 => vec![topic.clone()],
            Some(_) => {
                let what = "the run wrote to several topics";
                return Err(Fault::new(phrase![@"topic"], what).help("leave it out").misuse().into());
            }
            None => named.collect(),
        };
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
                notes.push(format!("topic {} was deleted and made anew after the run", partition.topic));
            }
            let start = of_run.filter(|_| !is_anew).and_then(|of_run| start_of(of_run, partition.index));
            let from = start.unwrap_or(span.start);
            if from < span.start {
                notes.push(format!(
                    "{partition}: retention has taken offsets {from} to {}, of which nothing can be said",
                    span.start - 1
                ));
            }
            ranges.push(Range { partition, from: from.max(span.start), until: span.end });
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

/// Reads all; `false` if it was stopped.
fn read(feed: &mut TopicFeed, ranges: &[Range], audit: &mut Audit, stop: &Stop) -> Result<bool, Error> {
    let starts: Vec<(Partition, i64)> = ranges
        .iter()
        .filter(|range| range.from < range.until)
        .map(|range| (range.partition.clone(), range.from))
        .collect();
    if starts.is_empty() {
        return Ok(true);
    }
    feed.begin(&starts)?;
    loop {
        if stop.is_raised() {
            return Ok(false);
        }
        match feed.next(PATIENCE)? {
            Event::Records(run) => {
                for record in run.records() {
                    let facts = record.facts;
                    let place = Place {
                        topic: facts.lane,
                        partition: facts.partition.unwrap_or_default(),
                        offset: facts.sequence as i64,
                    };
                    audit.look(place, &record);
                }
            }
            Event::Finished => return Ok(true),
            _ => {}
        }
    }
}
