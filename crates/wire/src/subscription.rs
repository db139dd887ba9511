//! What a consumer tells its group: the topics it wants.
//!
//! A version of two bytes, then an array of topic names; what follows differs between versions and is not read.
//! Clients write these bytes for each other, so nothing is taken for granted.

/// The topics in a consumer's metadata; none if the bytes are something else.
pub fn topics(metadata: &[u8]) -> Option<Vec<&str>> {
    let (version, rest) = metadata.split_first_chunk()?;
    let (count, mut rest) = rest.split_first_chunk()?;
    let count = usize::try_from(i32::from_be_bytes(*count)).ok()?;
    // A name takes two bytes at least.
    if i16::from_be_bytes(*version) < 0 || count > rest.len() / 2 {
        return None;
    }
    let mut topics = Vec::with_capacity(count);
    for _ in 0..count {
        let (len, tail) = rest.split_first_chunk()?;
        let len = usize::try_from(i16::from_be_bytes(*len)).ok()?;
        let (name, tail) = tail.split_at_checked(len)?;
        topics.push(str::from_utf8(name).ok()?);
        rest = tail;
    }
    Some(topics)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topics_are_read_and_the_rest_is_not() {
        let bytes = [&[0, 3, 0, 0, 0, 2, 0, 1][..], b"a", &[0, 2], b"bc", &[9, 9, 9]].concat();
        assert_eq!(topics(&bytes), Some(vec!["a", "bc"]));
        assert_eq!(topics(&[0, 0, 0, 0, 0, 0]), Some(vec![]));
    }

    #[test]
    fn anything_else_is_none() {
        let good = [&[0, 1, 0, 0, 0, 1, 0, 2][..], b"bc"].concat();
        for len in 0..good.len() {
            assert_eq!(topics(&good[..len]), None, "{len}");
        }
        for bad in [
            &[0xff, 0xff, 0, 0, 0, 0][..],
            &[0, 0, 0xff, 0xff, 0xff, 0xff],
            &[0, 0, 0x7f, 0xff, 0xff, 0xff, 0, 0],
            &[0, 0, 0, 0, 0, 1, 0xff, 0xff],
            &[0, 0, 0, 0, 0, 1, 0, 1, 0xff],
        ] {
            assert_eq!(topics(bad), None, "{bad:?}");
        }
    }
}
