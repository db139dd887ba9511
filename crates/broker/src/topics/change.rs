//! Topics created, configured, widened and deleted.

use super::{State, Topic, Topics, check_partitions};
use crate::{
    config::TopicConfig,
    journal::Event,
    options::MAX_PARTITIONS,
    response_error::Refusal,
    topic_name::{check_name, collide},
};
use kafka_protocol::{ResponseError, protocol::StrBytes};
use std::sync::Arc;
use uuid::Uuid;

impl Topics {
    /// Checks whether a topic may be created, and creates it unless `dry`.
    pub(crate) fn create(
        &self,
        name: &str,
        partitions: i32,
        config: TopicConfig,
        dry: bool,
    ) -> Result<Arc<Topic>, Refusal> {
        check_name(name)?;
        let count = check_partitions(partitions)?;
        let mut state = self.state.lock();
        if state.by_name.contains_key(name.as_bytes()) {
            let message = format!("Topic '{name}' already exists.");
            return Err(Refusal::new(ResponseError::TopicAlreadyExists, message));
        }
        if let Some(other) = state.by_name.keys().find(|other| collide(other, name)) {
            let message = format!("Topic '{name}' collides with existing topic: {other}");
            return Err(Refusal::new(ResponseError::InvalidTopicException, message));
        }
        state.check_room(count)?;
        let count = if dry { 0 } else { count };
        let id = Uuid::new_v4();
        let topic = Arc::new(Topic {
            name: StrBytes::from_string(name.to_owned()),
            id,
            settings: config.settings(&self.defaults),
            config,
            partitions: self.new_partitions(id, 0..count),
        });
        if !dry {
            self.make_directory(&topic)?;
            self.keep(&topic)?;
            state.partitions += count;
            state.by_id.insert(topic.id, topic.name.clone());
            state.by_name.insert(topic.name.clone(), Arc::clone(&topic));
        }
        Ok(topic)
    }

    /// Gives a topic other settings, which apply from the next request on.
    pub(crate) fn configure<T>(
        &self,
        name: &str,
        dry: bool,
        change: impl FnOnce(&mut TopicConfig) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        let mut state = self.state.lock();
        let topic = state.find(name)?;
        let mut changed = topic.config.clone();
        let result = change(&mut changed)?;
        if !dry {
            let settings = changed.settings(&self.defaults);
            let topic = Topic { config: changed, settings, ..Topic::clone(&topic) };
            self.keep(&topic)?;
            state.replace(topic);
        }
        Ok(result)
    }

    /// Checks whether a topic may grow to `count` partitions, and lets it grow unless `dry`. `added` is how many the
    /// client has assigned by hand, if it did.
    pub(crate) fn grow(
        &self,
        name: &str,
        count: i32,
        added: Option<usize>,
        dry: bool,
    ) -> Result<(), Refusal> {
        let mut state = self.state.lock();
        let topic = state.find(name)?;
        let has = topic.partitions.len();
        let invalid = |message| Refusal::new(ResponseError::InvalidPartitions, message);
        let wanted = check_partitions(count)?;
        if wanted == has {
            return Err(invalid(format!("Topic already has {has} partition(s).")));
        }
        if wanted < has {
            let message = format!(
                "The topic {name} currently has {has} partition(s); {wanted} would not be an increase."
            );
            return Err(invalid(message));
        }
        let more = wanted - has;
        if let Some(added) = added.filter(|added| *added != more) {
            let message = format!(
                "Attempted to add {more} additional partition(s), but only {added} assignment(s) were specified."
            );
            return Err(Refusal::new(ResponseError::InvalidReplicaAssignment, message));
        }
        state.check_room(more)?;
        if !dry {
            let mut grown = Topic::clone(&topic);
            grown.partitions.extend(self.new_partitions(topic.id, has..wanted));
            self.keep(&grown)?;
            state.partitions += more;
            state.replace(grown);
        }
        Ok(())
    }

    /// Takes a topic away; nobody finds it from now on.
    pub(crate) fn delete(&self, name: &str) -> Result<Arc<Topic>, Refusal> {
        let mut state = self.state.lock();
        let topic = state.find(name)?;
        self.journal.write(&[Event::TopicDeleted { id: topic.id }])?;
        state.by_name.remove(name.as_bytes());
        state.by_id.remove(&topic.id);
        state.partitions -= topic.partitions.len();
        Ok(topic)
    }
}

impl State {
    fn find(&self, name: &str) -> Result<Arc<Topic>, Refusal> {
        self.by_name.get(name.as_bytes()).cloned().ok_or_else(|| {
            let error = ResponseError::UnknownTopicOrPartition;
            Refusal::new(error, format!("The topic '{name}' does not exist."))
        })
    }

    fn check_room(&self, more: usize) -> Result<(), Refusal> {
        if more + self.partitions <= MAX_PARTITIONS {
            return Ok(());
        }
        let message =
            format!("this broker keeps at most {MAX_PARTITIONS} partitions (there are {})", self.partitions);
        Err(Refusal::new(ResponseError::PolicyViolation, message))
    }
}
