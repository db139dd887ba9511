//! A batch is read or refused, also when its checksum is right, and looked into within a budget.
//!
//! `cargo +nightly fuzz run wire_batch_header -- -max_len=65536 -malloc_limit_mb=128`

#![no_main]

use kadence_wire::{
    batch::{self, BatchHeader, HEADER_LEN},
    records,
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: (i64, &[u8])| {
    let (timestamp, bytes) = data;
    let mut bytes = bytes.to_vec();
    let _ = BatchHeader::parse_produced(&bytes);
    if bytes.len() > HEADER_LEN {
        batch::renew_crc(&mut bytes);
    }
    if let Ok(header) = BatchHeader::parse_produced(&bytes) {
        assert_eq!(header.len, bytes.len());
        batch::place(&mut bytes, i64::MAX, 0);
        batch::set_log_append_time(&mut bytes, timestamp);
        assert!(BatchHeader::parse(&bytes).is_ok_and(|h| h.is_log_append_time()));
    }
    let mut budget = 1 << 20;
    let _ = records::first_at(&bytes, timestamp, &mut budget);
});
