//! `Produce`, key 0, versions 3 to 13.
//!
//! A partition takes exactly one batch of format version 2, whose header and checksum are checked; its records
//! stay as they are, in any compression. Differs from Kafka: bytes behind the batch are refused where Kafka cuts off
//! an incomplete batch; record timestamps are not checked; a transactional batch is refused with
//! `INVALID_TXN_STATE`. When the memory limit is reached or the disk takes no more, the answer is `POLICY_VIOLATION`: producers give up on it
//! at once, while they repeat `KAFKA_STORAGE_ERROR` until their delivery timeout.

use super::{Api, find_topic, text};
use crate::{
    dispatch::Close,
    partition::{AppendError, Appended},
    shared::Call,
    topics::{Refusal, Topic},
};
use bytes::Bytes;
use kadence_wire::batch::{BatchError, BatchHeader, Codec};
use kafka_protocol::{
    ResponseError,
    messages::{
        ApiKey, ProduceRequest, ProduceResponse,
        produce_request::{PartitionProduceData, TopicProduceData},
        produce_response::{PartitionProduceResponse, TopicProduceResponse},
    },
};
use std::sync::Arc;

/// From here on topics go by their ids.
const BY_ID: i16 = 13;
/// From here on clients know zstd.
const ZSTD: i16 = 7;
const NO_ACKS: i16 = 0;
const ALL_ACKS: i16 = -1;

pub(crate) struct Produce;

impl Api for Produce {
    const KEY: ApiKey = ApiKey::Produce;
    const MIN: i16 = 3;
    const MAX: i16 = 13;
    type Request = ProduceRequest;
    type Response = ProduceResponse;

    fn answer(call: &Call, request: Self::Request) -> Result<Option<Self::Response>, Close> {
        let acks = request.acks;
        let mut refused = false;
        let mut responses = Vec::with_capacity(request.topic_data.len());
        for data in request.topic_data {
            let response = topic(call, acks, data);
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

fn topic(call: &Call, acks: i16, data: TopicProduceData) -> TopicProduceResponse {
    let found = find_topic(call, call.version >= BY_ID, &data.name, data.topic_id);
    let partitions = data.partition_data.into_iter().map(|partition| {
        let result = match &found {
            Ok(topic) => append(call, acks, topic, &partition),
            Err(error) => Err(Refusal::new(*error, error.to_string())),
        };
        answer(partition.index, &result)
    });
    TopicProduceResponse::default()
        .with_name(data.name)
        .with_topic_id(data.topic_id)
        .with_partition_responses(partitions.collect())
}

fn answer(index: i32, result: &Result<Appended, Refusal>) -> PartitionProduceResponse {
    let response = PartitionProduceResponse::default().with_index(index);
    match result {
        Ok(appended) => response
            .with_base_offset(appended.base_offset)
            .with_log_append_time_ms(appended.append_time)
            .with_log_start_offset(appended.log_start),
        Err(refusal) => response
            .with_base_offset(-1)
            .with_log_append_time_ms(-1)
            .with_log_start_offset(-1)
            .with_error_code(refusal.error.code())
            .with_error_message(Some(text(&refusal.message))),
    }
}

fn append(
    call: &Call,
    acks: i16,
    topic: &Arc<Topic>,
    data: &PartitionProduceData,
) -> Result<Appended, Refusal> {
    let options = &call.shared.options;
    if !matches!(acks, NO_ACKS | 1 | ALL_ACKS) {
        return Err(Refusal::new(
            ResponseError::InvalidRequiredAcks,
            format!("acks={acks} is not 0, 1 or -1"),
        ));
    }
    let partition = topic.partition(data.index).ok_or_else(|| {
        let error = ResponseError::UnknownTopicOrPartition;
        Refusal::new(error, format!("{} has no partition {}", &*topic.name, data.index))
    })?;
    let wanted = topic.config.min_insync();
    if acks == ALL_ACKS && wanted > 1 {
        let message = format!("acks=all wants {wanted} replicas in sync; there is one");
        return Err(Refusal::new(ResponseError::NotEnoughReplicas, message));
    }
    let empty = Bytes::new();
    let batch = data.records.as_ref().unwrap_or(&empty);
    let max = topic.config.max_message_bytes(options);
    if batch.len() > max {
        let message = format!(
            "the batch takes {} bytes, more than max.message.bytes={max} of topic {}",
            batch.len(),
            &*topic.name
        );
        return Err(Refusal::new(ResponseError::MessageTooLarge, message));
    }
    let header = check(call, batch)?;
    let stamp = topic.config.log_append_time(options).then(|| call.shared.clock.now_ms());
    partition.append(&header, batch, stamp).map_err(|error| refuse(call, &header, &error))
}

fn check(call: &Call, batch: &[u8]) -> Result<BatchHeader, Refusal> {
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
    if header.is_transactional() {
        let message = "transactions are not served by this broker";
        return Err(Refusal::new(ResponseError::InvalidTxnState, message));
    }
    Ok(header)
}

fn refuse(call: &Call, header: &BatchHeader, error: &AppendError) -> Refusal {
    let BatchHeader { producer_id, producer_epoch, base_sequence, .. } = header;
    match error {
        AppendError::Full => Refusal::new(
            ResponseError::PolicyViolation,
            format!(
                "the broker's memory limit of {} bytes is reached; delete topics or raise the limit",
                call.shared.data.limit()
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
        AppendError::Storage(error) => Refusal::new(ResponseError::PolicyViolation, error.full_text()),
    }
}
