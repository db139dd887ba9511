//! What passes the walk is decoded: no panic, and no allocation beyond the limit given to libFuzzer.
//!
//! `cargo +nightly fuzz run wire_request_bounds -- -max_len=65536 -malloc_limit_mb=64`

#![no_main]

use bytes::Bytes;
use kadence_wire::bounds::{DEFAULT_MAX_ELEMENTS, check_request};
use kafka_protocol::{
    messages::{ApiKey, RequestHeader, RequestKind},
    protocol::Decodable,
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|frame: &[u8]| {
    let Ok(checked) = check_request(frame, DEFAULT_MAX_ELEMENTS) else { return };
    let Ok(api) = ApiKey::try_from(checked.start.api_key) else { return };
    let version = checked.start.api_version;
    let mut rest = Bytes::copy_from_slice(frame);
    // The header may still be refused, for text that is not UTF-8.
    if RequestHeader::decode(&mut rest, api.request_header_version(version)).is_err() {
        return;
    }
    assert_eq!(rest.len(), frame.len() - checked.header_len);
    if RequestKind::decode(api, &mut rest, version).is_ok() {
        assert_eq!(rest.len(), frame.len() - checked.len);
    }
});
