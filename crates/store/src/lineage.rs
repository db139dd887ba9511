//! Where a row came from, as columns of `--lineage` say it.

use std::io::Write as _;

use kadence_core::data::Value;
use kadence_core::record::Record;
use kadence_core::seal::{RowSeal, RunId, SealOf};

use crate::session::Datum;

/// The columns with a record's place.
pub(crate) const PLACE: [&str; 3] = ["_topic", "_partition", "_offset"];
/// The columns with its seal. They are there where records are sealed.
pub(crate) const SEAL: [&str; 4] = ["_run", "_lane", "_sequence", "_crc"];

/// Whether a column has a part of the seal.
pub(crate) fn is_of_seal(column: &str) -> bool {
    SEAL.contains(&column)
}

/// The seal of a record as its row has it.
#[derive(Clone, Debug)]
pub(crate) struct SealCells {
    /// Sixteen hexadecimal digits.
    run: [u8; 16],
    lane: i64,
    sequence: i64,
    /// Null where key and body are not those that were sealed.
    checksum: Option<i64>,
}

impl SealCells {
    /// The seal of a record, if it has one.
    pub(crate) fn of(record: &Record<'_>) -> Option<Self> {
        let SealOf::Found(seal) = SealOf::record(record) else { return None };
        // No run has such a record, and no column of whole numbers takes it.
        let sequence = i64::try_from(seal.sequence).ok()?;
        let mut run = [b'0'; 16];
        // It has room for just that.
        let _ = write!(&mut run[..], "{}", seal.run);
        let checksum = seal.holds(record).then(|| seal.checksum.into());
        Some(Self { run, lane: seal.lane.into(), sequence, checksum })
    }

    /// The values of its columns.
    pub(crate) fn values(&self) -> [Value<'_>; 4] {
        let checksum = self.checksum.map_or(Value::Null, Value::Int);
        let run = str::from_utf8(&self.run).unwrap_or_default();
        [Value::Text(run), Value::Int(self.lane), Value::Int(self.sequence), checksum]
    }
}

/// Where a row of a table came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lineage<'r> {
    /// The topic; empty where the row has none.
    pub topic: &'r str,
    /// The partition; -1 where the row has none.
    pub partition: i32,
    /// The offset; -1 where the row has none.
    pub offset: i64,
    /// The seal of the record, if it had one.
    pub seal: Option<RowSeal>,
}

impl<'r> Lineage<'r> {
    /// Reads it off the columns of [`PLACE`] and [`SEAL`], in this order.
    pub(crate) fn of(row: &'r [Datum]) -> Self {
        let int = |place: usize| row.get(place).and_then(Datum::int);
        let text = |place: usize| row.get(place).and_then(Datum::text);
        let number = |place| int(place).and_then(|value| value.try_into().ok());
        let seal = || {
            Some(RowSeal {
                run: text(3)?.parse::<RunId>().ok()?,
                lane: u32::try_from(int(4)?).ok()?,
                sequence: u64::try_from(int(5)?).ok()?,
                checksum: int(6).and_then(|crc| u32::try_from(crc).ok()),
            })
        };
        Self {
            topic: text(0).unwrap_or_default(),
            partition: number(1).unwrap_or(-1),
            offset: int(2).unwrap_or(-1),
            seal: seal(),
        }
    }
}
