//! New schemas are compared with the versions of a subject.

use super::register::Prepared;
use super::{Proposal, Registry, VersionName};
use crate::avro::{Avro, Compatibility};
use crate::error::RegistryError;
use crate::level::Level;
use crate::schema::{Kind, Schema};

/// Whether a schema could be registered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Whether it goes with the versions that it was compared with.
    pub is_compatible: bool,
    /// What does not go together.
    pub reasons: Vec<String>,
}

impl Registry {
    /// Compares a schema with one version of a subject, or with those that its level asks for.
    ///
    /// # Errors
    /// Where it is no schema, where the version is not there, and where schemas of its kind are not compared.
    pub fn check(
        &self,
        subject: &str,
        version: Option<VersionName>,
        proposal: &Proposal,
    ) -> Result<Verdict, RegistryError> {
        let Prepared { schema, .. } = self.prepare(proposal, true)?;
        let level = self.level(Some(subject));
        let versions = match version {
            None => self.versions_to_compare(subject, level),
            Some(VersionName::Latest) => self.versions_to_compare(subject, Level::Backward),
            Some(name @ VersionName::Number(_)) => vec![self.find(subject, name, false)?.version],
        };
        let reasons =
            if level == Level::None { Vec::new() } else { self.compare(subject, &schema, level, &versions)? };
        Ok(Verdict { is_compatible: reasons.is_empty(), reasons })
    }

    /// The versions that are there, or only the latest, the latest first.
    pub(super) fn versions_to_compare(&self, subject: &str, level: Level) -> Vec<i32> {
        let Some(entry) = self.subjects.get(subject) else { return Vec::new() };
        let live = entry.versions.iter().rev().filter(|(_, version)| !version.is_deleted);
        let most = if level.is_transitive() { usize::MAX } else { 1 };
        live.map(|(number, _)| *number).take(most).collect()
    }

    /// What does not go together: nothing where all do.
    pub(super) fn compare(
        &self,
        subject: &str,
        schema: &Schema,
        level: Level,
        versions: &[i32],
    ) -> Result<Vec<String>, RegistryError> {
        if versions.is_empty() {
            return Ok(Vec::new());
        }
        let mut new = None;
        for number in versions {
            let entry = self.subjects.get(subject);
            let Some(version) = entry.and_then(|entry| entry.versions.get(number)) else { continue };
            let (old_kind, new_kind) = (&version.schema.kind, &schema.kind);
            if old_kind != new_kind {
                return Ok(vec![format!("version {number} is of schemaType {old_kind}, this is {new_kind}")]);
            }
            if *new_kind != Kind::Avro {
                let (kind, subject) = (new_kind.clone(), subject.to_owned());
                return Err(RegistryError::NotCompared { kind, subject, level });
            }
            let new = match &mut new {
                Some(new) => &*new,
                none => none.insert(self.avro(&schema.text, &schema.references, false)?),
            };
            let old = match self.avro(&version.schema.text, &version.schema.references, false) {
                Ok(old) => old,
                Err(error) => return Ok(vec![format!("version {number} cannot be read: {error}")]),
            };
            let reasons = both_ways(new, &old, level, *number)?;
            if !reasons.is_empty() {
                return Ok(reasons);
            }
        }
        Ok(Vec::new())
    }
}

/// Compares two schemas in the directions of a level.
fn both_ways(new: &Avro, old: &Avro, level: Level, number: i32) -> Result<Vec<String>, RegistryError> {
    let mut reasons = Vec::new();
    let directions = [
        (level.is_backward(), new, old, format!("it does not read version {number}")),
        (level.is_forward(), old, new, format!("version {number} does not read it")),
    ];
    for (_, reader, writer, what) in directions.into_iter().filter(|(is_asked, ..)| *is_asked) {
        match reader.reads(writer) {
            Compatibility::Compatible => {}
            Compatibility::Incompatible(found) => {
                reasons.extend(found.iter().map(|reason| format!("{what}: {reason}")));
            }
            Compatibility::Undecided => {
                let reason = format!("it is too deep or too large to be compared with version {number}");
                return Err(RegistryError::InvalidSchema(reason));
            }
        }
    }
    Ok(reasons)
}
