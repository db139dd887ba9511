//! Event times: the text of a cell as a point in time, to the nanosecond.

mod calendar;
mod civil;
mod epoch;
mod strftime;

use std::fmt;
use std::str::FromStr;

use jiff::Zoned;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

pub(in crate::source) use self::calendar::{looks_like_a_calendar, reads};
pub use self::epoch::EpochUnit;
pub use self::strftime::{Refusal, Strftime};

use self::civil::Civil;
use crate::fault::{Explain, Fault};
use crate::record::Timestamp;
use crate::stamp::{StampError, zone_named};
use crate::text::is_json_number;

/// The form in which a recording writes its event times.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum TimeFormat {
    /// Decided by the first row.
    #[default]
    Auto,
    /// A number of units since 1970-01-01T00:00:00Z, or any other start; fractions allowed.
    Epoch(EpochUnit),
    /// ISO 8601: a date and a time, parted by `T` or a blank, with or without an offset.
    Iso,
    /// A strftime format; `%f` is a fraction of a second.
    Strftime(Strftime),
}

/// A text that names no time format.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the messages say it")]
pub enum TimeFormatError {
    #[error("{}", self.explain())]
    Unknown { found: String },
    #[error(transparent)]
    Strftime(#[from] Refusal),
}

impl Explain for TimeFormatError {
    fn explain(&self) -> Fault {
        match self {
            Self::Unknown { found } => Fault::new("", format!("unknown time format `{found}`"))
                .help("use auto, s, ms, us, ns, iso, or a strftime format such as %d.%m.%Y %H:%M:%S")
                .misuse(),
            Self::Strftime(refusal) => refusal.explain(),
        }
    }
}

impl FromStr for TimeFormat {
    type Err = TimeFormatError;

    fn from_str(text: &str) -> Result<Self, TimeFormatError> {
        match text {
            "auto" => Ok(Self::Auto),
            "s" => Ok(Self::Epoch(EpochUnit::Seconds)),
            "ms" => Ok(Self::Epoch(EpochUnit::Millis)),
            "us" => Ok(Self::Epoch(EpochUnit::Micros)),
            "ns" => Ok(Self::Epoch(EpochUnit::Nanos)),
            "iso" => Ok(Self::Iso),
            _ if text.contains('%') => Ok(Self::Strftime(Strftime::new(text)?)),
            _ => Err(TimeFormatError::Unknown { found: text.into() }),
        }
    }
}

impl TimeFormat {
    /// The format as somebody would state it.
    pub fn name(&self) -> &str {
        match self {
            Self::Auto => "auto",
            Self::Epoch(EpochUnit::Seconds) => "s",
            Self::Epoch(EpochUnit::Millis) => "ms",
            Self::Epoch(EpochUnit::Micros) => "us",
            Self::Epoch(EpochUnit::Nanos) => "ns",
            Self::Iso => "iso",
            Self::Strftime(format) => format.as_str(),
        }
    }
}

impl fmt::Display for TimeFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::Epoch(EpochUnit::Seconds) => f.write_str("s (epoch seconds)"),
            Self::Epoch(EpochUnit::Millis) => f.write_str("ms (epoch milliseconds)"),
            Self::Epoch(EpochUnit::Micros) => f.write_str("us (epoch microseconds)"),
            Self::Epoch(EpochUnit::Nanos) => f.write_str("ns (epoch nanoseconds)"),
            Self::Iso => f.write_str("iso (ISO 8601)"),
            Self::Strftime(format) => f.write_str(format.as_str()),
        }
    }
}

/// Reads event times in one format.
#[derive(Clone, Debug)]
pub(crate) struct TimeParser {
    pub(crate) format: TimeFormat,
    zone: TimeZone,
    /// The zone as it was named, for messages.
    zone_name: String,
}

impl TimeParser {
    /// A parser for `format`; times without an offset are in `zone`, UTC unless said.
    pub(crate) fn new(format: TimeFormat, zone: Option<&str>) -> Result<Self, StampError> {
        let zone_name = zone.unwrap_or("UTC");
        Ok(Self { format, zone: zone_named(zone_name)?, zone_name: zone_name.into() })
    }

