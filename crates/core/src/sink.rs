//! Where encoded records go.

mod memory;
mod null;

pub use memory::{MemorySink, StoredRecord};
pub use null::NullSink;

use std::time::Duration;

use crate::clock::Stop;
use crate::fault::Fault;
use crate::report::Deliveries;
use crate::run::Slice;

/// Takes encoded records.
///
/// Two words for two facts: a record is *accepted* once [`accept`](Self::accept) counted it, and *acknowledged* once
/// the sink's word for its durability is in. The caller is one thread; a sink may use others.
pub trait Sink {
    /// Due times count from `anchor`, a reading of the clock the sink was made with. Called once, before the first
    /// record.
    fn begin(&mut self, anchor: Duration);

    /// Takes as many records from the front of `records` as it has room for, in order, and says how many.
    ///
    /// It does not wait for room: with fewer taken than offered the caller calls
    /// [`wait_for_room`](Self::wait_for_room) and offers the rest again, stamped anew. A sink that waits for each
    /// acknowledgement takes one record a call.
    ///
    /// An error is final: nothing more will be taken. Records accepted before it may still be acknowledged.
    fn accept(&mut self, records: &Slice<'_>) -> Result<usize, Fault>;

    /// Blocks until there may be room, or for `at_most`.
    fn wait_for_room(&mut self, at_most: Duration) -> Result<(), Fault>;

    /// Whether it will take more, asked now and then while the next record is not due. It does not wait.
    ///
    /// An error is final, as that of [`accept`](Self::accept) is.
    fn check(&mut self) -> Result<(), Fault> {
        Ok(())
    }

    /// Blocks until each accepted record is acknowledged or failed, or until `stop` is raised.
    fn flush(&mut self, stop: &Stop) -> Result<(), Fault>;

    /// What became of the accepted records so far.
    fn deliveries(&self) -> Deliveries;
}

impl<S: Sink + ?Sized> Sink for Box<S> {
    fn begin(&mut self, anchor: Duration) {
        (**self).begin(anchor);
    }
    fn accept(&mut self, records: &Slice<'_>) -> Result<usize, Fault> {
        (**self).accept(records)
    }
    fn wait_for_room(&mut self, at_most: Duration) -> Result<(), Fault> {
        (**self).wait_for_room(at_most)
    }
    fn check(&mut self) -> Result<(), Fault> {
        (**self).check()
    }
    fn flush(&mut self, stop: &Stop) -> Result<(), Fault> {
        (**self).flush(stop)
    }
    fn deliveries(&self) -> Deliveries {
        (**self).deliveries()
    }
}
