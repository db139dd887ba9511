//! Values into columns, for all that they may be.

use kadence_core::data::Value;
use proptest::prelude::*;

use super::{Converter, Limits, Why};
use crate::cells::{Cell, Change, Rows};
use crate::types::{ColumnType, Digits, TextLimits};

/// What a value becomes in a column, as a text that shows its kind.
fn put_with(value: &Value<'_>, wanted: ColumnType, unit: Option<i64>, limits: Limits) -> Result<String, Why> {
    let mut converter = Converter { limits, ..Converter::default() };
    let mut rows = Rows::default();
    rows.clear(1);
    let mut row = rows.begin();
    converter.put(value, wanted, unit, 0, &mut row).map_err(|misfit| misfit.why)?;
    row.finish(0, Change::Put);
    Ok(format!("{:?}", rows.cell(0, 0)))
}

fn put(value: &Value<'_>, wanted: ColumnType) -> Result<String, Why> {
    put_with(value, wanted, None, Limits::default())
}

fn int(bits: u8, signed: bool) -> ColumnType {
    ColumnType::Int { bits, signed }
}

#[test]
fn whole_numbers_keep_to_their_range() {
    for (bits, signed, least, most) in [
        (8, true, -128_i64, 127_i64),
        (16, true, -32_768, 32_767),
        (24, false, 0, 16_777_215),
        (32, true, i32::MIN.into(), i32::MAX.into()),
        (32, false, 0, u32::MAX.into()),
    ] {
        for good in [least, most] {
            assert_eq!(put(&Value::Int(good), int(bits, signed)), Ok(format!("Int({good})")));
        }
        for bad in [least - 1, most + 1] {
            assert_eq!(put(&Value::Int(bad), int(bits, signed)), Err(Why::Range), "{bad} in {bits} bits");
        }
    }
    assert_eq!(put(&Value::UInt(u64::MAX), int(64, false)), Ok(format!("UInt({})", u64::MAX)));
    assert_eq!(put(&Value::UInt(u64::MAX), int(64, true)), Err(Why::Range));
    assert_eq!(put(&Value::Float(27.0), int(64, true)), Ok("Int(27)".into()));
    assert_eq!(put(&Value::Float(27.5), int(64, true)), Err(Why::Inexact));
    assert_eq!(put(&Value::Float(1e300), int(64, true)), Err(Why::Inexact));
    assert_eq!(put(&Value::Text("-12"), int(64, true)), Ok("Int(-12)".into()));
    for text in ["007", "1e3", " 1", "+1", "", "x"] {
        assert_eq!(put(&Value::Text(text), int(64, true)), Err(Why::Kind), "{text}");
    }
}

#[test]
fn a_double_is_not_asked_to_hold_what_it_cannot() {
    let large = (1_i64 << 53) + 1;
    assert_eq!(
        put(&Value::Int(large - 1), ColumnType::Double),
        Ok(format!("Double({:?})", (large - 1) as f64))
    );
    assert_eq!(put(&Value::Int(large), ColumnType::Double), Err(Why::Inexact));
    assert_eq!(put(&Value::Decimal("0.10000000000000000000001"), ColumnType::Double), Err(Why::Inexact));
    assert_eq!(put(&Value::Text("-905609e-6"), ColumnType::Double), Ok("Double(-0.905609)".into()));
    assert_eq!(put(&Value::Text("0.1234567890123456789"), ColumnType::Double), Err(Why::Inexact));
    assert_eq!(put(&Value::Text("0012"), ColumnType::Double), Err(Why::Kind));
    assert_eq!(put(&Value::Float(0.1), ColumnType::Float), Ok(format!("Double({:?})", f64::from(0.1_f32))));
    assert_eq!(put(&Value::Float(0.123_456_789), ColumnType::Float), Err(Why::Inexact));
}

#[test]
fn texts_keep_to_their_column() {
    let limits = |chars, bytes, char_bytes, loses_spaces| {
        ColumnType::Text(TextLimits { chars, bytes, char_bytes, loses_spaces })
    };
    assert_eq!(put(&Value::Text("äöü"), limits(Some(3), None, None, false)), Ok("Text(\"äöü\")".into()));
    assert_eq!(put(&Value::Text("äöüx"), limits(Some(3), None, None, false)), Err(Why::Long));
    assert_eq!(put(&Value::Text("äöü"), limits(None, Some(5), None, false)), Err(Why::Long));
    assert_eq!(put(&Value::Text("\u{1f600}"), limits(None, None, Some(3), false)), Err(Why::Character));
    assert_eq!(put(&Value::Text("a "), limits(None, None, None, true)), Err(Why::Spaces));
    let no_nul = Limits { no_nul: true, ..Limits::default() };
    assert_eq!(put_with(&Value::Text("a\0"), ColumnType::TEXT, None, no_nul), Err(Why::Nul));
    assert_eq!(put(&Value::Bool(true), ColumnType::TEXT), Ok("Text(\"true\")".into()));
    assert_eq!(put(&Value::Date(0), ColumnType::TEXT), Ok("Text(\"1970-01-01\")".into()));
}

