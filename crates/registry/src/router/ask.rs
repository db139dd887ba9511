//! What a request says: its path, its query, its body.

use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, FromRequestParts as _, RawPathParams, Request};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, Response, StatusCode};
use percent_encoding::percent_decode_str;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::answer::refusal;
use crate::error::RegistryError;
use crate::record::Reference;
use crate::server::Server;
use crate::state::{Filter, Proposal, VersionName};

/// Types of bodies. A page that somebody else made can send none of these without being asked for leave.
const TYPES: [&str; 4] = [
    "application/vnd.schemaregistry.v1+json",
    "application/vnd.schemaregistry+json",
    "application/json",
    "application/octet-stream",
];

/// A request.
pub(super) struct Ask {
    /// The parts of the path that vary, by their names.
    path: Vec<(String, String)>,
    query: Vec<(String, String)>,
    body: Bytes,
}

impl FromRequest<Server> for Ask {
    type Rejection = Response<Body>;

    async fn from_request(request: Request, server: &Server) -> Result<Self, Response<Body>> {
        let (mut parts, body) = request.into_parts();
        let Ok(path) = RawPathParams::from_request_parts(&mut parts, server).await else {
            return Err(refusal(StatusCode::BAD_REQUEST, "the path is no UTF-8"));
        };
        let path = path.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let query = pairs(parts.uri.query().unwrap_or_default());
        if let Some(refusal) = refused_type(&parts.headers) {
            return Err(refusal);
        }
        let body = Bytes::from_request(Request::from_parts(parts, body), server).await.map_err(|error| {
            let message = match error.status() {
                StatusCode::PAYLOAD_TOO_LARGE => "the body is too long",
                _ => "the body cannot be read",
            };
            refusal(error.status(), message)
        })?;
        Ok(Self { path, query, body })
    }
}

impl Ask {
    /// The subject in the path, which may be there with the name of the one context.
    pub(super) fn subject(&self) -> Option<&str> {
        let subject = self.part("subject")?;
        Some(subject.strip_prefix(":.:").unwrap_or(subject))
    }

    /// The subject, where the path has one.
    pub(super) fn the_subject(&self) -> &str {
        self.subject().unwrap_or_default()
    }

    /// A part of the path.
    pub(super) fn part(&self, name: &str) -> Option<&str> {
        self.path.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The version in the path.
    pub(super) fn version(&self) -> Result<VersionName, RegistryError> {
        self.part("version").unwrap_or_default().parse()
    }

    /// A parameter of the query.
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// A parameter that is yes or no; all but `true` is no.
    pub(super) fn is(&self, name: &str) -> bool {
        self.parameter(name).is_some_and(|value| value.eq_ignore_ascii_case("true"))
    }

    /// Which subjects or versions to list.
    pub(super) fn filter(&self) -> Filter {
        let number = |name| self.parameter(name).and_then(|value| value.parse::<usize>().ok());
        let prefix = self.parameter("subjectPrefix").unwrap_or_default();
        Filter {
            prefix: prefix.strip_prefix(":.:").unwrap_or(prefix).to_owned(),
            deleted: self.is("deleted"),
            deleted_only: self.is("deletedOnly"),
            latest_only: self.is("latestOnly"),
            offset: number("offset").unwrap_or(0),
            limit: number("limit"),
        }
    }

    /// The body.
    pub(super) fn body<T: DeserializeOwned>(&self) -> Result<T, RegistryError> {
        serde_json::from_slice(&self.body).map_err(|error| RegistryError::InvalidBody(error.to_string()))
    }

    /// The schema in the body.
    pub(super) fn proposal(&self) -> Result<Proposal, RegistryError> {
        let body: Proposed = self.body()?;
        Ok(Proposal {
            schema: body.schema.unwrap_or_default(),
            kind: body.schema_type.filter(|kind| !kind.is_empty()),
            references: body.references.unwrap_or_default(),
            id: body.id,
            version: body.version,
            normalize: self.is("normalize"),
        })
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Proposed {
    schema: Option<String>,
    schema_type: Option<String>,
    references: Option<Vec<Reference>>,
    id: Option<i32>,
    version: Option<i32>,
}

/// The answer to a body of another type.
fn refused_type(headers: &HeaderMap) -> Option<Response<Body>> {
    let value = headers.get(CONTENT_TYPE)?.to_str().unwrap_or_default();
    let kind = value.split(';').next().unwrap_or_default().trim();
    if TYPES.iter().any(|known| known.eq_ignore_ascii_case(kind)) {
        return None;
    }
    let message = format!("the body is of type `{kind}`; send {}", TYPES[0]);
    Some(refusal(StatusCode::UNSUPPORTED_MEDIA_TYPE, &message))
}

/// The names and values of a query.
fn pairs(query: &str) -> Vec<(String, String)> {
    let decoded = |text: &str| {
        let spaced = text.replace('+', " ");
        percent_decode_str(&spaced).decode_utf8_lossy().into_owned()
    };
    let pair = |part: &str| {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        (decoded(name), decoded(value))
    };
    query.split('&').filter(|part| !part.is_empty()).map(pair).collect()
}
