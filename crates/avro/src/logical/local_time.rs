//! Days and times of day without a zone, as text in ISO 8601.

use std::fmt::Write as _;

const NANOS_A_SECOND: i128 = 1_000_000_000;
const SECONDS_A_DAY: i128 = 86_400;
/// Days of 400 years, after which the calendar begins again.
const DAYS_OF_ERA: i128 = 146_097;
/// Days from 0000-03-01 to 1970-01-01.
const DAYS_BEFORE_1970: i128 = 719_468;

/// Appends the text of a time, counted in nanoseconds from 1970-01-01T00:00:00. Years beyond 0 to 9999 have a sign.
pub(crate) fn write(nanos: i128, into: &mut String) {
    let seconds = nanos.div_euclid(NANOS_A_SECOND);
    let fraction = nanos.rem_euclid(NANOS_A_SECOND);
    let (year, month, day) = date_of(seconds.div_euclid(SECONDS_A_DAY));
    let of_day = seconds.rem_euclid(SECONDS_A_DAY);
    let (hour, minute, second) = (of_day / 3_600, of_day / 60 % 60, of_day % 60);
    // Writing to a string does not fail.
    let _ = if (0..=9_999).contains(&year) { write!(into, "{year:04}") } else { write!(into, "{year:+07}") };
    let _ = write!(into, "-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}");
    if fraction != 0 {
        let _ = write!(into, ".{fraction:09}");
        into.truncate(into.trim_end_matches('0').len());
    }
}

/// The nanoseconds from 1970-01-01T00:00:00 to the time that a text says. A text with a zone says another thing.
pub(crate) fn parse(text: &str) -> Option<i128> {
    let (date, time) = text.split_once('T')?;
    let (sign, unsigned) = match date.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, date.strip_prefix('+').unwrap_or(date)),
    };
    let mut parts = unsigned.split('-');
    let year = parts.next()?;
    let has_sign = unsigned.len() != date.len();
    if if has_sign { !(6..=9).contains(&year.len()) } else { year.len() != 4 } {
        return None;
    }
    let year = sign * number(year)?;
    let (month, day) = (two(parts.next()?)?, two(parts.next()?)?);
    let is_day = (1..=12).contains(&month) && (1..=days_of(year, month)).contains(&day);
    if parts.next().is_some() || !is_day {
        return None;
    }
    let days = days_since_1970(year, month, day);
    Some(days * SECONDS_A_DAY * NANOS_A_SECOND + time_of_day(time)?)
}

fn time_of_day(text: &str) -> Option<i128> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let mut parts = whole.split(':');
    let (hour, minute) = (two(parts.next()?)?, two(parts.next()?)?);
    let second = parts.next().map_or(Some(0), two)?;
    if parts.next().is_some() || hour > 23 || minute > 59 || second > 59 || fraction.len() > 9 {
        return None;
    }
    let nanos = number(fraction)? * 10_i128.pow(9 - fraction.len() as u32);
    Some((hour * 3_600 + minute * 60 + second) * NANOS_A_SECOND + nanos)
}

fn two(text: &str) -> Option<i128> {
    if text.len() == 2 { number(text) } else { None }
}

fn number(text: &str) -> Option<i128> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_number { text.parse().ok() } else { None }
}

fn days_of(year: i128, month: i128) -> i128 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Years begin in March here, so that the day of leap years is their last.
fn days_since_1970(year: i128, month: i128, day: i128) -> i128 {
    let year = if month > 2 { year } else { year - 1 };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * DAYS_OF_ERA + of_era * 365 + of_era / 4 - of_era / 100 + of_year - DAYS_BEFORE_1970
}

fn date_of(days: i128) -> (i128, i128, i128) {
    let days = days + DAYS_BEFORE_1970;
    let (era, of_era) = (days.div_euclid(DAYS_OF_ERA), days.rem_euclid(DAYS_OF_ERA));
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (era * 400 + year + i128::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text(nanos: i128) -> String {
        let mut text = String::new();
        write(nanos, &mut text);
        text
    }

    #[test]
    fn times_are_written_in_iso_8601() {
        assert_eq!(text(0), "1970-01-01T00:00:00");
        assert_eq!(text(1_796_119_200_123 * 1_000_000), "2026-12-01T10:00:00.123");
        assert_eq!(text(-1), "1969-12-31T23:59:59.999999999");
        assert_eq!(text(i128::from(i64::MAX) * 1_000_000), "+292278994-08-17T07:12:55.807");
        assert_eq!(parse("2024-02-29T10:00"), Some(1_709_200_800 * NANOS_A_SECOND));
    }

    #[test]
    fn other_texts_are_none() {
        for text in [
            "",
            "2023-02-29T00:00:00",
            "2026-12-01",
            "2026-12-01T10:00:00Z",
            "2026-12-01T10:00:00+01:00",
            "2026-13-01T00:00:00",
            "2026-12-01T24:00:00",
            "2026-12-01T10:00:60",
            "26-12-01T10:00:00",
            "2026-12-01T10:00:00.",
            "2026-12-01T10:00:00.1234567890",
            "2026-12-01T1:00:00",
            "+2026-12-01T10:00:00",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(count: i64, unit in prop::sample::select(&[1, 1_000, 1_000_000])) {
            let nanos = i128::from(count) * unit;
            prop_assert_eq!(parse(&text(nanos)), Some(nanos));
        }
    }
}
