//! The registry over HTTP, as clients see it.

#![allow(clippy::unwrap_used)]

mod client;
mod roles;
mod routes;
mod rules;
mod scale;
