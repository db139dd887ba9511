use crate::requests::{every_version, populated};
use kadence_wire::{
    batch::{BatchHeader, place},
    bounds::{DEFAULT_MAX_ELEMENTS, check_request},
    subscription,
};
use std::{fs, path::Path};

/// The requests, subscriptions and batches that fuzzing starts from; with `KADENCE_WRITE_SEEDS` set they are written
/// to `fuzz/seeds`, where also lies what fuzzing found.
#[test]
fn seeds_for_fuzzing_are_good() {
    let mut framed = vec![1, 3, 7, 255];
    for (api, version) in every_version() {
        let request = populated(api, version);
        assert_eq!(check_request(&request, DEFAULT_MAX_ELEMENTS).map(|c| c.len), Ok(request.len()));
        write("wire_request_bounds", &format!("{api:?}-{version}"), &request);
        // The newest of each in one stream.
        if every_version().filter(|(other, _)| *other == api).all(|(_, other)| other <= version) {
            framed.extend_from_slice(&(request.len() as u32).to_be_bytes());
            framed.extend_from_slice(&request);
        }
    }
    write("wire_frame", "all", &framed);
    write("wire_frame", "short", &[0, 0, 0, 0, 0, 0, 0, 8, 0, 18, 0, 0, 0, 0, 0, 7, 0, 0]);
    let subscriptions: [&[u8]; 2] = [
        b"\0\0\0\0\0\x02\0\x01t\0\x02uv\xff\xff\xff\xff",
        b"\0\x03\0\0\0\x01\0\x01t\0\0\0\x01x\0\0\0\x01\0\x01t\0\0\0\x01\0\0\0\0\0\0\0\x05\0\x01r",
    ];
    for (at, bytes) in subscriptions.iter().enumerate() {
        assert!(subscription::topics(bytes).is_some_and(|topics| topics.contains(&"t")));
        write("wire_subscription", &format!("subscription-{at}"), bytes);
    }
    let mut segment = Vec::new();
    for (at, (codec, packed)) in crate::records::packed(&crate::records::records(5, 20)).iter().enumerate() {
        let batch = crate::batch::batch(*codec, 5, 0, 40, packed);
        assert!(BatchHeader::parse_produced(&batch).is_ok());
        let mut stored = batch.to_vec();
        place(&mut stored, 5 * at as i64, 0);
        segment.append(&mut stored);
        write("broker_log", &format!("batches-{at}"), &segment);
        // A time before the header, as the target takes it.
        let timed = [&25_i64.to_le_bytes()[..], &batch].concat();
        write("wire_batch_header", &format!("codec-{at}"), &timed);
        for choice in [*codec as u8, *codec as u8 + 5, *codec as u8 + 105] {
            let chosen = [&[choice, 5, 0][..], &25_i64.to_le_bytes(), packed].concat();
            write("wire_records", &format!("codec-{at}-{choice}"), &chosen);
        }
    }
}

fn write(target: &str, name: &str, bytes: &[u8]) {
    if std::env::var_os("KADENCE_WRITE_SEEDS").is_none() {
        return;
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds").join(target);
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join(name), bytes).unwrap();
}
