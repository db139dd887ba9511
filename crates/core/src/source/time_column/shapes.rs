//! What texts look like: dates without a time, times without a date, and formats that would read a text.

use crate::source::event_time::{looks_like_a_calendar, reads};

/// Whether `text` says that there is nothing.
pub(in crate::source) fn is_missing(text: &str) -> bool {
    const WORDS: [&str; 12] =
        ["", "-", "--", "?", "na", "n/a", "nan", "nat", "nil", "none", "null", "unknown"];
    WORDS.contains(&&*text.trim().to_ascii_lowercase()) || text == "\\N"
}

/// Whether `text` is a date and nothing else, in any usual order.
pub(super) fn is_date(text: &str) -> bool {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let marks = text.bytes().filter(|byte| b"-/.".contains(byte)).count();
    (5..=8).contains(&digits) && marks == 2 && digits + marks == text.len()
        || (text.len() == 8 && looks_like_a_calendar(text))
}

/// Whether `text` is a time of day and nothing else: `12:00`, `12:00:00.5`, `9:30 PM`.
pub(in crate::source) fn is_time_of_day(text: &str) -> bool {
    let text = text.trim_end_matches(|c: char| c.is_ascii_alphabetic() || c == ' ');
    let mut parts = text.split(':');
    let is_number = |part: Option<&str>, most: usize| {
        part.is_some_and(|part| {
            (1..=most).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())
        })
    };
    if !is_number(parts.next(), 2) || !is_number(parts.next(), 2) {
        return false;
    }
    let seconds = parts.next().map(|seconds| seconds.split(['.', ',']).next());
    parts.next().is_none() && seconds.is_none_or(|seconds| is_number(seconds, 2))
}

/// Whether `text` may be a time of day without colons: `0930`, `093000`, `09.30.00`.
pub(super) fn is_digits_of_day(text: &str) -> bool {
    let joined = text.replace('.', "");
    let is_dotted = text.split('.').all(|part| part.len() == 2);
    let whole = if is_dotted { &joined } else { text.strip_suffix(".0").unwrap_or(text) };
    let is_clock = |hour: &str, minute: &str| {
        hour.parse::<u8>().is_ok_and(|hour| hour < 25) && minute.parse::<u8>().is_ok_and(|minute| minute < 60)
    };
    match whole.len() {
        3 | 4 => whole.is_ascii() && is_clock(&whole[..whole.len() - 2], &whole[whole.len() - 2..]),
        5 | 6 => {
            whole.is_ascii() && is_clock(&whole[..whole.len() - 4], &whole[whole.len() - 4..whole.len() - 2])
        }
        _ => false,
    }
}

const DATES: [&str; 29] = [
    "%Y/%m/%d",
    "%d.%m.%Y",
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%d-%m-%Y",
    "%m-%d-%Y",
    "%Y.%m.%d",
    "%Y%m%d",
    "%Y-%m-%d",
    "%d %b %Y",
    "%d %B %Y",
    "%b %d %Y",
    "%B %d %Y",
    "%b %d, %Y",
    "%B %d, %Y",
    "%d/%b/%Y",
    "%d-%b-%Y",
    "%d-%b-%y",
    "%a, %d %b %Y",
    "%m/%d/%y",
    "%d/%m/%y",
    "%d.%m.%y",
    "%y/%m/%d",
    "%y%m%d",
    "%y-%m-%d",
    "%Y-%b-%d",
    "%d/%b/%y",
    "%A, %B %d, %Y",
    "%A %d %B %Y",
];
const SEPARATORS: [&str; 8] = ["", " ", "T", ":", "-", "_", ", ", " - "];
const TIMES: [&str; 8] =
    ["", "%H:%M:%S", "%H:%M:%S.%f", "%H:%M", "%I:%M:%S %p", "%I:%M %p", "%H%M%S", "%H%M"];
