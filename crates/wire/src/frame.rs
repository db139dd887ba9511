//! Frames: a length prefix, then a request or a response.

use bytes::{BufMut, Bytes, BytesMut};
use kafka_protocol::{
    messages::{ApiKey, ResponseHeader},
    protocol::Encodable,
};

/// Kafka's own default for `socket.request.max.bytes`.
pub const DEFAULT_MAX_FRAME_BYTES: usize = 100 * 1024 * 1024;

/// Bytes of the length prefix.
pub const PREFIX_LEN: usize = 4;

/// API key, API version and correlation id: every request starts with these.
const MIN_REQUEST_BYTES: usize = 8;

/// Why bytes are not a frame.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the messages say it")]
pub enum FrameError {
    #[error("frame: a length of {found} is outside {MIN_REQUEST_BYTES} to {max} bytes")]
    Length { found: i32, max: usize },
    #[error("frame: {found} bytes are too few for a request header")]
    Short { found: usize },
    #[error("frame: {api:?} v{version} cannot be encoded: {what}")]
    Encode { api: ApiKey, version: i16, what: String },
}

/// The length of the request that follows `prefix`, if it may be read at all.
pub fn request_len(prefix: [u8; PREFIX_LEN], max: usize) -> Result<usize, FrameError> {
    let found = i32::from_be_bytes(prefix);
    match usize::try_from(found) {
        Ok(len) if len >= MIN_REQUEST_BYTES && len <= max => Ok(len),
        _ => Err(FrameError::Length { found, max }),
    }
}

/// What is known of a request before its header version is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestStart {
    /// The number of the API, which may be unknown here.
    pub api_key: i16,
    /// The version the client chose, which may be unknown here.
    pub api_version: i16,
    /// Echoed in the response.
    pub correlation_id: i32,
}

impl RequestStart {
    /// Reads the fixed start of a request.
    pub fn parse(frame: &[u8]) -> Result<Self, FrameError> {
        let start: &[u8; MIN_REQUEST_BYTES] =
            frame.first_chunk().ok_or(FrameError::Short { found: frame.len() })?;
        Ok(Self {
            api_key: i16::from_be_bytes([start[0], start[1]]),
            api_version: i16::from_be_bytes([start[2], start[3]]),
            correlation_id: i32::from_be_bytes([start[4], start[5], start[6], start[7]]),
        })
    }
}

/// A response with its length prefix and header, ready to be written.
pub fn encode_response<T: Encodable>(
    api: ApiKey,
    version: i16,
    correlation_id: i32,
    body: &T,
) -> Result<Bytes, FrameError> {
    let mut out = start_response(api, version, correlation_id)?;
    body.encode(&mut out, version).map_err(|e| encode_error(api, version, &e.to_string()))?;
    finish_response(&mut out, 0);
    Ok(out.freeze())
}

/// Room for the length, then the response header.
pub(crate) fn start_response(api: ApiKey, version: i16, correlation_id: i32) -> Result<BytesMut, FrameError> {
    let mut out = BytesMut::with_capacity(256);
    out.put_i32(0);
    ResponseHeader::default()
        .with_correlation_id(correlation_id)
        .encode(&mut out, api.response_header_version(version))
        .map_err(|e| encode_error(api, version, &e.to_string()))?;
    Ok(out)
}

/// Writes the length of a started response, `elsewhere` bytes of which are kept outside `out`.
pub(crate) fn finish_response(out: &mut [u8], elsewhere: usize) {
    let len = (out.len() - PREFIX_LEN + elsewhere) as i32;
    out[..PREFIX_LEN].copy_from_slice(&len.to_be_bytes());
}

pub(crate) fn encode_error(api: ApiKey, version: i16, what: &str) -> FrameError {
    FrameError::Encode { api, version, what: what.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_outside_the_limits_is_refused() {
        for bad in [-1, i32::MIN, 0, 7, 1001, i32::MAX] {
            assert!(request_len(bad.to_be_bytes(), 1000).is_err(), "{bad}");
        }
        assert_eq!(request_len(8_i32.to_be_bytes(), 1000), Ok(8));
        assert_eq!(request_len(1000_i32.to_be_bytes(), 1000), Ok(1000));
    }
}
