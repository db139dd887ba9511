//! What a group gives and takes, and topics that are made anew.

use std::time::Duration;

use kadence_core::feed::Partition;
use rdkafka::consumer::Consumer as _;

use super::super::cluster::list;
use super::super::listener::{self, Change};
use super::super::slot::{Slot, State};
use super::super::topics;
use super::{Told, TopicFeed};
use crate::error::KafkaError;
use crate::ffi::Place;

/// How long a member under the cooperative protocol waits for partitions that others have to let go first.
const SETTLING: Duration = Duration::from_secs(10);

impl TopicFeed {
    /// All partitions of these topics are ours: there is no group.
    pub(super) fn take_all(&mut self, found: &[(String, Vec<i32>)]) -> Result<(), KafkaError> {
        let mut places: Vec<Place> = Vec::new();
        for (topic, partitions) in found {
            let chosen = self.chosen(topic, partitions)?;
            places.extend(chosen.into_iter().map(|partition| (topic.clone(), partition)));
        }
        self.give(&places);
        Ok(())
    }

    /// The partitions of a topic that are asked for.
    fn chosen(&self, topic: &str, partitions: &[i32]) -> Result<Vec<i32>, KafkaError> {
        let chosen = &self.options.partitions;
        if chosen.is_empty() {
            return Ok(partitions.to_vec());
        }
        match chosen.iter().find(|wanted| !partitions.contains(wanted)) {
            Some(wanted) => {
                let what = format!("no partition {wanted} (there are {})", partitions.len());
                Err(KafkaError::topic(topic, what, ""))
            }
            None => Ok(partitions.iter().copied().filter(|partition| chosen.contains(partition)).collect()),
        }
    }

    /// These are ours, once somebody says where each starts.
    fn give(&mut self, places: &[Place]) {
        let mut names: Vec<&str> = places.iter().map(|(topic, _)| topic.as_str()).collect();
        names.dedup();
        let ids = topics::ids(&self.cluster, &names);
        let lanes: Vec<u32> = names.iter().zip(ids).map(|(name, id)| self.lanes.meet(name, id)).collect();
        let mut given = Vec::with_capacity(places.len());
        for (topic, index) in places {
            let Some(at) = names.iter().position(|name| name == topic) else { continue };
            let partition = self.lanes.partition(lanes[at], *index);
            self.slots.insert((lanes[at], *index), Slot::given(partition.clone()));
            given.push(partition);
        }
        self.is_shared_out = true;
        if !given.is_empty() {
            self.told.push_back(Told::Given(given));
        }
    }

    /// Does what the group decided since the last time.
    pub(super) fn follow_group(&mut self) -> Result<(), KafkaError> {
        if self.group.is_none() {
            return Ok(());
        }
        let changes = self.cluster.consumer.context().changes();
        for change in changes {
            match change {
                Change::Given(places) => {
                    let is_cooperative = listener::is_cooperative(&self.cluster.consumer);
                    let wait = if is_cooperative { SETTLING } else { Duration::ZERO };
                    self.settled_at = self.cluster.now() + wait;
                    if let Some(group) = &mut self.group {
                        group.is_waiting = true;
                    }
                    self.give(&places);
                    if places.is_empty() {
                        self.assign(&[])?;
                    }
                }
                Change::Taken(places) => self.hold_back(&places),
                Change::Lost(places) => {
                    let partitions = self.ours(&places);
                    self.forget(&partitions);
                }
            }
        }
        Ok(())
    }

    /// The partitions among these that are ours.
    fn ours(&mut self, places: &[Place]) -> Vec<Partition> {
        let mut found = Vec::with_capacity(places.len());
        for (topic, index) in places {
            let Some(lane) = self.lanes.find(topic.as_bytes()) else { continue };
            found.extend(self.slots.get((lane, *index)).map(|slot| slot.partition.clone()));
        }
        found
    }

    /// The group takes these: nothing more is read of them, and they go once they are released.
    fn hold_back(&mut self, places: &[Place]) {
        let partitions = self.ours(places);
        self.mark_held(&partitions);
        self.cluster.pause(&partitions);
        self.held.take(&partitions, self.cluster.now());
        if partitions.is_empty() {
            self.let_go();
        } else {
            self.told.push_back(Told::Taken(partitions));
        }
    }

    fn mark_held(&mut self, partitions: &[Partition]) {
        for slot in self.slots.values_mut().filter(|slot| partitions.contains(&slot.partition)) {
            slot.state = State::Held;
        }
    }