const ZONES: [&str; 5] = ["", " %z", "%z", " %Z", " %Q"];
/// Those that are put together in another order.
const OTHERS: [&str; 16] = [
    "%a %b %d %H:%M:%S %z %Y",
    "%B %Y",
    "%H:%M:%S %d/%m/%Y",
    "%H:%M:%S %m/%d/%Y",
    "%Y%m%d%H%M",
    "%G-W%V-%u",
    "%Y-%j",
    "%Y-%m",
    "%Y",
    "%Y/%m",
    "%m/%Y",
    "%b %Y",
    "%a %b %d %H:%M:%S %Y",
    "%a %b %d %H:%M:%S %Z %Y",
    "[%d/%b/%Y:%H:%M:%S",
    "%Y-%m-%d %H:%M:%S %z %Z",
];

/// Formats that read `text`, quoted for the command line; several where it does not say which is meant.
pub(in crate::source) fn suggestion(text: &str) -> Option<String> {
    if !text.bytes().any(|byte| byte.is_ascii_digit()) || text.len() > 64 {
        return None;
    }
    let mut found: Vec<String> =
        OTHERS.iter().filter(|format| reads(format, text)).map(|&f| f.to_owned()).collect();
    // `2021-04` is a month; the day of a year has three digits.
    if found.len() > 1 {
        found.retain(|format| format != "%Y-%j");
    }
    for date in DATES {
        for (separator, time) in SEPARATORS.iter().flat_map(|s| TIMES.iter().map(move |t| (s, t))) {
            let is_run_together = separator.is_empty() && *time == "%H%M%S";
            // A blank in a format may match nothing at all.
            let is_blank = separator.contains(' ') && !text.contains(' ');
            if (time.is_empty() != separator.is_empty() && !is_run_together) || is_blank {
                continue;
            }
            let formats = ZONES.iter().map(|zone| format!("{date}{separator}{time}{zone}"));
            found.extend(formats.into_iter().find(|format| reads(format, text)));
        }
        if found.len() > 2 {
            break;
        }
    }
    found.truncate(3);
    let quoted: Vec<String> = found.iter().map(|format| format!("'{format}'")).collect();
    (!quoted.is_empty()).then(|| quoted.join(" or "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_suggested_for_what_is_seen() {
        for (text, format) in [
            ("2015/01/01 01:00:00", "'%Y/%m/%d %H:%M:%S'"),
            ("31.12.2020 14:30", "'%d.%m.%Y %H:%M'"),
            ("31/12/2020 14:30:00", "'%d/%m/%Y %H:%M:%S'"),
            ("12/31/2020 2:30 PM", "'%m/%d/%Y %I:%M %p'"),
            ("01/02/2020", "'%d/%m/%Y' or '%m/%d/%Y'"),
            ("20210131", "'%Y%m%d'"),
            ("20210131235959", "'%Y%m%d%H%M%S'"),
            ("Mon Jan 04 05:06:07 +0000 2021", "'%a %b %d %H:%M:%S %z %Y'"),
            ("Monday, January 4, 2021", "'%A, %B %d, %Y'"),
            ("21/01/04", "'%d/%m/%y' or '%y/%m/%d'"),
            ("20210104 170000", "'%Y%m%d %H%M%S'"),
            ("210104 050607", "'%y%m%d %H%M%S'"),
            ("Jan 1 2000", "'%b %d %Y'"),
            ("2021-01-01 00:00:00 UTC", "'%Y-%m-%d %H:%M:%S %Z'"),
            ("29/Nov/2017:06:58:55 +0100", "'%d/%b/%Y:%H:%M:%S %z'"),
            ("2021-04", "'%Y-%m'"),
            ("1999", "'%Y'"),
        ] {
            assert_eq!(suggestion(text).as_deref(), Some(format), "{text}");
        }
        for text in ["", "ice", "12:00:00", "1,5", "00M"] {
            assert_eq!(suggestion(text), None, "{text}");
        }
    }

    #[test]
    fn dates_and_times_of_day_are_told_apart() {
        for text in ["2021-01-01", "1.2.2021", "01/02/21", "20210131"] {
            assert!(is_date(text) && !is_time_of_day(text), "{text}");
        }
        for text in ["12:00", "9:30 PM", "12:00:00.25", "23:59:59,5"] {
            assert!(is_time_of_day(text) && !is_date(text), "{text}");
        }
        for text in ["2021-01-01 00:00", "12", "1:2:3:4", "", "1.5", "12345678"] {
            assert!(!is_time_of_day(text) && !is_date(text), "{text}");
        }
    }
}
