//! What the client says, one thing after the other: records into the run, ends and faults.

use kadence_core::phrase;
use kadence_core::record::{Facts, Timestamp};
use kadence_core::run::Run;
use rdkafka::consumer::Consumer as _;
use rdkafka::error::RDKafkaErrorCode as Code;

use super::super::bounds::{End, ceil_millis};
use super::super::cluster::of_topic;
use super::super::fault::is_lasting;
use super::super::options::StopAt;
use super::super::places::Spot;
use super::super::slot::{Slot, State};
use super::{Told, TopicFeed};
use crate::contact::{Client as _, refused_topic};
use crate::error::{Cause, ClientCode, KafkaError};
use crate::ffi::{Fetched, Place, Said};
use crate::words::described;

impl TopicFeed {
    /// Takes what was said.
    pub(super) fn hear(&mut self, said: Said) -> Result<(), KafkaError> {
        match said {
            Said::Record(record) => self.take(&record),
            Said::End { place, offset } => self.reached_end(&place, offset),
            Said::Failed { code, is_fatal, place } => return self.failed(code, is_fatal, place.as_ref()),
            Said::Rebalance { gives, partitions } => {
                let consumer = &self.cluster.consumer;
                consumer.context().rebalanced(consumer, gives, partitions);
            }
            Said::Committed(Err(code)) => {
                tracing::debug!(what = described(code), "offsets are not committed");
                self.has_commit_failed = true;
            }
            Said::Committed(Ok(())) | Said::Other | Said::Nothing => {}
        }
        Ok(())
    }

    /// Puts a record into the run, if it is one that is asked for.
    #[inline]
    pub(super) fn take(&mut self, record: &Fetched) {
        let Some(lane) = self.lanes.find(record.topic()) else { return };
        let (partition, offset, millis) = (record.partition(), record.offset(), record.millis());
        let Some(slot) = self.slots.get_mut((lane, partition)).filter(|slot| slot.is_open()) else { return };
        let is_over = match slot.end {
            End::At(end) => millis >= Some(ceil_millis(end)),
            end => end.offset().is_some_and(|end| offset >= end),
        };
        if !is_over {
            let time = millis.map(|millis| Timestamp::from_nanos(millis.saturating_mul(1_000_000)));
            let sequence = u64::try_from(offset).unwrap_or_default();
            let facts = Facts { time, lane, partition: Some(partition), sequence, line: 0 };
            add(&mut self.run, record, facts, self.options.skips_headers);
            slot.next = offset + 1;
        }
        if is_over || slot.end.offset() == Some(offset + 1) {
            slot.state = State::Done;
            self.cluster.pause(std::slice::from_ref(&slot.partition));
            if !is_over && self.options.until == StopAt::End {
                let partition = slot.partition.clone();
                self.told.push_back(Told::End { partition, offset: offset + 1 });
            }
        }
    }

    fn slot_at(&mut self, place: &Place) -> Option<(Spot, &mut Slot)> {
        let spot = (self.lanes.find(place.0.as_bytes())?, place.1);
        self.slots.get_mut(spot).map(|slot| (spot, slot))
    }

    /// Takes note of the end of a partition's log.
    fn reached_end(&mut self, place: &Place, offset: i64) {
        let Some((at, slot)) = self.slot_at(place) else { return };
        // Where it was read to its end, that was told with its last record.
        if !slot.is_open() || offset < slot.next {
            return;
        }
        let (partition, mut next, end) = (slot.partition.clone(), slot.next, slot.end);
        match end {
            // The last offsets may hold no records: transactions' markers, or what compaction left. So it is the
            // log's length that counts, not the last record's offset.
            End::Written(end) => {
                next = end.max(next);
                if let Some(slot) = self.slots.get_mut(at) {
                    (slot.next, slot.state) = (next, State::Done);
                }
                self.cluster.pause(std::slice::from_ref(&partition));
            }
            // Not before this end was seen; so it is looked for once more. A leader that does not answer now is asked
            // at the log's next end.
            End::Before(end)
                if self
                    .cluster
                    .leaders(&partition.topic)
                    .log(partition.index)
                    .is_ok_and(|log| log.next >= end) =>
            {
                if let Some(slot) = self.slots.get_mut(at) {
                    slot.end = End::Written(end);
                }
                self.cluster.read_again(&partition, next);
            }
            _ => {}
        }
        self.stalls.reached_end(at, next);
        self.told.push_back(Told::End { partition, offset: next });
    }

