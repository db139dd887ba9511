//! The REST interface: which path leads where.

mod answer;
mod ask;
mod compatibility;
mod schemas;
mod settings;
mod subjects;
mod versions;

use std::future::{Future, Ready, ready};
use std::pin::Pin;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use serde_json::json;

use crate::error::RegistryError;
use crate::server::Server;
use answer::{failure, refusal, success};
use ask::Ask;

/// Answers a request.
type Handler = fn(&Server, &Ask) -> Answered;
type Answered = Result<Response, RegistryError>;

impl Server {
    /// The REST interface. It wants a runtime that has threads for what blocks.
    pub fn router(&self) -> Router {
        Router::new()
            .route("/", get(quick(|_, _| Ok(success(&json!({}))))))
            .route("/contexts", get(quick(|_, _| Ok(success(&["."])))))
            .route("/v1/metadata/id", get(quick(|_, _| Ok(schemas::cluster()))))
            .route("/v1/metadata/version", get(quick(|_, _| Ok(schemas::release()))))
            .merge(schemas())
            .merge(subjects())
            .merge(settings())
            .fallback(|| async { refusal(StatusCode::NOT_FOUND, "there is nothing at this path") })
            .method_not_allowed_fallback(|| async {
                refusal(StatusCode::METHOD_NOT_ALLOWED, "this path does not take this method")
            })
            .with_state(self.clone())
    }
}

fn schemas() -> Router<Server> {
    Router::new()
        .route("/schemas", get(quick(|server, ask| Ok(schemas::list(server, ask)))))
        .route("/schemas/types", get(quick(|_, _| Ok(schemas::types()))))
        .route("/schemas/ids/{id}", get(quick(schemas::by_id)))
        .route("/schemas/ids/{id}/schema", get(quick(schemas::text)))
        .route("/schemas/ids/{id}/subjects", get(quick(schemas::subjects)))
        .route("/schemas/ids/{id}/versions", get(quick(schemas::versions)))
        .route("/schemas/guids/{guid}", get(quick(schemas::by_guid)))
}

fn subjects() -> Router<Server> {
    Router::new()
        .route("/subjects", get(quick(|server, ask| Ok(subjects::list(server, ask)))))
        .route("/subjects/{subject}", post(slow(subjects::lookup)).delete(slow(subjects::delete)))
        .route("/subjects/{subject}/versions", get(quick(versions::list)).post(slow(versions::register)))
        .route(
            "/subjects/{subject}/versions/{version}",
            get(quick(versions::get)).delete(slow(versions::delete)),
        )
        .route("/subjects/{subject}/versions/{version}/schema", get(quick(versions::text)))
        .route("/subjects/{subject}/versions/{version}/referencedby", get(quick(versions::referenced_by)))
        .route("/compatibility/subjects/{subject}/versions", post(slow(compatibility::check)))
        .route("/compatibility/subjects/{subject}/versions/{version}", post(slow(compatibility::check)))
}

fn settings() -> Router<Server> {
    let level =
        || get(quick(settings::level)).put(slow(settings::set_level)).delete(slow(settings::delete_level));
    let mode =
        || get(quick(settings::mode)).put(slow(settings::set_mode)).delete(slow(settings::delete_mode));
    Router::new()
        .route("/config", level())
        .route("/config/{subject}", level())
        .route("/mode", mode())
        .route("/mode/{subject}", mode())
}

/// A handler that finds what it needs at once.
fn quick(handler: Handler) -> impl Fn(State<Server>, Ask) -> Ready<Response> + Clone {
    move |State(server), ask| ready(handler(&server, &ask).unwrap_or_else(|error| failure(&error)))
}

/// A handler that reads schemas, or waits for the log.
fn slow(
    handler: Handler,
) -> impl Fn(State<Server>, Ask) -> Pin<Box<dyn Future<Output = Response> + Send>> + Clone {
    move |State(server), ask| {
        let work = move || handler(&server, &ask).unwrap_or_else(|error| failure(&error));
        Box::pin(async move {
            let done = tokio::task::spawn_blocking(work).await;
            done.unwrap_or_else(|_| refusal(StatusCode::INTERNAL_SERVER_ERROR, "the request was not done"))
        })
    }
}
