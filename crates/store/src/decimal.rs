//! Decimal numbers as text, without an exponent.

use std::fmt::Write as _;

use crate::types::Digits;

/// More digits than any of the databases keeps.
const MOST_DIGITS: i64 = 1_000;

/// Writes the number that `text` is, in JSON's grammar, without an exponent and without zeros that say nothing, and
/// gives its digits before and behind the point; a zero before it is none. `None` where it is no number, or has more digits than anybody keeps.
pub(crate) fn write_plain(text: &str, into: &mut String) -> Option<(u32, u32)> {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i64>().ok()?),
        None => (unsigned, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let are_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let has_empty_side = whole.is_empty() || (mantissa.contains('.') && fraction.is_empty());
    if has_empty_side || !are_digits(whole) || !are_digits(fraction) {
        return None;
    }
    let digits = || whole.bytes().chain(fraction.bytes());
    let leading = digits().take_while(|byte| *byte == b'0').count();
    let trailing = digits().rev().take_while(|byte| *byte == b'0').count();
    let all = whole.len() + fraction.len();
    if leading == all {
        into.push('0');
        return Some((0, 0));
    }
    let significant = (all - leading - trailing) as i64;
    // Where the point stands, counted from the first significant digit.
    let point = (whole.len() as i64 - leading as i64).checked_add(exponent)?;
    if point.abs() > MOST_DIGITS || significant > MOST_DIGITS {
        return None;
    }
    if text.starts_with('-') {
        into.push('-');
    }
    let kept = digits().skip(leading).take(significant as usize).map(char::from);
    if point <= 0 {
        let _ = write!(into, "0.{:0<1$}", "", point.unsigned_abs() as usize);
        into.extend(kept);
    } else {
        for (place, digit) in kept.enumerate() {
            if place as i64 == point {
                into.push('.');
            }
            into.push(digit);
        }
        into.extend(std::iter::repeat_n('0', (point - significant).max(0) as usize));
    }
    Some((point.max(0) as u32, (significant - point).max(0) as u32))
}

/// Whether a number with so many digits before and behind the point has room.
pub(crate) fn fits((whole, fraction): (u32, u32), digits: Option<Digits>) -> bool {
    digits.is_none_or(|Digits { precision, scale }| {
        fraction <= scale && whole <= precision.saturating_sub(scale)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_lose_their_exponent_and_nothing_else() {
        let plain = |text: &str| {
            let mut into = String::new();
            write_plain(text, &mut into).map(|digits| (into, digits))
        };
        let cases = [
            ("0", "0", (0, 0)),
            ("-0.00", "0", (0, 0)),
            ("12.50", "12.5", (2, 1)),
            ("-1e3", "-1000", (4, 0)),
            ("1.5E-3", "0.0015", (0, 4)),
            ("00012", "12", (2, 0)),
            ("123456789012345678901234567890", "123456789012345678901234567890", (30, 0)),
            ("0.1e1", "1", (1, 0)),
            ("1234.5e-2", "12.345", (2, 3)),
            ("100", "100", (3, 0)),
        ];
        for (text, written, digits) in cases {
            assert_eq!(plain(text), Some((written.to_owned(), digits)), "{text}");
        }
        for text in ["", "-", ".5", "5.", "1e", "1e9999", "1e99999999999999999999", "NaN", "0x1", "1 ", "+1"]
        {
            assert_eq!(plain(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_too_long_does_not_fit() {
        let digits = Some(Digits { precision: 4, scale: 2 });
        assert!(fits((2, 2), digits) && fits((1, 0), digits) && fits((40, 40), None));
        assert!(!fits((3, 0), digits) && !fits((1, 3), digits));
        let fraction = Some(Digits { precision: 2, scale: 2 });
        assert!(fits((0, 2), fraction) && !fits((1, 2), fraction));
    }
}
