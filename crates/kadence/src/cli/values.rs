//! How values are written on the command line.

use std::time::Duration;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use kadence_core::fault::name_only;
use kadence_core::named::Named;
use kadence_core::record::{Header, Timestamp};
use kadence_core::source::{TimeFormat, TimeFormatError};
use kadence_core::text::{CellType, UnknownCellType};
use kadence_kafka::{StartAt, StopAt};

use crate::misread::Misread;

/// A choice that may be left to kadence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Auto<T> {
    /// Left: what is found decides.
    Auto,
    /// Made by somebody.
    Said(T),
}

/// Reads a choice by its name.
pub(crate) fn one_of<T: Named + Send + Sync>() -> impl TypedValueParser<Value = T> {
    PossibleValuesParser::new(T::NAMES.iter().map(|(name, _)| *name))
        .try_map(|found| T::named(&found).ok_or("not a choice"))
}

/// Reads a choice by its name, or `auto`.
pub(crate) fn auto_or<T: Named + Send + Sync>() -> impl TypedValueParser<Value = Auto<T>> {
    let names = T::NAMES.iter().map(|(name, _)| *name);
    PossibleValuesParser::new(std::iter::once("auto").chain(names)).try_map(|found| match &*found {
        "auto" => Ok(Auto::Auto),
        name => T::named(name).map(Auto::Said).ok_or("not a choice"),
    })
}

/// Reads a duration: `10ms`, `1.5s`, `100us`, `2m`, `1h 30m`.
pub(crate) fn duration(text: &str) -> Result<Duration, Misread> {
    let wanted = || {
        let help = "write it with its unit, such as 100us, 10ms, 1.5s or 2m";
        Misread::new(format!("`{text}` is no duration"), help)
    };
    let signed: jiff::SignedDuration = text.parse().map_err(|_| wanted())?;
    Duration::try_from(signed).map_err(|_| wanted())
}

/// Reads a size: `64KiB`, `1MiB`, `1GiB`, or a plain number of bytes.
pub(crate) fn size(text: &str) -> Result<u64, Misread> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let factor: u64 = match unit {
        "" | "B" => 1,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        "kB" => 1_000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        _ => {
            let help = "use B, KiB, MiB, GiB, kB, MB or GB";
            return Err(Misread::new(format!("`{unit}` is no unit of size"), help));
        }
    };
    let is_none = |_| Misread::new(format!("`{text}` is no size"), "write it as 64KiB or 1GiB");
    let number: u64 = number.parse().map_err(is_none)?;
    number.checked_mul(factor).ok_or_else(|| Misread::new(format!("`{text}` is too large"), ""))
}

/// Reads one ASCII character; `\t` or `tab` is a tab.
pub(crate) fn byte(text: &str) -> Result<u8, Misread> {
    match text.as_bytes() {
        [byte] if byte.is_ascii() && !matches!(byte, b'\n' | b'\r') => Ok(*byte),
        b"\\t" | b"tab" => Ok(b'\t'),
        _ => {
            let what = format!("`{text}` is not one ASCII character (a tab is written \\t)");
            Err(Misread::new(what, ""))
        }
    }
}

/// Reads `name=value`; the name is not empty. What is not written so is not shown, for it may hold a secret.
pub(crate) fn pair(text: &str) -> Result<(String, String), Misread> {
    match text.split_once('=') {
        Some((name, value)) if !name.trim().is_empty() => Ok((name.trim().into(), value.into())),
        _ => Err(Misread::new(format!("`{}` is not written as name=value", name_only(text)), "")),
    }
}

/// Reads a header, written as `name=value`.
pub(crate) fn header(text: &str) -> Result<Header, Misread> {
    pair(text).map(|(name, value)| Header { name, value: value.into_bytes() })
}

/// Reads a column's type, written as `name:type`.
pub(crate) fn column_type(text: &str) -> Result<(String, CellType), Misread> {
    let text = text.trim();
    let no_pair = || Misread::new(format!("`{text}` is not written as name:type"), "");
    let (name, ty) = text.rsplit_once(':').ok_or_else(no_pair)?;
    let ty = ty.trim().parse().map_err(|unknown: UnknownCellType| Misread::of(&unknown))?;
    Ok((name.trim_end().into(), ty))
}

/// Reads how event times are written.
pub(crate) fn time_format(text: &str) -> Result<TimeFormat, Misread> {
    text.parse().map_err(|error: TimeFormatError| Misread::of(&error))
}

