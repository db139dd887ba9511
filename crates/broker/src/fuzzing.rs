//! What fuzz targets call: the readers of this crate that nobody outside of it can reach.

use crate::{log::Log, memory::Memory};
use kadence_wire::batch::{self, BatchHeader};
use std::{
    env, fs, process,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
};

/// Opens a directory whose last segment holds these bytes, and reads all of it: once as they are, and once with the
/// checksums and offsets of its batches made right, so that more than the first check is reached.
pub fn recover_log(segment: &[u8]) {
    read(segment);
    let mut sound = segment.to_vec();
    let (mut at, mut offset) = (0, 0);
    while let Ok(header) = BatchHeader::parse(&sound[at..]) {
        let batch = &mut sound[at..at + header.len];
        batch::place(batch, offset, 0);
        batch::renew_crc(batch);
        offset += i64::from(header.last_offset_delta.max(0)) + 1;
        at += header.len;
    }
    read(&sound);
}

fn read(segment: &[u8]) {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let name = format!("kadence-fuzz-{}-{}", process::id(), NEXT.fetch_add(1, Relaxed));
    let dir = env::temp_dir().join(name);
    let file = dir.join("00000000000000000000.log");
    if fs::create_dir_all(&dir).and_then(|()| fs::write(file, segment)).is_err() {
        return;
    }
    let mut told = 0;
    if let Ok(log) = Log::recover(dir.clone(), 0, &Memory::new(u64::MAX, None), &mut |_| told += 1) {
        let (mut offset, mut seen) = (log.start(), 0);
        while offset < log.end() {
            let Ok(batches) = log.read(offset, 1, true, log.end()).load() else { break };
            let Some(batch) = batches.first() else { break };
            let Ok(header) = BatchHeader::parse(batch) else { break };
            offset = header.base_offset + i64::from(header.last_offset_delta) + 1;
            seen += 1;
        }
        assert_eq!((offset, seen), (log.end(), told), "what is recovered can be read, once");
        for timestamp in [i64::MIN, -1, 0, i64::MAX] {
            assert!(log.first_at(timestamp).load().is_ok());
        }
        assert!(log.latest().load().is_ok());
    }
    let _ = fs::remove_dir_all(dir);
}
