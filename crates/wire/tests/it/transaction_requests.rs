use crate::requests::{name, put, text, unknown};
use bytes::BytesMut;
use kafka_protocol::messages::{
    AddOffsetsToTxnRequest, AddPartitionsToTxnRequest, ApiKey, DescribeProducersRequest,
    DescribeTransactionsRequest, EndTxnRequest, GroupId, ListTransactionsRequest, ProducerId,
    TransactionalId, TxnOffsetCommitRequest, WriteTxnMarkersRequest,
    add_partitions_to_txn_request::{AddPartitionsToTxnTopic, AddPartitionsToTxnTransaction},
    describe_producers_request::TopicRequest,
    txn_offset_commit_request::{TxnOffsetCommitRequestPartition, TxnOffsetCommitRequestTopic},
    write_txn_markers_request::{WritableTxnMarker, WritableTxnMarkerTopic},
};

/// Writes a body with something in every field that `version` has; false if the API is not one of transactions.
pub(crate) fn put_populated(out: &mut BytesMut, api: ApiKey, version: i16) -> bool {
    match api {
        ApiKey::AddPartitionsToTxn => put(out, version, &add_partitions(version)),
        ApiKey::AddOffsetsToTxn => put(out, version, &add_offsets(version)),
        ApiKey::EndTxn => put(out, version, &end(version)),
        ApiKey::WriteTxnMarkers => put(out, version, &markers()),
        ApiKey::TxnOffsetCommit => put(out, version, &commit_offsets(version)),
        ApiKey::DescribeProducers => put(out, version, &describe_producers()),
        ApiKey::DescribeTransactions => {
            let ids = vec![id(), id()];
            put(out, version, &DescribeTransactionsRequest::default().with_transactional_ids(ids));
        }
        ApiKey::ListTransactions => put(out, version, &list(version)),
        _ => return false,
    }
    true
}

fn id() -> TransactionalId {
    text("transaction").into()
}

fn add_partitions(version: i16) -> AddPartitionsToTxnRequest {
    let topic = AddPartitionsToTxnTopic::default().with_name(name("topic")).with_partitions(vec![1, 2, 3]);
    let request = AddPartitionsToTxnRequest::default();
    if version >= 4 {
        let transaction = AddPartitionsToTxnTransaction::default()
            .with_transactional_id(id())
            .with_producer_id(ProducerId(7))
            .with_producer_epoch(2)
            .with_verify_only(true)
            .with_topics(vec![topic; 2]);
        return request.with_transactions(vec![transaction; 2]).with_unknown_tagged_fields(unknown());
    }
    request
        .with_v3_and_below_transactional_id(id())
        .with_v3_and_below_producer_id(ProducerId(7))
        .with_v3_and_below_producer_epoch(2)
        .with_v3_and_below_topics(vec![topic; 2])
}

fn add_offsets(version: i16) -> AddOffsetsToTxnRequest {
    let request = AddOffsetsToTxnRequest::default()
        .with_transactional_id(id())
        .with_producer_id(ProducerId(7))
        .with_producer_epoch(2)
        .with_group_id(GroupId(text("group")));
    if version >= 3 { request.with_unknown_tagged_fields(unknown()) } else { request }
}

fn end(version: i16) -> EndTxnRequest {
    let request = EndTxnRequest::default()
        .with_transactional_id(id())
        .with_producer_id(ProducerId(7))
        .with_producer_epoch(2)
        .with_committed(true);
    if version >= 3 { request.with_unknown_tagged_fields(unknown()) } else { request }
}

fn markers() -> WriteTxnMarkersRequest {
    let topic =
        WritableTxnMarkerTopic::default().with_name(name("topic")).with_partition_indexes(vec![1, 2, 3]);
    let marker = WritableTxnMarker::default()
        .with_producer_id(ProducerId(7))
        .with_producer_epoch(2)
        .with_transaction_result(true)
        .with_topics(vec![topic; 2])
        .with_coordinator_epoch(4);
    WriteTxnMarkersRequest::default().with_markers(vec![marker; 2]).with_unknown_tagged_fields(unknown())
}

fn commit_offsets(version: i16) -> TxnOffsetCommitRequest {
    let partition = TxnOffsetCommitRequestPartition::default()
        .with_partition_index(1)
        .with_committed_offset(8)
        .with_committed_leader_epoch(if version >= 2 { 2 } else { -1 })
        .with_committed_metadata(Some(text("metadata")));
    let partitions = vec![partition.clone(), partition.with_committed_metadata(None)];
    let topic = TxnOffsetCommitRequestTopic::default().with_name(name("topic")).with_partitions(partitions);
    let request = TxnOffsetCommitRequest::default()
        .with_transactional_id(id())
        .with_group_id(GroupId(text("group")))
        .with_producer_id(ProducerId(7))
        .with_producer_epoch(2)
        .with_topics(vec![topic; 2]);
    if version < 3 {
        return request;
    }
    request
        .with_generation_id(3)
        .with_member_id(text("member"))
        .with_group_instance_id(Some(text("instance")))
        .with_unknown_tagged_fields(unknown())
}

fn describe_producers() -> DescribeProducersRequest {
    let topic = TopicRequest::default().with_name(name("topic")).with_partition_indexes(vec![1, 2, 3]);
    DescribeProducersRequest::default().with_topics(vec![topic; 2]).with_unknown_tagged_fields(unknown())
}

fn list(version: i16) -> ListTransactionsRequest {
    let request = ListTransactionsRequest::default()
        .with_state_filters(vec![text("Ongoing"); 2])
        .with_producer_id_filters(vec![ProducerId(7); 3]);
    let request = if version >= 1 { request.with_duration_filter(9) } else { request };
    if version >= 2 { request.with_transactional_id_pattern(Some(text("a.*"))) } else { request }
}