    /// The format that `text` is in: the stated one, or, left open, what it looks like. `unit` is that of a number,
    /// where something beside the text says it.
    pub(crate) fn format_of(&self, text: &str, unit: Option<EpochUnit>) -> Option<TimeFormat> {
        if self.format != TimeFormat::Auto {
            return self.parse(text.as_bytes()).map(|_| self.format.clone());
        }
        if !is_json_number(text.as_bytes()) {
            return self.iso(text.as_bytes()).map(|_| TimeFormat::Iso);
        }
        // 20210131 is a day of 2021, not one of 1970.
        if unit.is_none() && looks_like_a_calendar(text) {
            return None;
        }
        let unit = unit.unwrap_or_else(|| epoch::unit_of(text.as_bytes()));
        epoch::read(text.as_bytes(), unit).map(|_| TimeFormat::Epoch(unit))
    }

    /// What was decided, as a person would say it of `text`.
    pub(crate) fn describe(&self, text: &str) -> String {
        match &self.format {
            TimeFormat::Epoch(_) => self.format.to_string(),
            TimeFormat::Iso if text.ends_with(']') => "ISO 8601 with a named zone".into(),
            TimeFormat::Iso if has_offset(text) => "ISO 8601 with offset".into(),
            TimeFormat::Iso => format!("ISO 8601 without offset, read as {}", self.zone_name),
            other => format!("{other}, without an offset read as {}", self.zone_name),
        }
    }

    /// The point in time that `text` says; `None` where it says none in this format.
    pub(crate) fn parse(&self, text: &[u8]) -> Option<Timestamp> {
        self.read(&self.format, text)
    }

    /// The point in time that `text` says in another format.
    pub(crate) fn read_as(&self, format: &TimeFormat, text: &str) -> Option<Timestamp> {
        self.read(format, text.as_bytes())
    }

    fn read(&self, format: &TimeFormat, text: &[u8]) -> Option<Timestamp> {
        match format {
            TimeFormat::Epoch(unit) => epoch::read(text, *unit),
            TimeFormat::Iso | TimeFormat::Auto => self.iso(text),
            TimeFormat::Strftime(format) => format.parse(text, &self.zone),
        }
    }

    fn iso(&self, text: &[u8]) -> Option<Timestamp> {
        match civil::read(text) {
            Some(Civil::At(time)) => Some(time),
            Some(Civil::InUtc(time)) if self.zone == TimeZone::UTC => Some(time),
            _ => self.any_iso(&String::from_utf8_lossy(text)),
        }
    }

    /// A time in any form that jiff knows.
    fn any_iso(&self, text: &str) -> Option<Timestamp> {
        // A bare year or a number of eight digits would pass for a date.
        if text.len() < "2021-01-01".len() || text.as_bytes().get(4) != Some(&b'-') {
            return None;
        }
        if text.ends_with(']') {
            // The zone counts, and has to agree with an offset beside it.
            let zoned: Zoned = text.parse().ok()?;
            return timestamp_of(zoned.timestamp());
        }
        if has_offset(text) {
            return if has_impossible_offset(text) { None } else { timestamp_of(text.parse().ok()?) };
        }
        let time: DateTime = text.parse().ok()?;
        timestamp_of(self.zone.to_timestamp(time).ok()?)
    }
}

/// The point in time that an ISO 8601 text says, with date and time of day; without an offset it is in UTC.
pub fn iso_time(text: &str) -> Option<Timestamp> {
    match civil::read(text.as_bytes()) {
        Some(Civil::At(time) | Civil::InUtc(time)) => Some(time),
        // A date alone says no time of day; a leap second, or an hour that a zone lacks or has twice, is no point in
        // time without a guess.
        None if text.len() <= "2021-01-01".len() || text.ends_with(']') || text.get(17..19) == Some("60") => {
            None
        }
        None => TimeParser::new(TimeFormat::Iso, None).ok()?.any_iso(text),
    }
}

/// Whether an ISO time says an offset of a day or more, which jiff takes.
fn has_impossible_offset(text: &str) -> bool {
    let sign = text.rfind(['+', '-']).filter(|&at| at > "2021-01-01".len());
    let hours = sign.and_then(|at| text.get(at + 1..at + 3));
    hours.is_some_and(|hours| hours.parse::<u8>().is_ok_and(|hours| hours > 23))
}

