//! Versions are put in and taken out, and everything by which they are found along with them.

use std::collections::{BTreeSet, HashMap};
use std::hash::Hash;
use std::sync::Arc;

use serde_json::Value;

use super::{Held, Registry, Version};
use crate::record::SchemaValue;
use crate::schema::{Kind, Schema};

impl Registry {
    /// Puts a version in, in place of what was there.
    pub(super) fn put(&mut self, subject: &str, number: i32, value: &SchemaValue) {
        self.remove(subject, number);
        let kind = Kind::named(value.schema_type.as_deref());
        let schema = Schema::new(kind, value.schema.clone(), value.references.clone());
        let schema = match self.schemas.get(&value.id) {
            Some(held) if *held.schema == schema => Arc::clone(&held.schema),
            _ => Arc::new(schema),
        };
        let written = value.extra.get("guid").and_then(Value::as_str);
        let guid = written.and_then(|guid| guid.parse().ok()).unwrap_or_else(|| schema.guid());
        let version = Version {
            id: value.id,
            schema: Arc::clone(&schema),
            is_deleted: value.deleted,
            guid,
            extra: value.extra.clone(),
        };
        let name = self.name(subject);
        self.last_id = self.last_id.max(value.id);
        let held = self.schemas.entry(value.id).or_insert_with(|| Held {
            schema: Arc::clone(&schema),
            guid,
            uses: BTreeSet::new(),
        });
        held.uses.insert((Arc::clone(&name), number));
        add(&mut self.by_fingerprint, held.schema.fingerprint(), value.id);
        add(&mut self.by_guid, held.guid, value.id);
        let entry = self.subjects.entry(Arc::clone(&name)).or_default();
        add(&mut entry.by_fingerprint, schema.fingerprint(), number);
        if !version.is_deleted {
            entry.live += 1;
            self.refer(&name, number, &schema);
        }
        if let Some(entry) = self.subjects.get_mut(&name) {
            entry.versions.insert(number, version);
        }
    }

    /// Takes a version out for good.
    pub(super) fn remove(&mut self, subject: &str, number: i32) {
        let Some((name, _)) = self.subjects.get_key_value(subject) else { return };
        let name = Arc::clone(name);
        self.delete(&name, number);
        let Some(entry) = self.subjects.get_mut(&name) else { return };
        let Some(version) = entry.versions.remove(&number) else { return };
        drop_from(&mut entry.by_fingerprint, &version.schema.fingerprint(), &number);
        if entry.versions.is_empty() {
            self.subjects.remove(&name);
        }
        let Some(held) = self.schemas.get_mut(&version.id) else { return };
        held.uses.remove(&(name, number));
        if held.uses.is_empty()
            && let Some(held) = self.schemas.remove(&version.id)
        {
            drop_from(&mut self.by_fingerprint, &held.schema.fingerprint(), &version.id);
            drop_from(&mut self.by_guid, &held.guid, &version.id);
        }
    }

    /// Deletes versions of a subject, but not for good.
    pub(super) fn delete_through(&mut self, subject: &str, last: i32) {
        let Some((name, entry)) = self.subjects.get_key_value(subject) else { return };
        let name = Arc::clone(name);
        let numbers: Vec<i32> = entry.versions.range(..=last).map(|(number, _)| *number).collect();
        for number in numbers {
            self.delete(&name, number);
        }
    }

    /// Takes out for good what is deleted of a subject.
    pub(super) fn clear(&mut self, subject: &str) {
        let Some(entry) = self.subjects.get(subject) else { return };
        let deleted = entry.versions.iter().filter(|(_, version)| version.is_deleted);
        let numbers: Vec<i32> = deleted.map(|(number, _)| *number).collect();
        for number in numbers {
            self.remove(subject, number);
        }
    }

    /// Deletes a version, but not for good.
    fn delete(&mut self, name: &Arc<str>, number: i32) {
        let Some(entry) = self.subjects.get_mut(name) else { return };
        let Some(version) = entry.versions.get_mut(&number).filter(|version| !version.is_deleted) else {
            return;
        };
        version.is_deleted = true;
        entry.live -= 1;
        let schema = Arc::clone(&version.schema);
        for reference in &schema.references {
            let spot = (Arc::from(reference.subject.as_str()), reference.version);
            drop_from(&mut self.referrers, &spot, &(Arc::clone(name), number));
        }
    }

    fn refer(&mut self, name: &Arc<str>, number: i32, schema: &Schema) {
        for reference in &schema.references {
            let spot = (self.name(&reference.subject), reference.version);
            add(&mut self.referrers, spot, (Arc::clone(name), number));
        }
    }

    /// The name of a subject, shared if it is there.
    fn name(&self, subject: &str) -> Arc<str> {
        self.subjects.get_key_value(subject).map_or_else(|| Arc::from(subject), |(name, _)| Arc::clone(name))
    }
}

fn add<K: Eq + Hash, V: Ord>(sets: &mut HashMap<K, BTreeSet<V>>, key: K, value: V) {
    sets.entry(key).or_default().insert(value);
}

fn drop_from<K: Eq + Hash, V: Ord>(sets: &mut HashMap<K, BTreeSet<V>>, key: &K, value: &V) {
    let Some(set) = sets.get_mut(key) else { return };
    set.remove(value);
    if set.is_empty() {
        sets.remove(key);
    }
}
