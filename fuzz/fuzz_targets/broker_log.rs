//! Whatever a segment holds, a log opens on it or says why not, and what it found can be read, once.
//!
//! `TMPDIR=/dev/shm cargo +nightly fuzz run broker_log -- -max_len=16384 -malloc_limit_mb=64`

#![no_main]

use kadence_broker::fuzzing;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|segment: &[u8]| fuzzing::recover_log(segment));
