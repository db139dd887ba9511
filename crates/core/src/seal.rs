//! Seals: what a record carries so that a run can be checked afterwards.
//!
//! A sealed record has a header of 24 bytes that says which run it belongs to, its place there, and a checksum of its
//! key and body. The [`Manifest`] says how many there were; an [`Audit`] holds what is found against it.

mod audit;
mod findings;
mod lane;
mod latest;
mod manifest;
mod marks;
mod sealed;

pub use audit::{Audit, Place, RowSeal};
pub use findings::{Example, Finding, Findings};
pub use latest::Latest;
pub use manifest::{
    Late, LateExample, Manifest, ManifestError, SealedLane, SealedSource, SealedTopic, StartOffset,
};
pub use sealed::Sealed;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::record::Record;

/// The name of the header that is the seal.
pub const HEADER: &str = "kadence-seal";

/// What stands in the place of the length of a key that is not there.
const NO_KEY: u32 = u32::MAX;

/// The number of a run: random, so that runs in one topic are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RunId(pub u64);

impl RunId {
    /// A new one.
    pub fn random() -> Self {
        // A few bits of either half are the same in all UUIDs of this kind, but not at the same places.
        let (high, low) = uuid::Uuid::new_v4().as_u64_pair();
        Self(high ^ low)
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl FromStr for RunId {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        hex(text).map(Self).ok_or("a run's number is 16 hexadecimal digits")
    }
}

impl Serialize for RunId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for RunId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// Reads 16 hexadecimal digits.
fn hex(text: &str) -> Option<u64> {
    let is_hex = text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_hex { u64::from_str_radix(text, 16).ok() } else { None }
}

/// The seal of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seal {
    /// The run.
    pub run: RunId,
    /// The lane of the run.
    pub lane: u32,
    /// The record's place in the lane, counted from 0.
    pub sequence: u64,
    /// The checksum of key and body.
    pub checksum: u32,
}

impl Seal {
    /// Its length in bytes.
    pub const LEN: usize = 24;

    /// Makes the seal of a record in a run.
    #[inline]
    pub fn of(run: RunId, record: &Record<'_>) -> Self {
        let checksum = checksum(record.key, record.body);
        Self { run, lane: record.facts.lane, sequence: record.facts.sequence, checksum }
    }

    /// Writes it as the header has it: run, lane, sequence and checksum, each with its highest byte first.
    #[inline]
    pub fn to_bytes(self) -> [u8; Self::LEN] {
        let mut bytes = [0; Self::LEN];
        bytes[..8].copy_from_slice(&self.run.0.to_be_bytes());
        bytes[8..12].copy_from_slice(&self.lane.to_be_bytes());
        bytes[12..20].copy_from_slice(&self.sequence.to_be_bytes());
        bytes[20..].copy_from_slice(&self.checksum.to_be_bytes());
        bytes
    }

    /// Reads it; `None` if these are not 24 bytes.
    #[inline]
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let (run, rest) = bytes.split_first_chunk()?;
        let (lane, rest) = rest.split_first_chunk()?;
        let (sequence, rest) = rest.split_first_chunk()?;
        let checksum = rest.try_into().ok()?;
        Some(Self {
            run: RunId(u64::from_be_bytes(*run)),
            lane: u32::from_be_bytes(*lane),
            sequence: u64::from_be_bytes(*sequence),
            checksum: u32::from_be_bytes(checksum),
        })
    }

    /// Whether key and body are what they were when the record was sealed.
    #[inline]
    pub fn holds(&self, record: &Record<'_>) -> bool {
        self.checksum == checksum(record.key, record.body)
    }
}

/// What the headers of a record say of its seal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SealOf {
    /// There is none.
    Missing,
    /// There is a header of that name that is no seal.
    Malformed,
    /// The seal; of several, the last.
    Found(Seal),
}

impl SealOf {
    /// Looks for the seal of a record.
    #[inline]
    pub fn record(record: &Record<'_>) -> Self {
        let mut found = Self::Missing;
        for (name, value) in record.headers.clone() {
            if name == HEADER.as_bytes() {
                found = value.and_then(Seal::parse).map_or(Self::Malformed, Self::Found);
            }
        }
        found
    }
}

/// The CRC-32C of a key's length in four bytes, highest first (all ones where there is no key), the key, and the body.
#[inline]
pub fn checksum(key: Option<&[u8]>, body: Option<&[u8]>) -> u32 {
    let length = key.map_or(NO_KEY, |key| key.len() as u32);
    let mut crc = crc32c::crc32c(&length.to_be_bytes());
    if let Some(key) = key {
        crc = crc32c::crc32c_append(crc, key);
    }
    crc32c::crc32c_append(crc, body.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_of_a_seal() {
        let seal = Seal { run: RunId(0x0102_0304_0506_0708), lane: 9, sequence: 10, checksum: 0xa1b2_c3d4 };
        let bytes = seal.to_bytes();
        let expected = b"\x01\x02\x03\x04\x05\x06\x07\x08\0\0\0\x09\0\0\0\0\0\0\0\x0a\xa1\xb2\xc3\xd4";
        assert_eq!(&bytes, expected);
        assert_eq!(Seal::parse(&bytes), Some(seal));
        assert_eq!(Seal::parse(&bytes[..23]), None);
        assert_eq!(Seal::parse(&[&bytes[..], b"x"].concat()), None);
    }

    #[test]
    fn checksum_tells_key_from_body() {
        // The check value of CRC-32C is that of "123456789".
        assert_eq!(crc32c::crc32c(b"123456789"), 0xe306_9283);
        assert_eq!(checksum(Some(b"ab"), Some(b"c")), crc32c::crc32c(b"\0\0\0\x02abc"));
        assert_eq!(checksum(None, Some(b"c")), crc32c::crc32c(b"\xff\xff\xff\xffc"));
        assert_ne!(checksum(Some(b"ab"), Some(b"c")), checksum(Some(b"a"), Some(b"bc")));
        assert_ne!(checksum(Some(b""), Some(b"c")), checksum(None, Some(b"c")));
    }

    #[test]
    fn run_ids_are_sixteen_digits() {
        assert_eq!(RunId(0xab).to_string(), "00000000000000ab");
        assert_eq!("00000000000000ab".parse(), Ok(RunId(0xab)));
        for wrong in ["", "ab", "+0000000000000ab", "00000000000000ag"] {
            assert!(wrong.parse::<RunId>().is_err(), "{wrong}");
        }
        assert_ne!(RunId::random(), RunId::random());
    }
}
