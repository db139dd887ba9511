//! Schemas in a registry.

use std::io;
use std::path::{Path, PathBuf};

use clap::Subcommand;
use kadence_avro::{Reference, RegisteredSchema, RegistryClient, SchemaText, Version};
use kadence_core::fault::Explain as _;
use serde_json::{Value, json};

use super::Exit;
use super::registry::RegistryOption;
use crate::fault::Error;
use crate::output::{Voice, print_json, print_plain_line};
use crate::signals::Signals;

/// List, show, register, check or delete schemas in a Schema Registry
#[derive(Debug, clap::Args)]
pub(crate) struct SchemasOptions {
    #[command(subcommand)]
    action: Action,
}

/// A subject, and which of its versions.
#[derive(Clone, Debug)]
struct Subject {
    name: String,
    version: Option<Version>,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List subjects with their versions
    #[command(after_help = "Examples:\n  kadence schemas list\n  kadence schemas list --json")]
    List {
        #[command(flatten)]
        registry: RegistryOption,
    },
    /// Show the schema of a subject, or the one with an id
    #[command(
        after_help = "Examples:\n  kadence schemas show points-value\n  kadence schemas show points-value:2\n  \
        kadence schemas show --id 7"
    )]
    Show {
        /// Subject; :N behind it is one of its versions, otherwise the latest
        #[arg(value_name = "SUBJECT[:VERSION]", value_parser = subject, required_unless_present = "id")]
        subject: Option<Subject>,
        /// Show the schema with this id
        #[arg(long, value_name = "ID", conflicts_with = "subject")]
        id: Option<u32>,
        #[command(flatten)]
        registry: RegistryOption,
    },
    /// Register an Avro schema under a subject, unless it is there
    #[command(after_help = "Examples:\n  kadence schemas register points-value point.avsc\n  \
        kadence schemas register orders-value order.avsc --reference shop.Customer=customer:1")]
    Register {
        /// Subject
        #[arg(value_name = "SUBJECT")]
        subject: String,
        /// File with the schema; - is standard input
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// Where a type is that the schema names; may be repeated
        #[arg(long, value_name = "TYPE=SUBJECT:VERSION", value_parser = reference)]
        reference: Vec<Reference>,
        #[command(flatten)]
        registry: RegistryOption,
    },
    /// Check whether an Avro schema is compatible with a version of a subject; ends with 1 if not, and says why
    #[command(after_help = "Examples:\n  kadence schemas check points-value point.avsc")]
    Check {
        /// Subject; :N behind it is one of its versions, otherwise the latest
        #[arg(value_name = "SUBJECT[:VERSION]", value_parser = subject)]
        subject: Subject,
        /// File with the schema; - is standard input
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// Where a type is that the schema names; may be repeated
        #[arg(long, value_name = "TYPE=SUBJECT:VERSION", value_parser = reference)]
        reference: Vec<Reference>,
        #[command(flatten)]
        registry: RegistryOption,
    },
    /// Delete a subject, or one of its versions
    #[command(after_help = "Examples:\n  kadence schemas delete points-value:1\n  \
        kadence schemas delete points-value --permanent")]
    Delete {
        /// Subject; :N behind it is one of its versions, otherwise all of them go
        #[arg(value_name = "SUBJECT[:VERSION]", value_parser = subject)]
        subject: Subject,
        /// Also what was deleted before, so that it cannot be asked for by its id any longer
        #[arg(long)]
        permanent: bool,
        #[command(flatten)]
        registry: RegistryOption,
    },
}

impl SchemasOptions {
    pub(crate) fn run(self, voice: Voice) -> Result<Exit, Error> {
        let signals = Signals::listen();
        let client = |registry: &RegistryOption| registry.client(&signals.stop);
        match &self.action {
            Action::List { registry } => list(&mut client(registry)?, voice),
            Action::Show { subject, id, registry } => {
                show(&mut client(registry)?, subject.as_ref(), *id, voice)
            }
            Action::Register { subject, file, reference, registry } => {
                let schema = schema(file, reference)?;
                let id = asked(client(registry)?.register(subject, &schema))?;
                said(voice, &json!({ "subject": subject, "id": id }), || {
                    format!("registered {subject} with id {id}")
                })
            }
            Action::Check { subject, file, reference, registry } => {
                let schema = schema(file, reference)?;
                check(&mut client(registry)?, subject, &schema, voice)
            }
            Action::Delete { subject, permanent, registry } => {
                delete(&mut client(registry)?, subject, *permanent, voice)
            }
        }
    }
}

/// A registry's answer, or why there is none.
fn asked<T>(answer: Result<T, kadence_avro::RegistryError>) -> Result<T, Error> {
    answer.map_err(|error| error.explain().into())
}

fn said(voice: Voice, json: &Value, words: impl FnOnce() -> String) -> Result<Exit, Error> {
    if voice.json {
        print_json(json, false)?;
    } else if !voice.quiet {
        print_plain_line(&words())?;
    }
    Ok(Exit::Done)
}

