use crate::{
    allocation::largest,
    requests::{decode, every_version, populated},
};
use bytes::Bytes;
use kadence_wire::bounds::{BoundsError, DEFAULT_MAX_ELEMENTS, check_request, covered, table};
use kafka_protocol::messages::ApiKey;
use proptest::{
    collection::vec,
    prelude::{Strategy, any},
    test_runner::{Config, RngSeed, TestRunner},
};

/// What a decoder may take for one element: `kafka-protocol`'s structures are smaller.
const ELEMENT_BYTES: usize = 256;
const SOME_BYTES: usize = 8192;

/// The tables describe what `kafka-protocol` writes, to the byte, in every version.
#[test]
fn the_walk_ends_where_the_request_ends() {
    for (api, version) in every_version() {
        let frame = populated(api, version);
        let checked =
            check_request(&frame, DEFAULT_MAX_ELEMENTS).unwrap_or_else(|e| panic!("{api:?} v{version}: {e}"));
        assert_eq!(checked.len, frame.len(), "{api:?} v{version}");
        let left = decode(api, version, Bytes::from(frame).slice(checked.header_len..));
        assert_eq!(left, Ok(0), "{api:?} v{version}");
    }
}

/// Every prefix of a request claims something that is not there.
#[test]
fn a_cut_request_is_refused_wherever_it_is_cut() {
    for (api, version) in every_version() {
        let frame = populated(api, version);
        for len in 0..frame.len() {
            assert!(
                check_request(&frame[..len], DEFAULT_MAX_ELEMENTS).is_err(),
                "{api:?} v{version} at {len}"
            );
        }
    }
}

#[test]
fn versions_outside_the_tables_are_refused() {
    for api in [ApiKey::Produce, ApiKey::Fetch, ApiKey::Metadata] {
        let versions = covered(api).unwrap();
        assert!(table(api as i16, *versions.end()).is_some());
        assert!(table(api as i16, versions.end() + 1).is_none());
        assert!(table(api as i16, -1).is_none());
    }
    let frame = [0, 4, 0, 0, 0, 0, 0, 0, 0, 0];
    assert_eq!(
        check_request(&frame, DEFAULT_MAX_ELEMENTS),
        Err(BoundsError::NoTable { api_key: 4, api_version: 0 })
    );
}

/// Metadata v1: header, client id null, then the count of topics.
#[test]
fn a_count_is_held_against_the_bytes_that_remain() {
    let frame = |count: i32, rest: usize| {
        let mut frame = vec![0, 3, 0, 1, 0, 0, 0, 7, 0xff, 0xff];
        frame.extend_from_slice(&count.to_be_bytes());
        frame.resize(frame.len() + rest, 0);
        frame
    };
    let check = |count, rest| check_request(&frame(count, rest), 1000);
    assert!(check(-1, 0).is_ok(), "null");
    assert!(check(50, 100).is_ok(), "empty names of two bytes each");
    assert!(matches!(check(51, 100), Err(BoundsError::Count { count: 51, each: 2, left: 100, .. })));
    assert!(matches!(check(i32::MAX, 100), Err(BoundsError::Count { .. })));
    assert!(matches!(check(-2, 100), Err(BoundsError::Negative { .. })));
    assert!(matches!(check(1001, 10_000), Err(BoundsError::Elements { max: 1000, .. })));
}

#[test]
fn a_number_of_variable_length_has_an_end() {
    // ApiVersions v3: header with no tags, then the length of the client's name.
    let frame = |tail: &[u8]| [&[0, 18, 0, 3, 0, 0, 0, 7, 0xff, 0xff, 0][..], tail].concat();
    for tail in [&[0xff; 5][..], &[0x80, 0x80, 0x80, 0x80, 0x80, 0x01], &[0xff, 0xff, 0xff, 0xff, 0x1f]] {
        assert!(matches!(check_request(&frame(tail), 10), Err(BoundsError::Varint { .. })), "{tail:?}");
    }
    assert!(matches!(
        check_request(&frame(&[0xff, 0xff, 0xff, 0xff, 0x0f]), 10),
        Err(BoundsError::Length { .. })
    ));
}

