//! Days and times of day as texts, for databases that take texts.

use jiff::ToSpan as _;
use jiff::civil::{Date, Time};
use kadence_core::record::Timestamp;

/// A day as `YYYY-MM-DD`.
pub fn date_text(days: i32) -> String {
    let date = Date::constant(1970, 1, 1).checked_add(days.days());
    date.map_or_else(|_| format!("{days} days since 1970-01-01"), |date| date.to_string())
}

/// A time of day as `hh:mm:ss`, with a fraction if it has one.
pub fn time_text(nanos: i64) -> String {
    let time = Time::midnight().checked_add(nanos.nanoseconds());
    time.map_or_else(|_| format!("{nanos} ns since midnight"), |time| time.to_string())
}

/// A point in time in UTC as `YYYY-MM-DD hh:mm:ss`, with a fraction if it has one and without a zone.
pub fn timestamp_text(time: Timestamp) -> String {
    match jiff::Timestamp::from_nanosecond(time.as_nanos().into()) {
        Ok(time) => time.to_zoned(jiff::tz::TimeZone::UTC).datetime().to_string().replacen('T', " ", 1),
        Err(_) => format!("{} ns since 1970", time.as_nanos()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_as_databases_read_them() {
        assert_eq!(
            [date_text(0), date_text(-1), date_text(19_000)],
            ["1970-01-01", "1969-12-31", "2022-01-08"]
        );
        assert_eq!(time_text(3_723_500_000_000), "01:02:03.5");
        assert_eq!(timestamp_text(Timestamp::from_nanos(-1_000)), "1969-12-31 23:59:59.999999");
        assert_eq!(timestamp_text(Timestamp::from_nanos(1_640_995_200_000_000_000)), "2022-01-01 00:00:00");
    }
}
