//! Fetches that fail: what librdkafka says of them, and which of them fail each time.

use rdkafka::error::RDKafkaErrorCode as Code;

use crate::ffi::Place;
use crate::words::described;
use crate::words::plain_words;

/// What fetching the same records again cannot mend.
pub(super) const LASTING: [Code; 9] = [
    Code::BadCompression,
    Code::BadMessage,
    Code::InvalidMessage,
    Code::InvalidMessageSize,
    Code::InvalidRecord,
    Code::MessageSizeTooLarge,
    Code::NotImplemented,
    Code::UnsupportedCompressionType,
    Code::UnsupportedForMessageFormat,
];

/// Whether this is about the records themselves.
pub(super) fn is_lasting(code: Code) -> bool {
    LASTING.contains(&code)
}

/// What a line of librdkafka's log says of a fetch that failed: the partition, if it is about one, and the fault.
pub(super) fn failed_fetch(line: &str) -> Option<(Option<Place>, String)> {
    let (place, said) = line.split_once("Fetch backoff for ")?;
    let (_, fault) = said.split_once("ms: ")?;
    let fault = plain_words(fault.trim());
    // The queue is full because nobody takes the records.
    if fault.is_empty() || fault == described(Code::QueueFull) || fault == "success" {
        return None;
    }
    Some((place_in(place), fault))
}

/// The partition in `… TOPIC [NUMBER]:`. What stands before it may be anything.
fn place_in(text: &str) -> Option<Place> {
    let (before, number) = text.trim_end().strip_suffix("]:")?.rsplit_once('[')?;
    let topic = before.trim_end().rsplit(' ').next()?;
    Some((topic.to_owned(), number.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_fetch_is_read_off_the_log() {
        let line = "[thrd:127.0.0.1:9092/bootstrap]: 127.0.0.1:9092/1: my [7] t [3]: Fetch backoff for 500ms: \
                    Broker: Disk error when trying to access log file on disk";
        let fault = "disk error when trying to access log file on disk".to_owned();
        assert_eq!(failed_fetch(line), Some((Some(("t".to_owned(), 3)), fault.clone())));
        assert_eq!(fault, described(Code::KafkaStorageError));
        let whole = "[thrd:x:1/bootstrap]: x:1/1: Fetch backoff for 500ms: Local: Bad message format";
        assert_eq!(failed_fetch(whole), Some((None, "bad message format".to_owned())));
        for other in [
            "[thrd:x:1/1]: x:1/1: t [0]: Fetch backoff for 5ms: Local: Queue full",
            "[thrd:x:1/1]: x:1/1: t [0]: Fetch backoff for 500ms",
            "[thrd:x:1/1]: x:1/1: Fetch backoff for 12ms",
            "[thrd:x:1/1]: x:1/1: Fetch 1/1/1 toppar(s)",
        ] {
            assert_eq!(failed_fetch(other), None, "{other}");
        }
    }
}
