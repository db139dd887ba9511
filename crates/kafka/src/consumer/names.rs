//! Names of topics that are asked for, and patterns of them.

use kadence_core::fault::Fault;
use regex_lite::Regex;

use crate::contact::is_topic_name;

/// Whether this is a pattern rather than a name.
pub(super) fn is_pattern(topic: &str) -> bool {
    topic.starts_with('^')
}

/// A pattern of topics.
pub(super) fn compiled(pattern: &str) -> Result<Regex, Fault> {
    Regex::new(pattern).map_err(|error| {
        Fault::new(format!("topic {pattern}"), format!("is no regular expression ({error})"))
            .help("a topic that begins with ^ is a pattern")
            .misuse()
    })
}

/// The fault of what is neither a topic's name nor a pattern.
pub(super) fn misnamed(topic: &str) -> Option<Fault> {
    if is_pattern(topic) {
        return compiled(topic).err();
    }
    if is_topic_name(topic) {
        return None;
    }
    let help = if topic.contains(['*', '+', '?', '[', '(', '|', '$', '\\']) {
        format!("a pattern begins with ^, such as ^{}", topic.escape_debug())
    } else {
        "use letters, digits, `.`, `_` and `-`, at most 249, and not just `.` or `..`".to_owned()
    };
    let place = format!("topic {}", topic.escape_debug());
    Some(Fault::new(place, "not a topic name").help(help).misuse())
}
