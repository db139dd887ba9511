//! Dates and times in the forms that most recordings have, read by hand; jiff reads the others, and is the measure
//! of these.

use crate::record::Timestamp;

/// What a text says of a point in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Civil {
    /// The text has an offset: the point is this one.
    At(Timestamp),
    /// The text has none: the point is this one where it is in UTC.
    InUtc(Timestamp),
}

/// Years in which every point in time has its nanoseconds.
const YEARS: std::ops::RangeInclusive<i64> = 1678..=2261;

/// Reads `YYYY-MM-DD`, `T` or a blank, `hh:mm:ss`, perhaps a point and one to nine digits, perhaps `Z` or `±hh:mm`.
/// `None` says nothing about any other form.
pub(super) fn read(text: &[u8]) -> Option<Civil> {
    let (seconds, rest) = text.split_first_chunk::<{ "2021-01-01 00:00:00".len() }>()?;
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2, b'T' | b' ', clock @ ..] = *seconds else { return None };
    let [h1, h2, b':', n1, n2, b':', s1, s2] = clock else { return None };
    let digits = [y1, y2, y3, y4, m1, m2, d1, d2, h1, h2, n1, n2, s1, s2];
    if !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let (year, month, day) = (two(y1, y2) * 100 + two(y3, y4), two(m1, m2), two(d1, d2));
    let (hour, minute, second) = (two(h1, h2), two(n1, n2), two(s1, s2));
    let is_valid = YEARS.contains(&year)
        && (1..=12).contains(&month)
        && (1..=days_in(year, month)).contains(&day)
        && hour < 24
        && minute < 60
        // A leap second is nothing a hand should do.
        && second < 60;
    if !is_valid {
        return None;
    }
    let (nanos, rest) = fraction(rest)?;
    let seconds = days_since_1970(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second;
    let at = |offset: i64| Timestamp::from_nanos((seconds - offset) * 1_000_000_000 + nanos);
    match *rest {
        [] => Some(Civil::InUtc(at(0))),
        [b'Z'] => Some(Civil::At(at(0))),
        [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] => {
            let (hours, minutes) = (two(h1, h2), two(m1, m2));
            if ![h1, h2, m1, m2].iter().all(u8::is_ascii_digit) || hours > 23 || minutes > 59 {
                return None;
            }
            let offset = hours * 3_600 + minutes * 60;
            Some(Civil::At(at(if sign == b'-' { -offset } else { offset })))
        }
        _ => None,
    }
}

/// The number of two digits.
fn two(tens: u8, ones: u8) -> i64 {
    i64::from(tens.wrapping_sub(b'0')) * 10 + i64::from(ones.wrapping_sub(b'0'))
}

/// The nanoseconds that a point and digits at the start of `text` say, and what follows them.
fn fraction(text: &[u8]) -> Option<(i64, &[u8])> {
    let [b'.', digits @ ..] = text else { return Some((0, text)) };
    let (mut nanos, mut unit) = (0, 1_000_000_000);
    let mut rest = digits;
    while let [digit @ b'0'..=b'9', after @ ..] = rest {
        // No more than nine of them say anything.
        if unit == 1 {
            return None;
        }
        unit /= 10;
        nanos += i64::from(digit - b'0') * unit;
        rest = after;
    }
    (rest.len() < digits.len()).then_some((nanos, rest))
}

fn days_in(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// The days from 1970-01-01 to a day of the proleptic Gregorian calendar.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    // Counted from March a leap day is the last day of its year, and the months before it have a pattern: five of
    // them have 153 days.
    let (year, month) = if month < 3 { (year - 1, month + 9) } else { (year, month - 3) };
    let before_year = year * 365 + year / 4 - year / 100 + year / 400;
    let before_month = (month * 153 + 2) / 5;
    before_year + before_month + day - 1 - DAYS_TO_1970
}

/// The days from March 1 of the year 0 to 1970-01-01.
const DAYS_TO_1970: i64 = 719_468;

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use jiff::civil::DateTime;
    use jiff::tz::TimeZone;
    use proptest::prelude::*;

    use super::*;

    fn nanos_of(timestamp: jiff::Timestamp) -> i64 {
        i64::try_from(timestamp.as_nanosecond()).unwrap()
    }

    /// Reads what is read by hand with jiff as well.
    fn compare(text: &str) -> Result<(), TestCaseError> {
        match read(text.as_bytes()) {
            Some(Civil::At(time)) => {
                let found = text.parse().map(nanos_of);
                prop_assert_eq!(found.ok(), Some(time.as_nanos()), "{}", text);
            }
            Some(Civil::InUtc(time)) => {
                let found = text.parse().and_then(|time: DateTime| TimeZone::UTC.to_timestamp(time));
                prop_assert_eq!(found.map(nanos_of).ok(), Some(time.as_nanos()), "{}", text);
                prop_assert!(!super::super::has_offset(text));
            }
            None => {}
        }
        Ok(())
    }

    #[test]
    fn days_are_counted_through_leap_years() {
        let midnight = jiff::civil::date(1678, 1, 1);
        for after in 0..(2262 - 1678) * 366 {
            let date = midnight.checked_add(jiff::Span::new().days(after)).unwrap();
            let text = format!("{date} 00:00:00");
            if date.year() > 2261 {
                assert_eq!(read(text.as_bytes()), None);
                continue;
            }
            compare(&text).unwrap();
            assert!(read(text.as_bytes()).is_some(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn times_are_read_as_jiff_reads_them(
            nanos in any::<i64>(),
            digits in 0_usize..=9,
            separator in prop::sample::select(vec!['T', ' ']),
            offset in prop::option::of(-1_439_i32..=1_439),
            is_z in any::<bool>(),
        ) {
            let civil = TimeZone::UTC.to_datetime(jiff::Timestamp::from_nanosecond(nanos.into()).unwrap());
            prop_assume!(YEARS.contains(&civil.year().into()));
            let mut text = civil.strftime(&format!("%Y-%m-%d{separator}%H:%M:%S")).to_string();
            if digits > 0 {
                text.push_str(&civil.strftime(&format!(".%{digits}f")).to_string());
            }
            match offset {
                Some(_) if is_z => text.push('Z'),
                Some(minutes) => {
                    let sign = if minutes < 0 { '-' } else { '+' };
                    let minutes = minutes.abs();
                    let _ = write!(text, "{sign}{:02}:{:02}", minutes / 60, minutes % 60);
                }
                None => {}
            }
            prop_assert!(read(text.as_bytes()).is_some(), "{}", text);
            compare(&text)?;
        }

        #[test]
        fn whatever_looks_like_a_time_is_read_as_jiff_reads_it(
            text in "[12][0-9]{3}[-/][0-9]{2}-[0-3][0-9][T t_][0-2][0-9]:[0-9]{2}:[0-6][0-9][.,]?[0-9]{0,10}([Zz]|[+-][0-9]{2}:?[0-9]{0,2})?",
            other in "[-0-9T:.Z+ ]{0,32}",
        ) {
            compare(&text)?;
            compare(&other)?;
        }
    }
}
