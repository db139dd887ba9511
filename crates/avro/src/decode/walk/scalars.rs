//! Values that hold no others.

use kadence_core::record::Timestamp;

use super::Walk;
use crate::decode::flaw::Flaw;
use crate::logical::decimal::MOST_BYTES;
use crate::logical::float::widen;
use crate::logical::{local_time, uuid_of};
use crate::program::{Blob, Read, Whole};
use crate::wire::Stop;

const NANOS_A_DAY: i64 = 86_400_000_000_000;

impl<'w> Walk<'w, '_> {
    #[inline]
    pub(super) fn leaf(&mut self, read: &'w Read) -> Result<(), Stop> {
        match read {
            Read::Boolean => {
                let byte = self.input.byte();
                match self.wire(byte)? {
                    0 => self.row.bool(false),
                    1 => self.row.bool(true),
                    other => return Err(self.fail(Flaw::Boolean(other))),
                }
            }
            Read::Double => {
                let bytes = self.input.array();
                let number = f64::from_le_bytes(self.wire(bytes)?);
                self.row.float(number);
            }
            Read::Float => {
                let bytes = self.input.array();
                let number = f32::from_le_bytes(self.wire(bytes)?);
                self.row.float(widen(number));
            }
            Read::WideFloat => {
                let bytes = self.input.array();
                let number = f32::from_le_bytes(self.wire(bytes)?);
                self.row.float(number.into());
            }
            Read::Enum(symbols) => {
                let found = self.long()?;
                let place = usize::try_from(found).unwrap_or(usize::MAX);
                match symbols.get(place) {
                    Some(Some(symbol)) => self.row.text(symbol),
                    Some(None) => return Err(self.fail(Flaw::Unwanted(place))),
                    None => return Err(self.fail(Flaw::Symbol(found))),
                }
            }
            Read::Never(what) => return Err(self.fail(Flaw::Never(what))),
            _ => self.row.null(),
        }
        Ok(())
    }

    #[inline]
    pub(super) fn whole(&mut self, number: i64, whole: Whole) -> Result<(), Stop> {
        match whole {
            Whole::Int => self.row.int(number),
            Whole::Float => self.row.float(widen(number as f32)),
            Whole::Double => self.row.float(number as f64),
            // A date is an int, whose range was looked at.
            Whole::Date => self.row.date(number as i32),
            Whole::TimeMillis => self.time(number, 1_000_000)?,
            Whole::TimeMicros => self.time(number, 1_000)?,
            Whole::Timestamp(unit) => {
                let nanos = number.checked_mul(unit.nanos());
                let nanos = nanos.ok_or_else(|| self.fail(Flaw::Timestamp))?;
                self.row.timestamp(Timestamp::from_nanos(nanos));
            }
            Whole::LocalTimestamp(unit) => {
                self.memory.text.clear();
                local_time::write(i128::from(number) * i128::from(unit.nanos()), &mut self.memory.text);
                self.row.text(&self.memory.text);
            }
        }
        Ok(())
    }

    fn time(&mut self, number: i64, unit: i64) -> Result<(), Stop> {
        let nanos = number.checked_mul(unit).filter(|nanos| (0..NANOS_A_DAY).contains(nanos));
        let nanos = nanos.ok_or_else(|| self.fail(Flaw::Time))?;
        self.row.time(nanos);
        Ok(())
    }

    #[inline]
    pub(super) fn blob(&mut self, bytes: &'w [u8], blob: Blob) -> Result<(), Stop> {
        match blob {
            Blob::Text => match str::from_utf8(bytes) {
                Ok(text) => self.row.text(text),
                Err(_) => return Err(self.fail(Flaw::Utf8)),
            },
            Blob::Bytes => self.row.bytes(bytes),
            Blob::UuidText => {
                let uuid = str::from_utf8(bytes).ok().and_then(uuid_of);
                let uuid = uuid.ok_or_else(|| self.fail(Flaw::Uuid))?;
                self.row.uuid(uuid);
            }
            Blob::Uuid => match bytes.try_into() {
                Ok(uuid) => self.row.uuid(uuid),
                Err(_) => return Err(self.fail(Flaw::UuidSize(bytes.len()))),
            },
            Blob::Duration => self.duration(bytes),
            Blob::Decimal(scale) => {
                if bytes.len() > MOST_BYTES {
                    return Err(self.fail(Flaw::Decimal(bytes.len())));
                }
                self.memory.text.clear();
                self.memory.scratch.write_text(bytes, scale, &mut self.memory.text);
                self.row.decimal(&self.memory.text);
            }
        }
        Ok(())
    }

    fn duration(&mut self, bytes: &[u8]) {
        self.row.begin_struct();
        for (name, part) in ["months", "days", "millis"].into_iter().zip(bytes.chunks_exact(4)) {
            let number = part.first_chunk().copied().map_or(0, u32::from_le_bytes);
            self.row.name(name).int(number.into());
        }
        self.row.end();
    }
}
