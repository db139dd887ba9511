//! Misbehaviour as data.

use std::io::{self, Read};
use std::sync::Arc;
use std::time::Duration;

use kadence_core::clock::{ManualClock, Stop};
use kadence_core::fault::Fault;
use kadence_core::report::Deliveries;
use kadence_core::run::Slice;
use kadence_core::sink::Sink;

/// What goes wrong at a record.
#[derive(Clone, Debug)]
pub enum Mishap {
    /// There is no room for it this many times; each wait for room lasts as long as it may.
    Full {
        /// How often it is turned away.
        offers: u32,
    },
    /// Taking it lasts `by`.
    Slow {
        /// For so long.
        by: Duration,
    },
    /// It is refused, and with it all that follow.
    Refuse,
    /// It is accepted and given up later, as a broker's refusal comes back.
    Lose,
    /// It is accepted and never heard of again.
    Swallow,
    /// A stop is asked for as soon as it is accepted.
    Stop(Arc<Stop>),
}

/// A sink with faults.
pub struct Faulty<S> {
    inner: S,
    clock: Arc<ManualClock>,
    /// Each with its record, counted from 0.
    faults: Vec<(u64, Mishap)>,
    /// The most records that are taken at once.
    most: usize,
    flush_fails: bool,
    accepted: u64,
    full: bool,
    lost: u64,
}

impl<S: Sink> Faulty<S> {
    /// `inner` with `faults`, each at the record of this number, counted from 0. Time passes on `clock`, the one
    /// that `inner` and the pacer read.
    pub fn new(inner: S, clock: Arc<ManualClock>, faults: impl Into<Vec<(u64, Mishap)>>) -> Self {
        let faults = faults.into();
        Self { inner, clock, faults, most: usize::MAX, flush_fails: false, accepted: 0, full: false, lost: 0 }
    }

    /// Takes no more than `most` records an offer.
    #[must_use]
    pub fn at_most(self, most: usize) -> Self {
        Self { most, ..self }
    }

    /// Fails to flush.
    #[must_use]
    pub fn failing_to_flush(self) -> Self {
        Self { flush_fails: true, ..self }
    }

    /// The place of the next fault, in front of which records pass untouched.
    fn next_fault(&self) -> Option<u64> {
        self.faults.iter().map(|(at, _)| *at).filter(|&at| at >= self.accepted).min()
    }

    /// Takes the one record that a fault lies on.
    fn accept_faulty(&mut self, record: &Slice<'_>) -> Result<usize, Fault> {
        let Some(index) = self.faults.iter().position(|(at, _)| *at == self.accepted) else {
            return self.inner.accept(record);
        };
        match self.faults.remove(index).1 {
            Mishap::Full { offers } => {
                if offers > 1 {
                    self.faults.push((self.accepted, Mishap::Full { offers: offers - 1 }));
                }
                self.full = true;
                Ok(0)
            }
            Mishap::Slow { by } => {
                let accepted = self.inner.accept(record)?;
                self.clock.advance(by);
                Ok(accepted)
            }
            Mishap::Refuse => {
                // Final: it is refused each time it is offered.
                self.faults.push((self.accepted, Mishap::Refuse));
                Err(refused(&format!("record {} is refused", self.accepted)))
            }
            Mishap::Lose => {
                self.lost += 1;
                Ok(1)
            }
            Mishap::Swallow => Ok(1),
            Mishap::Stop(stop) => {
                let accepted = self.inner.accept(record)?;
                stop.raise();
                Ok(accepted)
            }
        }
    }
}

impl<S: Sink> Sink for Faulty<S> {
    fn begin(&mut self, anchor: Duration) {
        self.inner.begin(anchor);
    }

    fn accept(&mut self, records: &Slice<'_>) -> Result<usize, Fault> {
        let mut taken = 0;
        let end = records.len().min(self.most);
        while taken < end {
            let untouched = self.next_fault().map_or(u64::MAX, |at| at - self.accepted);
            let part = if untouched == 0 {
                taken..taken + 1
            } else {
                taken..end.min(taken.saturating_add(usize::try_from(untouched).unwrap_or(usize::MAX)))
            };
            let offered = part.len();
            let result = if untouched == 0 {
                self.accept_faulty(&records.part(part))
            } else {
                self.inner.accept(&records.part(part))
            };
            let accepted = match result {
                // The caller hears of the records before it first.
                Err(_) if taken > 0 => break,
                other => other?,
            };
            taken += accepted;
            self.accepted += accepted as u64;
            if accepted < offered {
                break;
            }
        }
        Ok(taken)
    }

    fn wait_for_room(&mut self, at_most: Duration) -> Result<(), Fault> {
        if std::mem::take(&mut self.full) {
            self.clock.advance(at_most);
            return Ok(());
        }
        self.inner.wait_for_room(at_most)
    }

    fn flush(&mut self, stop: &Stop) -> Result<(), Fault> {
        if self.flush_fails {
            return Err(refused("the flush is refused"));
        }
        self.inner.flush(stop)
    }

    fn deliveries(&self) -> Deliveries {
        let mut deliveries = self.inner.deliveries();
        if self.lost > 0 {
            deliveries.failed += self.lost;
            deliveries.first_failure.get_or_insert_with(|| refused("a record was given up"));
        }
        deliveries
    }
}

fn refused(what: &str) -> Fault {
    Fault::new("faulty", what)
}

/// A reader that gives a few bytes at a time and is interrupted by signals now and then.
pub struct Trickle {
    bytes: io::Cursor<Vec<u8>>,
    at_most: usize,
    reads: usize,
}

impl Trickle {
    /// A reader of `bytes` that gives `at_most` of them a read.
    pub fn new(bytes: Vec<u8>, at_most: usize) -> Self {
        Self { bytes: io::Cursor::new(bytes), at_most, reads: 0 }
    }
}

impl Read for Trickle {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.reads += 1;
        if self.reads.is_multiple_of(5) {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let length = buffer.len().min(self.at_most);
        self.bytes.read(&mut buffer[..length])
    }
}

/// A reader that fails behind its bytes, as a disk that breaks.
pub struct Broken {
    bytes: io::Cursor<Vec<u8>>,
}

impl Broken {
    /// A reader of `bytes` that fails where their end would be.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self { bytes: io::Cursor::new(bytes) }
    }
}

impl Read for Broken {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.bytes.read(buffer)? {
            0 if !buffer.is_empty() => Err(io::Error::other("the disk is broken")),
            length => Ok(length),
        }
    }
}