/// Whether an ISO time says its offset from UTC.
fn has_offset(text: &str) -> bool {
    let time = text.as_bytes().get("2021-01-01".len()..).unwrap_or_default();
    memchr::memchr3(b'Z', b'+', b'-', time).is_some() || time.ends_with(b"z")
}

pub(super) fn timestamp_of(timestamp: jiff::Timestamp) -> Option<Timestamp> {
    i64::try_from(timestamp.as_nanosecond()).ok().map(Timestamp::from_nanos)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nanos(format: &str, zone: Option<&str>, text: &str) -> Option<i64> {
        let parser = TimeParser::new(format.parse().unwrap(), zone).unwrap();
        parser.parse(text.as_bytes()).map(Timestamp::as_nanos)
    }

    #[test]
    fn epoch_numbers_keep_every_digit() {
        assert_eq!(nanos("s", None, "9656.196248"), Some(9_656_196_248_000));
        assert_eq!(nanos("s", None, "1501541619"), Some(1_501_541_619_000_000_000));
        assert_eq!(nanos("s", None, "-0.000000001"), Some(-1));
        assert_eq!(nanos("s", None, "0.1234567899"), Some(123_456_789));
        assert_eq!(nanos("ms", None, "1618055496288.5"), Some(1_618_055_496_288_500_000));
        assert_eq!(nanos("us", None, "1.5"), Some(1_500));
        assert_eq!(nanos("ns", None, "9223372036854775807"), Some(i64::MAX));
        for bad in ["", "-", ".", "1.", "1e", "abc", "1.x", "9223372036854775808", " 1"] {
            assert_eq!(nanos("s", None, bad), None, "{bad}");
        }
    }

    #[test]
    fn iso_times_are_read_with_and_without_offset() {
        let midnight = Some(1_609_459_200_000_000_000);
        for text in [
            "2021-01-01 00:00:00",
            "2021-01-01T00:00:00",
            "2021-01-01",
            "2021-01-01T00:00:00Z",
            "2021-01-01T01:00+01:00",
        ] {
            assert_eq!(nanos("iso", None, text), midnight, "{text}");
        }
        assert_eq!(nanos("iso", Some("Europe/Berlin"), "2021-01-01 01:00:00"), midnight);
        assert_eq!(nanos("iso", None, "2018-01-31T01:49:59.650Z"), Some(1_517_363_399_650_000_000));
        for bad in [
            "",
            "20210101",
            "2021-13-01",
            "2021-01-01 25:00:00",
            "2021",
            "hello world",
            "2021-01-01 00:00:00 x",
            "2021-01-01T00:00:00+24:00",
            "2021-01-01T00:00:00-25:59",
        ] {
            assert_eq!(nanos("iso", None, bad), None, "{bad}");
        }
    }

    #[test]
    fn strftime_formats_take_the_zone_where_the_text_has_none() {
        let format = "%d.%m.%Y %H:%M:%S.%f";
        assert_eq!(
            nanos(format, Some("Asia/Tokyo"), "10.04.2021 20:51:36.287301"),
            Some(1_618_055_496_287_301_000)
        );
        assert_eq!(
            nanos("%Y-%m-%d %H:%M %z", None, "2021-01-01 01:00 +0100"),
            Some(1_609_459_200_000_000_000)
        );
        assert_eq!(nanos(format, None, "10.04.2021"), None);
    }

    #[test]
    fn the_format_is_told_from_the_text() {
        let parser = TimeParser::new(TimeFormat::Auto, None).unwrap();
        for (text, format) in [
            ("9656.196248", "s (epoch seconds)"),
            ("1501541619", "s (epoch seconds)"),
            ("1.501541619e+09", "s (epoch seconds)"),
            ("1.501541619e12", "ms (epoch milliseconds)"),
            ("1618055496288", "ms (epoch milliseconds)"),
            ("1618055496288123", "us (epoch microseconds)"),
            ("1618055496288123456", "ns (epoch nanoseconds)"),
            ("2021-01-01 00:00:00", "iso (ISO 8601)"),
        ] {
            assert_eq!(
                parser.format_of(text, None).map(|found| found.to_string()).as_deref(),
                Some(format),
                "{text}"
            );
        }
        for text in ["ml", "1e19", "9999999999", "99999999999999999999", "20210131", "20210131235959"] {
            assert_eq!(parser.format_of(text, None), None, "{text}");
        }
    }
}
