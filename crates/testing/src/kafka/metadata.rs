//! The least of Kafka's protocol: who are the brokers?

use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// A broker that takes longer is not ready, on a busy machine too.
const LIMIT: Duration = Duration::from_secs(30);
/// An answer about a handful of brokers and no topic is far smaller.
const MOST_BYTES: usize = 64 * 1024;

/// Metadata, version 1, correlation 7, no client name, and an empty list of topics, which means none.
const REQUEST: [u8; 18] = [0, 0, 0, 14, 0, 3, 0, 1, 0, 0, 0, 7, 0xff, 0xff, 0, 0, 0, 0];

/// The brokers as the one at `address` names them, each as `host:port`.
///
/// The addresses are those that are advertised to whoever comes by `address`.
pub fn brokers(address: SocketAddr) -> io::Result<Vec<String>> {
    let mut connection = TcpStream::connect_timeout(&address, LIMIT)?;
    connection.set_read_timeout(Some(LIMIT))?;
    connection.set_write_timeout(Some(LIMIT))?;
    connection.write_all(&REQUEST)?;
    let mut length = [0; 4];
    connection.read_exact(&mut length)?;
    let length = u32::from_be_bytes(length) as usize;
    if length > MOST_BYTES {
        return Err(nonsense());
    }
    let mut answer = vec![0; length];
    connection.read_exact(&mut answer)?;
    parse(&answer).ok_or_else(nonsense)
}

fn nonsense() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "not an answer to a metadata request")
}

fn parse(mut rest: &[u8]) -> Option<Vec<String>> {
    let _correlation = number(&mut rest)?;
    let count = number(&mut rest)?;
    (0..count)
        .map(|_| {
            let _node = number(&mut rest)?;
            let host = text(&mut rest)?;
            let port = number(&mut rest)?;
            let _rack = text(&mut rest)?;
            Some(format!("{host}:{port}"))
        })
        .collect()
}

fn number(rest: &mut &[u8]) -> Option<u32> {
    let bytes: &[u8; 4] = rest.split_off(..4)?.try_into().ok()?;
    Some(u32::from_be_bytes(*bytes))
}

/// A text, empty when it is null.
fn text(rest: &mut &[u8]) -> Option<String> {
    let length: &[u8; 2] = rest.split_off(..2)?.try_into().ok()?;
    let length = usize::try_from(i16::from_be_bytes(*length)).unwrap_or(0);
    Some(String::from_utf8_lossy(rest.split_off(..length)?).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brokers_are_read_from_an_answer() {
        let mut answer = vec![0, 0, 0, 7, 0, 0, 0, 2];
        answer.extend([0, 0, 0, 1, 0, 4]);
        answer.extend(b"here");
        answer.extend([0, 0, 0x23, 0x84, 0xff, 0xff]);
        answer.extend([0, 0, 0, 2, 0, 5]);
        answer.extend(b"there");
        answer.extend([0, 0, 0, 80, 0, 1, b'r']);
        assert_eq!(parse(&answer).unwrap(), ["here:9092", "there:80"]);
        for cut in 0..answer.len() {
            assert!(parse(&answer[..cut]).is_none(), "{cut}");
        }
    }
}
