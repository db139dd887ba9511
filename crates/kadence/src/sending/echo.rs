//! A sink that prints what it passes on.

use std::io::{self, Write};
use std::time::Duration;

use kadence_core::clock::Stop;
use kadence_core::fault::Fault;
use kadence_core::report::Deliveries;
use kadence_core::run::Slice;
use kadence_core::sink::Sink;

/// Prints each record's body on a line once the sink behind it has accepted the record.
pub(crate) struct EchoSink<S, W> {
    inner: S,
    out: W,
    /// Whether nobody reads any more; the run goes on.
    is_closed: bool,
    /// Why the last lines could not be printed.
    failure: Option<io::Error>,
    lines: Vec<u8>,
}

impl<S: Sink, W: Write> EchoSink<S, W> {
    pub(crate) fn new(inner: S, out: W) -> Self {
        Self { inner, out, is_closed: false, failure: None, lines: Vec::new() }
    }
}

impl<S: Sink, W: Write> Sink for EchoSink<S, W> {
    fn begin(&mut self, anchor: Duration) {
        self.inner.begin(anchor);
    }

    fn accept(&mut self, records: &Slice<'_>) -> Result<usize, Fault> {
        if let Some(error) = self.failure.take() {
            // Records that went until now were accepted and are counted; nothing more is taken.
            return Err(unwritable(&error));
        }
        let accepted = self.inner.accept(records)?;
        if !self.is_closed && accepted > 0 {
            self.lines.clear();
            for record in records.iter().take(accepted) {
                self.lines.extend_from_slice(record.body.unwrap_or_default());
                self.lines.push(b'\n');
            }
            match self.out.write_all(&self.lines).and_then(|()| self.out.flush()) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => self.is_closed = true,
                Err(error) => self.failure = Some(error),
            }
        }
        Ok(accepted)
    }

    fn wait_for_room(&mut self, at_most: Duration) -> Result<(), Fault> {
        self.inner.wait_for_room(at_most)
    }

    fn check(&mut self) -> Result<(), Fault> {
        self.inner.check()
    }

    fn flush(&mut self, stop: &Stop) -> Result<(), Fault> {
        self.inner.flush(stop)?;
        self.failure.take().map_or(Ok(()), |error| Err(unwritable(&error)))
    }

    fn deliveries(&self) -> Deliveries {
        self.inner.deliveries()
    }
}

fn unwritable(error: &io::Error) -> Fault {
    let what = format!("cannot be written ({error})");
    Fault::new("standard output", what)
}
