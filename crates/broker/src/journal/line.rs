//! A line of the journal: a checksum in hexadecimal, a space, and events as a JSON list.

use super::event::Event;
use serde::Serializer as _;

/// Eight digits and a space.
const PREFIX_LEN: usize = 9;

/// Why a line says nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Bad {
    /// It is not what was written: torn, or changed.
    Checksum,
    /// It was written so, by a version that knows more.
    Unknown(String),
}

/// Puts the line of `events` in place of what is in `line`, with how far the file is `synced` before them.
pub(crate) fn write(line: &mut Vec<u8>, synced: Option<u64>, events: &[Event]) -> serde_json::Result<()> {
    line.clear();
    line.resize(PREFIX_LEN, b' ');
    let synced = synced.map(|len| Event::Synced { len });
    serde_json::Serializer::new(&mut *line).collect_seq(synced.iter().chain(events))?;
    let crc = format!("{:08x}", crc32c::crc32c(&line[PREFIX_LEN..]));
    line[..PREFIX_LEN - 1].copy_from_slice(crc.as_bytes());
    line.push(b'\n');
    Ok(())
}

/// The events of a line, which ends with its newline.
pub(crate) fn read(line: &[u8]) -> Result<Vec<Event>, Bad> {
    let json = checked(line).ok_or(Bad::Checksum)?;
    serde_json::from_slice(json).map_err(|error| Bad::Unknown(error.to_string()))
}

fn checked(line: &[u8]) -> Option<&[u8]> {
    let line = line.strip_suffix(b"\n")?;
    let (prefix, json) = line.split_at_checked(PREFIX_LEN)?;
    let digits = std::str::from_utf8(prefix).ok()?.strip_suffix(' ')?;
    let said = u32::from_str_radix(digits, 16).ok()?;
    (said == crc32c::crc32c(json)).then_some(json)
}

/// What the lines in `bytes` come to, up to the first that says nothing. They may lack their checksums, which a
/// fuzzer does not guess.
#[cfg(fuzzing)]
pub(crate) fn read_all(bytes: &[u8]) -> super::State {
    let mut state = super::State::default();
    for line in bytes.split_inclusive(|b| *b == b'\n') {
        let events = read(line).or_else(|_| serde_json::from_slice::<Vec<Event>>(line));
        match events {
            Ok(events) => events.into_iter().for_each(|event| state.apply(event)),
            Err(_) => break,
        }
    }
    state
}
