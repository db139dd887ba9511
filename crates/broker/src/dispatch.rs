//! From a request to its answer: one table says what is served, by which versions, and who answers.

use crate::{
    api::{self, Api},
    shared::{Call, Shared, Spending},
};
use bytes::{Buf, Bytes};
use kadence_wire::{
    bounds::{self, BoundsError, DEFAULT_MAX_ELEMENTS},
    frame::{FrameError, RequestStart, encode_response},
};
use kafka_protocol::{
    messages::ApiKey,
    protocol::{Decodable, Encodable},
};
use std::{
    net::SocketAddr,
    ops::RangeInclusive,
    panic::resume_unwind,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};
use tokio::task::spawn_blocking;

/// A response in pieces; none for a request that wants no answer.
pub(crate) type Answer = Vec<Bytes>;
pub(crate) type Waiting = Pin<Box<dyn Future<Output = Result<Answer, Close>> + Send>>;

/// An answer, or how to wait for it without holding on to the request.
pub(crate) enum Reply {
    Ready(Answer),
    Later(Waiting),
}

/// Why a connection is closed instead of answered, as Kafka does.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Close {
    #[error(transparent)]
    Bounds(#[from] BoundsError),
    #[error(transparent)]
    Frame(#[from] FrameError),
    #[error("API {api_key} v{api_version} is not served")]
    NotServed { api_key: i16, api_version: i16 },
    #[error("API {api_key} v{api_version}: {what}")]
    Decode { api_key: i16, api_version: i16, what: String },
    #[error("a produce request that wants no answer was refused")]
    NoAnswerWanted,
    #[error("the answer was given up")]
    Stopped,
    #[error("answers of all connections take too much memory")]
    Crowded,
}

/// One API that is served.
pub(crate) struct Served {
    pub(crate) key: ApiKey,
    pub(crate) min: i16,
    pub(crate) max: i16,
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

/// Everything this broker serves, by key. `ApiVersions` answers from this table.
pub(crate) const TABLE: &[Served] = &[
    now::<api::Produce>(),
    Served {
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
    Served {
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

const fn now<A: Api>() -> Served {
    Served { key: A::KEY, min: A::MIN, max: A::MAX, handler: Handler::Now(run::<A>) }
}

const fn long<A: Api>() -> Served {
    Served { key: A::KEY, min: A::MIN, max: A::MAX, handler: Handler::Long(run::<A>) }
}

const fn later(
    key: ApiKey,
    (min, max): (i16, i16),
    handler: fn(&Call, Bytes) -> Result<Waiting, Close>,
) -> Served {
    Served { key, min, max, handler: Handler::Later(handler) }
}

fn run<A: Api>(call: &Call, body: Bytes) -> Result<Answer, Close> {
    let request = decode::<A::Request>(A::KEY, call.version, body)?;
    match A::answer(call, request)? {
        Some(response) => encode(A::KEY, call.version, call.correlation_id, &call.spending, &response),
        None => Ok(Vec::new()),
    }
}

/// Encodes a response, which is counted until the client has it.
pub(crate) fn encode<R: Encodable>(
    key: ApiKey,
    version: i16,
    correlation_id: i32,
    spending: &Spending,
    response: &R,
) -> Result<Answer, Close> {
    let encoded = encode_response(key, version, correlation_id, response)?;
    spending.at_least(encoded.len())?;
    Ok(vec![encoded])
}

/// Decodes the body of a request that passed the bounds.
pub(crate) fn decode<R: Decodable>(key: ApiKey, version: i16, mut body: Bytes) -> Result<R, Close> {
    R::decode(&mut body, version).map_err(|e| Close::Decode {
        api_key: key as i16,
        api_version: version,
        what: e.to_string(),
    })
}

/// What a request costs while it is answered, beside its own bytes: an element becomes a structure.
const ELEMENT_BYTES: usize = 128;

/// A request that may be decoded.
pub(crate) struct Admitted {
    served: &'static Served,
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

/// Which way a request came.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Came {
    pub(crate) local: SocketAddr,
    pub(crate) peer: SocketAddr,
    /// The place of its listener in the options.
    pub(crate) listener: usize,
}

/// Looks a request up in the table and checks it against its own bytes.
pub(crate) fn admit(shared: &Arc<Shared>, came: Came, mut frame: Bytes) -> Result<Admission, Close> {
    let start = RequestStart::parse(&frame)?;
    let RequestStart { api_key, api_version, correlation_id } = start;
    let Some((row, served)) = TABLE
        .iter()
        .enumerate()
        .find(|(_, s)| s.key as i16 == api_key && (s.min..=s.max).contains(&api_version))
    else {
        if api_key == ApiKey::ApiVersions as i16 {
            return Ok(Admission::Answer(vec![api::api_versions::downgrade(correlation_id)?]));
        }
        return Err(Close::NotServed { api_key, api_version });
    };
    shared.requested.count(row, api_version - served.min);
    let checked = bounds::check_request(&frame, DEFAULT_MAX_ELEMENTS)?;
    let client_id = checked.client_id.clone().map_or_else(Bytes::new, |at| frame.slice(at));
    frame.advance(checked.header_len);
    let spending = Spending::new(&shared.requests);
    let shared = Arc::clone(shared);
    let Came { local, peer, listener } = came;
    let call =
        Call { shared, version: api_version, correlation_id, local, peer, listener, client_id, spending };
    Ok(Admission::Request(Admitted { served, call, body: frame, cost: checked.elements * ELEMENT_BYTES }))
}

impl Admitted {
    /// What the answer takes; to be kept until the client has it.
    pub(crate) fn spending(&self) -> Spending {
        self.call.spending.clone()
    }

    /// Answers the request, or says how to wait for the answer.
    pub(crate) async fn answer(self) -> Result<Reply, Close> {
        let answer = match self.served.handler {
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
    TABLE.iter().map(|s| (s.key, s.min..=s.max))
}

/// How often each version of each API was asked for.
#[derive(Debug)]
pub(crate) struct Requested(Vec<Vec<AtomicU64>>);

impl Requested {
    /// Nothing was asked for yet.
    pub(crate) fn new() -> Self {
        let versions = |s: &Served| (s.min..=s.max).map(|_| AtomicU64::new(0)).collect();
        Self(TABLE.iter().map(versions).collect())
    }

    /// Counts a request for a row of the table, in a version counted from the row's first.
    fn count(&self, row: usize, version: i16) {
        let counted = usize::try_from(version).ok().and_then(|version| self.0.get(row)?.get(version));
        if let Some(counted) = counted {
            counted.fetch_add(1, Relaxed);
        }
    }

    /// Each served version with the number of its requests.
    pub(crate) fn all(&self) -> impl Iterator<Item = (ApiKey, i16, u64)> {
        TABLE.iter().zip(&self.0).flat_map(|(served, counts)| {
            let counted = counts.iter().map(|count| count.load(Relaxed));
            (served.min..=served.max).zip(counted).map(|(version, count)| (served.key, version, count))
        })
    }
}
