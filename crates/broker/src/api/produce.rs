//! `Produce`, key 0, versions 3 to 13.
//!
//! A partition takes exactly one batch of format version 2, whose header and checksum are checked; its records
//! stay as they are, in any compression. A transactional batch goes only where its producer has added the partition
//! to its transaction; versions from 12 on do not do so by themselves, as transactions of version 2 are not
//! advertised. Differs from Kafka: bytes behind the batch are refused where Kafka cuts off an incomplete batch, and so
//! is a transactional batch without a producer id. When the memory limit is reached or the disk takes no more, the answer
//! is `POLICY_VIOLATION`: producers give up on it at once, while they repeat `KAFKA_STORAGE_ERROR` until their delivery
//! timeout.

use super::{Api, abortable, find_topic, text};
use crate::{
    blocking::in_place,
    call::Call,
    close::Close,
    options::TopicSettings,
    partition::{AppendError, Appended, Incoming, Partition},
    response_error::Refusal,
    topics::Topic,
    transactions::Writer,
};
use bytes::Bytes;
use kadence_wire::{
    batch::{BatchError, BatchHeader, Codec},
    records,
};
use kafka_protocol::{
    ResponseError,
    messages::{
        ApiKey, ProduceRequest, ProduceResponse,
        produce_request::{PartitionProduceData, TopicProduceData},
        produce_response::{BatchIndexAndErrorMessage, PartitionProduceResponse, TopicProduceResponse},
    },
};
use std::sync::Arc;
use uuid::Uuid;

/// From here on topics go by their ids.
const BY_ID: i16 = 13;
/// From here on clients know zstd.
const ZSTD: i16 = 7;
/// From here on clients know that a transaction may have to be aborted.
const ABORTABLE: i16 = 11;
const NO_ACKS: i16 = 0;
const ALL_ACKS: i16 = -1;

/// The most that is unpacked of a batch to look at its records' times.
const UNPACK_BYTES: u64 = 256 * 1024 * 1024;

pub(crate) struct Produce;

impl Api for Produce {
    const KEY: ApiKey = ApiKey::Produce;
    const MIN: i16 = 3;
    const MAX: i16 = 13;
    type Request = ProduceRequest;
    type Response = ProduceResponse;

    fn answer(call: &Call, request: Self::Request) -> Result<Option<Self::Response>, Close> {
        let id = request.transactional_id;
        let said = Said { acks: request.acks, transaction: id.as_ref().map(|id| id.as_str()) };
        let acks = said.acks;
        let mut refused = false;
        let mut responses = Vec::with_capacity(request.topic_data.len());
        for data in request.topic_data {
            let response = topic(call, &said, data);
            refused |= response.partition_responses.iter().any(|p| p.error_code != 0);
            responses.push(response);
        }
        match (acks, refused) {
            (NO_ACKS, false) => Ok(None),
            (NO_ACKS, true) => Err(Close::NoAnswerWanted),
            _ => Ok(Some(ProduceResponse::default().with_responses(responses))),
        }
    }
}

/// What a request says once for all its batches.
struct Said<'a> {
    acks: i16,
    /// The transactional id.
    transaction: Option<&'a str>,
}

fn topic(call: &Call, said: &Said<'_>, data: TopicProduceData) -> TopicProduceResponse {
    let found = find_topic(call, call.version >= BY_ID, &data.name, data.topic_id);
    let partitions = data.partition_data.into_iter().map(|partition| {
        let result = match &found {
            Ok(topic) => append(call, said, topic, &partition),
            Err(error) => Err(Refusal::new(*error, error.to_string()).into()),
        };
        answer(partition.index, result)
    });
    TopicProduceResponse::default()
        .with_name(data.name)
        .with_topic_id(data.topic_id)
        .with_partition_responses(partitions.collect())
}

/// Why a batch is not stored, and which of its records are why, where that is known.
#[derive(Debug)]
struct Refused {
    refusal: Refusal,
    records: Vec<BatchIndexAndErrorMessage>,
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        Self { refusal, records: Vec::new() }
    }
}

