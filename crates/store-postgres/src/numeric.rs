//! Decimal numbers as `numeric` goes over the wire: digits in groups of four.

use bytes::{BufMut as _, BytesMut};

/// Digits of a group.
const GROUP: usize = 4;
const NEGATIVE: u16 = 0x4000;
/// Length, count of groups, weight of the first one, sign, and how many digits stand behind the point.
const HEAD: usize = 12;

/// Appends the number that `text` is, with its length in front. `false`, and nothing is appended, where it is none:
/// an optional minus, digits, and perhaps a point with digits behind it.
pub(crate) fn put(text: &str, buffer: &mut BytesMut) -> bool {
    let (sign, unsigned) = text.strip_prefix('-').map_or((0, text), |rest| (NEGATIVE, rest));
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let are_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let is_number = !whole.is_empty() && are_digits(whole) && are_digits(fraction);
    // More is beyond the type.
    if !is_number || whole.len() > 131_072 || fraction.len() > 16_383 {
        return false;
    }
    let at = buffer.len();
    buffer.resize(at + HEAD, 0);
    let mut groups = Groups { buffer, count: 0, kept: 0, skipped: 0 };
    let first = whole.len() % GROUP;
    if first > 0 {
        groups.push(&whole.as_bytes()[..first]);
    }
    whole.as_bytes()[first..].chunks(GROUP).for_each(|group| groups.push(group));
    fraction.as_bytes().chunks(GROUP).for_each(|group| {
        let mut padded = [b'0'; GROUP];
        padded[..group.len()].copy_from_slice(group);
        groups.push(&padded);
    });
    let (kept, skipped) = (groups.kept, groups.skipped);
    buffer.truncate(at + HEAD + kept * 2);
    let is_zero = kept == 0;
    let weight = if is_zero { 0 } else { whole.len().div_ceil(GROUP) as i32 - 1 - skipped as i32 };
    let sign = if is_zero { 0 } else { sign };
    let mut head = &mut buffer[at..at + HEAD];
    head.put_i32((HEAD - 4 + kept * 2) as i32);
    head.put_i16(kept as i16);
    head.put_i16(weight as i16);
    head.put_u16(sign);
    head.put_i16(fraction.len() as i16);
    true
}

/// Groups that are written, without zeros in front, and how many of them stay when those at the end go.
struct Groups<'b> {
    buffer: &'b mut BytesMut,
    count: usize,
    kept: usize,
    skipped: usize,
}

impl Groups<'_> {
    fn push(&mut self, digits: &[u8]) {
        let group = digits.iter().fold(0, |sum: i16, digit| sum * 10 + i16::from(digit - b'0'));
        if group == 0 && self.count == 0 {
            self.skipped += 1;
            return;
        }
        self.buffer.put_i16(group);
        self.count += 1;
        if group != 0 {
            self.kept = self.count;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Option<Vec<i16>> {
        let mut buffer = BytesMut::from(&b"before"[..]);
        if !put(text, &mut buffer) {
            assert_eq!(&buffer[..], b"before");
            return None;
        }
        let field = &buffer["before".len()..];
        let length = field.first_chunk().map(|bytes| i32::from_be_bytes(*bytes));
        assert_eq!(length, Some(field.len() as i32 - 4), "{text}");
        Some(field[4..].chunks(2).map(|word| i16::from_be_bytes([word[0], word[1]])).collect())
    }

    #[test]
    fn numbers_are_groups_of_four_digits() {
        const MINUS: i16 = 0x4000;
        let cases: &[(&str, &[i16])] = &[
            ("0", &[0, 0, 0, 0]),
            ("-0.00", &[0, 0, 0, 2]),
            ("1", &[1, 0, 0, 0, 1]),
            ("-1", &[1, 0, MINUS, 0, 1]),
            ("10000", &[1, 1, 0, 0, 1]),
            ("12345.6", &[3, 1, 0, 1, 1, 2345, 6000]),
            ("0.0001", &[1, -1, 0, 4, 1]),
            ("0.00001", &[1, -2, 0, 5, 1000]),
            ("100000000.5", &[4, 2, 0, 1, 1, 0, 0, 5000]),
            ("9999.9999", &[2, 0, 0, 4, 9999, 9999]),
        ];
        for (text, expected) in cases {
            assert_eq!(words(text).as_deref(), Some(*expected), "{text}");
        }
        for text in ["", "-", ".5", "1e3", "+1", "1,0", "NaN", "1.2.3"] {
            assert_eq!(words(text), None, "{text}");
        }
    }
}
