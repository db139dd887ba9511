//! What the pipelines rely on, checked the same way for each source, each sink and each target.

mod sink;
mod source;
mod target;

pub use sink::{Arrived, SinkUnderTest, sink};
pub use source::{ExpectedRecord, SourceCase, source};
pub use target::{LandedRow, TargetUnderTest, target};