fn answer(index: i32, result: Result<Appended, Refused>) -> PartitionProduceResponse {
    let response = PartitionProduceResponse::default().with_index(index);
    match result {
        Ok(appended) => response
            .with_base_offset(appended.base_offset)
            .with_log_append_time_ms(appended.append_time)
            .with_log_start_offset(appended.log_start),
        Err(Refused { refusal, records }) => response
            .with_base_offset(-1)
            .with_log_append_time_ms(-1)
            .with_log_start_offset(-1)
            .with_error_code(refusal.error.code())
            .with_record_errors(records)
            .with_error_message(Some(text(&refusal.message))),
    }
}

fn append(
    call: &Call,
    said: &Said<'_>,
    topic: &Arc<Topic>,
    data: &PartitionProduceData,
) -> Result<Appended, Refused> {
    let acks = said.acks;
    if !matches!(acks, NO_ACKS | 1 | ALL_ACKS) {
        let message = format!("acks={acks} is not 0, 1 or -1");
        return Err(Refusal::new(ResponseError::InvalidRequiredAcks, message).into());
    }
    let partition = topic.partition(data.index).ok_or_else(|| {
        let error = ResponseError::UnknownTopicOrPartition;
        Refusal::new(error, format!("{} has no partition {}", &*topic.name, data.index))
    })?;
    let wanted = topic.settings.min_insync_replicas;
    if acks == ALL_ACKS && wanted > 1 {
        let message = format!("acks=all wants {wanted} replicas in sync; there is one");
        return Err(Refusal::new(ResponseError::NotEnoughReplicas, message).into());
    }
    let empty = Bytes::new();
    let batch = data.records.as_ref().unwrap_or(&empty);
    let max = topic.settings.max_message_bytes;
    if batch.len() > max {
        let message = format!(
            "the batch takes {} bytes, more than max.message.bytes={max} of topic {}",
            batch.len(),
            &*topic.name
        );
        return Err(Refusal::new(ResponseError::MessageTooLarge, message).into());
    }
    let header = check(call, said, batch)?;
    let now = call.node.clock.now_ms();
    check_times(&topic.settings, &header, batch, now)?;
    check_keys(topic, data.index, batch)?;
    let incoming = Incoming { header: &header, bytes: batch, settings: &topic.settings, now_ms: now };
    store(call, partition, &incoming).map_err(|error| {
        let refusal = match error {
            AppendError::NotEnrolled => not_enrolled(call, said, &header, (topic.id, data.index)),
            error => refuse(call, &header, &error),
        };
        refusal.into()
    })
}

/// Stores a batch. Where it has to reach the disk, the thread's other work goes elsewhere meanwhile.
fn store(call: &Call, partition: &Partition, incoming: &Incoming<'_>) -> Result<Appended, AppendError> {
    let waits = call.node.journal.is_kept() && incoming.settings.flush_messages < i64::MAX;
    let appended = if waits { in_place(|| partition.append(incoming)) } else { partition.append(incoming) };
    if let Err(AppendError::Storage(error)) = &appended {
        call.node.faults.report(error);
    }
    appended
}

/// Why a batch belongs to no transaction here: the coordinator knows whether its producer is the current one.
fn not_enrolled(call: &Call, said: &Said<'_>, header: &BatchHeader, place: (Uuid, i32)) -> Refusal {
    let BatchHeader { producer_id, producer_epoch, .. } = *header;
    let who = Writer { id: said.transaction.unwrap_or_default(), producer_id, epoch: producer_epoch };
    let error = match call.node.transactions.verify(&who, place) {
        Ok(()) => ResponseError::InvalidTxnState,
        Err(ResponseError::ProducerFenced) => ResponseError::InvalidProducerEpoch,
        // Old clients send a batch again only for this reason.
        Err(ResponseError::ConcurrentTransactions) => ResponseError::NotEnoughReplicas,
        Err(error) => abortable(error, call.version, ABORTABLE),
    };
    let message = format!(
        "producer {producer_id} with epoch {producer_epoch} has no transaction in partition {}: {error}",
        place.1
    );
    Refusal::new(error, message)
}

