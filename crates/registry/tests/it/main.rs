//! The registry over HTTP, as clients see it.

mod client;
mod roles;
mod routes;
mod rules;
mod scale;
