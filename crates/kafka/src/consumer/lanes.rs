//! The topics that are read, each a lane, and whether they still are what they were.

use std::sync::Arc;
use std::time::Duration;

use kadence_core::feed::{Partition, TopicId};

use super::cluster::Cluster;
use crate::topic_id::{Found, is_another};

/// Topics are asked for this often while they are read.
const ASKED_EVERY: Duration = Duration::from_secs(1);
/// Records that come after so long without any may be another topic's: it is asked for before they are handed on.
const QUIET: Duration = Duration::from_millis(100);
/// How long an answer may take; without one everything is as it was.
const ANSWER: Duration = Duration::from_millis(500);

/// Topics in the order in which they were met, with their ids.
#[derive(Debug, Default)]
pub(super) struct Lanes {
    names: Vec<Arc<str>>,
    ids: Vec<TopicId>,
    asked_at: Duration,
    /// When records came last.
    moved_at: Duration,
    /// Whether a topic was gone, or nobody told, when they were asked for last.
    is_in_doubt: bool,
    last: usize,
}

impl Lanes {
    pub(super) fn names(&self) -> &[Arc<str>] {
        &self.names
    }

    pub(super) fn name(&self, lane: u32) -> &Arc<str> {
        &self.names[lane as usize]
    }

    pub(super) fn partition(&self, lane: u32, index: i32) -> Partition {
        Partition { topic: Arc::clone(self.name(lane)), id: self.ids[lane as usize], index }
    }

    /// The lane of a topic that was met before.
    #[inline]
    pub(super) fn find(&mut self, topic: &[u8]) -> Option<u32> {
        if self.names.get(self.last).is_none_or(|name| name.as_bytes() != topic) {
            self.last = self.names.iter().position(|name| name.as_bytes() == topic)?;
        }
        Some(self.last as u32)
    }

    /// The lane of this partition, unless its topic is another one by now.
    pub(super) fn lane_of(&self, partition: &Partition) -> Option<u32> {
        let lane = self.names.iter().position(|name| *name == partition.topic)?;
        (self.ids[lane] == partition.id).then_some(lane as u32)
    }

    /// The lane of this topic, met now for the first time or not, with this id.
    pub(super) fn meet(&mut self, topic: &str, id: TopicId) -> u32 {
        if let Some(lane) = self.find(topic.as_bytes()) {
            self.ids[lane as usize] = id.or(self.ids[lane as usize]);
            return lane;
        }
        self.names.push(topic.into());
        self.ids.push(id);
        (self.names.len() - 1) as u32
    }

    pub(super) fn set_id(&mut self, lane: u32, id: TopicId) {
        self.ids[lane as usize] = id;
    }

    /// Whether it is time to ask, now that records came or did not.
    pub(super) fn shall_ask(&mut self, now: Duration, came: bool) -> bool {
        let quiet = now.saturating_sub(self.moved_at.max(self.asked_at));
        if came {
            self.moved_at = now;
        }
        now.saturating_sub(self.asked_at) >= ASKED_EVERY || (came && (quiet >= QUIET || self.is_in_doubt))
    }

    /// Asks for the topics, and says which of them are others than before, with their new ids.
    pub(super) fn changed(&mut self, cluster: &Cluster) -> Vec<(u32, TopicId)> {
        self.asked_at = cluster.now();
        let names: Vec<&str> = self.names.iter().map(AsRef::as_ref).collect();
        let found = cluster.look_up(&names, ANSWER);
        let mut anew = Vec::new();
        self.is_in_doubt = false;
        for (lane, (found, before)) in (0..).zip(found.iter().zip(&self.ids)) {
            match found {
                Found::There(id) if is_another(*before, *id) => anew.push((lane, *id)),
                Found::There(_) => {}
                Found::Absent => self.is_in_doubt = true,
                Found::Unknown => self.is_in_doubt |= before.is_some(),
            }
        }
        anew
    }

    /// Whether a topic was gone, or nobody told, when they were asked for last.
    pub(super) fn is_in_doubt(&self) -> bool {
        self.is_in_doubt
    }
}
