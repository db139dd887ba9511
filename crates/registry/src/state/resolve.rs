//! Schemas that are used by others are found, those that use none first.

use std::collections::HashSet;
use std::sync::Arc;

use super::{Registry, VersionName};
use crate::avro::Avro;
use crate::error::RegistryError;
use crate::record::Reference;
use crate::schema::{Kind, Schema};

/// How far references may lead.
const DEEPEST: usize = 50;
/// How many schemas one may use.
const MOST: usize = 1_000;
/// How many bytes the schemas may have that one uses.
const MOST_BYTES: usize = 16 << 20;

impl Registry {
    /// The references with the versions that they mean now.
    pub(super) fn settle(&self, references: &[Reference]) -> Result<Vec<Reference>, RegistryError> {
        let settle = |reference: &Reference| {
            let Reference { name, subject, version } = reference;
            let wanted = if *version == -1 { VersionName::Latest } else { VersionName::Number(*version) };
            let found = self.find(subject, wanted, false).map_err(|_| {
                RegistryError::InvalidSchema(format!(
                    "it uses version {version} of subject `{subject}` as `{name}`, which is not registered"
                ))
            })?;
            Ok(Reference { name: name.clone(), subject: subject.clone(), version: found.version })
        };
        references.iter().map(settle).collect()
    }

    /// The schemas that references lead to, those that use none first.
    pub(super) fn used(&self, references: &[Reference]) -> Result<Vec<Arc<Schema>>, RegistryError> {
        let mut walk = Walk { registry: self, met: HashSet::new(), found: Vec::new(), bytes: 0 };
        walk.follow(references, DEEPEST)?;
        Ok(walk.found)
    }

    /// Reads an Avro schema with all that it uses.
    pub(super) fn avro(
        &self,
        text: &str,
        references: &[Reference],
        strict: bool,
    ) -> Result<Avro, RegistryError> {
        let used = self.used(references)?;
        if let Some(other) = used.iter().find(|used| used.kind != Kind::Avro) {
            let kind = &other.kind;
            return Err(RegistryError::InvalidSchema(format!("an Avro schema cannot use one of {kind}")));
        }
        let texts: Vec<&str> = used.iter().map(|used| used.text.as_str()).collect();
        Avro::parse(text, &texts, strict).map_err(|error| RegistryError::InvalidSchema(error.to_string()))
    }
}

struct Walk<'r> {
    registry: &'r Registry,
    met: HashSet<(&'r str, i32)>,
    found: Vec<Arc<Schema>>,
    bytes: usize,
}

impl Walk<'_> {
    fn follow(&mut self, references: &[Reference], depth: usize) -> Result<(), RegistryError> {
        let Some(depth) = depth.checked_sub(1) else {
            return Err(RegistryError::InvalidSchema("the schemas that it uses go too deep".to_owned()));
        };
        for reference in references {
            let subject = self.registry.subjects.get_key_value(reference.subject.as_str());
            let version =
                subject.and_then(|(name, entry)| Some((name, entry.versions.get(&reference.version)?)));
            let Some((name, version)) = version else {
                return Err(RegistryError::InvalidSchema(format!(
                    "version {} of subject `{}` is used and not there",
                    reference.version, reference.subject
                )));
            };
            if !self.met.insert((name, reference.version)) {
                continue;
            }
            self.bytes += version.schema.text.len();
            if self.met.len() > MOST || self.bytes > MOST_BYTES {
                return Err(RegistryError::InvalidSchema("it uses too many schemas".to_owned()));
            }
            self.follow(&version.schema.references, depth)?;
            self.found.push(Arc::clone(&version.schema));
        }
        Ok(())
    }
}
