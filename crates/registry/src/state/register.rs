//! Schemas are read, looked up and registered.

use std::sync::Arc;

use serde_json::Map;

use super::{Answer, Decision, Found, Proposal, Registry};
use crate::error::RegistryError;
use crate::level::Level;
use crate::mode::Mode;
use crate::other;
use crate::record::{Record, SchemaValue};
use crate::schema::{Kind, Schema};

/// A schema that has been read, in the form in which it is stored.
pub(super) struct Prepared {
    pub(super) schema: Schema,
    /// As it was sent: other registries may have stored it so.
    sent: Schema,
}

impl Registry {
    /// Reads what a client sent. Defaults are checked where it is to be registered.
    pub(super) fn prepare(&self, proposal: &Proposal, strict: bool) -> Result<Prepared, RegistryError> {
        let Proposal { schema: text, kind, references, normalize, .. } = proposal;
        let kind = Kind::named(kind.as_deref());
        if text.trim().is_empty() {
            return Err(RegistryError::InvalidSchema("it is empty".to_owned()));
        }
        let mut references = self.settle(references)?;
        if *normalize {
            references.sort();
            references.dedup();
        }
        let sent = Schema::new(kind.clone(), text.clone(), references.clone());
        let stored = match &kind {
            Kind::Avro => {
                let avro = self.avro(text, &references, strict)?;
                if *normalize { avro.normal() } else { avro.canonical() }
            }
            Kind::Json => {
                self.used(&references)?;
                other::json_schema(text).map_err(RegistryError::InvalidSchema)?
            }
            Kind::Protobuf => {
                self.used(&references)?;
                other::protobuf(text).map_err(RegistryError::InvalidSchema)?;
                text.clone()
            }
            Kind::Other(name) => {
                let reason = format!("schemaType `{name}` is none of AVRO, JSON and PROTOBUF");
                return Err(RegistryError::InvalidSchema(reason));
            }
        };
        Ok(Prepared { schema: Schema::new(kind, stored, references), sent })
    }

    /// The last version of a subject that is this schema.
    pub(super) fn version_of(&self, subject: &str, wanted: &Prepared, deleted: bool) -> Option<Found> {
        let entry = self.subjects.get(subject)?;
        [&wanted.schema, &wanted.sent].into_iter().find_map(|schema| {
            let numbers = entry.by_fingerprint.get(&schema.fingerprint())?;
            let mut versions = numbers.iter().rev().filter_map(|number| {
                let version = entry.versions.get(number)?;
                (deleted || !version.is_deleted).then_some((*number, version))
            });
            let (number, version) = versions.next()?;
            Some(Found::new(subject, number, version))
        })
    }

    /// Finds a schema under a subject.
    ///
    /// # Errors
    /// Where the subject or the schema is not there, and where it is no schema.
    pub fn lookup(&self, subject: &str, proposal: &Proposal, deleted: bool) -> Result<Found, RegistryError> {
        if !self.has(subject, deleted) {
            return Err(RegistryError::SubjectNotFound(subject.to_owned()));
        }
        let prepared = self.prepare(proposal, false)?;
        let found = self.version_of(subject, &prepared, deleted);
        found.ok_or_else(|| RegistryError::SchemaNotFound(format!("under subject `{subject}`")))
    }

    pub(super) fn register(&self, subject: &str, proposal: &Proposal) -> Result<Decision, RegistryError> {
        check_subject(subject)?;
        let prepared = self.prepare(proposal, true)?;
        let id = proposal.id.filter(|id| *id > 0);
        if let Some(found) = self.version_of(subject, &prepared, false)
            && id.is_none_or(|id| id == found.id)
        {
            return Ok(registered(Vec::new(), found.id, found.version, &found.guid));
        }
        let mode = self.mode(Some(subject));
        let next = self.next_version(subject)?;
        let (id, version) = match (mode, id) {
            (Mode::Readonly | Mode::ReadonlyOverride, _) => return Err(read_only(Some(subject))),
            (Mode::Import, Some(id)) => self.imported(subject, proposal, &prepared.schema, (id, next))?,
            (Mode::Import, None) => {
                return Err(not_permitted(format!("subject `{subject}` is in mode IMPORT; say the id")));
            }
            (Mode::Readwrite, Some(_)) => {
                let reason = format!("subject `{subject}` is not in mode IMPORT; leave the id out");
                return Err(not_permitted(reason));
            }
            (Mode::Readwrite, None) => {
                if let Some(version) = proposal.version.filter(|version| *version > 0 && *version != next) {
                    let reason = format!("its version is to be {version}, but the next one is {next}");
                    return Err(RegistryError::InvalidSchema(reason));
                }
                self.check_level(subject, &prepared)?;
                (self.id_for(&prepared.schema)?, next)
            }
        };
        let guid = prepared.schema.guid();
        Ok(registered(vec![record(subject, version, id, prepared.schema)], id, version, &guid))
    }

