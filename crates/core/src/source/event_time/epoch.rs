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
pub(super) fn unit_of(number: &str) -> EpochUnit {
    let digits = number.trim_start_matches('-').bytes().take_while(u8::is_ascii_digit).count();
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
    let nanos = read_short(digits, unit).or_else(|| read_any(digits, unit))?;
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

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
