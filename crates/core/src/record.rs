//! What a record is made of, and where it comes from.

/// A point in time: nanoseconds since 1970-01-01T00:00:00Z, negative before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The point `nanos` nanoseconds after the epoch.
    pub const fn from_nanos(nanos: i64) -> Self {
        Self(nanos)
    }

    /// Nanoseconds since the epoch.
    pub const fn as_nanos(self) -> i64 {
        self.0
    }

    /// Whole milliseconds since the epoch, rounded down: the unit of a Kafka record's timestamp.
    pub const fn as_millis(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// The text form in UTC, RFC 3339 with as many fractional digits as needed.
    pub fn to_rfc3339(self) -> String {
        match jiff::Timestamp::from_nanosecond(i128::from(self.0)) {
            Ok(timestamp) => timestamp.to_string(),
            Err(_) => format!("{} ns since 1970", self.0),
        }
    }
}

/// A record header: a name and bytes. Order matters and names may repeat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// The header's name.
    pub name: String,
    /// The header's value.
    pub value: Vec<u8>,
}

/// A record as bytes.
#[derive(Clone, Debug)]
pub struct Record<'r> {
    /// The key, if it has one.
    pub key: Option<&'r [u8]>,
    /// The body; a tombstone has none.
    pub body: Option<&'r [u8]>,
    /// The headers, in order.
    pub headers: Headers<'r>,
    /// Where it comes from, and where it belongs.
    pub facts: Facts,
}

/// The origin of a record, and where it belongs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// The record's own time: the event time in a recording, the timestamp in a topic.
    pub time: Option<Timestamp>,
    /// The ordered sequence it belongs to: the index of its recording, or of its topic among those that are read.
    pub lane: u32,
    /// The partition it was read from, or is bound for; `None` where its key decides.
    pub partition: Option<i32>,
    /// Its place in the lane, counted from 0; of a topic's record, its offset in the partition.
    pub sequence: u64,
    /// The line of the recording on which it starts, counted from 1; 0 in a topic.
    pub line: u64,
}

impl Record<'_> {
    /// Adds up the bytes of key and body.
    pub fn size(&self) -> usize {
        self.key.map_or(0, <[u8]>::len) + self.body.map_or(0, <[u8]>::len)
    }
}

/// The length of a header's value that is not there.
const NO_VALUE: u32 = u32::MAX;

/// The headers of a record, in order. Names are text by convention only, and may repeat.
#[derive(Clone, Debug, Default)]
pub struct Headers<'r>(&'r [u8]);

impl<'r> Headers<'r> {
    /// The headers in `bytes`, as [`append`](Self::append) wrote them.
    pub(crate) fn of(bytes: &'r [u8]) -> Self {
        Self(bytes)
    }

    /// Appends a header to `bytes`.
    pub(crate) fn append(name: &[u8], value: Option<&[u8]>, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(&(name.len() as u32).to_le_bytes());
        bytes.extend_from_slice(&value.map_or(NO_VALUE, |value| value.len() as u32).to_le_bytes());
        bytes.extend_from_slice(name);
        bytes.extend_from_slice(value.unwrap_or_default());
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<'r> Iterator for Headers<'r> {
    type Item = (&'r [u8], Option<&'r [u8]>);

    fn next(&mut self) -> Option<Self::Item> {
        let (name_len, rest) = self.0.split_first_chunk()?;
        let (value_len, rest) = rest.split_first_chunk()?;
        let (name, rest) = rest.split_at_checked(u32::from_le_bytes(*name_len) as usize)?;
        let value_len = u32::from_le_bytes(*value_len);
        if value_len == NO_VALUE {
            self.0 = rest;
            return Some((name, None));
        }
        let (value, rest) = rest.split_at_checked(value_len as usize)?;
        self.0 = rest;
        Some((name, Some(value)))
    }
}
