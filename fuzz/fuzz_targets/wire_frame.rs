//! However a stream is cut into pieces, the broker's reader finds the frames that are in it, and ends where they do.
//!
//! `cargo +nightly fuzz run wire_frame -- -max_len=65536 -malloc_limit_mb=64`

#![no_main]

use std::sync::LazyLock;

use kadence_broker::fuzzing::{self, MAX_REQUEST_BYTES};
use kadence_wire::{
    bounds::{DEFAULT_MAX_ELEMENTS, check_request},
    frame::{PREFIX_LEN, RequestStart, request_len},
};
use libfuzzer_sys::fuzz_target;
use tokio::runtime::{Builder, Runtime};

static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| Builder::new_current_thread().build().expect("a runtime starts"));

fuzz_target!(|data: ([u8; 4], &[u8])| {
    let (pieces, stream) = data;
    let (found, whole) = RUNTIME.block_on(fuzzing::frames(stream, &pieces, MAX_REQUEST_BYTES));
    let (frames, rest) = split(stream);
    assert_eq!(found, frames);
    assert_eq!(whole, rest.is_empty());
    for frame in frames {
        let start = RequestStart::parse(frame).expect("a frame has room for the start of a request");
        if let Ok(checked) = check_request(frame, DEFAULT_MAX_ELEMENTS) {
            assert_eq!(checked.start, start);
            assert!(checked.header_len <= checked.len && checked.len <= frame.len());
        }
    }
});

/// The frames at the start of `stream`, and what is behind them.
fn split(stream: &[u8]) -> (Vec<&[u8]>, &[u8]) {
    let (mut frames, mut rest) = (Vec::new(), stream);
    while let Some((prefix, tail)) = rest.split_first_chunk::<PREFIX_LEN>() {
        let Ok(len) = request_len(*prefix, MAX_REQUEST_BYTES) else { break };
        let Some((frame, tail)) = tail.split_at_checked(len) else { break };
        frames.push(frame);
        rest = tail;
    }
    (frames, rest)
}