    /// Refuses a schema that the level of the subject does not allow.
    fn check_level(&self, subject: &str, prepared: &Prepared) -> Result<(), RegistryError> {
        let level = self.level(Some(subject));
        if level == Level::None {
            return Ok(());
        }
        let versions = self.versions_to_compare(subject, level);
        let reasons = self.compare(subject, &prepared.schema, level, &versions)?;
        if reasons.is_empty() {
            return Ok(());
        }
        Err(RegistryError::Incompatible { subject: subject.to_owned(), level, reasons })
    }

    /// The id of a schema, which is the one it has under other subjects, or a new one.
    fn id_for(&self, schema: &Schema) -> Result<i32, RegistryError> {
        let known = self.by_fingerprint.get(&schema.fingerprint()).and_then(|ids| ids.first()).copied();
        let next = || self.last_id.checked_add(1);
        known.or_else(next).ok_or_else(|| RegistryError::Store("no id is left".to_owned()))
    }

    fn next_version(&self, subject: &str) -> Result<i32, RegistryError> {
        let last = self.subjects.get(subject).and_then(|entry| entry.versions.last_key_value());
        let next = last.map_or(Some(1), |(number, _)| number.checked_add(1));
        next.ok_or_else(|| RegistryError::Store(format!("no version is left of subject `{subject}`")))
    }

    /// Id and version of a schema that brings its own.
    fn imported(
        &self,
        subject: &str,
        proposal: &Proposal,
        schema: &Schema,
        (id, next): (i32, i32),
    ) -> Result<(i32, i32), RegistryError> {
        if self.schemas.get(&id).is_some_and(|held| *held.schema != *schema) {
            return Err(not_permitted(format!("id {id} is that of another schema; take another id")));
        }
        let version = proposal.version.filter(|version| *version > 0).unwrap_or(next);
        let there = self.subjects.get(subject).and_then(|entry| entry.versions.get(&version));
        if there.is_some_and(|there| !there.is_deleted && *there.schema != *schema) {
            let reason = format!("version {version} of subject `{subject}` is another schema");
            return Err(not_permitted(reason));
        }
        Ok((id, version))
    }
}

fn registered(records: Vec<Record>, id: i32, version: i32, guid: &uuid::Uuid) -> Decision {
    Decision { records, answer: Answer::Registered { id, version, guid: *guid } }
}

fn record(subject: &str, version: i32, id: i32, schema: Schema) -> Record {
    let schema_type = schema.kind.unless_avro().map(str::to_owned);
    let value = SchemaValue {
        subject: subject.to_owned(),
        version,
        id,
        schema_type,
        references: schema.references,
        schema: schema.text,
        deleted: false,
        extra: Map::new(),
    };
    Record::Schema { subject: subject.to_owned(), version, value: Some(Box::new(value)) }
}

/// The record that says that a version is deleted, but not for good.
pub(super) fn deleted(subject: &str, number: i32, version: &super::Version) -> Record {
    let mut record = record(subject, number, version.id, Schema::clone(&Arc::clone(&version.schema)));
    if let Record::Schema { value: Some(value), .. } = &mut record {
        value.deleted = true;
        value.extra.clone_from(&version.extra);
    }
    record
}

pub(super) fn not_permitted(reason: String) -> RegistryError {
    RegistryError::NotPermitted(reason)
}

pub(super) fn read_only(subject: Option<&str>) -> RegistryError {
    let of = subject.map_or_else(|| "the registry".to_owned(), |subject| format!("subject `{subject}`"));
    not_permitted(format!("{of} is in a mode that allows reading only"))
}

/// Refuses names that are no subjects.
pub(super) fn check_subject(subject: &str) -> Result<(), RegistryError> {
    if subject.is_empty() || subject.starts_with(":.") || subject.chars().any(char::is_control) {
        return Err(RegistryError::InvalidSubject(subject.to_owned()));
    }
    Ok(())
}
