//! A broker answers whatever a connection says or closes it: no panic, nothing kept, nobody waiting for ever.
//!
//! `cargo +nightly fuzz run broker_requests -- -max_len=65536 -malloc_limit_mb=256`

#![no_main]

use std::sync::LazyLock;

use kadence_broker::fuzzing;
use libfuzzer_sys::fuzz_target;
use tokio::runtime::{Builder, Runtime};

/// Its clock is paused: who waits, waits no time.
static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    Builder::new_current_thread().enable_time().start_paused(true).build().expect("a runtime starts")
});

fuzz_target!(|stream: &[u8]| RUNTIME.block_on(fuzzing::requests(stream)));