fn list(client: &mut RegistryClient, voice: Voice) -> Result<Exit, Error> {
    let mut subjects = Vec::new();
    for subject in asked(client.subjects())? {
        let versions = asked(client.versions(&subject))?;
        if !voice.json {
            let versions: Vec<String> = versions.iter().map(ToString::to_string).collect();
            print_plain_line(&format!("{subject}  {}", versions.join(", ")))?;
        }
        subjects.push(json!({ "subject": subject, "versions": versions }));
    }
    if voice.json {
        print_json(&json!({ "subjects": subjects }), false)?;
    }
    Ok(Exit::Done)
}

fn show(
    client: &mut RegistryClient,
    subject: Option<&Subject>,
    id: Option<u32>,
    voice: Voice,
) -> Result<Exit, Error> {
    let Some(Subject { name, version }) = subject else {
        let id = id.unwrap_or_default();
        let schema = asked(client.schema(id))?;
        let text = schema.text();
        return said(voice, &json!({ "id": id, "schema": text }), || text.to_owned());
    };
    let found = asked(client.version(name, version.unwrap_or(Version::Latest)))?;
    let RegisteredSchema { subject, version, id, schema, schema_type, references } = found;
    let kind = schema_type.unwrap_or_else(|| "AVRO".into());
    voice.note(format!("{subject} version {version}, id {id}, {kind}"));
    let json = json!({
        "subject": subject, "version": version, "id": id, "type": kind, "schema": schema, "references": references,
    });
    // The schema is what was asked for, also by who wants to hear nothing else.
    said(Voice { quiet: false, ..voice }, &json, || schema)
}

fn check(
    client: &mut RegistryClient,
    subject: &Subject,
    schema: &SchemaText,
    voice: Voice,
) -> Result<Exit, Error> {
    let version = subject.version.unwrap_or(Version::Latest);
    let checked = asked(client.is_compatible(&subject.name, version, schema))?;
    let reasons = checked.err();
    let json = json!({ "subject": subject.name, "compatible": reasons.is_none(), "reasons": reasons });
    let done = said(voice, &json, || match &reasons {
        None => format!("compatible with {} version {version}", subject.name),
        Some(reasons) if reasons.is_empty() => {
            format!("incompatible with {} version {version}", subject.name)
        }
        Some(reasons) => {
            format!("incompatible with {} version {version}: {}", subject.name, reasons.join("; "))
        }
    })?;
    Ok(if reasons.is_some() { Exit::Failed } else { done })
}

fn delete(
    client: &mut RegistryClient,
    subject: &Subject,
    permanent: bool,
    voice: Voice,
) -> Result<Exit, Error> {
    let Subject { name, version } = subject;
    // For good goes only what was deleted before; that it was is no fault.
    let attempt = |client: &mut RegistryClient, permanent| match version {
        Some(version) => client.delete_version(name, *version, permanent).map(|version| vec![version]),
        None => client.delete_subject(name, permanent),
    };
    let deleted = match attempt(client, false) {
        Ok(versions) => versions,
        Err(error) if permanent && error.is_missing() => Vec::new(),
        Err(error) => return asked(Err(error)),
    };
    let deleted = if permanent { asked(attempt(client, true))? } else { deleted };
    let json = json!({ "subject": name, "versions": deleted, "permanent": permanent });
    said(voice, &json, || {
        let versions: Vec<String> = deleted.iter().map(ToString::to_string).collect();
        format!("deleted {name}: version {}", versions.join(", "))
    })
}

/// Reads a schema from a file.
fn schema(file: &Path, references: &[Reference]) -> Result<SchemaText, Error> {
    let read =
        if file == Path::new("-") { io::read_to_string(io::stdin()) } else { std::fs::read_to_string(file) };
    let schema = read
        .map_err(|error| Error::met(file.display().to_string(), format!("cannot be read ({error})"), ""))?;
    Ok(SchemaText { schema, references: references.to_vec() })
}

/// `SUBJECT[:VERSION]`; a colon may stand in a subject, too.
fn subject(text: &str) -> Result<Subject, String> {
    let named = |name: &str, version| Ok(Subject { name: name.to_owned(), version });
    match text.rsplit_once(':') {
        Some((name, "latest")) => named(name, Some(Version::Latest)),
        Some((name, number)) if !name.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()) => {
            let number = number.parse().map_err(|_| format!("`{number}` is no version"))?;
            named(name, Some(Version::Number(number)))
        }
        _ if text.is_empty() => Err("a subject has a name".into()),
        _ => named(text, None),
    }
}

/// `TYPE=SUBJECT:VERSION`
fn reference(text: &str) -> Result<Reference, String> {
    let wanted = || format!("`{text}` is not TYPE=SUBJECT:VERSION");
    let (name, place) = text.split_once('=').ok_or_else(wanted)?;
    match subject(place)? {
        Subject { name: subject, version: Some(Version::Number(version)) } if !name.is_empty() => {
            Ok(Reference { name: name.to_owned(), subject, version })
        }
        _ => Err(wanted()),
    }
}
