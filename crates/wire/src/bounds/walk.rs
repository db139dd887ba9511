//! The walk itself: a position in a frame that only moves forward over bytes that exist.

use super::{
    BoundsError,
    schema::{Field, Kind, Tag},
};
use std::ops::Range;

pub(super) struct Walk<'a> {
    frame: &'a [u8],
    at: usize,
    version: i16,
    flexible: bool,
    elements: usize,
    max_elements: usize,
}

impl<'a> Walk<'a> {
    pub(super) fn new(frame: &'a [u8], version: i16, flexible: bool, max_elements: usize) -> Self {
        Self { frame, at: 0, version, flexible, elements: 0, max_elements }
    }

    pub(super) fn position(&self) -> usize {
        self.at
    }

    pub(super) fn elements(&self) -> usize {
        self.elements
    }

    /// API key, version, correlation id, client id and, in flexible versions, tagged fields. Returns where the
    /// client id is.
    pub(super) fn header(&mut self) -> Result<Option<Range<usize>>, BoundsError> {
        self.skip(8)?;
        let start = self.at + 2;
        self.short_text()?;
        // A null one is its length alone.
        let client_id = (self.frame[start - 2] < 0x80).then_some(start..self.at);
        if self.flexible {
            self.tags(&[])?;
        }
        Ok(client_id)
    }

    /// The fields of a structure and, in flexible versions, its tagged fields.
    pub(super) fn fields(&mut self, fields: &[Field], tags: &[Tag]) -> Result<(), BoundsError> {
        for field in fields {
            if field.is_in(self.version) {
                self.value(&field.kind)?;
            }
        }
        if self.flexible { self.tags(tags) } else { Ok(()) }
    }

    fn value(&mut self, kind: &Kind) -> Result<(), BoundsError> {
        match kind {
            Kind::Fixed(len) => self.skip(*len),
            Kind::Text if !self.flexible => self.short_text(),
            Kind::Text | Kind::Blob => match self.length()? {
                Some(len) => self.skip(len),
                None => Ok(()),
            },
            Kind::List(element) => self.list(element),
            Kind::Optional(fields, tags) => match self.take()? {
                [1] => self.fields(fields, tags),
                _ => Ok(()),
            },
            Kind::Struct(fields, tags) => self.fields(fields, tags),
        }
    }

    fn list(&mut self, element: &Kind) -> Result<(), BoundsError> {
        let at = self.at;
        let Some(count) = self.length()? else { return Ok(()) };
        let each = element.min_len(self.version, self.flexible);
        let left = self.frame.len() - self.at;
        if each.checked_mul(count).is_none_or(|needed| needed > left) {
            return Err(BoundsError::Count { at, count: count as u64, each, left });
        }
        self.count_elements(at, count)?;
        for _ in 0..count {
            self.value(element)?;
        }
        Ok(())
    }

    fn tags(&mut self, known: &[Tag]) -> Result<(), BoundsError> {
        let at = self.at;
        let count = self.varint()? as usize;
        // A tagged field takes a number and a length: two bytes at least.
        let left = self.frame.len() - self.at;
        if count.checked_mul(2).is_none_or(|needed| needed > left) {
            return Err(BoundsError::Count { at, count: count as u64, each: 2, left });
        }
        self.count_elements(at, count)?;
        for _ in 0..count {
            self.tag(known)?;
        }
        Ok(())
    }

    fn tag(&mut self, known: &[Tag]) -> Result<(), BoundsError> {
        let at = self.at;
        let number = self.varint()?;
        let said = self.varint()?;
        let Some(tag) = known.iter().find(|t| t.number == number) else {
            return self.skip(said as usize);
        };
        if self.version < tag.since {
            return Err(BoundsError::TagVersion { at, tag: number });
        }
        // The decoder reads the value by its kind and ignores the length said; both have to agree.
        let start = self.at;
        self.value(&tag.kind)?;
        let found = self.at - start;
        if found == said as usize {
            Ok(())
        } else {
            Err(BoundsError::TagLength { at, tag: number, said, found })
        }
    }

    /// A string with a length of two bytes.
    fn short_text(&mut self) -> Result<(), BoundsError> {
        let at = self.at;
        let len = i16::from_be_bytes(self.take()?);
        positive(at, i64::from(len))?.map_or(Ok(()), |len| self.skip(len))
    }

    /// The length of bytes or the count of an array; `None` is null.
    fn length(&mut self) -> Result<Option<usize>, BoundsError> {
        if self.flexible {
            return Ok((self.varint()? as usize).checked_sub(1));
        }
        let at = self.at;
        let len = i32::from_be_bytes(self.take()?);
        positive(at, i64::from(len))
    }

    fn varint(&mut self) -> Result<u32, BoundsError> {
        let at = self.at;
        let mut value = 0_u32;
        for shift in [0, 7, 14, 21, 28] {
            let [byte] = self.take()?;
            // The fifth byte has room for four bits; the decoder would drop the others.
            if shift == 28 && byte > 0x0f {
                break;
            }
            value |= u32::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(BoundsError::Varint { at })
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N], BoundsError> {
        let start = self.at;
        self.skip(N)?;
        let mut out = [0; N];
        out.copy_from_slice(&self.frame[start..self.at]);
        Ok(out)
    }

    fn skip(&mut self, len: usize) -> Result<(), BoundsError> {
        let left = self.frame.len() - self.at;
        if len > left {
            return Err(BoundsError::Length { at: self.at, wanted: len as u64, left });
        }
        self.at += len;
        Ok(())
    }

    fn count_elements(&mut self, at: usize, count: usize) -> Result<(), BoundsError> {
        self.elements = self.elements.saturating_add(count);
        if self.elements > self.max_elements {
            return Err(BoundsError::Elements { at, max: self.max_elements });
        }
        Ok(())
    }
}

/// A length as signed numbers say it: -1 is null.
fn positive(at: usize, found: i64) -> Result<Option<usize>, BoundsError> {
    match found {
        -1 => Ok(None),
        _ => usize::try_from(found).map(Some).map_err(|_| BoundsError::Negative { at, found }),
    }
}
