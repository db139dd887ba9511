//! `Fetch`, key 1, versions 4 to 17.
//!
//! Whole batches are answered, as many as the limits allow and one at least, without copying them. A fetch that
//! finds too little waits until something is appended, or ends, or its time is over. Who reads only what is committed
//! is given what is before the last stable offset, with the aborted transactions in it. Differs from Kafka: no fetch
//! sessions (session id 0 tells clients to name all partitions each time), no followers.

use super::{READ_COMMITTED, check_leader_epoch, find_topic};
use crate::{
    answer::{Answer, decode},
    call::Call,
    close::Close,
    node::Node,
    partition::{Partition, Watch},
};
use bytes::Bytes;
use kadence_wire::{
    batch::BatchHeader,
    fetch::{Batches, encode_response},
};
use kafka_protocol::{
    ResponseError,
    messages::{
        ApiKey, BrokerId, FetchRequest, FetchResponse, ProducerId,
        fetch_request::{FetchPartition, FetchTopic},
        fetch_response::{AbortedTransaction, FetchableTopicResponse, PartitionData},
    },
};
use std::{
    collections::HashSet,
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Duration,
};
use tokio::{
    sync::Notify,
    time::{Instant, timeout_at},
};

pub(crate) const MIN: i16 = 4;
pub(crate) const MAX: i16 = 17;
/// From here on topics go by their ids.
const BY_ID: i16 = 13;

/// One look at all partitions of a request.
struct Look {
    response: FetchResponse,
    batches: Vec<Batches>,
    bytes: usize,
    failed: bool,
}

pub(crate) async fn answer(call: Call, body: Bytes) -> Result<Answer, Close> {
    let request: FetchRequest = decode(ApiKey::Fetch, call.version, body)?;
    if request.session_id != 0 && request.session_epoch > 0 {
        let error = ResponseError::FetchSessionIdNotFound.code();
        return encode(&call, &FetchResponse::default().with_error_code(error), Vec::new());
    }
    let wait = Duration::from_millis(u64::try_from(request.max_wait_ms).unwrap_or(0));
    let most = usize::try_from(request.max_bytes).unwrap_or(0).min(call.node.options.max_fetch_bytes);
    let least = usize::try_from(request.min_bytes).unwrap_or(0).min(most);
    let enough = |look: &Look| look.failed || look.bytes >= least;

    let mut look = look(&call, &request);
    if !enough(&look) && !wait.is_zero() {
        let deadline = Instant::now() + wait;
        let changed = Arc::new(Notify::new());
        // Watching starts before the next look, so nothing falls between the two.
        let _watches = watch(&call, &request, &changed);
        let _waiting = Waiting::new(&call);
        loop {
            look = self::look(&call, &request);
            if enough(&look) || timeout_at(deadline, changed.notified()).await.is_err() {
                break;
            }
        }
    }
    encode(&call, &look.response, look.batches)
}

/// Counts a fetch while it waits, also if it is given up.
struct Waiting(Arc<Node>);

impl Waiting {
    fn new(call: &Call) -> Self {
        call.node.waiting.fetch_add(1, Relaxed);
        Self(Arc::clone(&call.node))
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Relaxed);
    }
}

fn encode(call: &Call, response: &FetchResponse, batches: Vec<Batches>) -> Result<Answer, Close> {
    Ok(encode_response(call.version, call.correlation_id, response, batches)?)
}

fn look(call: &Call, request: &FetchRequest) -> Look {
    let asked = usize::try_from(request.max_bytes).unwrap_or(0);
    let mut left = asked.min(call.node.options.max_fetch_bytes);
    let mut out = Look { response: FetchResponse::default(), batches: Vec::new(), bytes: 0, failed: false };
    for topic in &request.topics {
        let mut partitions = Vec::with_capacity(topic.partitions.len());
        for wanted in &topic.partitions {
            let committed = request.isolation_level == READ_COMMITTED;
            let (data, batches) = read(call, topic, (wanted, committed), left, out.bytes);
            let bytes: usize = batches.iter().map(Bytes::len).sum();
            left = left.saturating_sub(bytes);
            out.bytes += bytes;
            out.failed |= data.error_code != 0;
            out.batches.push(batches);
            partitions.push(data);
        }
        out.response.responses.push(
            FetchableTopicResponse::default()
                .with_topic(topic.topic.clone())
                .with_topic_id(topic.topic_id)
                .with_partitions(partitions),
        );
    }
    out
}

