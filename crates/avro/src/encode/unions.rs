//! Unions: the branch that takes a value.

use kadence_core::data::Value;

use super::Writer;
use super::refusal::Why;
use crate::plan::{Node, NodeId};
use crate::wire::{Stop, write_long};

/// Branches that differ only deep within are tried one after the other, each with all that is in it. So many may fail,
/// and so many more for each byte that was written: items of a long list each have their own.
const MOST_FAILURES: usize = 100_000;
const FAILURES_A_BYTE: usize = 16;

impl<'w, 'r> Writer<'w, 'r> {
    /// Writes the first branch that takes the value as it is, else the first that takes it in another form.
    pub(super) fn union(
        &mut self,
        id: NodeId,
        branches: &'w [NodeId],
        value: &Value<'r>,
    ) -> Result<(), Stop> {
        let plan = self.plan;
        let mut able = (0..).zip(branches).filter(|(_, branch)| may_take(plan.node(**branch), value));
        match (able.next(), able.next()) {
            (None, _) => Err(self.refuse(id, value, Why::Kind)),
            // Most unions are of null and one type, whose own reason says more.
            (Some((place, branch)), None) => {
                write_long(place, self.into);
                self.value(*branch, value)
            }
            _ => self.attempts(id, branches, value),
        }
    }

    fn attempts(&mut self, id: NodeId, branches: &'w [NodeId], value: &Value<'r>) -> Result<(), Stop> {
        let was_strict = self.is_strict;
        let holds_others = matches!(value, Value::List(_) | Value::Map(_) | Value::Struct(_));
        let modes: &[bool] = if was_strict { &[true] } else { &[true, false] };
        for is_strict in modes {
            for (place, branch) in (0..).zip(branches) {
                if !may_take(self.plan.node(*branch), value) {
                    continue;
                }
                self.is_strict = *is_strict;
                let written = self.attempt(place, *branch, value);
                self.is_strict = was_strict;
                if written.is_ok() {
                    return Ok(());
                }
                self.failures += usize::from(holds_others);
                if self.failures > MOST_FAILURES + self.into.len() * FAILURES_A_BYTE {
                    return Err(self.refuse(id, value, Why::Attempts));
                }
            }
        }
        Err(self.refuse(id, value, Why::Kind))
    }

    fn attempt(&mut self, place: i64, branch: NodeId, value: &Value<'r>) -> Result<(), Stop> {
        let (start, slots, depth) = (self.into.len(), self.slots.len(), self.depth);
        write_long(place, self.into);
        let written = self.value(branch, value);
        if written.is_err() {
            self.into.truncate(start);
            self.slots.truncate(slots);
            self.depth = depth;
        }
        written
    }
}

/// Whether a type takes values of this kind at all.
fn may_take(node: &Node, value: &Value<'_>) -> bool {
    match value {
        Value::Null => matches!(node, Node::Null),
        Value::Struct(_) | Value::Map(_) => {
            matches!(node, Node::Record(_) | Node::Map(_) | Node::Fixed(_))
        }
        Value::List(_) => matches!(node, Node::Array(_)),
        _ => !matches!(node, Node::Null | Node::Record(_) | Node::Map(_) | Node::Array(_)),
    }
}
