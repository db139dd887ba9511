//! What the pipeline relies on, checked the same way for each source and each sink.

mod sink;
mod source;

pub use sink::{Arrived, SinkUnderTest, sink};
pub use source::{ExpectedRecord, SourceCase, source};
