//! A client of a Schema Registry.
//!
//! | Module | Holds |
//! |---|---|
//! | `options` | where the registry is, who asks, and how long that may take |
//! | `url` | the URL of a registry, without secrets |
//! | `transport` | requests: to one URL after the other, and again where that may help |
//! | `messages` | what is said and answered |
//! | `error` | what may go wrong |

mod error;
mod messages;
mod options;
mod transport;
mod url;

use std::collections::HashMap;

use crate::decode::Guid;
use crate::schema::Schema;
pub use error::RegistryError;
pub use messages::{Compatibility, Mode, Reference, RegisteredSchema, SchemaText, Version};
use messages::{
    CompatibilityAnswer, ConfigAnswer, ConfigBody, IdAnswer, ModeAnswer, ModeBody, SchemaAnswer, SchemaBody,
};
pub use options::{RegistryOptions, RetryPolicy, Waiter};
use transport::{Method, Transport};
pub use url::BaseUrl;

/// So many texts may belong to one schema.
const MOST_REFERENCES: usize = 500;

/// Asks a registry for schemas, and gives it new ones. What does not change is asked for once.
#[derive(Debug)]
pub struct RegistryClient {
    transport: Transport,
    by_id: HashMap<u32, Schema>,
    by_guid: HashMap<Guid, Schema>,
    /// The id of each schema that was registered or looked up, by subject and texts.
    ids: HashMap<(String, SchemaText), u32>,
    /// Texts of subjects' versions, which schemas refer to.
    versions: HashMap<(String, u32), RegisteredSchema>,
}

impl RegistryClient {
    /// A client of the registry at any of these URLs. Nothing is asked yet.
    pub fn new(options: RegistryOptions) -> Result<Self, RegistryError> {
        Ok(Self {
            transport: Transport::new(options)?,
            by_id: HashMap::new(),
            by_guid: HashMap::new(),
            ids: HashMap::new(),
            versions: HashMap::new(),
        })
    }

    /// The schema with this id.
    pub fn schema(&mut self, id: u32) -> Result<Schema, RegistryError> {
        if let Some(schema) = self.by_id.get(&id) {
            return Ok(schema.clone());
        }
        let schema = self.schema_at(&format!("/schemas/ids/{id}"))?;
        self.by_id.insert(id, schema.clone());
        Ok(schema)
    }

    /// The schema with this GUID.
    pub fn schema_by_guid(&mut self, guid: Guid) -> Result<Schema, RegistryError> {
        if let Some(schema) = self.by_guid.get(&guid) {
            return Ok(schema.clone());
        }
        let text = uuid::Uuid::from_bytes(guid).as_hyphenated().to_string();
        let schema = self.schema_at(&format!("/schemas/guids/{text}"))?;
        self.by_guid.insert(guid, schema.clone());
        Ok(schema)
    }

    fn schema_at(&mut self, path: &str) -> Result<Schema, RegistryError> {
        let answer: SchemaAnswer = self.transport.get(path)?;
        self.transport.must_be_avro(path, answer.schema_type.as_deref())?;
        self.compile(path, &answer.schema, answer.references)
    }

    /// A version of a subject, with its text as it stands, of whatever kind it is.
    pub fn version(&mut self, subject: &str, version: Version) -> Result<RegisteredSchema, RegistryError> {
        if let Version::Number(number) = version
            && let Some(known) = self.versions.get(&(subject.to_owned(), number))
        {
            return Ok(known.clone());
        }
        let path = format!("/subjects/{}/versions/{version}", encoded(subject));
        let answer: RegisteredSchema = self.transport.get(&path)?;
        if let Version::Number(number) = version {
            self.versions.insert((subject.to_owned(), number), answer.clone());
        }
        Ok(answer)
    }

    /// The schema of a registered version, with those that it refers to.
    pub fn resolve(&mut self, registered: &RegisteredSchema) -> Result<Schema, RegistryError> {
        let RegisteredSchema { id, subject, version, schema, schema_type, references } = registered;
        if let Some(known) = self.by_id.get(id) {
            return Ok(known.clone());
        }
        let path = format!("/subjects/{}/versions/{version}", encoded(subject));
        self.transport.must_be_avro(&path, schema_type.as_deref())?;
        let schema = self.compile(&path, schema, references.clone())?;
        self.by_id.insert(*id, schema.clone());
        Ok(schema)
    }

    /// Reads a schema with the texts that it refers to, and those that they refer to.
    fn compile(
        &mut self,
        path: &str,
        text: &str,
        references: Vec<Reference>,
    ) -> Result<Schema, RegistryError> {
        let mut seen: Vec<(String, u32)> = Vec::new();
        let mut texts = Vec::new();
        let mut open = references;
        while let Some(Reference { subject, version, .. }) = open.pop() {
            let key = (subject, version);
            if seen.contains(&key) {
                continue;
            }
            if seen.len() >= MOST_REFERENCES {
                return Err(self
                    .transport
                    .unexpected(path, format!("it refers to more than {MOST_REFERENCES} others")));
            }
            let registered = self.version(&key.0, Version::Number(version))?;
            self.transport.must_be_avro(path, registered.schema_type.as_deref())?;
            texts.push(registered.schema);
            open.extend(registered.references);
            seen.push(key);
        }
        Schema::parse_with(text, &texts)
            .map_err(|error| RegistryError::Schema { url: self.transport.shown(path), error })
    }

