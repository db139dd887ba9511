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

/// Whether `text` is ASCII that stands in a JSON string as it is: no control characters, quotes or backslashes.
#[inline]
pub(crate) fn is_plain_ascii(text: &[u8]) -> bool {
    let is_plain = |byte: &u8| matches!(byte, b' '..=0x7F) && !matches!(byte, b'"' | b'\\');
    let Some(last) = text.last_chunk() else { return text.iter().all(is_plain) };
    let (words, _) = text.as_chunks();
    // The last word may overlap the one before it.
    words.iter().chain([last]).all(|word| {
        let word = u64::from_le_bytes(*word);
        let control = word.wrapping_sub(ONES * 0x20) & HIGHEST;
        (control | word & HIGHEST | equal(word, b'"') | equal(word, b'\\')) == 0
    })
}
