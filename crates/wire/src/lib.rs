//! The Kafka wire format as the house reads it: frames, requests and record batches from strangers.
//!
//! `kafka-protocol` decodes and encodes the messages themselves. It trusts every count on the wire and allocates
//! whatever is claimed, so [`bounds`] walks a request first, by tables that describe its structure, and refuses
//! what the bytes at hand cannot hold. Nothing here knows a socket, a topic or a clock.
//!
//! | Module | Holds |
//! |---|---|
//! | [`frame`] | length prefixes, the fixed part of a request header, response frames |
//! | [`bounds`] | the walk, its limits and its tables |
//! | [`batch`] | the header of a record batch: parsed, checked, rewritten in place |
//! | [`contents`] | the records of a batch with their keys, and batches written anew from some of them |
//! | [`control`] | the markers that end transactions |
//! | [`records`] | timestamps inside a batch, read through a bounded decompression |
//! | [`subscription`] | the topics in a consumer's word to its group |
//! | [`fetch`] | fetch responses whose records are not copied |

pub mod batch;
pub mod bounds;
pub mod contents;
pub mod control;
pub mod fetch;
pub mod frame;
pub mod records;
pub mod subscription;
