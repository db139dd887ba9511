//! Decimal numbers: between texts in JSON's grammar and whole numbers in two's complement.

use crate::plan::Digits;

/// So many bytes have more digits than any schema asks for.
pub(crate) const MOST_BYTES: usize = 512;
/// Nine decimal digits fit into a limb.
const LIMB: u64 = 1_000_000_000;

/// Memory that is used again.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    digits: Vec<u8>,
    limbs: Vec<u32>,
    bytes: Vec<u8>,
}

/// Why a number is not one of these decimals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Misfit {
    /// The text is no number.
    Text,
    /// It has more digits behind the point.
    Scale,
    /// It has more digits.
    Precision,
}

impl Scratch {
    /// The bytes of the number that `text` says, with as many digits behind the point as the scale says.
    pub(crate) fn bytes_of(&mut self, text: &str, digits: Digits) -> Result<&[u8], Misfit> {
        let is_negative = self.read(text, digits)?;
        let start = self.digits.iter().position(|digit| *digit != 0).unwrap_or(self.digits.len());
        self.digits.drain(..start);
        if self.digits.len() > digits.precision as usize {
            return Err(Misfit::Precision);
        }
        if self.digits.len() <= 38 {
            let number = self.digits.iter().fold(0, |number: i128, digit| number * 10 + i128::from(*digit));
            self.put_small(if is_negative { -number } else { number });
        } else {
            self.put_large(is_negative);
        }
        Ok(&self.bytes)
    }

    /// Takes the digits of a text, down to the scale; says whether the number is negative.
    fn read(&mut self, text: &str, digits: Digits) -> Result<bool, Misfit> {
        self.digits.clear();
        let unsigned = text.strip_prefix('-').unwrap_or(text);
        let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent_of(exponent)?),
            None => (unsigned, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').map_or((mantissa, None), |(w, f)| (w, Some(f)));
        let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if !is_digits(whole) || !fraction.is_none_or(is_digits) {
            return Err(Misfit::Text);
        }
        let fraction = fraction.unwrap_or_default();
        self.digits.extend(whole.bytes().chain(fraction.bytes()).map(|byte| byte - b'0'));
        let Some(last) = self.digits.iter().rposition(|digit| *digit != 0) else {
            self.digits.clear();
            return Ok(false);
        };
        let shift = i64::from(digits.scale) + exponent - fraction.len() as i64;
        if shift < 0 {
            let kept = (self.digits.len() as i64).saturating_add(shift);
            if kept <= last as i64 {
                return Err(Misfit::Scale);
            }
            self.digits.truncate(kept as usize);
        } else if shift > i64::from(digits.precision) {
            return Err(Misfit::Precision);
        } else {
            self.digits.resize(self.digits.len() + shift as usize, 0);
        }
        Ok(unsigned.len() != text.len())
    }

    fn put_small(&mut self, number: i128) {
        let bytes = number.to_be_bytes();
        let sign = if number < 0 { 0xFF } else { 0 };
        let first_kept = |pair: &[u8]| pair[0] != sign || (pair[1] ^ sign) & 0x80 != 0;
        let start = bytes.windows(2).position(first_kept).unwrap_or(bytes.len() - 1);
        self.bytes.clear();
        self.bytes.extend_from_slice(&bytes[start..]);
    }

    fn put_large(&mut self, is_negative: bool) {
        self.limbs.clear();
        for digit in &self.digits {
            let mut carry = u64::from(*digit);
            for limb in &mut self.limbs {
                let product = u64::from(*limb) * 10 + carry;
                *limb = product as u32;
                carry = product >> 32;
            }
            if carry != 0 {
                self.limbs.push(carry as u32);
            }
        }
        self.bytes.clear();
        self.bytes.push(0);
        self.bytes.extend(self.limbs.iter().rev().flat_map(|limb| limb.to_be_bytes()));
        if is_negative {
            negate(&mut self.bytes);
        }
        trim(&mut self.bytes);
    }

    /// Appends the decimal text of bytes, with so many digits behind the point. They are [`MOST_BYTES`] at most.
    pub(crate) fn write_text(&mut self, bytes: &[u8], scale: u32, into: &mut String) {
        use std::fmt::Write as _;
        let is_negative = bytes.first().is_some_and(|byte| byte & 0x80 != 0);
        if is_negative {
            into.push('-');
        }
        let first_digit = into.len();
        if bytes.len() <= 16 {
            let sign = if is_negative { 0xFF } else { 0 };
            let mut wide = [sign; 16];
            if let Some(end) = wide.get_mut(16 - bytes.len()..) {
                end.copy_from_slice(bytes);
            }
            // Writing to a string does not fail.
            let _ = write!(into, "{}", i128::from_be_bytes(wide).unsigned_abs());
        } else {
            self.write_large(bytes, is_negative, into);
        }
        let scale = scale as usize;
        let digits = into.len() - first_digit;
        if digits <= scale {
            for _ in digits..=scale {
                into.insert(first_digit, '0');
            }
        }
        if scale > 0 {
            into.insert(into.len() - scale, '.');
        }
    }

    fn write_large(&mut self, bytes: &[u8], is_negative: bool, into: &mut String) {
        use std::fmt::Write as _;
        self.bytes.clear();
        self.bytes.extend_from_slice(bytes);
        if is_negative {
            // The least number of all is its own negation, and is read as unsigned below.
            negate(&mut self.bytes);
        }
        self.limbs.clear();
        for byte in &self.bytes {
            let mut carry = u64::from(*byte);
            for limb in &mut self.limbs {
                let product = u64::from(*limb) * 256 + carry;
                *limb = (product % LIMB) as u32;
                carry = product / LIMB;
            }
            if carry != 0 {
                self.limbs.push(carry as u32);
            }
        }
        let mut limbs = self.limbs.iter().rev();
        let _ = write!(into, "{}", limbs.next().copied().unwrap_or(0));
        for limb in limbs {
            let _ = write!(into, "{limb:09}");
        }
    }
}

/// An exponent that is too large for its type is beyond all decimals.
fn exponent_of(text: &str) -> Result<i64, Misfit> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Misfit::Text);
    }
    let most = i64::from(i32::MAX);
    let size = digits.parse::<i64>().map_or(most, |size| size.min(most));
    Ok(if text.starts_with('-') { -size } else { size })
}

fn negate(bytes: &mut [u8]) {
    let mut carry = true;
    for byte in bytes.iter_mut().rev() {
        let (negated, overflow) = (!*byte).overflowing_add(carry.into());
        *byte = negated;
        carry = overflow;
    }
}

/// Takes away bytes in front that only repeat the sign.
fn trim(bytes: &mut Vec<u8>) {
    let repeats =
        |pair: &&[u8]| (pair[0] == 0 && pair[1] & 0x80 == 0) || (pair[0] == 0xFF && pair[1] & 0x80 != 0);
    let extra = bytes.windows(2).take_while(repeats).count();
    bytes.drain(..extra);
}

#[cfg(test)]
mod tests;