    /// Tells what ends the reading from what passes.
    fn failed(&mut self, code: Code, is_fatal: bool, place: Option<&Place>) -> Result<(), KafkaError> {
        if let Some(refusal) = self.group.as_ref().and_then(|group| group.refused(code)) {
            return Err(refusal);
        }
        let topic = place.map_or_else(|| self.options.topics.join(", "), |(topic, _)| topic.clone());
        match code {
            Code::AutoOffsetReset | Code::OffsetOutOfRange if !self.is_of_another_topic(place)? => {
                Err(self.lost_place(&topic))
            }
            Code::UnknownTopicOrPartition | Code::UnknownTopic | Code::UnknownPartition
                if !self.is_of_another_topic(place)? =>
            {
                let help = "somebody deleted it; start again to wait for a new one";
                Err(of_topic(&topic, code, "is gone", help))
            }
            Code::TopicAuthorizationFailed => Err(refused_topic(&topic, code)),
            Code::Authentication | Code::SaslAuthenticationFailed => Err(KafkaError::Unreachable {
                brokers: self.cluster.resolved.brokers().to_owned(),
                cause: self
                    .cluster
                    .consumer
                    .watch()
                    .last()
                    .unwrap_or(Cause::Sasl { reason: described(code) }),
            }),
            code if is_lasting(code) => Err(self.unreadable(place, &topic, code)),
            code if is_fatal || code == Code::Fatal => Err(of_topic(&topic, code, described(code), "")),
            code => {
                tracing::debug!(topic, error = described(code), "reading goes on");
                Ok(())
            }
        }
    }

    /// Whether an error is about a topic that has another one in its place, found out now or a moment ago.
    fn is_of_another_topic(&mut self, place: Option<&Place>) -> Result<bool, KafkaError> {
        let begun = self.cluster.now();
        loop {
            if self.ask_for_topics()? {
                return Ok(true);
            }
            let now = self.cluster.now();
            if !self.lanes.is_in_doubt() {
                let is_echo = self.anew_at.is_some_and(|at| now.saturating_sub(at) < super::ECHO);
                let stopped = place.filter(|_| is_echo).and_then(|place| self.slot_at(place));
                let stopped = stopped.filter(|(_, slot)| slot.is_open()).map(|(at, _)| at);
                // librdkafka may have stopped fetching what was begun anew already.
                stopped.map_or(Ok(()), |at| self.assign(&[at]))?;
                return Ok(is_echo);
            }
            // It may be coming back.
            if now.saturating_sub(begun) >= super::DOUBT || self.cluster.stop.wait(super::LOOK_AGAIN) {
                return Ok(false);
            }
        }
    }

    /// Says where the records are that an error is about.
    fn unreadable(&mut self, place: Option<&Place>, topic: &str, code: Code) -> KafkaError {
        let open: Vec<&Slot> = self.slots.values().filter(|slot| slot.is_open()).collect();
        let only = if let [slot] = open[..] { Some((slot.partition.clone(), slot.next)) } else { None };
        let named = place.and_then(|place| self.slot_at(place));
        let named = named.map(|(_, slot)| (slot.partition.clone(), slot.next));
        match named.or(only) {
            Some((partition, next)) => self.cluster.unreadable(&partition, next, &described(code)),
            None => of_topic(topic, code, described(code), ""),
        }
    }

    /// The log does not have the next offset: retention overtook the reader, or the log was replaced.
    fn lost_place(&self, topic: &str) -> KafkaError {
        for slot in self.slots.values().filter(|slot| slot.is_begun()) {
            let (partition, next) = (&slot.partition, slot.next);
            let Ok(log) = self.cluster.leaders(&partition.topic).log(partition.index) else { continue };
            if (log.earliest..=log.next).contains(&next) {
                continue;
            }
            if let Some(group) = self.group.as_ref().filter(|_| !self.cluster.has_ledger) {
                return group.lost_place(partition, next, log);
            }
            return KafkaError::Offset {
                topic: partition.topic.to_string(),
                partition: partition.index,
                what: format!(
                    "offset {next} is gone while reading (the log now has {} to {})",
                    log.earliest, log.next
                ),
                help: if self.cluster.has_ledger {
                    phrase!["retention overtook the reader; ", @"ledger", " accept-gap goes on behind what is gone"]
                } else {
                    "retention overtook the reader; start again".into()
                },
            }
            .coded(Some(ClientCode(Code::OffsetOutOfRange)));
        }
        of_topic(topic, Code::OffsetOutOfRange, "an offset is gone while reading", "start again")
    }

    /// Drops records of these lanes from the run.
    pub(super) fn drop_records_of(&mut self, lanes: &[u32]) {
        if !self.run.records().any(|record| lanes.contains(&record.facts.lane)) {
            return;
        }
        let mut kept = Run::new(super::RUN_BYTES, super::RUN_RECORDS);
        for record in self.run.records().filter(|record| !lanes.contains(&record.facts.lane)) {
            kept.push(&record, record.facts);
        }
        self.run = kept;
    }
}

/// Adds a record to a run.
#[inline]
fn add(run: &mut Run, record: &Fetched, facts: Facts, skips_headers: bool) {
    let mut draft = run.draft();
    if let Some(key) = record.key() {
        draft.bytes().extend_from_slice(key);
        draft.end_key();
    }
    match record.body() {
        Some(body) => draft.bytes().extend_from_slice(body),
        None => draft.tombstone(),
    }
    if !skips_headers {
        record.headers(|name, value| draft.header(name, value));
    }
    draft.finish(facts);
}
