//! Dates that are written as numbers.

use jiff::tz::TimeZone;

use super::Strftime;

/// Whether a number is rather a date written without marks, such as 20210131 or 20210131235959.
pub(in crate::source) fn looks_like_a_calendar(number: &str) -> bool {
    const LENGTHS: [(usize, &str); 4] =
        [(8, "%Y%m%d"), (10, "%Y%m%d%H"), (12, "%Y%m%d%H%M"), (14, "%Y%m%d%H%M%S")];
    let is_of_our_days = number.starts_with("19") || number.starts_with("20");
    let Some((_, format)) = LENGTHS.iter().find(|(length, _)| *length == number.len()) else { return false };
    is_of_our_days && reads(format, number)
}

/// Whether `text` is a time in the strftime format `format`.
pub(in crate::source) fn reads(format: &str, text: &str) -> bool {
    Strftime::new(format).is_ok_and(|format| format.parse(text.as_bytes(), &TimeZone::UTC).is_some())
}
