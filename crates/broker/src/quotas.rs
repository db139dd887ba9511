//! Client quotas: kept, shown, and not acted on.

use crate::{
    journal::{Event, Journal, Quota},
    response_error::Refusal,
    sync::Lock,
};
use kafka_protocol::ResponseError;
use std::{collections::BTreeMap, sync::Arc};

/// Whose quota it is: types and names, in order; no name stands for the default.
pub(crate) type Entity = BTreeMap<String, Option<String>>;

/// The most entities that have quotas.
const MAX_ENTITIES: usize = 1_000;
/// Kafka's types of entities, and what each may be given.
const OF_CLIENTS: [&str; 4] =
    ["consumer_byte_rate", "controller_mutation_rate", "producer_byte_rate", "request_percentage"];
const OF_ADDRESSES: [&str; 1] = ["connection_creation_rate"];

#[derive(Debug)]
pub(crate) struct Quotas {
    journal: Arc<Journal>,
    kept: Lock<BTreeMap<Entity, BTreeMap<String, f64>>>,
}

impl Quotas {
    pub(crate) fn new(journal: Arc<Journal>, kept: &BTreeMap<Entity, BTreeMap<String, String>>) -> Self {
        let number = |(key, value): (&String, &String)| Some((key.clone(), value.parse().ok()?));
        let kept = kept.iter().map(|(entity, values)| {
            let values: BTreeMap<_, f64> = values.iter().filter_map(number).collect();
            (entity.clone(), values)
        });
        Self { journal, kept: Lock::new(kept.collect()) }
    }

    /// All quotas, in order.
    pub(crate) fn all(&self) -> Vec<(Entity, BTreeMap<String, f64>)> {
        self.kept.lock().iter().map(|(entity, values)| (entity.clone(), values.clone())).collect()
    }

    /// Sets quotas of an entity, or takes them away where there is no number.
    pub(crate) fn alter(
        &self,
        entity: &Entity,
        values: &[(String, Option<f64>)],
        dry: bool,
    ) -> Result<(), Refusal> {
        check(entity, values)?;
        let mut kept = self.kept.lock();
        if !kept.contains_key(entity) && kept.len() >= MAX_ENTITIES {
            let message = format!("this broker keeps quotas of at most {MAX_ENTITIES} entities");
            return Err(Refusal::new(ResponseError::PolicyViolation, message));
        }
        if dry {
            return Ok(());
        }
        let mut changed = kept.get(entity).cloned().unwrap_or_default();
        for (key, value) in values {
            match value {
                Some(value) => drop(changed.insert(key.clone(), *value)),
                None => drop(changed.remove(key)),
            }
        }
        let text = changed.iter().map(|(key, value)| (key.clone(), value.to_string())).collect();
        self.journal.write(&[Event::Quota(Quota { entity: entity.clone(), values: text })])?;
        if changed.is_empty() {
            kept.remove(entity);
        } else {
            kept.insert(entity.clone(), changed);
        }
        Ok(())
    }
}

fn check(entity: &Entity, values: &[(String, Option<f64>)]) -> Result<(), Refusal> {
    let invalid = |message: String| Err(Refusal::new(ResponseError::InvalidRequest, message));
    if entity.is_empty() {
        return invalid("Invalid empty client quota entity".to_owned());
    }
    if let Some(kind) = entity.keys().find(|kind| !matches!(kind.as_str(), "user" | "client-id" | "ip")) {
        return invalid(format!("Unhandled client quota entity type: {kind}"));
    }
    if entity.values().flatten().any(String::is_empty) {
        return invalid("Empty quota entity name".to_owned());
    }
    let of_address = entity.contains_key("ip");
    if of_address && entity.len() > 1 {
        return invalid("Invalid quota entity combination".to_owned());
    }
    let known: &[&str] = if of_address { &OF_ADDRESSES } else { &OF_CLIENTS };
    for (key, value) in values {
        if !known.contains(&key.as_str()) {
            return invalid(format!("Invalid configuration key {key}"));
        }
        let rate = key.ends_with("byte_rate");
        match value {
            Some(value) if !value.is_finite() || *value <= 0.0 => {
                return invalid(format!("Quota {key} must be greater than 0"));
            }
            Some(value) if rate && value.fract() != 0.0 => {
                return invalid(format!("{key} cannot be a fractional value."));
            }
            _ => {}
        }
    }
    Ok(())
}
