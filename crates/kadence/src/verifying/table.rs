//! A sealed run held against the rows of a table.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use kadence_core::clock::{Clock, Stop};
use kadence_core::fault::Fault;
use kadence_core::feed::Partition;
use kadence_core::phrase;
use kadence_core::record::Record;
use kadence_core::seal::{Audit, Latest, Manifest, Place};
use kadence_store::{KeyReader, Keyed, LandingOptions, Lineage};

use super::{Verdict, Verification, start_of};
use crate::fault::Error;
use crate::wiring;

/// A table that is to be verified.
#[derive(Clone)]
pub struct TableVerification {
    /// What was sent, and where its topic is: a table with a row per key is compared with that.
    pub run: Verification,
    /// The database's URL.
    pub target: String,
    /// The password, where it is not in the URL.
    pub password: Option<String>,
    /// The table; the topic's name without it.
    pub table: Option<String>,
    /// How an upserted table was landed, whose rows took the places of others; `None` where each record has a row of
    /// its own.
    pub upserted: Option<LandingOptions>,
}

impl TableVerification {
    /// Reads the table, and counts in `looked_at`; `None` if it was stopped.
    pub fn run(
        &self,
        clock: &Arc<dyn Clock>,
        stop: &Arc<Stop>,
        looked_at: &AtomicU64,
    ) -> Result<Option<Verdict>, Error> {
        let began = clock.now();
        let manifest = &self.run.manifest;
        let topics = self.run.topics()?;
        let table = self.table()?;
        let options = LandingOptions { name: "-".into(), table: table.clone(), ..LandingOptions::default() };
        let mut store = wiring::store(&self.target, self.password.as_deref(), options, |_| {})
            .map_err(|faults| Error::from(faults.into_iter().map(at_target).collect::<Vec<_>>()))?;
        store.look_only();
        let share = if self.upserted.is_some() { ", the last of each key" } else { "" };
        let place = format!("table {table} in {}{share}", store.place());
        // First, so that a table that is not there is told before a topic is read.
        store.connect().map_err(|error| Error::from(*error.fault))?;
        let mut notes = Vec::new();
        let latest = match &self.upserted {
            Some(options) => match self.latest(options, clock, stop, &mut notes, looked_at)? {
                Some(latest) => Some(latest),
                None => return Ok(None),
            },
            None => None,
        };
        let (latest, emptied) = latest.unzip();
        let mut audit = Audit::of_table(manifest, latest);
        audit.note_emptied(emptied.unwrap_or_default());
        looked_at.store(0, Ordering::Relaxed);
        let read = store.lineage(&table, &mut |row| {
            looked_at.fetch_add(1, Ordering::Relaxed);
            if let Some(place) = self.place_of(manifest, &topics, row) {
                audit.look_at_row(place, row.seal);
            }
            !stop.is_raised()
        });
        read.map_err(|error| Error::from(*error.fault))?;
        if stop.is_raised() {
            return Ok(None);
        }
        let verdict = Verdict::new(place, manifest, audit.finish(), notes);
        Ok(Some(verdict.after(clock.now().saturating_sub(began))))
    }

    fn table(&self) -> Result<String, Error> {
        let template = self.table.as_deref().unwrap_or("{topic}");
        let topics = self.run.topics()?;
        match &topics[..] {
            [topic] => Ok(template.replace("{topic}", topic)),
            _ if !template.contains("{topic}") => Ok(template.to_owned()),
            _ => {
                let what = "the run wrote to several topics";
                Err(Fault::new(phrase![@"table"], what).help("name one table").misuse().into())
            }
        }
    }

    /// The place of a row, if it is of this run, was written since that began, or says nothing of where it came from.
    fn place_of(&self, manifest: &Manifest, topics: &[String], row: &Lineage<'_>) -> Option<Place> {
        let is_of_run = row.seal.is_some_and(|seal| seal.run == manifest.run);
        if row.topic.is_empty() && (is_of_run || row.seal.is_none()) {
            return Some(Place { topic: 0, partition: row.partition, offset: row.offset });
        }
        let topic = topics.iter().position(|topic| topic == row.topic)?;
        let start =
            if self.run.topic.is_some() { None } else { start_of(&manifest.topics[topic], row.partition) };
        let is_since = start.is_none_or(|start| row.offset >= start);
        let place = Place { topic: topic as u32, partition: row.partition, offset: row.offset };
        (is_of_run || is_since).then_some(place)
    }

    /// The last record of each key, as the topic has it.
    fn latest(
        &self,
        options: &LandingOptions,
        clock: &Arc<dyn Clock>,
        stop: &Arc<Stop>,
        notes: &mut Vec<String>,
        looked_at: &AtomicU64,
    ) -> Result<Option<(Latest, u64)>, Error> {
        let mut keys = KeyReader::new(options.clone())?;
        let mut latest = Latest::new(self.run.manifest.run);
        let mut audit = Audit::new(&self.run.manifest);
        let look = |place, partition: &Partition, record: &Record<'_>| {
            audit.look(place, record);
            match keys.read(partition, record) {
                Keyed::Put(key) => latest.note(key.as_bytes(), record),
                Keyed::Delete(key) => latest.forget(key.as_bytes()),
                Keyed::Rejected => latest.note_rowless(record),
                Keyed::Nothing => {}
            }
        };
        let Some(looked) = self.run.read(clock, stop, notes, looked_at, look)? else { return Ok(None) };
        audit.note_emptied(looked.emptied);
        let topic = Verdict::new(String::new(), &self.run.manifest, audit.finish(), Vec::new());
        let faults = topic.faults();
        if !faults.is_empty() {
            notes.push(format!(
                "of the topic, which tells what the last record of each key is: {}",
                faults.join(", ")
            ));
        }
        Ok(Some((latest, looked.emptied)))
    }
}

/// The option is called otherwise here.
fn at_target(mut fault: Fault) -> Fault {
    if fault.place == phrase![@"into"] {
        fault.place = phrase![@"target"];
    }
    fault
}
