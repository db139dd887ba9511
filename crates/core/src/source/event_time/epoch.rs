//! Numbers as points in time: units since an epoch, exactly.

use crate::record::Timestamp;

/// The unit of a numeric event time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum EpochUnit {
    Seconds,
    Millis,
    Micros,
    Nanos,
}

impl EpochUnit {
    /// How many decimal digits of the unit make a nanosecond.
    fn nano_digits(self) -> usize {
        match self {
            Self::Seconds => 9,
            Self::Millis => 6,
            Self::Micros => 3,
            Self::Nanos => 0,
        }
    }
}

/// The unit in which a number is a plausible time of our days: seconds reach it with ten digits.
pub(super) fn unit_of(number: &[u8]) -> EpochUnit {
    let number = number.strip_prefix(b"-").unwrap_or(number);
    let digits = match Scientific::of(number) {
        Some(number) => number.whole_digits(),
        None => number.iter().take_while(|byte| byte.is_ascii_digit()).count(),
    };
    match digits {
        0..=10 => EpochUnit::Seconds,
        11..=14 => EpochUnit::Millis,
        15..=17 => EpochUnit::Micros,
        _ => EpochUnit::Nanos,
    }
}

/// A decimal number of units, exactly; digits below the nanosecond are cut off.
pub(super) fn read(text: &[u8], unit: EpochUnit) -> Option<Timestamp> {
    let (is_negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        digits => (false, digits),
    };
    let nanos = read_short(digits, unit)
        .or_else(|| read_any(digits, unit))
        .or_else(|| Scientific::of(digits)?.nanos(unit))?;
    Some(Timestamp::from_nanos(if is_negative { -nanos } else { nanos }))
}

/// So many decimal digits fit into 64 bits whatever they are.
const DIGITS_THAT_FIT: usize = 19;

/// The nanoseconds of a number of units without its sign, where they have so few digits that no step needs a check.
fn read_short(digits: &[u8], unit: EpochUnit) -> Option<i64> {
    let wanted = unit.nano_digits();
    let (whole, after) = read_digits(digits, DIGITS_THAT_FIT - wanted);
    let (nanos, read) = match after {
        [] if !digits.is_empty() => (whole, 0),
        [b'.', fraction @ ..] if !fraction.is_empty() => {
            let (part, below) = read_digits(fraction, wanted);
            if !below.iter().all(u8::is_ascii_digit) {
                return None;
            }
            let read = fraction.len() - below.len();
            (whole * POWERS_OF_TEN[read] + part, read)
        }
        _ => return None,
    };
    i64::try_from(nanos * POWERS_OF_TEN[wanted - read]).ok()
}

const POWERS_OF_TEN: [u64; 10] =
    [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000, 1_000_000_000];

/// The number that the first digits of `text` make, `at_most` so many, and what follows them.
fn read_digits(text: &[u8], at_most: usize) -> (u64, &[u8]) {
    let (mut number, mut read) = (0, 0);
    for byte in text.iter().take(at_most) {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            break;
        }
        number = number * 10 + u64::from(digit);
        read += 1;
    }
    (number, &text[read..])
}

/// The nanoseconds of any number of units without its sign.
fn read_any(digits: &[u8], unit: EpochUnit) -> Option<i64> {
    let point = memchr::memchr(b'.', digits).unwrap_or(digits.len());
    let whole = &digits[..point];
    let fraction = digits.get(point + 1..).unwrap_or_default();
    if whole.len() + fraction.len() == 0 || (point < digits.len() && fraction.is_empty()) {
        return None;
    }
    let mut nanos: i64 = 0;
    let wanted = unit.nano_digits();
    let padded = fraction.iter().chain(std::iter::repeat(&b'0')).take(wanted);
    for digit in whole.iter().chain(padded) {
        let digit = digit.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        nanos = nanos.checked_mul(10)?.checked_add(digit.into())?;
    }
    if !fraction.iter().all(u8::is_ascii_digit) {
        return None;
    }
    Some(nanos)
}

/// A number such as `1.6094592e+09`, without its sign.
struct Scientific<'t> {
    whole: &'t [u8],
    fraction: &'t [u8],
    /// How far the point moves to the right.
    exponent: i32,
}