fn read(
    call: &Call,
    topic: &FetchTopic,
    (wanted, committed): (&FetchPartition, bool),
    left: usize,
    spent: usize,
) -> (PartitionData, Batches) {
    // The first batch of the whole answer is given even if it is larger than asked for.
    let at_least_one = spent == 0;
    let data = PartitionData::default()
        .with_partition_index(wanted.partition)
        .with_high_watermark(-1)
        .with_last_stable_offset(-1)
        .with_log_start_offset(-1)
        .with_preferred_read_replica(BrokerId(-1))
        .with_aborted_transactions(None)
        .with_records(Some(Bytes::new()));
    let partition = match find(call, topic, wanted) {
        Ok(partition) => partition,
        Err(error) => return (data.with_error_code(error.code()), Batches::new()),
    };
    let state = partition.lock();
    let (start, end) = (state.log.start(), state.log.end());
    let stable = state.last_stable();
    let data = data.with_high_watermark(end).with_last_stable_offset(stable).with_log_start_offset(start);
    if !(start..=end).contains(&wanted.fetch_offset) {
        return (data.with_error_code(ResponseError::OffsetOutOfRange.code()), Batches::new());
    }
    let max = usize::try_from(wanted.partition_max_bytes).unwrap_or(0).min(left);
    let before = if committed { stable } else { end };
    let found = state.log.read(wanted.fetch_offset, max, at_least_one, before);
    drop(state);
    // What is read from a disk takes memory until the client has it.
    if found.len_hint() > 0 && call.spending.at_least(spent + found.len_hint()).is_err() {
        return (data, Batches::new());
    }
    let batches = match found.load() {
        Ok(batches) => batches,
        Err(error) => {
            call.node.faults.report(&error);
            return (data.with_error_code(ResponseError::KafkaStorageError.code()), Batches::new());
        }
    };
    if !committed {
        return (data, batches);
    }
    let Some(end) = end_of(&batches) else {
        return (data.with_aborted_transactions(Some(Vec::new())), batches);
    };
    let aborted = {
        let state = partition.lock();
        if state.log.start() > wanted.fetch_offset {
            // Deleted meanwhile, with what is known of aborted transactions: the client asks again.
            return (data.with_aborted_transactions(Some(Vec::new())), Batches::new());
        }
        state.producers.aborted(wanted.fetch_offset, end)
    };
    let aborted = aborted.into_iter().map(|aborted| {
        AbortedTransaction::default()
            .with_producer_id(ProducerId(aborted.producer_id))
            .with_first_offset(aborted.first)
    });
    (data.with_aborted_transactions(Some(aborted.collect())), batches)
}

/// The offset behind the last of these batches.
fn end_of(batches: &[Bytes]) -> Option<i64> {
    let mut rest = &batches.last()?[..];
    let mut end = None;
    while let Ok(header) = BatchHeader::parse(rest) {
        end = Some(header.base_offset + i64::from(header.last_offset_delta) + 1);
        rest = &rest[header.len..];
    }
    end
}

fn find(call: &Call, topic: &FetchTopic, wanted: &FetchPartition) -> Result<Arc<Partition>, ResponseError> {
    let found = find_topic(call, call.version >= BY_ID, &topic.topic, topic.topic_id)?;
    let partition = found.partition(wanted.partition).ok_or(ResponseError::UnknownTopicOrPartition)?;
    check_leader_epoch(wanted.current_leader_epoch)?;
    Ok(Arc::clone(partition))
}

fn watch(call: &Call, request: &FetchRequest, changed: &Arc<Notify>) -> Vec<Watch> {
    let mut seen = HashSet::new();
    let mut watches = Vec::new();
    for topic in &request.topics {
        for wanted in &topic.partitions {
            if let Ok(partition) = find(call, topic, wanted)
                && seen.insert(Arc::as_ptr(&partition))
            {
                watches.push(partition.watch(changed));
            }
        }
    }
    watches
}
