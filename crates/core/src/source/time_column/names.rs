//! What the name of a column says of its content: a time, or surely none.

use crate::source::EpochUnit;

/// What the name of a time says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TimeName {
    /// How sure it is; more is surer.
    pub(super) strength: Strength,
    /// The unit of a number.
    pub(super) unit: Option<EpochUnit>,
    /// A number counts days, hours or years, not seconds: only an epoch is a time then.
    pub(super) is_calendar: bool,
    /// It is when something ends or is changed: another time comes before it.
    pub(super) is_late: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Strength {
    /// `created_at`, `elapsed`, `year`.
    Weak,
    /// `order_date`, `date`.
    Date,
    /// `pickup_datetime`.
    Time,
    /// `timestamp`.
    Plain,
}

/// Names that are a time and nothing else.
const PLAIN: &str = "time timestamp datetime ts t epoch eventtime eventtimestamp eventts timestamputc timeutc utctime \
    utctimestamp utc unixtime unixtimestamp epochtime localtime dateandtime zeitstempel";
const TIMES: &str = "time timestamp datetime ts epoch unixtime timestamps clock zeit uhrzeit zeitstempel hora heure tijd \
    tijdstip";
const DATES: &str = "date datum fecha dato dates when";
const WEAK: &str = "t at utc elapsed seconds secs sec millis milliseconds microseconds nanoseconds nanos";
/// A number of these is no point in time.
const CALENDAR: &str = "year month day hour minute week quarter jahr monat tag stunde years hours days";
/// With one of these a time is a length of time, or a zone.
const NOT_A_POINT: &str = "to ago failure zone tz timezone duration latency response taken spent travel processing execution exec run up down \
    life wait waiting delay cpu idle dwell reaction total avg mean average max min per format diff delta \
    offset rtt";
/// Units that no number is read in.
const OTHER_UNITS: &str = "h hr hrs hour hours min mins minute minutes d day days week weeks month months year years \
    ps fs";
/// What comes after the time that is meant.
const LATE: &str = "end ends ended ending stop stopped finish finished close closed complete completed expire expires \
    expired expiry expiration due deadline updated modified changed deleted dropoff";
/// A number, a name or a kind of times.
const ABOUT: &str = "id ids key index idx count counter code type name no nr num number";
/// Words that end like a time and are none.
const FALSE_FRIENDS: &str = "airtime screentime showtime primetime bedtime update candidate mandate validate accommodate lifetime runtime uptime downtime overtime sometime \
    maritime parttime daytime halftime playtime";
/// Names that say nothing.
const NONDESCRIPT: &str = "col column field var variable val value feature attr attribute";
/// Names of what rises and is no time.
const OTHERS: &str = "pk id ids uid uuid guid pid key no nr num number index idx row rowid rank seq sequence code zip \
    postcode phone count counter lat latitude lon lng long longitude age price size frame frames offset \
    line position unnamed isbn";

/// What `name` says of a time; `None` where it says nothing.
pub(super) fn says_time(name: &str) -> Option<TimeName> {
    let words = words(name);
    let has = |list: &str| words.iter().any(|word| lists(list, word));
    let is_false = words.iter().any(|word| FALSE_FRIENDS.split(' ').any(|other| word.ends_with(other)));
    let is_about = words.last().is_some_and(|word| lists(ABOUT, word));
    if has(NOT_A_POINT) || is_false || is_about || (has(OTHERS) && !has(TIMES)) {
        return None;
    }
    let unit = words.iter().skip(usize::from(words.len() > 1)).find_map(|word| unit(word));
    let ends_in = |ending: &str| words.iter().any(|word| word.len() > ending.len() && word.ends_with(ending));
    let whole = words.concat();
    // A unit behind a plain name leaves it plain.
    let named = match (unit, words.split_last()) {
        (Some(_), Some((_, before))) if !before.is_empty() => before.concat(),
        _ => whole,
    };
    let strength = if lists(PLAIN, &named) {
        Strength::Plain
    } else if has(TIMES) || ends_in("time") || ends_in("timestamp") || ends_in("zeit") {
        Strength::Time
    } else if has(DATES) || ends_in("date") || ends_in("datum") {
        Strength::Date
    } else if has(WEAK) || has(CALENDAR) {
        Strength::Weak
    } else {
        return None;
    };
    let has_other_unit = words.iter().skip(1).any(|word| lists(OTHER_UNITS, word));
    let is_calendar =
        strength == Strength::Date || has_other_unit || (strength == Strength::Weak && has(CALENDAR));
    Some(TimeName { strength, unit, is_calendar, is_late: has(LATE) })
}

