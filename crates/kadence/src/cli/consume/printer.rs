//! Records on standard output.

use std::io::{self, BufWriter, Stdout, Write};
use std::time::Duration;

use kadence_core::clock::{Clock as _, SystemClock};
use kadence_core::stamp::{StampFormat, StampWriter};
use kadence_kafka::Consumed;

use super::received_now;
use crate::fault::Error;
use crate::template::Template;

/// Prints records, through a buffer that is shown when nothing more is at hand.
pub(super) struct Printer {
    out: BufWriter<Stdout>,
    template: Option<Template>,
    /// Bodies have to be JSON.
    is_json: bool,
    received: Option<StampWriter>,
    is_flushed: bool,
    /// Nobody reads any more.
    is_closed: bool,
    /// Records printed.
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
            out: BufWriter::with_capacity(BUFFER_BYTES, io::stdout()),
            template,
            is_json,
            received: stamp.map(|format| StampWriter::new(&[format])),
            is_flushed: true,
            is_closed: false,
            records: 0,
            bytes: 0,
            compact: Vec::new(),
            flushed_at: SystemClock.now(),
        }
    }

    pub(super) fn is_flushed(&self) -> bool {
        self.is_flushed
    }

    pub(super) fn is_closed(&self) -> bool {
        self.is_closed
    }

    /// Whether it is time to flush.
    pub(super) fn is_due(&self) -> bool {
        self.records.is_multiple_of(LOOK_EVERY)
            && SystemClock.now().saturating_sub(self.flushed_at) >= FLUSH_AFTER
    }

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
        let written = if let Some(template) = &self.template {
            template.write(record, body, &mut self.out)
        } else {
            let stamp = self.received.as_mut().map(|writer| {
                writer.set(received_now());
                writer.text(0)
            });
            let body = body.unwrap_or_default();
            self.out
                .write_all(stamp.unwrap_or_default())
                .and_then(|()| self.out.write_all(body))
                .and_then(|()| self.out.write_all(b"\n"))
        };
        self.settle(written)?;
        if !self.is_closed {
            self.is_flushed = false;
            self.records += 1;
            self.bytes += (record.key().map_or(0, <[u8]>::len) + record.body().map_or(0, <[u8]>::len)) as u64;
        }
        Ok(())
    }

    pub(super) fn flush(&mut self) -> Result<(), Error> {
        self.is_flushed = true;
        self.flushed_at = SystemClock.now();
        if self.is_closed {
            return Ok(());
        }
        let flushed = self.out.flush();
        self.is_closed = crate::output::is_reader_gone();
        self.settle(flushed)
    }

    /// A closed pipe ends the reading, and is no error.
    fn settle(&mut self, written: io::Result<()>) -> Result<(), Error> {
        self.is_closed |= matches!(&written, Err(error) if error.kind() == io::ErrorKind::BrokenPipe);
        crate::output::ok_if_closed(written)
    }
}

/// Appends JSON text on one line: white space between its tokens is dropped, everything else stays as written.
fn compact_json(text: &[u8], into: &mut Vec<u8>) -> Result<(), String> {
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
}
