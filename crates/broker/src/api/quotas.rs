//! `DescribeClientQuotas` and `AlterClientQuotas`, keys 48 and 49, versions 0 and 1.
//!
//! Differs from Kafka: quotas are kept and shown; nobody is throttled.

use super::{Api, outcome, text};
use crate::{call::Call, close::Close, quotas::Entity, response_error::Refusal};
use kafka_protocol::{
    ResponseError,
    messages::{
        AlterClientQuotasRequest, AlterClientQuotasResponse, ApiKey, DescribeClientQuotasRequest,
        DescribeClientQuotasResponse,
        alter_client_quotas_request::EntryData as Wanted,
        alter_client_quotas_response::{EntityData as AlteredEntity, EntryData as Altered},
        describe_client_quotas_request::ComponentData,
        describe_client_quotas_response::{EntityData, EntryData, ValueData},
    },
};
use std::collections::HashMap;

const EXACT: i8 = 0;
const DEFAULT: i8 = 1;
const ANY: i8 = 2;

pub(crate) struct DescribeClientQuotas;
pub(crate) struct AlterClientQuotas;

impl Api for DescribeClientQuotas {
    const KEY: ApiKey = ApiKey::DescribeClientQuotas;
    const MIN: i16 = 0;
    const MAX: i16 = 1;
    type Request = DescribeClientQuotasRequest;
    type Response = DescribeClientQuotasResponse;

    fn answer(call: &Call, request: Self::Request) -> Result<Option<Self::Response>, Close> {
        let response = DescribeClientQuotasResponse::default();
        let filter = match filter(&request.components) {
            Ok(filter) => filter,
            Err(refusal) => {
                let response = response.with_error_code(refusal.error.code()).with_entries(None);
                return Ok(Some(response.with_error_message(Some(text(&refusal.message)))));
            }
        };
        let fits = |entity: &Entity| {
            (!request.strict || entity.len() == filter.len())
                && filter.iter().all(|(kind, wanted)| {
                    entity.get(*kind).is_some_and(|name| match wanted {
                        Wish::Any => true,
                        Wish::Name(wanted) => name.as_deref() == *wanted,
                    })
                })
        };
        let found = call.node.quotas.all().into_iter().filter(|(entity, _)| fits(entity));
        let entries = found.map(|(entity, values)| {
            let entity = entity.iter().map(|(kind, name)| {
                EntityData::default().with_entity_type(text(kind)).with_entity_name(name.as_deref().map(text))
            });
            let values =
                values.iter().map(|(key, value)| ValueData::default().with_key(text(key)).with_value(*value));
            EntryData::default().with_entity(entity.collect()).with_values(values.collect())
        });
        Ok(Some(response.with_entries(Some(entries.collect())).with_error_message(Some(text("")))))
    }
}

/// What an entity has to be called.
enum Wish<'a> {
    Any,
    /// Without a name the default.
    Name(Option<&'a str>),
}

fn filter(components: &[ComponentData]) -> Result<HashMap<&str, Wish<'_>>, Refusal> {
    let mut filter = HashMap::new();
    for component in components {
        let kind = component.entity_type.as_str();
        let invalid = |message| Err(Refusal::new(ResponseError::InvalidRequest, message));
        if !matches!(kind, "user" | "client-id" | "ip") {
            let message = format!("Unsupported entity type {kind}");
            return Err(Refusal::new(ResponseError::UnsupportedVersion, message));
        }
        let wish = match (component.match_type, &component._match) {
            (EXACT, Some(name)) => Wish::Name(Some(name)),
            (DEFAULT, None) => Wish::Name(None),
            (ANY, None) => Wish::Any,
            (EXACT | DEFAULT | ANY, _) => {
                return invalid("Request specified a match that does not go with its type".to_owned());
            }
            (other, _) => return invalid(format!("Unknown match type {other}")),
        };
        if filter.insert(kind, wish).is_some() {
            return invalid(format!("Entity type {kind} cannot appear more than once in the filter."));
        }
    }
    Ok(filter)
}

impl Api for AlterClientQuotas {
    const KEY: ApiKey = ApiKey::AlterClientQuotas;
    const MIN: i16 = 0;
    const MAX: i16 = 1;
    type Request = AlterClientQuotasRequest;
    type Response = AlterClientQuotasResponse;

    fn answer(call: &Call, request: Self::Request) -> Result<Option<Self::Response>, Close> {
        let entries = request.entries.into_iter().map(|entry| {
            let (code, message) = outcome(&alter(call, &entry, request.validate_only));
            let entity = entry.entity.into_iter().map(|entity| {
                AlteredEntity::default()
                    .with_entity_type(entity.entity_type)
                    .with_entity_name(entity.entity_name)
            });
            Altered::default().with_error_code(code).with_error_message(message).with_entity(entity.collect())
        });
        Ok(Some(AlterClientQuotasResponse::default().with_entries(entries.collect())))
    }
}

fn alter(call: &Call, wanted: &Wanted, dry: bool) -> Result<(), Refusal> {
    let parts = wanted.entity.iter();
    let entity: Entity = parts
        .map(|part| (part.entity_type.to_string(), part.entity_name.as_ref().map(ToString::to_string)))
        .collect();
    if entity.len() < wanted.entity.len() {
        let message = "Duplicate entity type in a client quota entity";
        return Err(Refusal::new(ResponseError::InvalidRequest, message));
    }
    let values: Vec<_> =
        wanted.ops.iter().map(|op| (op.key.to_string(), (!op.remove).then_some(op.value))).collect();
    call.node.quotas.alter(&entity, &values, dry)
}
