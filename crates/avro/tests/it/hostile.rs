//! Bytes that are no body.

use kadence_avro::{AvroDecoder, Schema};
use kadence_core::codec::{DecodeError, Decoder};
use kadence_core::data::RowBuffer;
use proptest::prelude::*;

use crate::generated::{Seed, kind};
use crate::support::{ID, body, decode, decode_by, record_of, schema};

fn error(schema: &Schema, datum: &[u8]) -> (String, Option<usize>) {
    let DecodeError { what, at } = decode(schema, &body(datum)).unwrap_err();
    (what, at)
}

#[test]
fn what_is_wrong_is_said_with_its_byte() {
    let max = [0xFE, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01];
    for (field_type, datum, what, at) in [
        ("\"long\"", &[][..], "the body ends too early", 5),
        ("\"long\"", &[2, 0, 0], "2 bytes are left over behind the value", 6),
        ("\"int\"", &max, "an int has 32 bits, and this one is 9223372036854775807", 15),
        ("\"long\"", &[0xFF; 10], "a whole number takes more than 64 bits", 15),
        ("\"boolean\"", &[2], "a boolean is 0 or 1, and this one 2", 6),
        ("\"string\"", &max, "the body ends too early", 15),
        ("\"bytes\"", &[1], "a length is -1", 6),
        ("\"string\"", &[2, 0xFF], "a text is not UTF-8", 7),
        (r#"["null","long"]"#, &[4], "a union has 2 branches, and this is number 2", 6),
        (r#"{"type":"enum","name":"E","symbols":["A"]}"#, &[2], "an enum has no symbol number 1", 6),
        (r#"{"type":"string","logicalType":"uuid"}"#, &[2, b'x'], "a text that is to be a UUID is none", 7),
        (
            r#"{"type":"long","logicalType":"timestamp-millis"}"#,
            &max,
            "a timestamp is outside the years 1677 to 2262",
            15,
        ),
        (r#"{"type":"int","logicalType":"time-millis"}"#, &[1], "a time of day is not within a day", 6),
        (r#"{"type":"array","items":"long"}"#, &max, "the body ends too early", 15),
        (r#"{"type":"array","items":"long"}"#, &[1, 6, 2, 0], "a block of 3 bytes has 1", 8),
    ] {
        assert_eq!(
            error(&record_of(field_type), datum),
            (what.to_owned(), Some(at)),
            "{field_type} {datum:?}"
        );
    }
    let long = record_of("\"long\"");
    let (mut decoder, mut rows) = (AvroDecoder::new(), RowBuffer::new());
    decoder.learn(ID, &long).unwrap();
    for (body, at) in [(&b""[..], 0), (b"{\"f\":1}", 0), (&[0, 1, 2], 3)] {
        assert_eq!(decoder.decode(body, &mut rows).unwrap_err().at, Some(at));
    }
}

#[test]
fn blocks_with_their_size_are_read() {
    let schema = record_of(r#"{"type":"array","items":"long"}"#);
    let rows = decode(&schema, &body(&[3, 4, 2, 4, 2, 6, 0])).unwrap();
    assert_eq!(format!("{:?}", rows.row(0)), r#"{"f": List([Int(1), Int(2), Int(3)])}"#);
}

#[test]
fn items_without_bytes_are_bounded() {
    let many = [0xFE, 0xFF, 0xFF, 0xFF, 0x0F, 0];
    let doubling = (1..40).fold(r#"{"type":"record","name":"R0","fields":[]}"#.to_owned(), |inner, level| {
        let before = level - 1;
        format!(
            r#"{{"type":"record","name":"R{level}","fields":[{{"name":"a","type":{inner}}},{{"name":"b","type":"R{before}"}}]}}"#
        )
    });
    for items in
        ["\"null\"", r#"{"type":"fixed","name":"F","size":0}"#, r#"{"type":"record","name":"E","fields":[]}"#]
    {
        let (what, _) = error(&record_of(&format!(r#"{{"type":"array","items":{items}}}"#)), &many);
        assert_eq!(what, "there are more values than so few bytes may stand for");
    }
    assert_eq!(error(&record_of(&doubling), &[]).0, "there are more values than so few bytes may stand for");
    let few = decode(&record_of(r#"{"type":"array","items":"null"}"#), &body(&[6, 0])).unwrap();
    assert_eq!(format!("{:?}", few.row(0)), r#"{"f": List([Null, Null, Null])}"#);
}

#[test]
fn depth_is_bounded() {
    let list = schema(r#"{"type":"record","name":"N","fields":[{"name":"n","type":["null","N"]}]}"#);
    assert!(decode(&list, &body(&[[2; 63].as_slice(), &[0]].concat())).is_ok());
    let (what, at) = error(&list, &vec![2; 100_000]);
    assert_eq!((what.as_str(), at), ("values stand in each other deeper than 64 levels", Some(69)));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_make_it_panic(kind in kind(), datum in prop::collection::vec(any::<u8>(), 0..200), small: bool) {
        let schema = Schema::parse(&kind.json(&mut 0).to_string()).unwrap();
        let datum: Vec<u8> = datum.iter().map(|byte| if small { byte % 8 } else { *byte }).collect();
        let as_written = decode(&schema, &body(&datum));
        let by_reader = decode_by(&mut AvroDecoder::with_reader(&schema), &schema, &body(&datum));
        prop_assert_eq!(as_written.is_ok(), by_reader.is_ok());
    }

    /// What one schema writes, read by any other that resolves, is a row or an error.
    #[test]
    fn no_reader_makes_it_panic(writer in kind(), reader in kind(), datum in prop::collection::vec(0_u8..9, 0..60)) {
        let [writer, reader] =
            [writer, reader].map(|kind| Schema::parse(&kind.json(&mut 0).to_string()).unwrap());
        let mut decoder = AvroDecoder::with_reader(&reader);
        if decoder.learn(ID, &writer).is_ok() {
            let _ = decoder.decode(&body(&datum), &mut RowBuffer::new());
        }
    }

    #[test]
    fn bodies_that_were_changed_are_read_or_refused(kind in kind(), seed: u64, at: prop::sample::Index, byte: u8, cut: bool) {
        let schema = Schema::parse(&kind.json(&mut 0).to_string()).unwrap();
        let mut rows = RowBuffer::new();
        let mut row = rows.build();
        match kind.datum(&mut Seed(seed)) {
            crate::generated::Datum::Record(fields) => crate::generated::write_fields(&fields, &mut row),
            datum => {
                row.name("value");
                datum.write(&mut row);
            }
        }
        row.finish().unwrap();
        let mut body = crate::support::encode(&schema, &rows).unwrap();
        let at = 5 + at.index(body.len() - 4);
        if cut {
            body.truncate(at);
        } else if let Some(changed) = body.get_mut(at) {
            *changed ^= byte;
        }
        let _ = decode(&schema, &body);
    }
}
