//! Plain rows are split as `csv-core` splits them.

use kadence_testing::faults::Trickle;
use proptest::prelude::*;

use super::plain::PlainRows;
use super::*;

/// A row: its cells, its text and its line, and whether the next one is at hand.
type Row = (Vec<Vec<u8>>, Vec<u8>, u64, bool);

/// The rows of `text` and how they end; and how many of them were plain.
fn rows_of(text: &[u8], at_most: usize, options: &CsvOptions, plain: bool) -> (Vec<Row>, String, usize) {
    let reader = Box::new(Trickle::new(text.to_vec(), at_most));
    let mut rows = match Input::open("data".into(), reader).and_then(|input| CsvRows::open(input, options)) {
        Ok(rows) => rows,
        Err(error) => return (Vec::new(), error.to_string(), 0),
    };
    rows.plain.is_usable &= plain;
    let (mut found, mut plain) = (Vec::new(), 0);
    loop {
        match rows.advance() {
            Ok(true) => {
                let cells = (0..rows.count).map(|index| rows.cell_bytes(index).to_vec()).collect();
                found.push((cells, rows.text().to_vec(), rows.line(), rows.is_buffered()));
                plain += usize::from(rows.is_plain);
            }
            Ok(false) => return (found, "the end".into(), plain),
            Err(error) => return (found, error.to_string(), plain),
        }
    }
}

fn options() -> impl Strategy<Value = CsvOptions> {
    let columns = prop_oneof![
        Just(None),
        (1_usize..5).prop_map(|count| Some((0..count).map(|n| format!("c{n}")).collect())),
    ];
    let delimiter = prop_oneof![4 => Just(b','), 1 => any::<u8>(), 1 => Just(b'\r')];
    let quote = prop_oneof![4 => Just(b'"'), 1 => any::<u8>(), 1 => Just(b',')];
    (columns, delimiter, quote).prop_map(|(columns, delimiter, quote)| CsvOptions {
        delimiter,
        quote,
        columns,
    })
}

/// Bytes that mostly are a table.
fn tables() -> impl Strategy<Value = Vec<u8>> {
    let cell = "[a-z0-9 äö]{0,20}|\"[a-z,\"\r\n]{0,9}\"?|[a-z\"]{0,3}";
    let end =
        prop_oneof![8 => Just("\n"), 2 => Just("\r\n"), 1 => Just("\r"), 1 => Just("\n\n"), 1 => Just("")];
    let row = (prop::collection::vec(cell, 1..4), end).prop_map(|(cells, end)| cells.join(",") + end);
    prop::collection::vec(row, 0..20).prop_map(|rows| rows.concat().into_bytes())
}

proptest! {
    #[test]
    fn plain_rows_are_split_as_any_row_is(
        text in prop_oneof![
            tables(),
            prop::collection::vec(prop::sample::select(b"aaaa,,\"\r\n\xff\xef\xbb\xbf".to_vec()), 0..60),
            prop::collection::vec(any::<u8>(), 0..200),
        ],
        at_most in prop_oneof![1_usize..20, Just(1 << 16)],
        options in options(),
    ) {
        let (rows, ended, _) = rows_of(&text, at_most, &options, true);
        let (expected, expected_end, _) = rows_of(&text, at_most, &options, false);
        prop_assert_eq!(rows, expected);
        prop_assert_eq!(ended, expected_end);
    }
}

#[test]
fn rows_without_quotes_are_plain_but_for_the_first() {
    let options = CsvOptions { columns: Some(vec!["a".into(), "b".into()]), ..CsvOptions::default() };
    // Near the end there may be no whole word left to look at.
    let text = b"1,2\n3,4\r\n5,\"6\"\n\xef\xbb\xbf7,8\n9,10\n11,12\n13,14\n";
    let (rows, ended, plain) = rows_of(text, 1 << 16, &options, true);
    assert_eq!((rows.len(), &*ended, plain), (7, "the end", 4));
    assert_eq!(rows[3].0, [b"\xef\xbb\xbf7".to_vec(), b"8".to_vec()]);
}

#[test]
fn what_is_not_plain_is_left_alone() {
    let plain = PlainRows::new(b',', b'"');
    let mut ends = [0; 2];
    for text in ["1,2,3\n       ", "1\n       ", "1,\"2\"\n       ", "1,2", "1,23456", ""] {
        assert_eq!(plain.split(text.as_bytes(), &mut ends), None, "{text:?}");
    }
    assert_eq!(plain.split(b"1,2\r\n3,4", &mut ends), Some(5));
    assert_eq!(ends, [1, 3]);
    assert_eq!(PlainRows::new(b';', b';').split(b"1;2\n    ", &mut ends), None);
}
