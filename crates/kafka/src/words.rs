//! librdkafka's words, without its decoration.

use rdkafka::error::RDKafkaErrorCode as Code;

/// librdkafka's description of `code`, without its own decoration.
pub(crate) fn described(code: Code) -> String {
    let text = code.to_string();
    let text = text.split_once(" (").map_or(text.as_str(), |(_, inside)| inside.trim_end_matches(')'));
    plain_words(text)
}

/// A description of librdkafka's without saying whose it is.
pub(crate) fn plain_words(text: &str) -> String {
    let text = text.strip_prefix("Broker: ").or_else(|| text.strip_prefix("Local: ")).unwrap_or(text);
    let mut letters = text.chars();
    match letters.next() {
        Some(first) if !letters.as_str().starts_with(char::is_uppercase) => {
            first.to_lowercase().chain(letters).collect()
        }
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn descriptions_are_plain_text() {
        assert_eq!(described(Code::NotEnoughReplicas), "not enough in-sync replicas");
        assert_eq!(described(Code::TopicAuthorizationFailed), "topic authorization failed");
    }
}
