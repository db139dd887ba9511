//! Values that stand for more than their type says: decimals, times without a zone, UUIDs as text, floats as decimals.

pub(crate) mod decimal;
pub(crate) mod float;
pub(crate) mod local_time;

/// The UUID of a text of 36 characters: groups of hexadecimal digits with hyphens between them.
pub(crate) fn uuid_of(text: &str) -> Option<[u8; 16]> {
    if text.len() != 36 {
        return None;
    }
    uuid::Uuid::try_parse(text).ok().map(uuid::Uuid::into_bytes)
}
