//! What is registered: a machine without input and output.
//!
//! A request is [decided](Registry::decide) to records for the log; what is there is what was [applied](Registry::apply).

mod check;
mod decide;
mod index;
mod read;
mod register;
mod request;
mod resolve;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use serde_json::{Map, Value};
use uuid::Uuid;

pub use check::Verdict;
pub use read::{Filter, Found};
pub use request::{Answer, Decision, Proposal, Request, VersionName};

use crate::level::Level;
use crate::mode::Mode;
use crate::record::{ConfigValue, ModeValue, Record};
use crate::schema::Schema;

/// A subject and a version.
type Spot = (Arc<str>, i32);

/// All that is registered.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Registry {
    subjects: BTreeMap<Arc<str>, Subject>,
    schemas: HashMap<i32, Held>,
    by_fingerprint: HashMap<[u8; 16], BTreeSet<i32>>,
    by_guid: HashMap<Uuid, BTreeSet<i32>>,
    /// Versions that are there and use a version.
    referrers: HashMap<Spot, BTreeSet<Spot>>,
    /// By subject; `None` for all.
    levels: HashMap<Option<String>, ConfigValue>,
    modes: HashMap<Option<String>, ModeValue>,
    /// The greatest id that was ever met.
    last_id: i32,
}

#[derive(Clone, Debug, Default, PartialEq)]
struct Subject {
    versions: BTreeMap<i32, Version>,
    by_fingerprint: HashMap<[u8; 16], BTreeSet<i32>>,
    /// How many versions are not deleted.
    live: usize,
}

#[derive(Clone, Debug, PartialEq)]
struct Version {
    id: i32,
    schema: Arc<Schema>,
    is_deleted: bool,
    guid: Uuid,
    /// What else its record says.
    extra: Map<String, Value>,
}

/// A schema by its id.
#[derive(Clone, Debug, PartialEq)]
struct Held {
    schema: Arc<Schema>,
    guid: Uuid,
    /// The versions that are this schema, deleted or not.
    uses: BTreeSet<Spot>,
}

impl Registry {
    /// One where nothing is registered.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes a record of the log, in the order of the log.
    pub fn apply(&mut self, record: &Record) {
        match record {
            Record::Schema { subject, version, value: Some(value) } => self.put(subject, *version, value),
            Record::Schema { subject, version, value: None } => self.remove(subject, *version),
            Record::Config { subject, value } => set(&mut self.levels, subject.as_deref(), value.as_ref()),
            Record::Mode { subject, value } => set(&mut self.modes, subject.as_deref(), value.as_ref()),
            Record::DeleteSubject { subject, value: Some(value) } => {
                self.delete_through(subject, value.version);
            }
            Record::ClearSubject { subject } => self.clear(subject),
            Record::DeleteSubject { value: None, .. } | Record::Noop | Record::Unknown { .. } => {}
        }
    }

    /// The level that holds for a subject, or for all.
    pub fn level(&self, subject: Option<&str>) -> Level {
        let own = subject.and_then(|subject| self.own_level(Some(subject)));
        own.or_else(|| self.own_level(None)).unwrap_or_default()
    }

    /// The level that is set for a subject, or for all.
    pub fn own_level(&self, subject: Option<&str>) -> Option<Level> {
        self.levels.get(&subject.map(str::to_owned)).and_then(|config| config.level)
    }

    /// The mode that holds for a subject, or for all.
    pub fn mode(&self, subject: Option<&str>) -> Mode {
        let global = self.own_mode(None).unwrap_or_default();
        let own = subject.and_then(|subject| self.own_mode(Some(subject)));
        if global == Mode::ReadonlyOverride { global } else { own.unwrap_or(global) }
    }

    /// The mode that is set for a subject, or for all.
    pub fn own_mode(&self, subject: Option<&str>) -> Option<Mode> {
        self.modes.get(&subject.map(str::to_owned)).map(|value| value.mode)
    }
}

fn set<T: Clone>(values: &mut HashMap<Option<String>, T>, subject: Option<&str>, value: Option<&T>) {
    match value {
        Some(value) => values.insert(subject.map(str::to_owned), value.clone()),
        None => values.remove(&subject.map(str::to_owned)),
    };
}

#[cfg(test)]
mod tests;