/// The decoder reads a tagged field it knows by its kind, whatever length was said.
#[test]
fn a_tagged_field_has_the_length_it_says() {
    let frame = populated(ApiKey::Fetch, 12);
    let at = frame.windows(9).position(|w| w == b"\x00\x08\x08cluster"[..9].as_ref()).unwrap();
    let mut wrong = frame.clone();
    wrong[at + 1] = 7;
    assert!(matches!(
        check_request(&wrong, DEFAULT_MAX_ELEMENTS),
        Err(BoundsError::TagLength { tag: 0, said: 7, found: 8, .. })
    ));
    let mut early = frame;
    early[at] = 1;
    assert!(matches!(
        check_request(&early, DEFAULT_MAX_ELEMENTS),
        Err(BoundsError::TagVersion { tag: 1, .. })
    ));
}

/// What passes the walk is decoded without a panic, and with memory in proportion to its elements.
fn passes_or_is_refused(frame: &[u8]) {
    let (checked, taken) = largest(|| check_request(frame, DEFAULT_MAX_ELEMENTS));
    assert!(taken < SOME_BYTES, "the walk itself took {taken} bytes");
    let Ok(checked) = checked else { return };
    let api = ApiKey::try_from(checked.start.api_key).unwrap();
    let body = Bytes::copy_from_slice(&frame[checked.header_len..]);
    let (left, taken) = largest(|| decode(api, checked.start.api_version, body));
    assert!(taken <= SOME_BYTES + checked.elements * ELEMENT_BYTES, "{taken} bytes for {checked:?}");
    if let Ok(left) = left {
        assert_eq!(left, frame.len() - checked.len, "the walk and the decoder end at the same byte");
    }
}

fn runner(cases: u32) -> TestRunner {
    TestRunner::new(Config {
        cases,
        rng_seed: RngSeed::Fixed(7),
        failure_persistence: None,
        ..Config::default()
    })
}

#[test]
fn changed_requests_are_refused_or_decoded_within_bounds() {
    let all: Vec<Vec<u8>> = every_version().map(|(api, version)| populated(api, version)).collect();
    let change = (any::<proptest::sample::Index>(), any::<u8>());
    let cases = (any::<proptest::sample::Index>(), vec(change, 1..6));
    runner(20_000)
        .run(&cases, |(which, changes)| {
            let mut frame = which.get(&all).clone();
            for (at, byte) in changes {
                // Key and version stay, so that a table is found.
                let at = 4 + at.index(frame.len() - 4);
                frame[at] = byte;
            }
            passes_or_is_refused(&frame);
            Ok(())
        })
        .unwrap();
}

#[test]
fn arbitrary_bodies_are_refused_or_decoded_within_bounds() {
    let all: Vec<(ApiKey, i16)> = every_version().collect();
    // Small numbers make counts and lengths that fit.
    let byte = proptest::prop_oneof![3 => 0_u8..4, 1 => any::<u8>()];
    let cases = (any::<proptest::sample::Index>(), vec(byte, 0..200));
    runner(20_000)
        .run(&cases.prop_map(|(which, body)| (*which.get(&all), body)), |((api, version), body)| {
            let mut frame = (api as i16).to_be_bytes().to_vec();
            frame.extend_from_slice(&version.to_be_bytes());
            frame.extend_from_slice(&[0, 0, 0, 7, 0xff, 0xff]);
            frame.extend_from_slice(&body);
            passes_or_is_refused(&frame);
            Ok(())
        })
        .unwrap();
}

/// The largest request that passes must not be dear either.
#[test]
fn the_greatest_number_of_elements_is_still_cheap() {
    let mut frame = vec![0, 3, 0, 1, 0, 0, 0, 7, 0xff, 0xff];
    frame.extend_from_slice(&(DEFAULT_MAX_ELEMENTS as i32).to_be_bytes());
    frame.resize(frame.len() + 2 * DEFAULT_MAX_ELEMENTS, 0);
    passes_or_is_refused(&frame);
    assert!(check_request(&frame, DEFAULT_MAX_ELEMENTS).is_ok());
}
