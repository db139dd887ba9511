//! `FindCoordinator`, key 10, versions 0 to 6.
//!
//! Every group and every transactional id has its coordinator here, as there is no other broker. Differs from Kafka:
//! share groups are not served.

use super::{Api, text};
use crate::{call::Call, close::Close};
use kafka_protocol::{
    ResponseError,
    messages::{
        ApiKey, BrokerId, FindCoordinatorRequest, FindCoordinatorResponse,
        find_coordinator_response::Coordinator,
    },
    protocol::StrBytes,
};

const GROUP: i8 = 0;
const TRANSACTION: i8 = 1;
/// From here on several keys are asked for at once.
const BATCH: i16 = 4;

pub(crate) struct FindCoordinator;

impl Api for FindCoordinator {
    const KEY: ApiKey = ApiKey::FindCoordinator;
    const MIN: i16 = 0;
    const MAX: i16 = 6;
    type Request = FindCoordinatorRequest;
    type Response = FindCoordinatorResponse;

    fn answer(call: &Call, request: Self::Request) -> Result<Option<Self::Response>, Close> {
        let known = matches!(request.key_type, GROUP | TRANSACTION);
        let response = FindCoordinatorResponse::default();
        if call.version >= BATCH {
            let found = request.coordinator_keys.into_iter().map(|key| coordinator(call, key, known));
            return Ok(Some(response.with_coordinators(found.collect())));
        }
        let found = coordinator(call, request.key, known);
        Ok(Some(
            response
                .with_error_code(found.error_code)
                .with_error_message(found.error_message)
                .with_node_id(found.node_id)
                .with_host(found.host)
                .with_port(found.port),
        ))
    }
}

fn coordinator(call: &Call, key: StrBytes, known: bool) -> Coordinator {
    let found = Coordinator::default().with_key(key);
    if known {
        let (host, port) = call.advertised();
        return found.with_node_id(call.node_id()).with_host(host).with_port(port).with_error_message(None);
    }
    let error = ResponseError::InvalidRequest;
    found
        .with_error_code(error.code())
        .with_error_message(Some(text("groups and transactions have coordinators here")))
        .with_node_id(BrokerId(-1))
        .with_port(-1)
}
