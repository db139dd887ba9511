//! Times in a format that the user states, with the directives of `strftime`.
//!
//! Every directive is honoured or refused: a format is compiled once, and what does not add up to a point in time is
//! an error then, not a wrong time later. `compile` makes a [`Strftime`] of the text, `scan` takes a cell apart by
//! it, `resolve` puts the parts together.
//!
//! Directives that say the same twice (a weekday beside a date, a two-digit year beside a year) have to agree, or
//! the text is no time in the format.

mod compile;
mod resolve;
mod scan;

use jiff::tz::TimeZone;

use crate::record::Timestamp;

pub use self::compile::Refusal;

/// A compiled format.
#[derive(Clone, Debug)]
pub struct Strftime {
    text: String,
    steps: Vec<Step>,
}

impl PartialEq for Strftime {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Strftime {}

/// What comes next in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// This byte.
    Literal(u8),
    /// Any amount of white space, none included.
    Space,
    /// A number of so many digits at most.
    Number(Part, usize),
    /// A name of a month, in full or in three letters.
    MonthName { full: bool },
    /// A name of a weekday, in full or in three letters.
    WeekdayName { full: bool },
    /// `AM` or `PM`, in any case.
    Meridiem,
    /// One to so many digits of a fraction of a second.
    Fraction(usize),
    /// A point and such digits, or nothing.
    DotFraction(usize),
    /// Seconds since 1970.
    Epoch,
    /// `+01:00`, `+0100`, `+01`, `Z`.
    Offset,
    /// The name of a zone, such as `Europe/Paris`, or an offset.
    Zone,
    /// `UTC`, `GMT`, `UT` or `Z`.
    Universal,
}

/// A number that a text says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Year,
    Century,
    YearOfCentury,
    Month,
    Day,
    DayOfYear,
    IsoYear,
    IsoYearOfCentury,
    IsoWeek,
    /// Of weeks that begin with Sunday; days before the first one are in week 0.
    SundayWeek,
    /// Of weeks that begin with Monday.
    MondayWeek,
    /// Monday is 1, Sunday 7.
    Weekday,
    Hour,
    HourOfHalf,
    /// 0 before noon, 1 after it.
    Half,
    Minute,
    Second,
    Nanos,
    Epoch,
    OffsetSeconds,
}

/// How many kinds of [`Part`] there are.
const PARTS: usize = Part::OffsetSeconds as usize + 1;

/// What a text was found to say.
#[derive(Clone, Debug, Default)]
struct Parts {
    values: [Option<i64>; PARTS],
    zone: Option<TimeZone>,
    /// The epoch stands behind a minus, which counts for its fraction too.
    is_before_epoch: bool,
}

impl Parts {
    fn get(&self, part: Part) -> Option<i64> {
        self.values[part as usize]
    }

    /// Notes `value`; `None` where something else was said before.
    fn set(&mut self, part: Part, value: i64) -> Option<()> {
        let place = &mut self.values[part as usize];
        (place.is_none_or(|said| said == value)).then(|| *place = Some(value))
    }
}

impl Strftime {
    /// Compiles `format`.
    pub fn new(format: &str) -> Result<Self, Refusal> {
        compile::compile(format).map(|steps| Self { text: format.into(), steps })
    }

