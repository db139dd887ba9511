//! A record in the client's terms.

use kadence_core::record::{Header, Headers, Timestamp};
use kadence_core::seal::{self, Seal};
use rdkafka::message::{Header as ClientHeader, OwnedHeaders};

/// A record's timestamp as librdkafka takes it: it reads 0 as "now", so the very epoch is a millisecond late.
pub(super) fn millis(timestamp: Timestamp) -> i64 {
    match timestamp.as_millis() {
        0 => 1,
        millis => millis,
    }
}

/// The headers in the client's own form, which each record gets a copy of.
pub(super) fn owned_headers(headers: &[Header]) -> Option<OwnedHeaders> {
    if headers.is_empty() {
        return None;
    }
    let empty = OwnedHeaders::new_with_capacity(headers.len());
    Some(headers.iter().fold(empty, |owned, header| {
        owned.insert(ClientHeader { key: &header.name, value: Some(&header.value) })
    }))
}

/// The headers of all records, with those of one record behind them. A name that is no text is written with
/// replacements, since the client takes texts only.
pub(super) fn with_headers(of_all: Option<OwnedHeaders>, own: Headers<'_>) -> Option<OwnedHeaders> {
    if own.is_empty() {
        return of_all;
    }
    let owned = of_all.unwrap_or_default();
    Some(own.fold(owned, |owned, (name, value)| {
        owned.insert(ClientHeader { key: &String::from_utf8_lossy(name), value })
    }))
}

/// The headers with a record's seal behind them.
pub(super) fn with_seal(headers: Option<OwnedHeaders>, seal: Seal) -> OwnedHeaders {
    let headers = headers.unwrap_or_else(|| OwnedHeaders::new_with_capacity(1));
    headers.insert(ClientHeader { key: seal::HEADER, value: Some(&seal.to_bytes()) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_epoch_itself_moves() {
        let at = |nanos| millis(Timestamp::from_nanos(nanos));
        assert_eq!([at(0), at(999_999), at(1_000_000), at(-1)], [1, 1, 1, -1]);
    }
}
