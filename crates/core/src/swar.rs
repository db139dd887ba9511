//! Eight bytes at a time, in a plain word: cells are too short for the vector instructions that `memchr` starts.
//!
//! A set is a word with the highest bit of each byte in question set.

const ONES: u64 = u64::from_ne_bytes([1; 8]);
const HIGHEST: u64 = ONES << 7;

/// The bytes of `word` that equal `byte`.
#[inline]
pub(crate) const fn equal(word: u64, byte: u8) -> u64 {
    let differing = word ^ (ONES * byte as u64);
    // A carry never leaves its byte, since the highest bits are added apart.
    !(((differing & !HIGHEST) + !HIGHEST) | differing) & HIGHEST
}

/// The place of the first byte of a set that is not empty, in a word of little endian.
#[inline]
pub(crate) const fn first(set: u64) -> usize {
    set.trailing_zeros() as usize / 8
}

/// The bytes of `word` that are no ASCII digits.
#[inline]
const fn not_digits(word: u64) -> u64 {
    let value = word ^ (ONES * b'0' as u64);
    // A carry never leaves its byte, since the highest bits are added apart.
    (((value & !HIGHEST) + ONES * (0x80 - 10)) | value) & HIGHEST
}

/// Which of the at most 64 bytes of `text` are no ASCII digits, the first in the lowest bit; `None` beyond that.
#[inline]
pub(crate) fn digit_gaps(text: &[u8]) -> Option<u64> {
    if text.len() > 64 {
        return None;
    }
    let Some(last) = text.last_chunk() else {
        return Some(bits(not_digits(load(text))) & !(!0 << text.len()));
    };
    let (words, _) = text.as_chunks();
    let gaps = |word: &[u8; 8]| bits(not_digits(u64::from_le_bytes(*word)));
    // The last word may overlap the one before it.
    let mut all = gaps(last) << (text.len() - 8);
    for (word, at) in words.iter().zip((0..).step_by(8)) {
        all |= gaps(word) << at;
    }
    Some(all)
}

/// A set as its eight bits, that of the first byte of a word of little endian the lowest.
#[inline]
const fn bits(set: u64) -> u64 {
    // The product brings bit 7 of byte n to bit 56 + n.
    ((set >> 7).wrapping_mul(0x0102_0408_1020_4080)) >> 56
}

/// Fewer than eight bytes as a word of little endian, filled up with zeros.
#[inline]
fn load(text: &[u8]) -> u64 {
    if let (Some(low), Some(high)) = (text.first_chunk(), text.last_chunk()) {
        let (low, high) = (u32::from_le_bytes(*low), u32::from_le_bytes(*high));
        return u64::from(low) | u64::from(high) << (8 * (text.len() - 4));
    }
    text.iter().rev().fold(0, |word, &byte| word << 8 | u64::from(byte))
}

/// Whether `text` is ASCII that stands in a JSON string as it is: no control characters, quotes or backslashes.
#[inline]
pub(crate) fn is_plain_ascii(text: &[u8]) -> bool {
    let is_plain = |word: u64| {
        // A byte borrows from the next one only where there is a control character already.
        let control = word.wrapping_sub(ONES * 0x20) & HIGHEST;
        (control | word & HIGHEST | equal(word, b'"') | equal(word, b'\\')) == 0
    };
    let Some(last) = text.last_chunk() else {
        let filling = (ONES * 0x20) << (8 * text.len());
        return is_plain(load(text) | filling);
    };
    let (words, _) = text.as_chunks();
    // The last word may overlap the one before it.
    words.iter().chain([last]).all(|word| is_plain(u64::from_le_bytes(*word)))
}

/// How many bytes at the start of `text` stand in a JSON string as they are: no control characters, quotes or
/// backslashes.
#[inline]
pub(crate) fn plain_length(text: &[u8]) -> usize {
    let (words, rest) = text.as_chunks();
    for (word, at) in words.iter().zip((0..).step_by(8)) {
        let word = u64::from_le_bytes(*word);
        // A byte borrows from the next one only where there is a control character already.
        let control = word.wrapping_sub(ONES * 0x20) & !word & HIGHEST;
        let found = control | equal(word, b'"') | equal(word, b'\\');
        if found != 0 {
            return at + first(found);
        }
    }
    let is_plain = |byte: &&u8| **byte >= 0x20 && !matches!(**byte, b'"' | b'\\');
    text.len() - rest.len() + rest.iter().take_while(is_plain).count()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn each_byte_is_judged_by_itself(bytes in any::<[u8; 8]>(), other in any::<u8>(), at in 0_usize..8) {
            let word = u64::from_le_bytes(bytes);
            let set = |is_in: &dyn Fn(u8) -> bool| {
                u64::from_le_bytes(bytes.map(|byte| if is_in(byte) { 0x80 } else { 0 }))
            };
            for byte in [bytes[at], other] {
                prop_assert_eq!(equal(word, byte), set(&|found| found == byte));
            }
            prop_assert_eq!(not_digits(word), set(&|byte| !byte.is_ascii_digit()));
            let first_one = bytes.iter().position(|&byte| byte == bytes[at]);
            prop_assert_eq!(Some(first(equal(word, bytes[at]))), first_one);
        }

        #[test]
        fn texts_of_any_length_are_judged_byte_by_byte(
            text in prop_oneof![
                prop::collection::vec(any::<u8>(), 0..70),
                "[ -~äöü]{0,40}".prop_map(String::into_bytes),
                "[-0-9.]{0,70}".prop_map(String::into_bytes),
                "[a-z0-9]{0,30}[\u{1f}\u{7f}\"\\\\]?[a-z0-9]{0,10}".prop_map(String::into_bytes),
            ],
        ) {
            let is_plain = |byte: &u8| byte.is_ascii() && *byte >= 0x20 && !matches!(byte, b'"' | b'\\');
            prop_assert_eq!(is_plain_ascii(&text), text.iter().all(is_plain));
            let stands = |byte: &&u8| **byte >= 0x20 && !matches!(**byte, b'"' | b'\\');
            prop_assert_eq!(plain_length(&text), text.iter().take_while(stands).count());
            let gaps = (0_u64..).zip(&text).filter(|(_, byte)| !byte.is_ascii_digit());
            let expected = (text.len() <= 64).then(|| gaps.fold(0, |gaps, (at, _)| gaps | 1 << at));
            prop_assert_eq!(digit_gaps(&text), expected);
        }
    }
}
