//! Who looks after the workers: judges why one ended, and does what its explanation says.

use kadence_core::feed::Partition;

use super::world::World;
use crate::error::LandError;
use crate::outcome::{Ended, Outcome};

impl World {
    /// A worker ended. It may only for a reason that there is.
    pub(super) fn ended(&mut self, outcome: Outcome) -> Result<(), String> {
        self.count(&outcome);
        match outcome.ended {
            Ended::Stopped => Ok(()),
            Ended::Finished | Ended::Limit => {
                Err(format!("{:?}, and nobody asked for an end", outcome.ended))
            }
            Ended::Failed(error) => self.look_after(error),
        }
    }

    fn look_after(&mut self, error: LandError) -> Result<(), String> {
        let text = error.to_string();
        let is_known = match error {
            LandError::AnotherTopic { topic, expected, found } => {
                expected != found && self.reasons.made_anew.contains(&*topic)
            }
            LandError::Gap { partition, next, start } => {
                // It may have gone on without that.
                if self.store.place(&partition).next == Some(next) {
                    self.store.set_place(&partition, Some(start), None);
                }
                next < start && self.reasons.cut_short.contains(&partition)
            }
            LandError::AnotherLog { partition, landed, found } => {
                let place = self.store.place(&partition);
                if place.mark == Some(landed) {
                    self.fill_up(&partition, place.next.unwrap_or(0));
                    self.store.set_place(&partition, place.next, None);
                }
                landed != found && self.reasons.replaced.contains(&partition)
            }
            LandError::Shorter { partition, next, end } => {
                if self.store.place(&partition).next == Some(next) {
                    self.fill_up(&partition, next);
                    self.store.set_place(&partition, Some(next), None);
                }
                end < next && self.reasons.replaced.contains(&partition)
            }
            LandError::Feed(error) => {
                let what = error.what.to_string();
                what.contains("has this one's name") && !self.reasons.names.is_empty()
                    || what.contains("out of range") && self.reasons.is_any_log_touched()
            }
            _ => false,
        };
        if is_known { Ok(()) } else { Err(format!("a worker ended without a reason: {text}")) }
    }

    /// Records come until the log is as long as the ledger says.
    fn fill_up(&mut self, partition: &Partition, next: i64) {
        if self.cluster.partition(&partition.topic, partition.index) != *partition {
            return;
        }
        while self.cluster.span(&partition.topic, partition.index).is_some_and(|span| span.end < next) {
            self.append(&partition.topic, partition.index);
        }
    }
}
