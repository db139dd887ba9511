//! A text taken apart by the steps of a format.

use super::{Part, Parts, Step};
use crate::stamp::zone_named;

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const WEEKDAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/// What the whole of `text` says by `steps`.
pub(super) fn scan(steps: &[Step], text: &[u8]) -> Option<Parts> {
    let mut scanner = Scanner { rest: text, parts: Parts::default(), after_number: false };
    for step in steps {
        scanner.take(*step)?;
        scanner.after_number = matches!(step, Step::Number(..));
    }
    scanner.rest.is_empty().then_some(scanner.parts)
}

struct Scanner<'t> {
    rest: &'t [u8],
    parts: Parts,
    /// The step before read a number.
    after_number: bool,
}

impl<'t> Scanner<'t> {
    fn take(&mut self, step: Step) -> Option<()> {
        match step {
            Step::Literal(byte) => self.literal(byte),
            Step::Space => {
                self.rest = self.rest.trim_ascii_start();
                Some(())
            }
            Step::Number(part, most) => {
                // A number may be filled up with blanks; behind another one they would part what stands together.
                if !self.after_number {
                    self.rest = self.rest.trim_ascii_start();
                }
                let value = self.number(most)?;
                let is_sunday = part == Part::Weekday && value == 0;
                self.parts.set(part, if is_sunday { 7 } else { value })
            }
            Step::MonthName { full } => {
                let month = self.name(&MONTHS, full)?;
                self.parts.set(Part::Month, month)
            }
            Step::WeekdayName { full } => {
                let weekday = self.name(&WEEKDAYS, full)?;
                self.parts.set(Part::Weekday, weekday)
            }
            Step::Meridiem => {
                let half = self.name(&["AM", "PM"], true)? - 1;
                self.parts.set(Part::Half, half)
            }
            Step::Fraction(most) => self.fraction(most),
            Step::DotFraction(most) if self.rest.first() == Some(&b'.') => {
                self.literal(b'.')?;
                self.fraction(most)
            }
            Step::DotFraction(_) => Some(()),
            Step::Epoch => self.epoch(),
            Step::Offset => self.offset(),
            Step::Zone if matches!(self.rest.first(), Some(b'+' | b'-')) => self.offset(),
            Step::Zone => {
                let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || b"/_+-.".contains(byte);
                let name = self.run(is_part);
                let zone = zone_named(std::str::from_utf8(name).ok()?).ok()?;
                let is_contradicted = self.parts.zone.as_ref().is_some_and(|said| *said != zone);
                (!is_contradicted).then(|| self.parts.zone = Some(zone))
            }
            Step::Universal => {
                let name = self.run(u8::is_ascii_alphabetic);
                let is_known =
                    [&b"UTC"[..], b"GMT", b"UT", b"Z"].iter().any(|known| name.eq_ignore_ascii_case(known));
                if is_known { self.parts.set(Part::OffsetSeconds, 0) } else { None }
            }
        }
    }

    fn literal(&mut self, byte: u8) -> Option<()> {
        let (found, rest) = self.rest.split_first()?;
        (*found == byte).then(|| self.rest = rest)
    }

    /// The bytes from here on that are `wanted`.
    fn run(&mut self, wanted: impl Fn(&u8) -> bool) -> &'t [u8] {
        let length = self.rest.iter().take_while(|byte| wanted(byte)).count();
        let (found, rest) = self.rest.split_at(length);
        self.rest = rest;
        found
    }

    /// A number of one to `most` digits, which fit into 64 bits.
    fn number(&mut self, most: usize) -> Option<i64> {
        let mut number: i64 = 0;
        let length = self.rest.iter().take(most).take_while(|byte| byte.is_ascii_digit()).count();
        let (digits, rest) = self.rest.split_at(length);
        for digit in digits {
            number = number.checked_mul(10)?.checked_add(i64::from(digit - b'0'))?;
        }
        self.rest = rest;
        (length > 0).then_some(number)
    }

    /// The place in `names`, counted from 1, of the name that stands here, in any case.
    fn name(&mut self, names: &[&str], full: bool) -> Option<i64> {
        let length = |name: &str| if full { name.len() } else { 3 };
        let is_here = |name: &&str| {
            let name = &name.as_bytes()[..length(name)];
            self.rest.get(..name.len()).is_some_and(|found| found.eq_ignore_ascii_case(name))
        };
        let index = names.iter().position(is_here)?;
        self.rest = &self.rest[length(names[index])..];
        i64::try_from(index + 1).ok()
    }

    fn fraction(&mut self, most: usize) -> Option<()> {
        let before = self.rest.len();
        let digits = self.number(most)?;
        if most == 9 && self.starts_with_digit() {
            // A tenth digit says what cannot be kept.
            return None;
        }
        let missing = 9 - (before - self.rest.len());
        self.parts.set(Part::Nanos, digits * 10_i64.pow(u32::try_from(missing).ok()?))
    }

    fn epoch(&mut self) -> Option<()> {
        self.parts.is_before_epoch = self.rest.first() == Some(&b'-');
        if matches!(self.rest.first(), Some(b'+' | b'-')) {
            self.rest = &self.rest[1..];
        }
        let seconds = self.number(19)?;
        self.parts.set(Part::Epoch, seconds)
    }

    /// `Z`, or a sign and hours, perhaps minutes, perhaps seconds, with or without colons.
    fn offset(&mut self) -> Option<()> {
        let (sign, rest) = self.rest.split_first()?;
        self.rest = rest;
        let sign = match sign {
            b'Z' | b'z' => return self.parts.set(Part::OffsetSeconds, 0),
            b'+' => 1,
            b'-' => -1,
            _ => return None,
        };
        let mut seconds = self.two_digits(23)? * 3_600;
        let has_colon = self.rest.first() == Some(&b':');
        for unit in [60, 1] {
            let starts = if has_colon { self.rest.first() == Some(&b':') } else { self.starts_with_digit() };
            if !starts {
                break;
            }
            if has_colon {
                self.rest = &self.rest[1..];
            }
            seconds += self.two_digits(59)? * unit;
        }
        self.parts.set(Part::OffsetSeconds, sign * seconds)
    }

    fn starts_with_digit(&self) -> bool {
        self.rest.first().is_some_and(u8::is_ascii_digit)
    }

    fn two_digits(&mut self, most: i64) -> Option<i64> {
        let both = self.rest.get(..2)?.iter().all(u8::is_ascii_digit);
        let number = if both { self.number(2)? } else { return None };
        (number <= most).then_some(number)
    }
}
