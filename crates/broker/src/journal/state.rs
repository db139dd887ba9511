//! What the events of a journal come to.

use super::event::{Event, Offset, Producer, Quota};
use std::collections::{BTreeMap, BTreeSet, HashSet};
use uuid::Uuid;

/// Everything a broker has to know when it starts again, beside the logs.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct State {
    pub(crate) cluster_id: Option<String>,
    /// The form the journal was begun in.
    pub(crate) format: u32,
    pub(crate) topics: BTreeMap<Uuid, Topic>,
    /// Topics that are deleted, and may have logs on the disk.
    pub(crate) deleted: BTreeSet<Uuid>,
    /// Producer ids below this one may have been given out.
    pub(crate) producer_ids: i64,
    pub(crate) groups: BTreeMap<String, Offsets>,
    pub(crate) transactional: BTreeMap<String, Transactional>,
    pub(crate) quotas: BTreeMap<BTreeMap<String, Option<String>>, BTreeMap<String, String>>,
}

/// The offsets of a group, by topic and partition.
pub(crate) type Offsets = BTreeMap<(String, i32), Offset>;

#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Topic {
    pub(crate) name: String,
    pub(crate) partitions: i32,
    pub(crate) config: BTreeMap<String, String>,
    /// First offsets of partitions that had records deleted.
    pub(crate) starts: BTreeMap<i32, i64>,
}

/// A transactional id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Transactional {
    pub(crate) producer: Producer,
    /// How the last transaction ended, if its producer had one: it may ask once more.
    pub(crate) ended: Option<bool>,
    /// The transaction under way, or decided and not ended.
    pub(crate) transaction: Option<Transaction>,
}

#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Transaction {
    pub(crate) since_ms: i64,
    pub(crate) partitions: BTreeSet<(Uuid, i32)>,
    /// Offsets to be committed, by group; a group may have none.
    pub(crate) groups: BTreeMap<String, Offsets>,
    /// Whether it is committed, and the epoch of its markers.
    pub(crate) decided: Option<(bool, i16)>,
    /// Where its logs ended when it was decided.
    pub(crate) ends: Vec<(Uuid, i32, i64)>,
}

impl State {
    pub(crate) fn apply(&mut self, event: Event) {
        match event {
            Event::Cluster { format, id } => (self.format, self.cluster_id) = (format, Some(id)),
            Event::Synced { .. } => {}
            Event::Topic { id, name, partitions, config } => {
                self.deleted.remove(&id);
                let topic = self.topics.entry(id).or_default();
                (topic.name, topic.partitions, topic.config) = (name, partitions, config);
            }
            Event::TopicDeleted { id } => self.delete_topic(id),
            Event::TopicRemoved { id } => {
                self.deleted.remove(&id);
            }
            Event::LogStart { topic, partition, offset } => {
                if let Some(topic) = self.topics.get_mut(&topic) {
                    topic.starts.insert(partition, offset);
                }
            }
            Event::ProducerIds { below } => self.producer_ids = self.producer_ids.max(below),
            Event::Offsets { group, offsets } => put(self.groups.entry(group).or_default(), offsets),
            Event::OffsetsDeleted { group, partitions } => {
                let delete = |offsets: &mut Offsets| {
                    for partition in &partitions {
                        offsets.remove(partition);
                    }
                };
                self.groups.get_mut(&group).into_iter().for_each(delete);
                self.pending(&group).for_each(delete);
            }
            Event::GroupDeleted { group } => {
                self.groups.remove(&group);
                self.pending(&group).for_each(BTreeMap::clear);
            }
            Event::Transactional { id, producer, ended } => {
                self.transactional.insert(id, Transactional { producer, ended, transaction: None });
            }
            Event::Quota(Quota { entity, values }) if values.is_empty() => drop(self.quotas.remove(&entity)),
            Event::Quota(Quota { entity, values }) => drop(self.quotas.insert(entity, values)),
            Event::TransactionalDeleted { id } => drop(self.transactional.remove(&id)),
            Event::Joined { id, since_ms, partitions } => {
                self.in_transaction(&id, since_ms, |t| t.partitions.extend(partitions));
            }
            Event::JoinedGroup { id, since_ms, group } => {
                self.in_transaction(&id, since_ms, |t| {
                    t.groups.entry(group).or_default();
                });
            }
            Event::PendingOffsets { id, group, offsets } => {
                self.in_transaction(&id, 0, |t| put(t.groups.entry(group).or_default(), offsets));
            }
            Event::Decided { id, commit, epoch, ends } => self.decide(&id, commit, epoch, ends),
            Event::Ended { id } => {
                if let Some(transactional) = self.transactional.get_mut(&id)
                    && let Some(transaction) = transactional.transaction.take()
                {
                    transactional.ended = transaction.decided.map(|(commit, _)| commit);
                }
            }
        }
    }

