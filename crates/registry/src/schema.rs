//! Schemas of any kind, and what tells them apart.

use std::fmt;

use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::record::Reference;

/// The language of a schema.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Avro.
    Avro,
    /// JSON Schema.
    Json,
    /// Protocol buffers.
    Protobuf,
    /// One of another registry, which is served and not understood.
    Other(String),
}

impl Kind {
    /// The one with a name; without a name it is Avro.
    pub fn named(name: Option<&str>) -> Self {
        match name {
            None | Some("AVRO") => Kind::Avro,
            Some("JSON") => Kind::Json,
            Some("PROTOBUF") => Kind::Protobuf,
            Some(other) => Kind::Other(other.to_owned()),
        }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        match self {
            Kind::Avro => "AVRO",
            Kind::Json => "JSON",
            Kind::Protobuf => "PROTOBUF",
            Kind::Other(name) => name,
        }
    }

    /// The name where it has to be said: Avro goes without.
    pub fn unless_avro(&self) -> Option<&str> {
        (*self != Kind::Avro).then(|| self.name())
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A schema as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schema {
    /// Its language.
    pub kind: Kind,
    /// Its text.
    pub text: String,
    /// The schemas that it uses.
    pub references: Vec<Reference>,
    fingerprint: [u8; 16],
}

impl Schema {
    /// A schema of these parts.
    pub fn new(kind: Kind, text: String, references: Vec<Reference>) -> Self {
        let mut hash = Sha256::new();
        let mut add = |part: &[u8]| {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        };
        add(kind.name().as_bytes());
        add(text.as_bytes());
        for reference in &references {
            add(reference.name.as_bytes());
            add(reference.subject.as_bytes());
            add(&reference.version.to_be_bytes());
        }
        let digest = hash.finalize();
        let mut fingerprint = [0; 16];
        for (to, from) in fingerprint.iter_mut().zip(digest.iter()) {
            *to = *from;
        }
        Self { kind, text, references, fingerprint }
    }

    /// What is the same for schemas of one kind, text and references, and for no others.
    pub fn fingerprint(&self) -> [u8; 16] {
        self.fingerprint
    }

    /// The id that it has in every registry of this kind.
    pub fn guid(&self) -> Uuid {
        uuid::Builder::from_custom_bytes(self.fingerprint).into_uuid()
    }
}
