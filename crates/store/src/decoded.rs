//! Records, decoded: those of a batch, or one after the other.

use kadence_core::codec::{Decoder as _, JsonDecoder};
use kadence_core::data::RowBuffer;
use kadence_core::feed::Partition;
use kadence_core::record::Record;
use kadence_core::target::Batch;

use crate::lineage::SealCells;
use crate::mapping::Input;
use crate::options::{BodyFormat, KeyFormat, LandingOptions};

/// Memory that a batch of unusual size leaves behind is given back beyond this.
const KEPT_BYTES: usize = 16 * 1024 * 1024;

/// Keys and bodies as rows, in storage that is used again.
pub(crate) struct Decoded {
    format: BodyFormat,
    key_format: KeyFormat,
    has_seals: bool,
    decoder: JsonDecoder,
    bodies: RowBuffer,
    keys: RowBuffer,
    /// Which row of `bodies` and of `keys` each record has.
    records: Vec<Parts>,
    /// Records that could not be decoded, with the reason.
    rejected: Vec<(usize, String)>,
    /// The seal of each record, where rows say it.
    seals: Vec<Option<SealCells>>,
}

#[derive(Clone, Copy, Debug)]
struct Parts {
    body: Option<u32>,
    key: Option<u32>,
    is_rejected: bool,
}

impl Decoded {
    pub(crate) fn new(options: &LandingOptions, has_seals: bool) -> Self {
        Self {
            format: options.format,
            key_format: options.key_format,
            has_seals,
            decoder: JsonDecoder::new(),
            bodies: RowBuffer::new(),
            keys: RowBuffer::new(),
            records: Vec::new(),
            rejected: Vec::new(),
            seals: Vec::new(),
        }
    }

    /// Records that could not be decoded, by their places, with the reason.
    pub(crate) fn rejected(&self) -> &[(usize, String)] {
        &self.rejected
    }

    /// Whether the record in this place could not be decoded.
    pub(crate) fn is_rejected(&self, place: usize) -> bool {
        self.records[place].is_rejected
    }

    /// The record's parts, for the mapping.
    pub(crate) fn input<'r>(
        &'r self,
        partition: &'r Partition,
        record: &'r Record<'r>,
        place: usize,
    ) -> Input<'r> {
        let Parts { body, key, .. } = self.records[place];
        Input {
            partition,
            record,
            key: key.map(|row| self.keys.row(row as usize)),
            body: body.map(|row| self.bodies.row(row as usize)),
            is_raw: self.format == BodyFormat::Raw,
            seal: self.seals.get(place).and_then(Option::as_ref),
        }
    }

    /// Decodes keys and bodies of a batch, and looks for its seals.
    pub(crate) fn decode(&mut self, batch: &Batch<'_>) {
        self.clear();
        if self.has_seals {
            self.seals.extend(batch.records.records().map(|record| SealCells::of(&record)));
        }
        batch.records.records().for_each(|record| self.add(&record));
    }

    /// Forgets all records.
    pub(crate) fn clear(&mut self) {
        self.rejected.clear();
        self.bodies.clear(KEPT_BYTES);
        self.keys.clear(KEPT_BYTES);
        self.records.clear();
        self.seals.clear();
    }

    /// Decodes one more record.
    pub(crate) fn add(&mut self, record: &Record<'_>) {
        let decoded = self.decode_one(record);
        let is_rejected = decoded.is_err();
        let (body, key) = decoded.unwrap_or_else(|reason| {
            self.rejected.push((self.records.len(), reason));
            (None, None)
        });
        self.records.push(Parts { body, key, is_rejected });
    }

    fn decode_one(&mut self, record: &Record<'_>) -> Result<(Option<u32>, Option<u32>), String> {
        let key = match (self.key_format, record.key) {
            (KeyFormat::Json, Some(key)) => {
                let decoded = self.decoder.decode(key, &mut self.keys);
                decoded.map_err(|error| format!("the key is no JSON object: {error}"))?;
                Some(self.keys.len() as u32 - 1)
            }
            _ => None,
        };
        let Some(bytes) = record.body else { return Ok((None, key)) };
        match self.format {
            BodyFormat::Json => {
                let decoded = self.decoder.decode(bytes, &mut self.bodies);
                decoded.map_err(|error| format!("the body is no JSON object: {error}"))?;
            }
            BodyFormat::Raw => {
                let mut row = self.bodies.build();
                row.name("value");
                match str::from_utf8(bytes) {
                    Ok(text) => row.text(text),
                    Err(_) => row.bytes(bytes),
                }
                row.finish().map_err(|error| error.to_string())?;
            }
        }
        Ok((Some(self.bodies.len() as u32 - 1), key))
    }
}