/// Reads an instant: ISO 8601 with an offset, or milliseconds since 1970.
pub(crate) fn instant(text: &str) -> Result<Timestamp, Misread> {
    if let Ok(millis) = text.parse::<i64>()
        && let Some(nanos) = millis.checked_mul(1_000_000)
    {
        return Ok(Timestamp::from_nanos(nanos));
    }
    let parsed: jiff::Timestamp = text.parse().map_err(|_| {
        let help = "write 2021-01-01T00:00:00Z, with an offset, or milliseconds since 1970";
        Misread::new(format!("`{text}` is no time"), help)
    })?;
    let nanos = i64::try_from(parsed.as_nanosecond())
        .map_err(|_| Misread::new(format!("`{text}` is out of range"), ""))?;
    Ok(Timestamp::from_nanos(nanos))
}

/// Reads an instant that a record in a topic may have.
fn time_of_records(text: &str) -> Result<Timestamp, Misread> {
    let time = instant(text)?;
    if time.as_nanos() < 0 {
        let help = "no record has a time before 1970; write a later one";
        return Err(Misread::new(format!("`@{text}` is before 1970"), help));
    }
    Ok(time)
}

/// Reads where to start in a topic.
pub(crate) fn from(text: &str) -> Result<StartAt, Misread> {
    match text {
        "beginning" => return Ok(StartAt::Beginning),
        "end" => return Ok(StartAt::End),
        _ => {}
    }
    if let Some(time) = text.strip_prefix('@') {
        return Ok(StartAt::At(time_of_records(time)?));
    }
    match text.parse::<i64>() {
        Ok(before) if text.starts_with('-') => Ok(StartAt::Last(before.saturating_neg())),
        Ok(offset) => Ok(StartAt::Offset(offset)),
        Err(_) => {
            let help = "use beginning, end, an offset, -N or @TIME";
            Err(Misread::new(format!("`{text}` is no place"), help))
        }
    }
}

/// Reads where to stop in a topic.
pub(crate) fn until(text: &str) -> Result<StopAt, Misread> {
    if let Some(time) = text.strip_prefix('@') {
        return Ok(StopAt::At(time_of_records(time)?));
    }
    match text.parse::<i64>() {
        Ok(offset) if offset >= 0 => Ok(StopAt::Offset(offset)),
        _ => Err(Misread::new(format!("`{text}` is no place"), "use an offset or @TIME")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_need_a_unit() {
        assert_eq!(duration("100us"), Ok(Duration::from_micros(100)));
        assert_eq!(duration("1.5s"), Ok(Duration::from_millis(1_500)));
        assert_eq!(duration("2m"), Ok(Duration::from_mins(2)));
        for bad in ["", "5", "-1s", "soon"] {
            assert!(duration(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn places_in_a_topic_are_words_offsets_and_times() {
        assert_eq!(from("beginning"), Ok(StartAt::Beginning));
        assert_eq!(from("-3"), Ok(StartAt::Last(3)));
        assert_eq!(from("3"), Ok(StartAt::Offset(3)));
        assert_eq!(from("@1000"), Ok(StartAt::At(Timestamp::from_nanos(1_000_000_000))));
        assert_eq!(until("3"), Ok(StopAt::Offset(3)));
        for before in ["@-5", "@1969-12-31T23:59:59Z"] {
            assert!(from(before).is_err() && until(before).is_err(), "{before}");
        }
        assert!(from("@0").is_ok());
        assert!(from("middle").is_err() && until("-3").is_err() && until("end").is_err());
    }

    #[test]
    fn sizes_bytes_pairs_and_instants_are_read() {
        assert_eq!(size("64KiB"), Ok(65_536));
        assert_eq!(size("5"), Ok(5));
        assert!(size("1XB").is_err() && size("").is_err() && size("99999999999GiB").is_err());
        assert_eq!(byte("\\t"), Ok(b'\t'));
        assert!(byte("ab").is_err() && byte("é").is_err() && byte("\n").is_err());
        assert_eq!(pair("a=b=c"), Ok(("a".into(), "b=c".into())));
        assert!(pair("=b").is_err() && pair("a").is_err());
        assert_eq!(
            pair("sasl.password: HUSH").unwrap_err().to_string(),
            "`sasl.password…` is not written as name=value"
        );
        assert_eq!(instant("1000"), Ok(Timestamp::from_nanos(1_000_000_000)));
        assert_eq!(instant("1970-01-01T01:00:01+01:00"), Ok(Timestamp::from_nanos(1_000_000_000)));
        assert!(instant("yesterday").is_err());
    }
}