    /// The format as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The point in time that `text` says; without a zone or an offset of its own it is in `zone`.
    pub(super) fn parse(&self, text: &[u8], zone: &TimeZone) -> Option<Timestamp> {
        scan::scan(&self.steps, text)?.resolve(zone)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_in(format: &str, zone: &str, text: &str) -> Option<String> {
        let format = Strftime::new(format).unwrap();
        let zone = crate::stamp::zone_named(zone).unwrap();
        format.parse(text.as_bytes(), &zone).map(Timestamp::to_rfc3339)
    }

    fn read(format: &str, text: &str) -> Option<String> {
        read_in(format, "UTC", text)
    }

    #[track_caller]
    fn reads(format: &str, text: &str, expected: &str) {
        assert_eq!(read(format, text).as_deref(), Some(expected), "{format}: {text}");
    }

    #[test]
    fn fractions_belong_to_the_epoch_as_to_the_second() {
        reads("%s.%f", "1609459200.25", "2021-01-01T00:00:00.25Z");
        reads("%s.%f", "-1.25", "1969-12-31T23:59:58.75Z");
        reads("%s.%f", "-0.25", "1969-12-31T23:59:59.75Z");
        reads("%s%.f", "1609459200", "2021-01-01T00:00:00Z");
        reads("%F %T.%3f%z", "2021-01-01 00:00:00.123+00", "2021-01-01T00:00:00.123Z");
        reads("%F %T%.3f", "2021-01-01 00:00:00.12", "2021-01-01T00:00:00.12Z");
        assert_eq!(read("%F %T%.3f", "2021-01-01 00:00:00.1234"), None);
        reads("%s,%N", "1609459200,000000001", "2021-01-01T00:00:00.000000001Z");
        reads("%F %T,%f", "2021-01-01 00:00:00,5", "2021-01-01T00:00:00.5Z");
        reads("%s %z", "1609459200 +0200", "2021-01-01T00:00:00Z");
        assert_eq!(read("%s.%f", "1609459200."), None);
        assert_eq!(
            read("%s.%f", "1609459200.0123456789"),
            None,
            "ten digits are more than there is place for"
        );
    }

    #[test]
    fn offsets_are_read_in_every_spelling() {
        for offset in ["+01:00", "+0100", "+01", "+01:00:00", "+010000"] {
            reads("%Y-%m-%dT%H:%M:%S%z", &format!("2021-01-01T00:00:00{offset}"), "2020-12-31T23:00:00Z");
            reads("%Y-%m-%dT%H:%M:%S%:z", &format!("2021-01-01T00:00:00{offset}"), "2020-12-31T23:00:00Z");
        }
        reads("%F %T %z", "2021-01-01 00:00:00 Z", "2021-01-01T00:00:00Z");
        reads("%F %T %z", "2021-01-01 00:00:00 -05:30", "2021-01-01T05:30:00Z");
        for bad in ["1:00", "+1", "+01:0", "+24:00", "+01:60", "z1", "", "+01:00x"] {
            assert_eq!(read("%F %T %z", &format!("2021-01-01 00:00:00 {bad}")), None, "{bad}");
        }
    }

    #[test]
    fn named_zones_are_honoured() {
        reads("%FT%T %Q", "2021-01-01T00:00:00 America/New_York", "2021-01-01T05:00:00Z");
        reads("%FT%T[%Q]", "2022-07-01T12:00:00[Europe/Paris]", "2022-07-01T10:00:00Z");
        reads("%FT%T%z[%Q]", "2022-07-01T12:00:00+02:00[Europe/Paris]", "2022-07-01T10:00:00Z");
        reads("%F %T %Q", "2022-07-01 12:00:00 -03:00", "2022-07-01T15:00:00Z");
        reads("%F %T %Z", "2022-07-01 12:00:00 UTC", "2022-07-01T12:00:00Z");
        assert_eq!(read("%FT%T%z[%Q]", "2022-07-01T12:00:00+03:00[Europe/Paris]"), None, "they contradict");
        assert_eq!(read("%FT%T %Q", "2022-07-01T12:00:00 Mars/Olympus"), None);
        assert_eq!(read("%F %T %Z", "2022-07-01 12:00:00 CEST"), None);
        assert_eq!(
            read_in("%F %T", "Asia/Tokyo", "2021-01-01 09:00:00").as_deref(),
            Some("2021-01-01T00:00:00Z")
        );
        assert_eq!(
            read_in("%F %T %Z", "Asia/Tokyo", "2021-01-01 09:00:00 GMT").as_deref(),
            Some("2021-01-01T09:00:00Z")
        );
    }

    #[test]
    fn halves_of_a_day_are_honoured() {
        reads("%m/%d/%Y %I:%M:%S %p", "01/02/2021 12:00:01 AM", "2021-01-02T00:00:01Z");
        reads("%m/%d/%Y %I:%M %p", "1/2/2021 12:30 pm", "2021-01-02T12:30:00Z");
        reads("%m/%d/%Y %l:%M%P", "1/2/2021  1:30pm", "2021-01-02T13:30:00Z");
        reads("%F %H:%M %p", "2021-01-02 13:30 PM", "2021-01-02T13:30:00Z");
        assert_eq!(read("%F %H:%M %p", "2021-01-02 13:30 AM"), None);
        assert_eq!(read("%F %I:%M %p", "2021-01-02 13:30 PM"), None);
        assert_eq!(read("%F %I:%M %p", "2021-01-02 00:30 PM"), None);
    }

    #[test]
    fn dates_are_said_in_many_ways() {
        reads("%d.%m.%Y %H:%M:%S.%f", "10.04.2021 20:51:36.287301", "2021-04-10T20:51:36.287301Z");
        reads("%a, %d %b %Y %H:%M:%S %z", "Sat, 10 Apr 2021 20:51:36 +0900", "2021-04-10T11:51:36Z");
        reads("%A, %B %e, %Y", "Saturday, April 10, 2021", "2021-04-10T00:00:00Z");
        reads("%Y%m%d%H%M%S", "20210410205136", "2021-04-10T20:51:36Z");
        reads("%Y-%j", "2021-100", "2021-04-10T00:00:00Z");
        reads("%G-W%V-%u", "2020-W53-7", "2021-01-03T00:00:00Z");
        reads("%g-W%V-%a", "20-W53-Sun", "2021-01-03T00:00:00Z");
        reads("%Y week %U, %w", "2021 week 01, 0", "2021-01-03T00:00:00Z");
        reads("%Y week %W, %u", "2021 week 01, 1", "2021-01-04T00:00:00Z");
        reads("%y%m%d", "690101", "1969-01-01T00:00:00Z");
        reads("%y%m%d", "680101", "2068-01-01T00:00:00Z");
        reads("%C%y-%m-%d", "1999-12-31", "1999-12-31T00:00:00Z");
        reads("%D %R", "12/31/99 23:59", "1999-12-31T23:59:00Z");
        reads("%Y-%m", "2021-04", "2021-04-01T00:00:00Z");
        reads("%Y", "2021", "2021-01-01T00:00:00Z");
        reads("%-d/%-m/%Y", "1/2/2021", "2021-02-01T00:00:00Z");
        reads("%F%%%T", "2021-01-01%00:00:00", "2021-01-01T00:00:00Z");
        reads("%F%n%T", "2021-01-01 \t00:00:00", "2021-01-01T00:00:00Z");
        reads("%F %T", "2016-12-31 23:59:60", "2016-12-31T23:59:59Z");
    }

    #[test]
    fn what_contradicts_itself_is_no_time() {
        for (format, text) in [
            ("%a %F", "Mon 2021-04-10"),
            ("%F %j", "2021-04-10 101"),
            ("%F %y", "2021-04-10 22"),
            ("%F %C", "2021-04-10 19"),
            ("%F %V", "2021-04-10 15"),
            ("%F %G", "2021-01-03 2021"),
            ("%F %m", "2021-04-10 05"),
            ("%F", "2021-02-29"),
            ("%F", "2021-13-01"),
            ("%F %T", "2021-01-01 24:00:00"),
            ("%F %T", "2021-01-01 00:00:61"),
            ("%F", "2021-01-01 "),
            ("%F", "2500-01-01"),
            ("%G-W%V-%u", "2021-W53-1"),
            ("%Y %U %w", "2021 00 1"),
        ] {
            assert_eq!(read(format, text), None, "{format}: {text}");
        }
    }

    #[test]
    fn formats_that_say_no_point_in_time_are_refused() {
        for (format, why) in [
            ("%H:%M:%S", "holds no date"),
            ("%m-%d %H:%M", "holds no year"),
            ("%Y-%d", "holds a day without a month"),
            ("%F %I:%M", "`%I` needs `%p`"),
            ("%F %p", "`%p` needs"),
            ("%F %M", "holds a minute without an hour"),
            ("%F %H %S", "holds a second without a minute"),
            ("%F %H:%M.%f", "holds a fraction without a second"),
            ("%s %F", "`%s` says everything"),
            ("%G-%V", "needs a weekday"),
            ("%V %Y %u", "`%V` needs `%G`"),
            ("%Y %U", "`%U` needs"),
            ("%C-%m-%d", "holds no year"),
            ("%F %c", "`%c`"),
            ("%F %X", "`%X`"),
            ("%F %E", "`%E`"),
            ("%F %3H", "`%3H`"),
            ("%F %:H", "`%:H`"),
            ("%F %T %:Q", "`%:Q`"),
            ("%F %T %:::z", "`%:::z`"),
            ("%F %", "ends after"),
            ("%F %.Q", "`%.Q`"),
            ("%F %T.%0f", "`%0f`"),
            ("%F %T.%10f", "`%10f`"),
            ("%F %é", "`%é`"),
        ] {
            let refusal = Strftime::new(format).expect_err(format).to_string();
            assert!(refusal.contains(why), "{format}: {refusal}");
        }
    }
}
