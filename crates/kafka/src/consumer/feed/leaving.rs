//! Leaving a group.

use std::time::Duration;

use kadence_core::feed::Partition;
use rdkafka::consumer::Consumer as _;

use super::super::cluster::list;
use super::super::listener;
use super::super::slot::State;
use super::{LOOK_AGAIN, TopicFeed};
use crate::ffi;

/// How long a static member is given to leave its group: a join that is under way needs the others, who hear of it
/// with their next heartbeats.
const LEAVING: Duration = Duration::from_secs(5);

impl TopicFeed {
    /// Lets go of what is held back and leaves the group. A static member of ours would otherwise keep its partitions
    /// until its session is over; one that librdkafka's property makes so is meant to.
    pub(in super::super) fn leave(&mut self) {
        let held = self.held.all();
        self.release_now(&held);
        self.answer_given();
        if self.group.is_none() || self.options.instance.is_none() {
            return;
        }
        let consumer = &self.cluster.consumer;
        consumer.context().close(consumer);
        let deadline = self.cluster.now() + LEAVING;
        // Who joins for the first time has no name yet to leave by, and would become a member once he is gone.
        self.hear_group(deadline, || consumer.context().standing().is_some());
        consumer.unsubscribe();
        self.hear_group(deadline, || !ffi::is_member(consumer.client()));
    }

    /// Lets the group have its way until that is done, or `deadline` has come.
    fn hear_group(&self, deadline: Duration, is_done: impl Fn() -> bool) {
        let consumer = &self.cluster.consumer;
        while self.cluster.now() < deadline {
            match self.cluster.events.next(consumer.client(), LOOK_AGAIN) {
                ffi::Said::Rebalance { gives, partitions } => {
                    consumer.context().rebalanced(consumer, gives, partitions);
                }
                // Asking makes a line in the client's log, which comes before everything else.
                ffi::Said::Other => continue,
                _ => {}
            }
            if is_done() {
                break;
            }
        }
    }

    /// The group waits for an answer, whatever becomes of this reader, and of partitions that it let go unread.
    fn answer_given(&mut self) {
        let Some(group) = self.group.as_mut().filter(|group| group.is_waiting) else { return };
        group.is_waiting = false;
        let given = self.slots.values().filter(|slot| slot.state == State::Given);
        let given: Vec<Partition> = given.map(|slot| slot.partition.clone()).collect();
        let _ = listener::assign(&self.cluster.consumer, &list(&given));
    }
}