#[test]
fn times_keep_their_digits_and_their_unit() {
    let stamp = |text| put(&Value::Text(text), ColumnType::Timestamp(3));
    assert!(stamp("2021-04-10T20:51:36.287+09:00").is_ok());
    assert_eq!(stamp("2021-04-10T20:51:36.2871Z"), Err(Why::Inexact));
    for text in [
        "2016-12-31T23:59:60Z",
        "2020-10-25T02:30:00[Europe/Berlin]",
        "2021-04-10",
        "20:51:36",
        "1618055496",
        "2021-02-30T00:00:00Z",
        "2021-04-10T24:00:00Z",
        "",
    ] {
        assert_eq!(stamp(text), Err(Why::Kind), "{text}");
    }
    let millis =
        |count| put_with(&Value::Int(count), ColumnType::Timestamp(3), Some(1_000_000), Limits::default());
    assert_eq!(millis(1), Ok("Timestamp(Timestamp(1000000))".into()));
    assert_eq!(millis(i64::MAX), Err(Why::Range));
    assert_eq!(
        put(&Value::Int(5), ColumnType::Timestamp(3)),
        Err(Why::Kind),
        "a number without a unit says nothing"
    );
    assert_eq!(put(&Value::Text("23:59:59.5"), ColumnType::Time(1)), Ok("Time(86399500000000)".into()));
    assert_eq!(put(&Value::Text("23:59:59.55"), ColumnType::Time(1)), Err(Why::Inexact));
    for text in ["12:00:00+02:00", "23:59:60", "12:00:00Z"] {
        assert_eq!(put(&Value::Text(text), ColumnType::Time(6)), Err(Why::Kind), "{text}");
    }
    assert_eq!(put(&Value::Text("2024-02-29"), ColumnType::Date), Ok("Date(19782)".into()));
    assert_eq!(put(&Value::Text("2023-02-29"), ColumnType::Date), Err(Why::Kind));
}

#[test]
fn bytes_are_base64_and_uuids_are_uuids() {
    assert_eq!(put(&Value::Text("AAEC"), ColumnType::Bytes(Some(3))), Ok("Bytes([0, 1, 2])".into()));
    assert_eq!(put(&Value::Text("AAEC"), ColumnType::Bytes(Some(2))), Err(Why::Long));
    assert_eq!(put(&Value::Text("AAE"), ColumnType::Bytes(None)), Err(Why::Kind));
    assert!(put(&Value::Text("67E55044-10B1-426F-9247-BB680E5FE0C8"), ColumnType::Uuid).is_ok());
    assert_eq!(put(&Value::Text("67e5504410b1426f9247bb680e5fe0c8"), ColumnType::Uuid), Err(Why::Kind));
}

proptest! {
    /// What a decimal column is given is the number that was meant, digit by digit.
    #[test]
    fn decimals_say_the_same_number(whole in "(0|[1-9][0-9]{0,20})", fraction in "(\\.[0-9]{1,20})?", exponent in -30_i32..30, sign in "-?") {
        let text = format!("{sign}{whole}{fraction}e{exponent}");
        let written = put(&Value::Decimal(&text), ColumnType::Decimal(None)).unwrap();
        let plain = written.trim_start_matches("Decimal(\"").trim_end_matches("\")").to_owned();
        prop_assert!(!plain.contains('e'), "{plain}");
        let (meant, kept): (f64, f64) = (text.parse().unwrap(), plain.parse().unwrap());
        prop_assert!(meant.to_bits() == kept.to_bits() || meant.abs() + kept.abs() == 0.0, "{text} became {plain}");
        // Once plain it is itself.
        prop_assert_eq!(put(&Value::Decimal(&plain), ColumnType::Decimal(None)), Ok(written));
    }

    /// A column with digits takes just what has room in them.
    #[test]
    fn digits_are_a_limit(number in -99_999_i64..99_999, scale in 0_u32..5) {
        let digits = Digits { precision: 4, scale };
        let fits = number.unsigned_abs() < 10_u64.pow(4 - scale);
        let put = put(&Value::Int(number), ColumnType::Decimal(Some(digits)));
        prop_assert_eq!(put.is_ok(), fits, "{} in {:?}", number, digits);
    }

    /// Any text goes into any column, or is refused; nothing panics, and a whole number is itself.
    #[test]
    fn any_text_is_kept_or_refused(text in "\\PC{0,40}") {
        let columns = [
            ColumnType::Bool, ColumnType::INT, ColumnType::UINT, ColumnType::Float, ColumnType::Double,
            ColumnType::Decimal(None), ColumnType::TEXT, ColumnType::Bytes(None), ColumnType::Date,
            ColumnType::Time(6), ColumnType::Timestamp(6), ColumnType::Uuid, ColumnType::Json, ColumnType::Any,
        ];
        for column in columns {
            if let Ok(cell) = put(&Value::Text(&text), column)
                && column == ColumnType::INT
            {
                prop_assert_eq!(cell, format!("Int({text})"));
            }
        }
    }
}

#[test]
fn a_cell_that_is_null_stays_null() {
    let mut rows = Rows::default();
    rows.clear(1);
    let mut row = rows.begin();
    Converter::default().put(&Value::Null, ColumnType::INT, None, 0, &mut row).unwrap();
    assert!(row.is_null(0));
    row.finish(0, Change::Put);
    assert_eq!(rows.cell(0, 0), Cell::Null);
}
