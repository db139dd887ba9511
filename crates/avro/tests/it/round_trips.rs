//! Rows come back as they were, and another implementation reads and writes the same.

use apache_avro::types::Value as Theirs;
use apache_avro::{Days, Duration, Millis, Months};
use kadence_avro::{AvroDecoder, Schema};
use kadence_core::data::RowBuffer;
use proptest::prelude::*;

use crate::generated::{Datum, FIXED_DECIMAL, Kind, SYMBOLS, Seed, kind, write_fields};
use crate::support::{body, decode, decode_by, encode};

fn row_of(datum: &Datum) -> RowBuffer {
    let mut rows = RowBuffer::new();
    let mut row = rows.build();
    if let Datum::Record(fields) = datum {
        write_fields(fields, &mut row);
    } else {
        row.name("value");
        datum.write(&mut row);
    }
    row.finish().unwrap();
    rows
}

fn theirs(kind: &Kind, datum: &Datum) -> Theirs {
    match (kind, datum) {
        (_, Datum::Null) => Theirs::Null,
        (_, Datum::Bool(value)) => Theirs::Boolean(*value),
        (Kind::Int, Datum::Int(value)) => Theirs::Int(*value as i32),
        (_, Datum::Int(value)) => Theirs::Long(*value),
        (Kind::Float, Datum::Float(value)) => Theirs::Float(*value as f32),
        (_, Datum::Float(value)) => Theirs::Double(*value),
        (Kind::Fixed(size), Datum::Bytes(bytes)) => Theirs::Fixed(*size, bytes.clone()),
        (_, Datum::Bytes(bytes)) => Theirs::Bytes(bytes.clone()),
        (_, Datum::Text(text)) => Theirs::String(text.clone()),
        (_, Datum::Enum(place)) => Theirs::Enum(*place, SYMBOLS[*place as usize].to_owned()),
        (Kind::FixedDecimal(_), Datum::Decimal(number, _)) => {
            Theirs::Decimal(number.to_be_bytes()[16 - FIXED_DECIMAL..].to_vec().into())
        }
        (_, Datum::Decimal(number, _)) => Theirs::Decimal(number.to_be_bytes().to_vec().into()),
        (_, Datum::Uuid(uuid)) => Theirs::Uuid(apache_avro::Uuid::from_bytes(*uuid)),
        (_, Datum::Date(days)) => Theirs::Date(*days),
        (Kind::TimeMillis, Datum::Time(nanos)) => Theirs::TimeMillis((*nanos / 1_000_000) as i32),
        (_, Datum::Time(nanos)) => Theirs::TimeMicros(*nanos / 1_000),
        (Kind::Timestamp(unit), Datum::Timestamp(nanos)) => match unit {
            1 => Theirs::TimestampNanos(*nanos),
            1_000 => Theirs::TimestampMicros(*nanos / unit),
            _ => Theirs::TimestampMillis(*nanos / unit),
        },
        (Kind::LocalTimestamp(unit), Datum::LocalTimestamp(nanos)) => match unit {
            1 => Theirs::LocalTimestampNanos(*nanos),
            1_000 => Theirs::LocalTimestampMicros(*nanos / unit),
            _ => Theirs::LocalTimestampMillis(*nanos / unit),
        },
        (_, Datum::Duration([months, days, millis])) => {
            Theirs::Duration(Duration::new(Months::new(*months), Days::new(*days), Millis::new(*millis)))
        }
        (Kind::Array(of), Datum::List(items)) => {
            Theirs::Array(items.iter().map(|item| theirs(of, item)).collect())
        }
        (Kind::Map(of), Datum::Map(entries)) => {
            Theirs::Map(entries.iter().map(|(name, value)| (name.clone(), theirs(of, value))).collect())
        }
        (Kind::Union(branches), Datum::Branch(place, value)) => {
            Theirs::Union(*place, Box::new(theirs(&branches[*place as usize], value)))
        }
        (Kind::Record(kinds), Datum::Record(fields)) => {
            let pairs = kinds.iter().zip(fields).enumerate();
            Theirs::Record(
                pairs.map(|(place, (kind, field))| (format!("f{place}"), theirs(kind, field))).collect(),
            )
        }
        other => panic!("{other:?} do not go together"),
    }
}

/// Decimals of one value may differ in how many bytes repeat their sign.
fn with_plain_decimals(value: Theirs) -> Theirs {
    match value {
        Theirs::Decimal(decimal) => {
            let bytes = <Vec<u8>>::try_from(&decimal).unwrap();
            let sign = if bytes.first().is_some_and(|byte| byte & 0x80 != 0) { 0xFF } else { 0 };
            let mut wide = vec![sign; 32 - bytes.len()];
            wide.extend_from_slice(&bytes);
            Theirs::Bytes(wide)
        }
        Theirs::Array(items) => Theirs::Array(items.into_iter().map(with_plain_decimals).collect()),
        Theirs::Map(entries) => {
            Theirs::Map(entries.into_iter().map(|(name, value)| (name, with_plain_decimals(value))).collect())
        }
        Theirs::Union(place, value) => Theirs::Union(place, Box::new(with_plain_decimals(*value))),
        Theirs::Record(fields) => Theirs::Record(
            fields.into_iter().map(|(name, value)| (name, with_plain_decimals(value))).collect(),
        ),
        other => other,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn rows_come_back_and_others_read_and_write_the_same(kind in kind(), seed: u64) {
        let text = kind.json(&mut 0).to_string();
        let schema = Schema::parse(&text).unwrap();
        let datum = kind.datum(&mut Seed(seed));
        let rows = row_of(&datum);
        let encoded = encode(&schema, &rows).unwrap_or_else(|error| panic!("{text}\n{datum:?}\n{error}"));
        let decoded = decode(&schema, &encoded).unwrap_or_else(|error| panic!("{text}\n{datum:?}\n{error}"));
        prop_assert_eq!(decoded.row(0), rows.row(0), "{}", text);
        let by_reader = decode_by(&mut AvroDecoder::with_reader(&schema), &schema, &encoded).unwrap();
        prop_assert_eq!(by_reader.row(0), rows.row(0), "{}", text);

        let their_schema = apache_avro::Schema::parse_str(&text).unwrap();
        let meant = theirs(&kind, &datum);
        let read = apache_avro::reader::datum::GenericDatumReader::builder(&their_schema)
            .build()
            .unwrap()
            .read_value(&mut &encoded[5..])
            .unwrap_or_else(|error| panic!("{text}\n{datum:?}\n{error}"));
        prop_assert_eq!(with_plain_decimals(read), with_plain_decimals(meant.clone()), "{}", text);
        let written = apache_avro::writer::datum::GenericDatumWriter::builder(&their_schema)
            .build()
            .unwrap()
            .write_value_to_vec(meant)
            .unwrap_or_else(|error| panic!("{text}\n{datum:?}\n{error}"));
        let decoded = decode(&schema, &body(&written)).unwrap_or_else(|error| panic!("{text}\n{datum:?}\n{error}"));
        prop_assert_eq!(decoded.row(0), rows.row(0), "{}", text);
    }
}
