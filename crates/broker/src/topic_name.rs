//! Names of topics.

use crate::response_error::Refusal;
use kafka_protocol::ResponseError;

const MAX_NAME_LEN: usize = 249;

/// Kafka's rule for topic names.
pub(crate) fn check_name(name: &str) -> Result<(), Refusal> {
    let problem = if name.is_empty() {
        "it is empty".to_owned()
    } else if name == "." || name == ".." {
        format!("it is '{name}'")
    } else if name.len() > MAX_NAME_LEN {
        format!("it is longer than {MAX_NAME_LEN} characters")
    } else if !name.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b)) {
        "it has characters other than ASCII letters, digits, '.', '_' and '-'".to_owned()
    } else {
        return Ok(());
    };
    Err(Refusal::new(ResponseError::InvalidTopicException, format!("Topic name is invalid: {problem}")))
}

/// Kafka's metrics cannot tell '.' from '_'; two names that differ only there are refused, as by Kafka.
pub(crate) fn collide(one: &str, other: &str) -> bool {
    let same = |(a, b): (u8, u8)| a == b || (matches!(a, b'.' | b'_') && matches!(b, b'.' | b'_'));
    one.len() == other.len() && one.bytes().zip(other.bytes()).all(same)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_kafkas_rule() {
        for good in ["a", "A.b_c-9", "...", &"x".repeat(249)] {
            assert!(check_name(good).is_ok(), "{good}");
        }
        for bad in ["", ".", "..", "a b", "a/b", "ä", "a\0", &"x".repeat(250)] {
            assert!(check_name(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn names_that_differ_in_dot_and_underscore_collide() {
        assert!(collide("a.b", "a_b") && !collide("a.b", "a-b") && !collide("a.b", "a.bc"));
    }
}
