//! Where partitions start, and having them fetched from there.

use kadence_core::feed::Partition;
use rdkafka::consumer::Consumer as _;
use rdkafka::error::KafkaError as ClientError;
use rdkafka::{Offset, TopicPartitionList};

use super::super::bounds::{End, Log};
use super::super::listener;
use super::super::options::{StartAt, StopAt};
use super::super::places::Spot;
use super::super::slot::{Slot, State};
use super::{Told, TopicFeed};
use crate::error::KafkaError;

impl TopicFeed {
    fn spot_of(&self, partition: &Partition) -> Option<Spot> {
        self.lanes.lane_of(partition).map(|lane| (lane, partition.index))
    }

    /// The partitions that are being read.
    pub(super) fn being_read(&self) -> Vec<Partition> {
        self.slots.values().filter(|slot| slot.is_open()).map(|slot| slot.partition.clone()).collect()
    }

    /// Where `from` is in a partition.
    pub(in super::super) fn origin_of(
        &mut self,
        partition: &Partition,
        from: StartAt,
    ) -> Result<i64, KafkaError> {
        let leaders = self.cluster.leaders(&partition.topic);
        let log = leaders.log(partition.index)?;
        let start = leaders.start_in(log, partition.index, from)?;
        if let Some(spot) = self.spot_of(partition)
            && let Some(slot) = self.slots.get_mut(spot)
        {
            slot.log = Some(log);
        }
        Ok(start)
    }

    /// Where reading starts as the options say.
    pub(in super::super) fn origin_of_asked(&mut self, partition: &Partition) -> Result<i64, KafkaError> {
        self.origin_of(partition, self.options.from)
    }

    /// Reads these partitions, each from its offset on. Where each ends is settled before the first is fetched: an end
    /// that is asked for later could lie behind records that were never read.
    pub(in super::super) fn begin_at(&mut self, starts: &[(Partition, i64)]) -> Result<(), KafkaError> {
        let mut begun = Vec::with_capacity(starts.len());
        for (partition, start) in starts {
            let Some(at) = self.spot_of(partition) else { continue };
            let is_held = |slot: &Slot| slot.state == State::Held;
            let Some(slot) = self.slots.get_mut(at).filter(|slot| !is_held(slot)) else { continue };
            let log = slot.log.take();
            let end = self.end_of(partition, log)?;
            let is_over = end.offset().is_some_and(|end| *start >= end);
            let Some(slot) = self.slots.get_mut(at) else { continue };
            (slot.next, slot.end) = (*start, end);
            slot.state = if is_over { State::Done } else { State::Open };
            if is_over && self.options.until == StopAt::End {
                self.told.push_back(Told::End { partition: partition.clone(), offset: *start });
            }
            begun.push(at);
        }
        if begun.is_empty() { Ok(()) } else { self.assign(&begun) }
    }

    fn end_of(&self, partition: &Partition, log: Option<Log>) -> Result<End, KafkaError> {
        let leaders = self.cluster.leaders(&partition.topic);
        let until = self.options.until;
        match (until, log) {
            (StopAt::Never, _) => Ok(End::Never),
            (_, Some(log)) => leaders.end_in(log, partition.index, until),
            (_, None) => leaders.end_in(leaders.log(partition.index)?, partition.index, until),
        }
    }

    /// Has librdkafka fetch these, each from its next offset.
    pub(super) fn assign(&mut self, begun: &[Spot]) -> Result<(), KafkaError> {
        let consumer = &self.cluster.consumer;
        let is_eager = listener::is_eager(consumer);
        let is_alone = self.group.is_none();
        // Under the eager protocol an assignment takes the place of all before.
        let is_meant =
            |spot: &Spot, slot: &Slot| if is_eager { slot.is_begun() } else { begun.contains(spot) };
        let (mut list, mut again) = (TopicPartitionList::new(), TopicPartitionList::new());
        let (mut open, mut done) = (Vec::new(), Vec::new());
        for (spot, slot) in self.slots.iter_mut() {
            if !is_meant(&spot, slot) {
                continue;
            }
            let of_slot = if slot.is_open() { &mut open } else { &mut done };
            of_slot.push(slot.partition.clone());
            // Without a group nobody waits for what is read already.
            if slot.is_open() || !is_alone {
                let Partition { topic, index, .. } = &slot.partition;
                if std::mem::replace(&mut slot.is_assigned, true) {
                    again.add_partition(topic, *index);
                }
                list.add_partition_offset(topic, *index, Offset::Offset(slot.next))
                    .map_err(|error| self.cluster.broken(&error))?;
            }
        }
        let broken = |error: ClientError| self.cluster.broken(&error);
        if !is_eager && again.count() > 0 {
            consumer.incremental_unassign(&again).map_err(broken)?;
        }
        if list.count() > 0 || !is_alone {
            listener::assign(consumer, &list).map_err(broken)?;
            if let Some(group) = &mut self.group {
                group.is_waiting = false;
            }
        }
        self.cluster.is_assigned.set(true);
        if self.is_paused {
            self.cluster.pause(&open);
        } else {
            // A partition that was paused at its end stays paused over a rebalance.
            self.cluster.resume(&open);
        }
        if !is_alone {
            self.cluster.pause(&done);
        }
        Ok(())
    }
}
