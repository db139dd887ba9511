//! From a request to its answer: one table says what is served, by which versions, and who answers.

use crate::{
    answer::{Answer, Waiting, decode, encode},
    api::{self, Api},
    call::{Call, Came, Spending},
    close::Close,
    node::Node,
};
use bytes::{Buf, Bytes};
use kadence_wire::{
    bounds::{self, DEFAULT_MAX_ELEMENTS},
    frame::RequestStart,
};
use kafka_protocol::messages::ApiKey;
use std::{ops::RangeInclusive, panic::resume_unwind, sync::Arc};
use tokio::task::spawn_blocking;

/// An answer, or how to wait for it without holding on to the request.
pub(crate) enum Reply {
    Ready(Answer),
    Later(Waiting),
}

/// A row of the table: an API that is served, and who answers it.
struct Row {
    key: ApiKey,
    min: i16,
    max: i16,
    handler: Handler,
}

enum Handler {
    /// Answers at once.
    Now(fn(&Call, Bytes) -> Result<Answer, Close>),
    /// Takes the time of a thread that nobody waits for.
    Long(fn(&Call, Bytes) -> Result<Answer, Close>),
    /// Waits for others.
    Waiting(fn(Call, Bytes) -> Waiting),
    /// Is done with the request at once, and waits for others then.
    Later(fn(&Call, Bytes) -> Result<Waiting, Close>),
}

/// Everything this broker serves, by key.
const TABLE: &[Row] = &[
    now::<api::Produce>(),
    Row {
        key: ApiKey::Fetch,
        min: api::fetch::MIN,
        max: api::fetch::MAX,
        handler: Handler::Waiting(|call, body| Box::pin(api::fetch::answer(call, body))),
    },
    long::<api::ListOffsets>(),
    now::<api::Metadata>(),
    now::<api::ApiVersions>(),
    now::<api::CreateTopics>(),
    now::<api::DeleteTopics>(),
    now::<api::DeleteRecords>(),
    now::<api::InitProducerId>(),
    now::<api::DescribeConfigs>(),
    now::<api::FindCoordinator>(),
    later(ApiKey::JoinGroup, api::join_group::VERSIONS, api::join_group::answer),
    later(ApiKey::SyncGroup, api::sync_group::VERSIONS, api::sync_group::answer),
    now::<api::Heartbeat>(),
    now::<api::LeaveGroup>(),
    now::<api::OffsetCommit>(),
    now::<api::OffsetFetch>(),
    now::<api::OffsetDelete>(),
    now::<api::ListGroups>(),
    now::<api::DescribeGroups>(),
    now::<api::DeleteGroups>(),
    now::<api::IncrementalAlterConfigs>(),
    now::<api::AlterConfigs>(),
    now::<api::CreatePartitions>(),
    now::<api::DescribeTopicPartitions>(),
    now::<api::DescribeCluster>(),
    now::<api::OffsetForLeaderEpoch>(),
    now::<api::AddPartitionsToTxn>(),
    now::<api::AddOffsetsToTxn>(),
    now::<api::EndTxn>(),
    now::<api::TxnOffsetCommit>(),
    now::<api::DescribeProducers>(),
    now::<api::DescribeTransactions>(),
    now::<api::ListTransactions>(),
    now::<api::SaslHandshake>(),
    now::<api::DescribeAcls>(),
    now::<api::CreateAcls>(),
    now::<api::DeleteAcls>(),
    Row {
        key: ApiKey::DescribeLogDirs,
        min: *api::describe_log_dirs::VERSIONS.start(),
        max: *api::describe_log_dirs::VERSIONS.end(),
        handler: Handler::Long(api::describe_log_dirs::answer),
    },
    now::<api::ElectLeaders>(),
    now::<api::AlterPartitionReassignments>(),
    now::<api::ListPartitionReassignments>(),
    now::<api::DescribeClientQuotas>(),
    now::<api::AlterClientQuotas>(),
    now::<api::DescribeUserScramCredentials>(),
    now::<api::AlterUserScramCredentials>(),
    now::<api::DescribeQuorum>(),
    now::<api::UpdateFeatures>(),
    now::<api::ListConfigResources>(),
];