fn check(call: &Call, said: &Said<'_>, batch: &[u8]) -> Result<BatchHeader, Refusal> {
    let header = BatchHeader::parse_produced(batch).map_err(|error| {
        let code = match error {
            BatchError::Checksum { .. } => ResponseError::CorruptMessage,
            BatchError::Codec { .. } => ResponseError::UnsupportedCompressionType,
            _ => ResponseError::InvalidRecord,
        };
        Refusal::new(code, error.to_string())
    })?;
    if header.codec == Codec::Zstd && call.version < ZSTD {
        let message = format!("zstd needs produce requests of version {ZSTD}");
        return Err(Refusal::new(ResponseError::UnsupportedCompressionType, message));
    }
    if header.is_transactional() && said.transaction.is_none() {
        // Kafka takes a missing id for one that its producer may not use.
        let message = "a transactional batch comes without a transactional id";
        return Err(Refusal::new(ResponseError::TransactionalIdAuthorizationFailed, message));
    }
    if header.is_transactional() && header.producer_id < 0 {
        let message = "a transactional batch has no producer id";
        return Err(Refusal::new(ResponseError::InvalidRecord, message));
    }
    Ok(header)
}

/// Checks that no record's time is further from `now` than the topic allows. Kafka has no limit for records without
/// a time, nor for those that are stamped on arrival.
fn check_times(
    settings: &TopicSettings,
    header: &BatchHeader,
    batch: &[u8],
    now: i64,
) -> Result<(), Refusal> {
    if settings.log_append_time {
        return Ok(());
    }
    let refuse = |timestamp: i64, name: &str, limit: i64| {
        let message = format!("timestamp {timestamp} is beyond {name}={limit} of the broker's time {now}");
        Err(Refusal::new(ResponseError::InvalidTimestamp, message))
    };
    let (before, after) = (settings.timestamp_before_max_ms, settings.timestamp_after_max_ms);
    if header.max_timestamp.saturating_sub(now) > after {
        return refuse(header.max_timestamp, "message.timestamp.after.max.ms", after);
    }
    // Every record has to be looked at, which is not done for a limit that nothing exceeds.
    if before < now && header.max_timestamp >= 0 {
        let earliest = records::earliest(batch, &mut UNPACK_BYTES.clone())
            .map_err(|error| Refusal::new(ResponseError::InvalidRecord, error.to_string()))?;
        if now.saturating_sub(earliest) > before {
            return refuse(earliest, "message.timestamp.before.max.ms", before);
        }
    }
    Ok(())
}

/// As many records without a key are named, as Kafka does.
const NAMED_RECORDS: usize = 3;

/// Records without a key have no place in a topic that keeps the last one of each key.
fn check_keys(topic: &Topic, index: i32, batch: &[u8]) -> Result<(), Refused> {
    if !topic.settings.cleanup_policy.contains("compact") {
        return Ok(());
    }
    let (places, count) = records::keyless(batch, NAMED_RECORDS, &mut UNPACK_BYTES.clone())
        .map_err(|error| Refusal::new(ResponseError::InvalidRecord, error.to_string()))?;
    if count == 0 {
        return Ok(());
    }
    let name = &*topic.name;
    let message =
        format!("Compacted topic cannot accept message without key in topic partition {name}-{index}");
    let records = places.into_iter().map(|place| {
        BatchIndexAndErrorMessage::default()
            .with_batch_index(place)
            .with_batch_index_error_message(Some(text(&message)))
    });
    let records = records.collect();
    let message =
        format!("{count} record(s) of the batch have no key, which a compacted topic needs ({name}-{index})");
    Err(Refused { refusal: Refusal::new(ResponseError::InvalidRecord, message), records })
}

fn refuse(call: &Call, header: &BatchHeader, error: &AppendError) -> Refusal {
    let BatchHeader { producer_id, producer_epoch, base_sequence, .. } = header;
    match error {
        AppendError::Full => Refusal::new(
            ResponseError::PolicyViolation,
            format!(
                "the broker's memory limit of {} bytes is reached; delete topics or raise the limit",
                call.node.data.limit()
            ),
        ),
        AppendError::OutOfOrder { expected } => Refusal::new(
            ResponseError::OutOfOrderSequenceNumber,
            format!("producer {producer_id} sent sequence {base_sequence} (expected {expected})"),
        ),
        AppendError::OldEpoch { current } => Refusal::new(
            ResponseError::InvalidProducerEpoch,
            format!("producer {producer_id} sent epoch {producer_epoch} (current is {current})"),
        ),
        AppendError::NotEnrolled | AppendError::Outside => Refusal::new(
            ResponseError::InvalidTxnState,
            format!("producer {producer_id} writes outside of its transaction in this partition"),
        ),
        AppendError::Storage(error) => Refusal::new(ResponseError::PolicyViolation, error.full_text()),
    }
}
