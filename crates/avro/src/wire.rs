//! Avro's binary form: whole numbers of variable length, and bytes that are looked at before they are believed.

/// The first byte of a body that a registry's serializers write.
pub(crate) const MAGIC: u8 = 0;
/// The length of the magic byte and the schema's id behind it.
pub(crate) const PREFIX: usize = 5;

/// The most bytes that a whole number of 64 bits takes.
const MOST_OF_LONG: usize = 10;

/// Something was found that cannot be; what it is stands where the walk keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stop;

/// Appends a whole number, by zigzag and in groups of seven bits.
#[inline]
pub(crate) fn write_long(number: i64, into: &mut Vec<u8>) {
    let mut rest = ((number << 1) ^ (number >> 63)).cast_unsigned();
    if rest < 0x80 {
        into.push(rest as u8);
        return;
    }
    let mut bytes = [0; MOST_OF_LONG];
    let mut len = 0;
    for byte in &mut bytes {
        len += 1;
        if rest < 0x80 {
            *byte = rest as u8;
            break;
        }
        *byte = rest as u8 | 0x80;
        rest >>= 7;
    }
    into.extend_from_slice(bytes.get(..len).unwrap_or(&bytes));
}

/// Appends bytes with their length before them.
#[inline]
pub(crate) fn write_bytes(bytes: &[u8], into: &mut Vec<u8>) {
    write_long(bytes.len() as i64, into);
    into.extend_from_slice(bytes);
}

/// What is wrong with bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flaw {
    /// They end too early.
    Short,
    /// A whole number goes on for too long.
    Number,
}

/// Bytes that are being read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Input<'b> {
    bytes: &'b [u8],
    at: usize,
}

impl<'b> Input<'b> {
    /// These bytes from this place on.
    pub(crate) fn new(bytes: &'b [u8], at: usize) -> Self {
        Self { bytes, at }
    }

    /// The same bytes from another place on.
    pub(crate) fn from(self, at: usize) -> Self {
        Self { at, ..self }
    }

    /// How many bytes were read.
    pub(crate) fn at(&self) -> usize {
        self.at
    }

    /// How many bytes are left.
    pub(crate) fn left(&self) -> usize {
        self.bytes.len().saturating_sub(self.at)
    }

    #[inline]
    pub(crate) fn byte(&mut self) -> Result<u8, Flaw> {
        let byte = *self.bytes.get(self.at).ok_or(Flaw::Short)?;
        self.at += 1;
        Ok(byte)
    }

    #[inline]
    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], Flaw> {
        let rest = self.bytes.get(self.at..).ok_or(Flaw::Short)?;
        let array = *rest.first_chunk::<N>().ok_or(Flaw::Short)?;
        self.at += N;
        Ok(array)
    }

    #[inline]
    pub(crate) fn take(&mut self, len: usize) -> Result<&'b [u8], Flaw> {
        let rest = self.bytes.get(self.at..).ok_or(Flaw::Short)?;
        let taken = rest.get(..len).ok_or(Flaw::Short)?;
        self.at += len;
        Ok(taken)
    }

    /// A whole number of 64 bits.
    #[inline]
    pub(crate) fn long(&mut self) -> Result<i64, Flaw> {
        let first = self.byte()?;
        let bits = if first < 0x80 { u64::from(first) } else { self.rest_of_long(first)? };
        Ok((bits >> 1).cast_signed() ^ -(bits & 1).cast_signed())
    }

    fn rest_of_long(&mut self, first: u8) -> Result<u64, Flaw> {
        let mut bits = u64::from(first & 0x7F);
        for group in 1..MOST_OF_LONG {
            let byte = self.byte()?;
            // The tenth group has room for one bit.
            if group == MOST_OF_LONG - 1 && byte > 1 {
                return Err(Flaw::Number);
            }
            bits |= u64::from(byte & 0x7F) << (7 * group);
            if byte < 0x80 {
                return Ok(bits);
            }
        }
        Err(Flaw::Number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_are_written_and_read() {
        for (number, bytes) in [
            (0, &[0][..]),
            (-1, &[1]),
            (1, &[2]),
            (-64, &[0x7F]),
            (64, &[0x80, 0x01]),
            (i64::MAX, &[0xFE, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01]),
            (i64::MIN, &[0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01]),
        ] {
            let mut written = Vec::new();
            write_long(number, &mut written);
            assert_eq!(written, bytes, "{number}");
            let mut input = Input::new(bytes, 0);
            assert_eq!((input.long(), input.left()), (Ok(number), 0));
        }
        assert_eq!(Input::new(&[0x80; 9], 0).long(), Err(Flaw::Short));
        assert_eq!(Input::new(&[0xFF; 11], 0).long(), Err(Flaw::Number));
        assert_eq!(
            Input::new(&[0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 2], 0).long(),
            Err(Flaw::Number)
        );
    }

    #[test]
    fn a_length_beyond_the_end_is_short() {
        let mut input = Input::new(b"abc", 1);
        assert_eq!(input.take(usize::MAX), Err(Flaw::Short));
        assert_eq!(input.take(2), Ok(&b"bc"[..]));
        assert_eq!(input.array::<1>(), Err(Flaw::Short));
    }
}
