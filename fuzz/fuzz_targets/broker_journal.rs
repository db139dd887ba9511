//! Bytes of a journal are read up to the first line that says nothing, and what they come to can be written anew.
//!
//! `cargo +nightly fuzz run broker_journal -- -max_len=65536 -malloc_limit_mb=64`

#![no_main]

use kadence_broker::fuzzing;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|lines: &[u8]| fuzzing::journal(lines));
