//! Records on standard output.

use std::io::{self, Write};
use std::time::Duration;

use kadence_core::clock::{Clock as _, SystemClock};
use kadence_core::stamp::{StampFormat, StampWriter};
use kadence_kafka::Consumed;

use super::received_now;
use crate::fault::Error;
use crate::template::Template;

/// Prints records, through a buffer that is shown when nothing more is at hand.
pub(super) struct Printer {
    out: Box<dyn Write>,
    buffer: Vec<u8>,
    /// Of each record in the buffer, where it ends there and how many bytes its key and body have.
    buffered: Vec<(usize, u64)>,
    template: Option<Template>,
    /// Bodies have to be JSON.
    is_json: bool,
    received: Option<StampWriter>,
    /// Nobody reads any more, or nothing can be written any more.
    is_closed: bool,
    /// Records taken, whether they are shown yet or not.
    pub(super) taken: u64,
    /// Records that standard output has taken as a whole.
    pub(super) records: u64,
    /// Bytes of their keys and bodies.
    pub(super) bytes: u64,
    compact: Vec<u8>,
    flushed_at: Duration,
}

/// Where nothing interrupts the records, they are shown at least this often: a group commits what was shown.
const FLUSH_AFTER: Duration = Duration::from_secs(1);
/// How many records go by between two looks at the clock.
const LOOK_EVERY: u64 = 64;
/// Larger writes bring nothing.
const BUFFER_BYTES: usize = 64 * 1024;

impl Printer {
    pub(super) fn new(template: Option<Template>, is_json: bool, received: bool) -> Self {
        let stamp = StampFormat::new("%Y-%m-%d %H:%M:%S ", None).ok().filter(|_| received);
        Self {
            out: standard_output(),
            buffer: Vec::with_capacity(BUFFER_BYTES),
            buffered: Vec::new(),
            template,
            is_json,
            received: stamp.map(|format| StampWriter::new(&[format])),
            is_closed: false,
            taken: 0,
            records: 0,
            bytes: 0,
            compact: Vec::new(),
            flushed_at: SystemClock.now(),
        }
    }

    pub(super) fn is_flushed(&self) -> bool {
        self.buffer.is_empty()
    }

    pub(super) fn is_closed(&self) -> bool {
        self.is_closed
    }

    /// Whether it is time to flush.
    pub(super) fn is_due(&self) -> bool {
        self.buffer.len() >= BUFFER_BYTES
            || self.taken.is_multiple_of(LOOK_EVERY)
                && SystemClock.now().saturating_sub(self.flushed_at) >= FLUSH_AFTER
    }

    /// Takes a record; [`flush`](Self::flush) shows it.
    pub(super) fn print(&mut self, record: &Consumed<'_>) -> Result<(), Error> {
        let mut body = record.body();
        if self.is_json
            && let Some(text) = body
        {
            self.compact.clear();
            compact_json(text, &mut self.compact).map_err(|why| {
                let place = format!("{} [{}] @{}", record.topic(), record.partition(), record.offset());
                Error::met(
                    place,
                    format!("the body is no JSON ({why})"),
                    "print it as it is with --format raw",
                )
            })?;
            body = Some(&self.compact);
        } else if self.is_json {
            // A tombstone is JSON's word for nothing, so that each record is a line that can be read as JSON.
            body = Some(b"null");
        }
        if let Some(template) = &self.template {
            crate::output::ok_if_closed(template.write(record, body, &mut self.buffer))?;
        } else {
            if let Some(writer) = &mut self.received {
                writer.set(received_now());
                self.buffer.extend_from_slice(writer.text(0));
            }
            self.buffer.extend_from_slice(body.unwrap_or_default());
            self.buffer.push(b'\n');
        }
        self.taken += 1;
        let bytes = record.key().map_or(0, <[u8]>::len) + record.body().map_or(0, <[u8]>::len);
        self.buffered.push((self.buffer.len(), bytes as u64));
        Ok(())
    }

    /// Shows what was taken. A closed pipe ends the reading, and is no error.
    pub(super) fn flush(&mut self) -> Result<(), Error> {
        self.flushed_at = SystemClock.now();
        if self.is_closed {
            return Ok(());
        }
        let (written, outcome) = write(&mut self.out, &self.buffer);
        for (_, bytes) in self.buffered.iter().take_while(|(end, _)| *end <= written) {
            self.records += 1;
            self.bytes += bytes;
        }
        self.buffer.clear();
        self.buffered.clear();
        self.is_closed = outcome.is_err() || crate::output::is_reader_gone();
        crate::output::ok_if_closed(outcome)
    }
}

/// Standard output without a buffer in between, so that what it has taken is known.
fn standard_output() -> Box<dyn Write> {
    #[cfg(unix)]
    {
        use std::os::fd::AsFd as _;
        if let Ok(own) = io::stdout().as_fd().try_clone_to_owned() {
            return Box::new(std::fs::File::from(own));
        }
    }
    Box::new(io::stdout())
}

/// Writes all of `bytes`, or says how many were written until it failed.
fn write(out: &mut impl Write, bytes: &[u8]) -> (usize, io::Result<()>) {
    let mut written = 0;
    while written < bytes.len() {
        match out.write(&bytes[written..]) {
            Ok(0) => return (written, Err(io::ErrorKind::WriteZero.into())),
            Ok(more) => written += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return (written, Err(error)),
        }
    }
    (written, out.flush())
}

/// Appends JSON text on one line: white space between its tokens is dropped, everything else stays as written.
fn compact_json(text: &[u8], into: &mut Vec<u8>) -> Result<(), String> {
    // What is passed over is not looked at as text by the reader below.
    std::str::from_utf8(text).map_err(|error| error.to_string())?;
    serde_json::from_slice::<serde::de::IgnoredAny>(text).map_err(|error| error.to_string())?;
    let (mut is_string, mut is_escaped) = (false, false);
    for &byte in text {
        if is_string {
            is_string = is_escaped || byte != b'"';
            is_escaped = !is_escaped && byte == b'\\';
        } else if matches!(byte, b' ' | b'\t' | b'\n' | b'\r') {
            continue;
        } else {
            is_string = byte == b'"';
        }
        into.push(byte);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_made_compact_without_touching_its_text() {
        let mut compact = Vec::new();
        compact_json(br#"{ "a b" : [ 1.0 , "x \" y" ],\n"#.strip_suffix(br"\n").unwrap(), &mut compact)
            .unwrap_err();
        compact.clear();
        compact_json(b"{ \"a b\" : [ 1.0 , \"x \\\" y\\\\\" ],\n \"c\":51 }\n", &mut compact).unwrap();
        assert_eq!(String::from_utf8_lossy(&compact), r#"{"a b":[1.0,"x \" y\\"],"c":51}"#);
    }

    #[test]
    fn json_is_utf_8() {
        let why = compact_json(b"{\"a\":\"\xe9\"}", &mut Vec::new()).unwrap_err();
        assert!(why.starts_with("invalid utf-8"), "{why}");
    }

    #[test]
    fn what_was_written_before_it_failed_is_known() {
        let mut room = [0_u8; 5];
        let (written, outcome) = write(&mut &mut room[..], b"seven b");
        assert_eq!((written, outcome.unwrap_err().kind()), (5, io::ErrorKind::WriteZero));
        let (written, outcome) = write(&mut Vec::new(), b"seven b");
        assert!(outcome.is_ok() && written == 7);
    }
}
