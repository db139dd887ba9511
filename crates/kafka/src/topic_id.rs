//! Topics' ids: asked for, and written as Kafka's tools write them.

use std::time::Duration;

use kadence_core::feed::TopicId;
use rdkafka::client::NativeClient;
use rdkafka::error::RDKafkaErrorCode as Code;

use crate::ffi;

/// What is known of a topic of this name now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// It is there, with this id.
    There(TopicId),
    /// There is none.
    Absent,
    /// Nobody who knows answers.
    Unknown,
}

/// Asks for the topics of these names, which takes no longer than `at_most`.
pub(crate) fn look_up(client: &NativeClient, topics: &[&str], at_most: Duration) -> Vec<Found> {
    let answers = ffi::topic_ids(ffi::Asking::new(client, at_most), topics).unwrap_or_default();
    let found = |topic: &&str| match answers.iter().find(|(name, _)| name == topic) {
        Some((_, Ok(id))) => Found::There(*id),
        Some((_, Err(refusal))) => match refusal.code {
            Code::UnknownTopicOrPartition | Code::UnknownTopic => Found::Absent,
            _ => Found::Unknown,
        },
        None => Found::Unknown,
    };
    topics.iter().map(found).collect()
}

/// Whether a topic that had one id and has another one now is not the same any more.
pub(crate) fn is_another(before: TopicId, now: TopicId) -> bool {
    matches!((before, now), (Some(before), Some(now)) if before != now)
}

/// An id as Kafka's tools print it: base64 with the alphabet for URLs, without padding.
pub fn text(id: &[u8; 16]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let bits = u128::from_be_bytes(*id);
    let digit = |index: u32| {
        // The last digit has two bits of its own.
        let shifted = if index == 21 { bits << 4 } else { bits >> (122 - 6 * index) };
        char::from(ALPHABET[(shifted & 0x3f) as usize])
    };
    (0..22).map(digit).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_written_as_kafkas_tools_write_them() {
        assert_eq!(text(&[0; 16]), "AAAAAAAAAAAAAAAAAAAAAA");
        assert_eq!(text(&[0xff; 16]), "_____________________w");
        let counted: [u8; 16] = std::array::from_fn(|index| index as u8);
        assert_eq!(text(&counted), "AAECAwQFBgcICQoLDA0ODw");
    }
}
