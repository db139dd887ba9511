//! Values that nobody wants.

use super::flaw::Flaw;
use super::walk::Walk;
use crate::plan::{Node, NodeId};
use crate::wire::Stop;

impl Walk<'_, '_> {
    /// Goes past a value of the writer's schema.
    pub(super) fn skip(&mut self, id: NodeId) -> Result<(), Stop> {
        self.count()?;
        let writer = &self.program.writer;
        match writer.node(id) {
            Node::Null => {}
            Node::Boolean => {
                let byte = self.input.byte();
                self.wire(byte)?;
            }
            Node::Int
            | Node::Long
            | Node::Date
            | Node::TimeMillis
            | Node::TimeMicros
            | Node::Timestamp(_)
            | Node::LocalTimestamp(_)
            | Node::Enum(_) => {
                self.long()?;
            }
            Node::Float => {
                let bytes = self.input.array::<4>();
                self.wire(bytes)?;
            }
            Node::Double => {
                let bytes = self.input.array::<8>();
                self.wire(bytes)?;
            }
            Node::Bytes | Node::Decimal(_) | Node::Text | Node::Uuid => {
                self.prefixed()?;
            }
            Node::Fixed(fixed) => {
                let bytes = self.input.take(fixed.size);
                self.wire(bytes)?;
            }
            Node::Array(items) => self.blocks(|walk| walk.skip(*items))?,
            Node::Map(values) => self.blocks(|walk| {
                walk.prefixed()?;
                walk.skip(*values)
            })?,
            Node::Union(branches) => {
                let found = self.long()?;
                let branch = usize::try_from(found).ok().and_then(|place| branches.get(place));
                let branch = *branch.ok_or_else(|| self.fail(Flaw::Branch { found, of: branches.len() }))?;
                self.skip(branch)?;
            }
            Node::Record(record) => {
                self.deeper()?;
                for field in &record.fields {
                    self.skip(field.node)?;
                }
                self.depth -= 1;
            }
        }
        Ok(())
    }
}
