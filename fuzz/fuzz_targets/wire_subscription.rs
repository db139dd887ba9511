//! A consumer's metadata is read without a panic, and what is read stands in the bytes in this order.
//!
//! `cargo +nightly fuzz run wire_subscription -- -max_len=4096 -malloc_limit_mb=16`

#![no_main]

use kadence_wire::subscription;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|metadata: &[u8]| {
    let Some(topics) = subscription::topics(metadata) else { return };
    let mut at = 6;
    for topic in topics {
        at += 2;
        assert_eq!(&metadata[at..at + topic.len()], topic.as_bytes());
        at += topic.len();
    }
});
