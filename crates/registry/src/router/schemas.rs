//! Schemas by their ids, and what the server is.

use axum::response::Response;
use serde_json::json;
use uuid::Uuid;

use super::Answered;
use super::answer::{SchemaBody, VersionBody, plain, success};
use super::ask::Ask;
use crate::error::RegistryError;
use crate::server::Server;

pub(super) fn list(server: &Server, ask: &Ask) -> Response {
    let found = server.read(|registry| registry.schemas(&ask.filter()));
    let bodies: Vec<VersionBody<'_>> = found.iter().map(VersionBody::of).collect();
    success(&bodies)
}

pub(super) fn types() -> Response {
    success(&["JSON", "PROTOBUF", "AVRO"])
}

pub(super) fn by_id(server: &Server, ask: &Ask) -> Answered {
    with_id(server, id(ask)?, ask)
}

pub(super) fn by_guid(server: &Server, ask: &Ask) -> Answered {
    let text = ask.part("guid").unwrap_or_default();
    let guid = text.parse::<Uuid>().ok();
    let id = guid.and_then(|guid| server.read(|registry| registry.by_guid(guid)));
    with_id(server, id.ok_or_else(|| RegistryError::SchemaNotFound(text.to_owned()))?, ask)
}

fn with_id(server: &Server, id: i32, ask: &Ask) -> Answered {
    let (found, last) = server.read(|registry| (registry.by_id(id), registry.last_id()));
    let (schema, guid) = found.ok_or_else(|| not_found(id))?;
    let max_id = ask.is("fetchMaxId").then_some(last);
    Ok(success(&SchemaBody::of(&schema, guid, max_id)))
}

pub(super) fn text(server: &Server, ask: &Ask) -> Answered {
    let id = id(ask)?;
    let (schema, _) = server.read(|registry| registry.by_id(id)).ok_or_else(|| not_found(id))?;
    Ok(plain(&schema.text))
}

pub(super) fn subjects(server: &Server, ask: &Ask) -> Answered {
    let mut names: Vec<String> = uses(server, ask)?.into_iter().map(|(subject, _)| subject).collect();
    names.dedup();
    Ok(success(&names))
}

pub(super) fn versions(server: &Server, ask: &Ask) -> Answered {
    let body = |(subject, version)| json!({ "subject": subject, "version": version });
    let bodies: Vec<_> = uses(server, ask)?.into_iter().map(body).collect();
    Ok(success(&bodies))
}

fn uses(server: &Server, ask: &Ask) -> Result<Vec<(String, i32)>, RegistryError> {
    let id = id(ask)?;
    let uses = server.read(|registry| registry.uses(id, ask.is("deleted"))).ok_or_else(|| not_found(id))?;
    Ok(match ask.parameter("subject") {
        Some(wanted) => uses.into_iter().filter(|(subject, _)| subject == wanted).collect(),
        None => uses,
    })
}

fn id(ask: &Ask) -> Result<i32, RegistryError> {
    let text = ask.part("id").unwrap_or_default();
    text.parse().map_err(|_| RegistryError::SchemaNotFound(text.to_owned()))
}

fn not_found(id: i32) -> RegistryError {
    RegistryError::SchemaNotFound(id.to_string())
}

pub(super) fn cluster() -> Response {
    let clusters = json!({ "schema-registry-cluster": "schema-registry" });
    success(&json!({ "scope": { "path": [], "clusters": clusters }, "id": "" }))
}

pub(super) fn release() -> Response {
    success(&json!({ "version": env!("CARGO_PKG_VERSION"), "commitId": "" }))
}
