//! Avro in the Confluent wire format, between typed rows of `kadence-core` and bytes, and a client of a Schema
//! Registry.
//!
//! | Module | Holds |
//! |---|---|
//! | `schema` | [`Schema`]: a text that was read, checked and compiled |
//! | `error` | [`SchemaError`]: why a schema cannot be used |
//! | `plan` | its types in one arena, which rows are written by |
//! | `program` | the steps that bodies are read by |
//! | `resolve` | from two plans to a program: what one schema writes as another one reads it |
//! | `encode` | [`AvroEncoder`]: from rows to bodies |
//! | `decode` | [`AvroDecoder`]: from bodies to rows |
//! | `logical` | decimals, times without a zone, floats as the decimals that people mean by them |
//! | `wire` | whole numbers of variable length, and bytes that are looked at before they are believed |
//! | `infer` | [`infer`]: from columns to the text of a schema |
//! | `subject` | [`SubjectStrategy`]: what a schema is called in the registry |
//! | `client` | [`RegistryClient`]: asks a registry |

mod client;
mod decode;
mod encode;
mod error;
mod infer;
mod logical;
mod plan;
mod program;
mod resolve;
mod schema;
mod subject;
mod wire;

pub use client::{
    BaseUrl, Compatibility, Mode, Reference, RegisteredSchema, RegistryClient, RegistryError,
    RegistryOptions, RetryPolicy, SchemaText, Version, Waiter,
};
pub use decode::{AvroDecoder, Guid, HeaderDecoded, KEY_SCHEMA_HEADER, SchemaKey, VALUE_SCHEMA_HEADER};
pub use encode::AvroEncoder;
pub use error::SchemaError;
pub use infer::infer;
pub use schema::Schema;
pub use subject::{Part, SubjectStrategy};