    /// These are somebody else's by now.
    fn forget(&mut self, partitions: &[Partition]) {
        for partition in partitions {
            self.held.release(partition);
            self.remove(partition);
        }
        if !partitions.is_empty() {
            self.told.push_back(Told::Lost(partitions.to_vec()));
        }
        self.is_shared_out &= self.slots.values().next().is_some();
    }

    /// What is held back is somebody else's by now.
    pub(super) fn lose(&mut self, partitions: &[Partition]) {
        self.forget(partitions);
        self.let_go();
    }

    fn remove(&mut self, partition: &Partition) {
        let spot = self.lanes.lane_of(partition).map(|lane| (lane, partition.index));
        if let Some(spot) = spot {
            self.slots.remove(spot);
        }
    }

    /// Nobody needs these any more.
    pub(in super::super) fn release_now(&mut self, partitions: &[Partition]) {
        for partition in partitions {
            self.held.release(partition);
            self.remove(partition);
        }
        self.cluster.pause(partitions);
        self.let_go();
    }

    /// Gives the group what it takes, once nobody needs it.
    fn let_go(&mut self) {
        let Some(revoked) = self.held.let_go() else { return };
        self.is_shared_out &= self.slots.values().next().is_some();
        if let Err(error) = listener::unassign(&self.cluster.consumer, &list(&revoked)) {
            tracing::warn!(%error, "what the group decided could not be followed");
        }
    }

    /// Whether these partitions are ours, as the coordinator says when asked now.
    pub(super) fn owns_now(&mut self, partitions: &[Partition]) -> Result<bool, KafkaError> {
        let is_known = |partition: &Partition| {
            let spot = self.lanes.lane_of(partition).map(|lane| (lane, partition.index));
            spot.is_some_and(|spot| self.slots.get(spot).is_some())
        };
        if !partitions.iter().all(is_known) {
            return Ok(false);
        }
        let Some(group) = &self.group else { return Ok(true) };
        let committed = group.committed(&self.cluster, partitions)?;
        let mut offsets = Vec::with_capacity(partitions.len());
        for partition in partitions {
            // What is committed already is committed once more.
            let offset = match committed.get(partition) {
                Some(found) => found.offset,
                None => self.origin_of(partition, self.options.from)?,
            };
            offsets.push((partition.clone(), offset));
        }
        let group = self.group.as_ref().expect("it was there a moment ago");
        group.confirms(&self.cluster, &offsets)
    }

    /// Asks whether topics are what they were. What is another one now is lost, and given anew; says whether any is.
    pub(in super::super) fn ask_for_topics(&mut self) -> Result<bool, KafkaError> {
        let anew = self.lanes.changed(&self.cluster);
        if anew.is_empty() {
            return Ok(false);
        }
        let lanes: Vec<u32> = anew.iter().map(|(lane, _)| *lane).collect();
        self.drop_records_of(&lanes);
        let mut given = Vec::new();
        for (lane, id) in anew {
            let old: Vec<Partition> = self
                .slots
                .iter()
                .filter(|((of, _), slot)| *of == lane && slot.state != State::Held)
                .map(|(_, slot)| slot.partition.clone())
                .collect();
            self.told.retain(|told| !matches!(told, Told::End { partition, .. } if old.contains(partition)));
            let topic = self.lanes.name(lane).to_string();
            // Whatever librdkafka knows of it, it shall know now.
            let partitions = topics::partitions(&self.cluster, &topic)?;
            let assigned: Vec<i32> = self
                .slots
                .iter()
                .filter(|((of, _), slot)| *of == lane && slot.is_assigned)
                .map(|((_, index), _)| index)
                .collect();
            let numbers: Vec<i32> = if self.group.is_some() {
                old.iter().map(|partition| partition.index).collect()
            } else {
                self.chosen(&topic, &partitions)?
            };
            self.forget(&old);
            self.lanes.set_id(lane, id);
            for index in numbers {
                let partition = self.lanes.partition(lane, index);
                let is_assigned = assigned.contains(&index);
                self.slots.insert((lane, index), Slot { is_assigned, ..Slot::given(partition.clone()) });
                given.push(partition);
            }
        }
        self.is_shared_out = true;
        self.anew_at = Some(self.cluster.now());
        self.told.push_back(Told::Given(given));
        Ok(true)
    }
}