    /// Registers a schema under a subject, unless it is there, and says its id.
    pub fn register(&mut self, subject: &str, schema: &SchemaText) -> Result<u32, RegistryError> {
        let key = (subject.to_owned(), schema.clone());
        if let Some(id) = self.ids.get(&key) {
            return Ok(*id);
        }
        let path = format!("/subjects/{}/versions", encoded(subject));
        let IdAnswer { id } = self.transport.send(Method::Post, &path, &SchemaBody::of(schema))?;
        self.ids.insert(key, id);
        Ok(id)
    }

    /// Looks up a schema under a subject: the version that it is. One that is not there is an error of the registry.
    pub fn look_up(&mut self, subject: &str, schema: &SchemaText) -> Result<RegisteredSchema, RegistryError> {
        let path = format!("/subjects/{}", encoded(subject));
        let found: RegisteredSchema = self.transport.send(Method::Post, &path, &SchemaBody::of(schema))?;
        self.ids.insert((subject.to_owned(), schema.clone()), found.id);
        Ok(found)
    }

    /// Whether a schema is compatible with a version of a subject; if not, what the registry says of it.
    pub fn is_compatible(
        &mut self,
        subject: &str,
        version: Version,
        schema: &SchemaText,
    ) -> Result<Result<(), Vec<String>>, RegistryError> {
        let path = format!("/compatibility/subjects/{}/versions/{version}?verbose=true", encoded(subject));
        let answer: CompatibilityAnswer =
            self.transport.send(Method::Post, &path, &SchemaBody::of(schema))?;
        Ok(if answer.is_compatible { Ok(()) } else { Err(answer.messages) })
    }

    /// The subjects that there are.
    pub fn subjects(&mut self) -> Result<Vec<String>, RegistryError> {
        self.transport.get("/subjects")
    }

    /// The versions of a subject.
    pub fn versions(&mut self, subject: &str) -> Result<Vec<u32>, RegistryError> {
        self.transport.get(&format!("/subjects/{}/versions", encoded(subject)))
    }

    /// Deletes a subject, and says which versions it had. What is deleted softly can still be asked for by its id,
    /// and has to be before it is deleted for good.
    pub fn delete_subject(&mut self, subject: &str, permanent: bool) -> Result<Vec<u32>, RegistryError> {
        self.forget(subject);
        self.transport.delete(&format!("/subjects/{}{}", encoded(subject), permanence(permanent)))
    }

    /// Deletes a version of a subject, and says which it was.
    pub fn delete_version(
        &mut self,
        subject: &str,
        version: Version,
        permanent: bool,
    ) -> Result<u32, RegistryError> {
        self.forget(subject);
        let permanence = permanence(permanent);
        self.transport.delete(&format!("/subjects/{}/versions/{version}{permanence}", encoded(subject)))
    }

    /// The compatibility that new schemas need: of a subject, or of all that have none of their own.
    pub fn compatibility(&mut self, subject: Option<&str>) -> Result<Compatibility, RegistryError> {
        let answer: ConfigAnswer =
            self.transport.get(&of_subject("/config", subject, "?defaultToGlobal=true"))?;
        Ok(answer.compatibility)
    }

    /// Sets the compatibility that new schemas need.
    pub fn set_compatibility(
        &mut self,
        subject: Option<&str>,
        compatibility: Compatibility,
    ) -> Result<(), RegistryError> {
        let path = of_subject("/config", subject, "");
        let _: ConfigBody = self.transport.send(Method::Put, &path, &ConfigBody { compatibility })?;
        Ok(())
    }

    /// Whether schemas may be registered: of a subject, or of all that have no mode of their own.
    pub fn mode(&mut self, subject: Option<&str>) -> Result<Mode, RegistryError> {
        let answer: ModeAnswer =
            self.transport.get(&of_subject("/mode", subject, "?defaultToGlobal=true"))?;
        Ok(answer.mode)
    }

    /// Says whether schemas may be registered.
    pub fn set_mode(&mut self, subject: Option<&str>, mode: Mode) -> Result<(), RegistryError> {
        let path = of_subject("/mode", subject, "");
        let _: ModeBody = self.transport.send(Method::Put, &path, &ModeBody { mode })?;
        Ok(())
    }

    /// What was known of a subject that is changed.
    fn forget(&mut self, subject: &str) {
        self.ids.retain(|(of, _), _| of != subject);
        self.versions.retain(|(of, _), _| of != subject);
    }
}

fn permanence(permanent: bool) -> &'static str {
    if permanent { "?permanent=true" } else { "" }
}

fn of_subject(path: &str, subject: Option<&str>, query: &str) -> String {
    match subject {
        Some(subject) => format!("{path}/{}{query}", encoded(subject)),
        None => path.to_owned(),
    }
}

/// A subject as a part of a path.
fn encoded(subject: &str) -> impl std::fmt::Display + '_ {
    use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
    const KEPT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');
    utf8_percent_encode(subject, KEPT)
}