impl<'t> Scientific<'t> {
    fn of(text: &'t [u8]) -> Option<Self> {
        let at = memchr::memchr2(b'e', b'E', text)?;
        let (number, exponent) = (&text[..at], std::str::from_utf8(&text[at + 1..]).ok()?);
        let point = memchr::memchr(b'.', number);
        let whole = &number[..point.unwrap_or(number.len())];
        let fraction = point.map_or(&[][..], |point| &number[point + 1..]);
        let is_number = !whole.is_empty()
            && (point.is_none() || !fraction.is_empty())
            && whole.iter().chain(fraction).all(u8::is_ascii_digit);
        // Beyond three digits nothing is a time.
        let exponent = (1..=4).contains(&exponent.len()).then(|| exponent.parse().ok())??;
        is_number.then_some(Self { whole, fraction, exponent })
    }

    fn digits(&self) -> impl Iterator<Item = u8> {
        self.whole.iter().chain(self.fraction).map(|digit| digit - b'0')
    }

    /// How many digits stand before the point once it has moved.
    fn whole_digits(&self) -> usize {
        let leading_zeros = self.digits().take_while(|digit| *digit == 0).count();
        let before = i64::try_from(self.whole.len()).unwrap_or(i64::MAX).saturating_add(self.exponent.into());
        usize::try_from(before).unwrap_or(0).saturating_sub(leading_zeros)
    }

    /// The nanoseconds of so many units; digits below the nanosecond are cut off.
    fn nanos(&self, unit: EpochUnit) -> Option<i64> {
        let wanted = i64::try_from(self.whole.len() + unit.nano_digits()).ok()? + i64::from(self.exponent);
        let mut nanos: i64 = 0;
        let mut digits = self.digits();
        for _ in 0..wanted.max(0) {
            let digit = digits.next();
            if digit.is_none() && nanos == 0 {
                break;
            }
            nanos = nanos.checked_mul(10)?.checked_add(digit.unwrap_or(0).into())?;
        }
        Some(nanos)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn scientific_numbers_keep_every_digit() {
        for (text, unit, nanos) in [
            ("1.609459200500000000e+09", EpochUnit::Seconds, Some(1_609_459_200_500_000_000)),
            ("1e3", EpochUnit::Seconds, Some(1_000_000_000_000)),
            ("-1.5E+0", EpochUnit::Seconds, Some(-1_500_000_000)),
            ("1609459200123e-3", EpochUnit::Seconds, Some(1_609_459_200_123_000_000)),
            ("0.000000000000000000e+00", EpochUnit::Seconds, Some(0)),
            ("1.5e-9", EpochUnit::Seconds, Some(1)),
            ("1e-300", EpochUnit::Seconds, Some(0)),
            ("0e999", EpochUnit::Seconds, Some(0)),
            ("1e999", EpochUnit::Seconds, None),
            ("9.223372036854775807e18", EpochUnit::Nanos, Some(i64::MAX)),
            ("9.223372036854775808e18", EpochUnit::Nanos, None),
        ] {
            assert_eq!(read(text.as_bytes(), unit).map(Timestamp::as_nanos), nanos, "{text}");
        }
        for bad in ["1e", "e3", "1e+", "1.e3", "1e3x", "1e 3", "1e12345", ".5e3", "1ee3", "+1e3"] {
            assert_eq!(read(bad.as_bytes(), EpochUnit::Seconds), None, "{bad}");
        }
        for (text, unit) in [
            ("1.6094592e+09", EpochUnit::Seconds),
            ("1.6094592E12", EpochUnit::Millis),
            ("1.6094592e15", EpochUnit::Micros),
            ("-1.6094592e18", EpochUnit::Nanos),
            ("1609459200123e-3", EpochUnit::Seconds),
            ("0.001e3", EpochUnit::Seconds),
        ] {
            assert_eq!(unit_of(text.as_bytes()), unit, "{text}");
        }
    }

    proptest! {
        #[test]
        fn short_numbers_are_read_like_any(
            text in "[0-9]{0,20}(\\.[0-9]{0,11})?|[0-9.]{0,24}|[0-9.+:/-]{0,12}",
            unit in prop::sample::select(vec![
                EpochUnit::Seconds, EpochUnit::Millis, EpochUnit::Micros, EpochUnit::Nanos,
            ]),
        ) {
            let any = read_any(text.as_bytes(), unit);
            match read_short(text.as_bytes(), unit) {
                Some(nanos) => prop_assert_eq!(Some(nanos), any),
                // Only what has more digits than fit is left to the other one.
                None => prop_assert!(any.is_none() || text.len() > DIGITS_THAT_FIT - unit.nano_digits()),
            }
        }
    }
}