/// Whether a name says something else than a time, so that rising numbers under it are no times. Only names that say
/// nothing do not: `x`, `a`, `col1`.
pub(super) fn says_other(name: &str) -> bool {
    let words = words(name);
    let says_nothing = |word: &String| word.chars().count() <= 2 || lists(NONDESCRIPT, word);
    words.is_empty() || words.iter().any(|word| lists(OTHERS, word)) || !words.iter().all(says_nothing)
}

/// Whether `word` is one of the words of a list.
fn lists(list: &str, word: &str) -> bool {
    list.split(' ').any(|listed| listed == word)
}

fn unit(word: &str) -> Option<EpochUnit> {
    Some(match word {
        "s" | "sec" | "secs" | "second" | "seconds" => EpochUnit::Seconds,
        "ms" | "msec" | "millis" | "millisecond" | "milliseconds" => EpochUnit::Millis,
        "us" | "usec" | "µs" | "micros" | "microsecond" | "microseconds" => EpochUnit::Micros,
        "ns" | "nsec" | "nanos" | "nanosecond" | "nanoseconds" => EpochUnit::Nanos,
        _ => return None,
    })
}

/// The words of a name in lower case: `Global_Time`, `pickupTime`, `time (ms)`, `@timestamp`.
fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut before = ' ';
    for character in name.chars() {
        let starts = !before.is_alphabetic() || (before.is_lowercase() && character.is_uppercase());
        if character.is_alphabetic() {
            if starts {
                words.push(String::new());
            }
            if let Some(word) = words.last_mut() {
                word.extend(character.to_lowercase());
            }
        }
        before = character;
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_say_time_are_told_from_others() {
        for (name, strength) in [
            ("time", Strength::Plain),
            ("@timestamp", Strength::Plain),
            ("Date Time", Strength::Plain),
            ("time_ms", Strength::Plain),
            ("Time (s)", Strength::Plain),
            ("event_time", Strength::Plain),
            ("Global_Time", Strength::Time),
            ("tpep_pickup_datetime", Strength::Time),
            ("pickupTime", Strength::Time),
            ("starttime", Strength::Time),
            ("date", Strength::Date),
            ("InvoiceDate", Strength::Date),
            ("created_at", Strength::Weak),
            ("createdAt", Strength::Weak),
            ("seconds_elapsed", Strength::Weak),
            ("year", Strength::Weak),
        ] {
            assert_eq!(says_time(name).map(|said| said.strength), Some(strength), "{name}");
        }
        for name in [
            "userId",
            "Vehicle_ID",
            "v",
            "count",
            "latitude",
            "updated",
            "candidate",
            "time_zone",
            "timezone",
            "response_time_ms",
            "lifetime",
            "trip_duration",
            "value",
            "temperature",
            "sentiment",
            "estimate",
            "",
            "centimetres",
            "status",
            "data",
        ] {
            assert_eq!(says_time(name), None, "{name}");
        }
    }

    #[test]
    fn units_are_told_by_names() {
        for (name, unit) in [
            ("time_ms", Some(EpochUnit::Millis)),
            ("timestamp (us)", Some(EpochUnit::Micros)),
            ("t[ns]", Some(EpochUnit::Nanos)),
            ("elapsed_seconds", Some(EpochUnit::Seconds)),
            ("timestampMs", Some(EpochUnit::Millis)),
            ("time", None),
        ] {
            assert_eq!(says_time(name).unwrap().unit, unit, "{name}");
        }
    }

    #[test]
    fn counters_and_places_are_no_times() {
        for name in [
            "",
            "id",
            "userId",
            "Unnamed: 0",
            "row_number",
            "lat",
            "0",
            "user",
            "station",
            "temperature",
            "salary",
            "sometimes",
            "candidate",
            "latest",
            "estimate",
            "multimeter",
            "pk",
            "step",
        ] {
            assert!(says_other(name), "{name}");
        }
        assert!(["x", "a", "col1", "V1", "Column 3", "f_0"].into_iter().all(|name| !says_other(name)));
    }
}