    /// Drops offsets of topics that are gone: they were committed while their topic was being deleted.
    pub(crate) fn forget_what_is_gone(&mut self) {
        let names: HashSet<&str> = self.topics.values().map(|topic| topic.name.as_str()).collect();
        for offsets in self.groups.values_mut() {
            offsets.retain(|(topic, _), _| names.contains(topic.as_str()));
        }
        self.groups.retain(|_, offsets| !offsets.is_empty());
    }

    /// Offsets of a group that transactions have not committed yet.
    fn pending(&mut self, group: &str) -> impl Iterator<Item = &mut Offsets> {
        let transactions = self.transactional.values_mut().filter_map(|t| t.transaction.as_mut());
        transactions.filter_map(move |transaction| transaction.groups.get_mut(group))
    }

    fn delete_topic(&mut self, id: Uuid) {
        self.deleted.insert(id);
        let Some(topic) = self.topics.remove(&id) else { return };
        for offsets in self.groups.values_mut() {
            offsets.retain(|(name, _), _| *name != topic.name);
        }
        for transaction in self.transactional.values_mut().filter_map(|t| t.transaction.as_mut()) {
            transaction.partitions.retain(|(topic, _)| *topic != id);
            for offsets in transaction.groups.values_mut() {
                offsets.retain(|(name, _), _| *name != topic.name);
            }
        }
    }

    fn in_transaction(&mut self, id: &str, since_ms: i64, act: impl FnOnce(&mut Transaction)) {
        if let Some(transactional) = self.transactional.get_mut(id) {
            let begin = || Transaction { since_ms, ..Transaction::default() };
            let transaction = transactional.transaction.get_or_insert_with(begin);
            if transaction.decided.is_none() {
                act(transaction);
            }
        }
    }

    fn decide(&mut self, id: &str, commit: bool, epoch: i16, ends: Vec<(Uuid, i32, i64)>) {
        let Some(transactional) = self.transactional.get_mut(id) else { return };
        let Some(transaction) = &mut transactional.transaction else { return };
        if transaction.decided.is_some() {
            return;
        }
        transaction.decided = Some((commit, epoch));
        transaction.ends = ends;
        let producer = &mut transactional.producer;
        if epoch > producer.epoch {
            *producer = Producer { epoch, last_id: -1, last_epoch: -1, ..*producer };
        }
        for (group, offsets) in std::mem::take(&mut transaction.groups) {
            if commit && !offsets.is_empty() {
                put(self.groups.entry(group).or_default(), offsets.into_values());
            }
        }
    }

    /// The shortest list of events that comes to this state.
    pub(crate) fn events(&self) -> Vec<Event> {
        let mut events = Vec::new();
        events.extend(self.cluster_id.clone().map(|id| Event::Cluster { format: self.format, id }));
        for (&id, Topic { name, partitions, config, starts }) in &self.topics {
            let (name, config) = (name.clone(), config.clone());
            events.push(Event::Topic { id, name, partitions: *partitions, config });
            let start = |(&partition, &offset)| Event::LogStart { topic: id, partition, offset };
            events.extend(starts.iter().map(start));
        }
        events.extend(self.deleted.iter().map(|&id| Event::TopicDeleted { id }));
        if self.producer_ids > 0 {
            events.push(Event::ProducerIds { below: self.producer_ids });
        }
        for (entity, values) in &self.quotas {
            events.push(Event::Quota(Quota { entity: entity.clone(), values: values.clone() }));
        }
        for (group, offsets) in &self.groups {
            let offsets = offsets.values().cloned().collect();
            events.push(Event::Offsets { group: group.clone(), offsets });
        }
        for (id, Transactional { producer, ended, transaction }) in &self.transactional {
            events.push(Event::Transactional { id: id.clone(), producer: *producer, ended: *ended });
            if let Some(transaction) = transaction {
                transaction.events(id, &mut events);
            }
        }
        events
    }
}

impl Transaction {
    fn events(&self, id: &str, events: &mut Vec<Event>) {
        let since_ms = self.since_ms;
        let partitions = self.partitions.iter().copied().collect();
        events.push(Event::Joined { id: id.to_owned(), since_ms, partitions });
        for (group, offsets) in &self.groups {
            events.push(Event::JoinedGroup { id: id.to_owned(), since_ms, group: group.clone() });
            let offsets = offsets.values().cloned().collect();
            events.push(Event::PendingOffsets { id: id.to_owned(), group: group.clone(), offsets });
        }
        if let Some((commit, epoch)) = self.decided {
            let ends = self.ends.clone();
            events.push(Event::Decided { id: id.to_owned(), commit, epoch, ends });
        }
    }
}

fn put(into: &mut Offsets, offsets: impl IntoIterator<Item = Offset>) {
    into.extend(offsets.into_iter().map(|offset| ((offset.topic.clone(), offset.partition), offset)));
}
