//! Parts of a time put together.

use jiff::civil::{Date, DateTime, ISOWeekDate, Time, Weekday};
use jiff::tz::{Offset, TimeZone};

use super::{Part, Parts};
use crate::record::Timestamp;
use crate::source::event_time::timestamp_of;

/// Two-digit years from here on are of the 20th century.
const FIRST_OF_THE_20TH: i64 = 69;

impl Parts {
    /// The point in time; in `zone` where the text says no other. `None` where the parts contradict each other.
    pub(super) fn resolve(&self, zone: &TimeZone) -> Option<Timestamp> {
        if let Some(seconds) = self.get(Part::Epoch) {
            let nanos =
                seconds.checked_mul(1_000_000_000)?.checked_add(self.get(Part::Nanos).unwrap_or(0))?;
            return Some(Timestamp::from_nanos(if self.is_before_epoch { -nanos } else { nanos }));
        }
        let date = self.date()?;
        self.agrees_with(date)?;
        let local = DateTime::from_parts(date, self.time()?);
        let Some(seconds) = self.get(Part::OffsetSeconds) else {
            return timestamp_of(self.zone.as_ref().unwrap_or(zone).to_timestamp(local).ok()?);
        };
        let offset = Offset::from_seconds(i32::try_from(seconds).ok()?).ok()?;
        let timestamp = offset.to_timestamp(local).ok()?;
        let is_possible = self.zone.as_ref().is_none_or(|zone| zone.to_offset(timestamp) == offset);
        if is_possible { timestamp_of(timestamp) } else { None }
    }

    fn date(&self) -> Option<Date> {
        let small = |part| self.get(part).map(i8::try_from).transpose().ok();
        if let Some(year) = self.year() {
            let year = i16::try_from(year).ok()?;
            if let Some(month) = small(Part::Month)? {
                return Date::new(year, month, small(Part::Day)?.unwrap_or(1)).ok();
            }
            if let Some(day) = self.get(Part::DayOfYear) {
                return day_of_year(year, day);
            }
            // Weeks of the year beside a month or an ISO week only have to agree with it.
            let week = self.get(Part::SundayWeek).map(|week| (week, 0));
            if let Some((week, first)) = week.or_else(|| self.get(Part::MondayWeek).map(|week| (week, 1))) {
                return day_of_week(year, week, first, self.get(Part::Weekday)?);
            }
            if self.get(Part::IsoWeek).is_none() {
                return Date::new(year, 1, 1).ok();
            }
        }
        let iso_year = match (self.get(Part::IsoYear), self.get(Part::IsoYearOfCentury)) {
            (Some(year), _) => year,
            (None, short) => of_century(short?),
        };
        let weekday = Weekday::from_monday_one_offset(small(Part::Weekday)??).ok()?;
        let week = ISOWeekDate::new(i16::try_from(iso_year).ok()?, small(Part::IsoWeek)??, weekday).ok()?;
        Some(week.date())
    }

    fn year(&self) -> Option<i64> {
        let short = self.get(Part::YearOfCentury);
        self.get(Part::Year).or_else(|| match self.get(Part::Century) {
            Some(century) => Some(century * 100 + short?),
            None => short.map(of_century),
        })
    }

    /// Whether all that is said of the date is true of `date`.
    fn agrees_with(&self, date: Date) -> Option<()> {
        let (year, yearday) = (i64::from(date.year()), i64::from(date.day_of_year()));
        let iso = date.iso_week_date();
        let iso_year = i64::from(iso.year());
        // Days since the last Sunday and Monday.
        let after_sunday = i64::from(date.weekday().to_sunday_zero_offset());
        let after_monday = i64::from(date.weekday().to_monday_zero_offset());
        let facts = [
            (Part::Year, year),
            (Part::Century, year.div_euclid(100)),
            (Part::YearOfCentury, year.rem_euclid(100)),
            (Part::Month, date.month().into()),
            (Part::DayOfYear, yearday),
            (Part::Weekday, after_monday + 1),
            (Part::IsoYear, iso_year),
            (Part::IsoYearOfCentury, iso_year.rem_euclid(100)),
            (Part::IsoWeek, iso.week().into()),
            (Part::SundayWeek, (yearday + 6 - after_sunday) / 7),
            (Part::MondayWeek, (yearday + 6 - after_monday) / 7),
        ];
        facts.into_iter().all(|(part, fact)| self.get(part).is_none_or(|said| said == fact)).then_some(())
    }

    fn time(&self) -> Option<Time> {
        let of_half = self.get(Part::HourOfHalf);
        if of_half.is_some_and(|hour| !(1..=12).contains(&hour)) {
            return None;
        }
        let half = self.get(Part::Half);
        let hour = match (self.get(Part::Hour), of_half, half) {
            (Some(hour), ..) => hour,
            (None, Some(hour), Some(half)) => hour % 12 + half * 12,
            (None, ..) => 0,
        };
        let agrees =
            of_half.is_none_or(|said| said % 12 == hour % 12) && half.is_none_or(|said| said == hour / 12);
        let second = match self.get(Part::Second).unwrap_or(0) {
            // A leap second is read as the one before it: no zone of this world keeps them.
            60 => 59,
            second => second,
        };
        let small = |value: i64| i8::try_from(value).ok();
        let nanos = i32::try_from(self.get(Part::Nanos).unwrap_or(0)).ok()?;
        let time =
            Time::new(small(hour)?, small(self.get(Part::Minute).unwrap_or(0))?, small(second)?, nanos)
                .ok()?;
        agrees.then_some(time)
    }
}

fn of_century(short: i64) -> i64 {
    short + if short < FIRST_OF_THE_20TH { 2_000 } else { 1_900 }
}

/// Day number `day` of a year, counted from 1.
fn day_of_year(year: i16, day: i64) -> Option<Date> {
    let first = Date::new(year, 1, 1).ok()?;
    let after = i32::try_from(day.checked_sub(1)?).ok()?;
    let date = first.checked_add(jiff::Span::new().try_days(after).ok()?).ok()?;
    (date.year() == year && day > 0).then_some(date)
}

/// The `weekday` (Monday is 1) of week number `week` of a year; weeks start with Sunday (0) or Monday (1), and the
/// days before the first one are week 0.
fn day_of_week(year: i16, week: i64, first: i64, weekday: i64) -> Option<Date> {
    let new_year = i64::from(Date::new(year, 1, 1).ok()?.weekday().to_sunday_zero_offset());
    // Days from the start of a week to the wanted day and to new year.
    let wanted = (weekday - first).rem_euclid(7);
    let offset = (new_year - first).rem_euclid(7);
    // Week 1 starts with the first such day; new year itself may be one.
    let first_week = (7 - offset) % 7;
    day_of_year(year, first_week + (week - 1) * 7 + wanted + 1)
}