const fn now<A: Api>() -> Row {
    Row { key: A::KEY, min: A::MIN, max: A::MAX, handler: Handler::Now(run::<A>) }
}

const fn long<A: Api>() -> Row {
    Row { key: A::KEY, min: A::MIN, max: A::MAX, handler: Handler::Long(run::<A>) }
}

const fn later(
    key: ApiKey,
    (min, max): (i16, i16),
    handler: fn(&Call, Bytes) -> Result<Waiting, Close>,
) -> Row {
    Row { key, min, max, handler: Handler::Later(handler) }
}

fn run<A: Api>(call: &Call, body: Bytes) -> Result<Answer, Close> {
    let request = decode::<A::Request>(A::KEY, call.version, body)?;
    match A::answer(call, request)? {
        Some(response) => encode(A::KEY, call.version, call.correlation_id, &call.spending, &response),
        None => Ok(Vec::new()),
    }
}

/// What a request costs while it is answered, beside its own bytes: an element becomes a structure.
const ELEMENT_BYTES: usize = 128;

/// A request that may be decoded.
pub(crate) struct Admitted {
    row: &'static Row,
    call: Call,
    body: Bytes,
    /// About what decoding it takes, in bytes.
    pub(crate) cost: usize,
}

/// What becomes of a request before it is decoded.
pub(crate) enum Admission {
    Request(Admitted),
    /// The answer is known already.
    Answer(Answer),
}

/// Looks a request up in the table and checks it against its own bytes.
pub(crate) fn admit(node: &Arc<Node>, came: Came, mut frame: Bytes) -> Result<Admission, Close> {
    let start = RequestStart::parse(&frame)?;
    let RequestStart { api_key, api_version, correlation_id } = start;
    let Some((at, row)) = TABLE
        .iter()
        .enumerate()
        .find(|(_, row)| row.key as i16 == api_key && (row.min..=row.max).contains(&api_version))
    else {
        if api_key == ApiKey::ApiVersions as i16 {
            return Ok(Admission::Answer(vec![api::api_versions::downgrade(&node.served, correlation_id)?]));
        }
        return Err(Close::NotServed { api_key, api_version });
    };
    node.served.count(at, api_version - row.min);
    let checked = bounds::check_request(&frame, DEFAULT_MAX_ELEMENTS)?;
    let client_id = checked.client_id.clone().map_or_else(Bytes::new, |at| frame.slice(at));
    frame.advance(checked.header_len);
    let spending = Spending::new(&node.requests);
    let node = Arc::clone(node);
    let call = Call { node, version: api_version, correlation_id, came, client_id, spending };
    Ok(Admission::Request(Admitted { row, call, body: frame, cost: checked.elements * ELEMENT_BYTES }))
}

impl Admitted {
    /// What the answer takes; to be kept until the client has it.
    pub(crate) fn spending(&self) -> Spending {
        self.call.spending.clone()
    }

    /// Answers the request, or says how to wait for the answer.
    pub(crate) async fn answer(self) -> Result<Reply, Close> {
        let answer = match self.row.handler {
            Handler::Now(handler) => handler(&self.call, self.body),
            Handler::Long(handler) => {
                let answered = spawn_blocking(move || handler(&self.call, self.body)).await;
                answered.unwrap_or_else(|error| match error.try_into_panic() {
                    // The connection's task counts it.
                    Ok(panic) => resume_unwind(panic),
                    Err(_) => Err(Close::Stopped),
                })
            }
            Handler::Waiting(handler) => handler(self.call, self.body).await,
            Handler::Later(handler) => return handler(&self.call, self.body).map(Reply::Later),
        };
        answer.map(Reply::Ready)
    }
}

/// The APIs a broker serves, with their versions.
pub fn served() -> impl Iterator<Item = (ApiKey, RangeInclusive<i16>)> {
    TABLE.iter().map(|row| (row.key, row.min..=row.max))
}
