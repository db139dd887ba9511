//! Answers as JSON.

use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, HeaderValue};
use axum::http::{Response, StatusCode};
use serde::Serialize;
use uuid::Uuid;

use crate::error::RegistryError;
use crate::record::Reference;
use crate::schema::Schema;
use crate::state::Found;

const JSON: HeaderValue = HeaderValue::from_static("application/vnd.schemaregistry.v1+json");

/// What was asked for.
pub(super) fn success(value: &impl Serialize) -> Response<Body> {
    match serde_json::to_vec(value) {
        Ok(bytes) => with(StatusCode::OK, bytes),
        Err(_) => refusal(StatusCode::INTERNAL_SERVER_ERROR, "the answer has no form in JSON"),
    }
}

/// A text that is JSON already, or that is told apart by whoever asked for it.
pub(super) fn plain(text: &str) -> Response<Body> {
    with(StatusCode::OK, text.as_bytes().to_vec())
}

/// Why it is not done.
pub(super) fn failure(error: &RegistryError) -> Response<Body> {
    let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    refused(status, error.code(), &error.to_string())
}

/// Why it is no request.
pub(super) fn refusal(status: StatusCode, message: &str) -> Response<Body> {
    refused(status, status.as_u16().into(), message)
}

fn refused(status: StatusCode, error_code: u32, message: &str) -> Response<Body> {
    let body = serde_json::json!({ "error_code": error_code, "message": message });
    with(status, body.to_string().into_bytes())
}

fn with(status: StatusCode, bytes: Vec<u8>) -> Response<Body> {
    let mut response = Response::new(Body::from(bytes));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, JSON);
    response
}

/// A version of a subject.
#[derive(Serialize)]
pub(super) struct VersionBody<'f> {
    subject: &'f str,
    version: i32,
    id: i32,
    guid: Uuid,
    #[serde(rename = "schemaType", skip_serializing_if = "Option::is_none")]
    kind: Option<&'f str>,
    #[serde(skip_serializing_if = "<[Reference]>::is_empty")]
    references: &'f [Reference],
    schema: &'f str,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    deleted: bool,
}

impl<'f> VersionBody<'f> {
    pub(super) fn of(found: &'f Found) -> Self {
        Self {
            subject: &found.subject,
            version: found.version,
            id: found.id,
            guid: found.guid,
            kind: found.schema.kind.unless_avro(),
            references: &found.schema.references,
            schema: &found.schema.text,
            deleted: found.is_deleted,
        }
    }
}

/// A schema by its id.
#[derive(Serialize)]
pub(super) struct SchemaBody<'s> {
    schema: &'s str,
    #[serde(rename = "schemaType", skip_serializing_if = "Option::is_none")]
    kind: Option<&'s str>,
    #[serde(skip_serializing_if = "<[Reference]>::is_empty")]
    references: &'s [Reference],
    guid: Uuid,
    #[serde(rename = "maxId", skip_serializing_if = "Option::is_none")]
    max_id: Option<i32>,
}

impl<'s> SchemaBody<'s> {
    pub(super) fn of(schema: &'s Schema, guid: Uuid, max_id: Option<i32>) -> Self {
        let (kind, references) = (schema.kind.unless_avro(), schema.references.as_slice());
        Self { schema: &schema.text, kind, references, guid, max_id }
    }
}
