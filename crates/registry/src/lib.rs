//! A Schema Registry over a log, compatible with the REST interface of Confluent's.
//!
//! [`Registry`] is what is registered, a machine without input and output. [`Server`] holds one, appends to a
//! [`SchemaLog`] what requests come to, and takes what others wrote; its [`router`](Server::router) answers HTTP.

mod avro;
mod error;
mod json;
mod level;
pub mod log;
mod mode;
mod other;
pub mod record;
mod router;
mod schema;
mod server;
pub mod state;

pub use avro::{Avro, Compatibility, Incompatibility, InvalidAvro, Rule};
pub use error::RegistryError;
pub use level::Level;
pub use log::{AppendError, MemoryLog, SchemaLog};
pub use mode::Mode;
pub use record::Record;
pub use schema::{Kind, Schema};
pub use server::{Role, Server};
pub use state::Registry;
