//! Checks a request against the bytes that hold it, before anything is allocated for it.
//!
//! `kafka-protocol` calls `Vec::with_capacity` with whatever count a request claims. The walk here follows the
//! same structure by the tables in [`tables`] without allocating: every length and count must fit the bytes that
//! remain, and the number of elements a decoder would build is limited. A request that passes costs the decoder
//! memory in proportion to its own size.

mod schema;
pub mod tables;
mod walk;

use crate::frame::{FrameError, RequestStart};
use kafka_protocol::messages::ApiKey;
pub use schema::{Field, Kind, Request, Tag};
use std::ops::{Range, RangeInclusive};
use walk::Walk;

/// Array elements and tagged fields that one request may hold.
///
/// A broker for development keeps at most some ten thousand partitions; a decoded element costs about 100 bytes.
pub const DEFAULT_MAX_ELEMENTS: usize = 50_000;

/// Why a request is not decoded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the messages say it")]
pub enum BoundsError {
    #[error(transparent)]
    Frame(#[from] FrameError),
    #[error("request: API {api_key} v{api_version} has no table")]
    NoTable { api_key: i16, api_version: i16 },
    #[error("request: byte {at}: {wanted} bytes are claimed (found {left})")]
    Length { at: usize, wanted: u64, left: usize },
    #[error("request: byte {at}: {count} elements of at least {each} bytes are claimed (found {left} bytes)")]
    Count { at: usize, count: u64, each: usize, left: usize },
    #[error("request: byte {at}: a negative length of {found}")]
    Negative { at: usize, found: i64 },
    #[error("request: byte {at}: a number of variable length does not end")]
    Varint { at: usize },
    #[error("request: byte {at}: tagged field {tag} says {said} bytes (found {found})")]
    TagLength { at: usize, tag: u32, said: u32, found: usize },
    #[error("request: byte {at}: tagged field {tag} is not part of this version")]
    TagVersion { at: usize, tag: u32 },
    #[error("request: byte {at}: more than {max} elements")]
    Elements { at: usize, max: usize },
}

/// A request whose claims hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// The start of the header, as read.
    pub start: RequestStart,
    /// Where the client's name for itself is in the frame, if it says one.
    pub client_id: Option<Range<usize>>,
    /// Bytes of the header, where the body starts.
    pub header_len: usize,
    /// Bytes of header and body; what follows in the frame belongs to no field.
    pub len: usize,
    /// Array elements and tagged fields.
    pub elements: usize,
}

/// The table of one version of an API, if there is one.
pub fn table(api_key: i16, api_version: i16) -> Option<&'static Request> {
    tables::ALL.iter().copied().find(|t| t.api as i16 == api_key && (t.min..=t.max).contains(&api_version))
}

/// The versions of `api` that have a table.
pub fn covered(api: ApiKey) -> Option<RangeInclusive<i16>> {
    tables::ALL.iter().find(|t| t.api == api).map(|t| t.min..=t.max)
}

/// Walks a whole request frame (without its length prefix), header and body.
pub fn check_request(frame: &[u8], max_elements: usize) -> Result<Checked, BoundsError> {
    let start = RequestStart::parse(frame)?;
    let request = table(start.api_key, start.api_version)
        .ok_or(BoundsError::NoTable { api_key: start.api_key, api_version: start.api_version })?;
    let flexible = start.api_version >= request.flexible;
    let mut walk = Walk::new(frame, start.api_version, flexible, max_elements);
    // The client id kept its old form when headers gained tagged fields.
    let client_id = walk.header()?;
    let header_len = walk.position();
    walk.fields(request.body, request.tags)?;
    Ok(Checked { start, client_id, header_len, len: walk.position(), elements: walk.elements() })
}
