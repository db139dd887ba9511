use crate::{
    client::{Client, text, topic_name},
    transactions::Producer,
};
use kafka_protocol::messages::{
    ApiKey, DescribeProducersRequest, DescribeProducersResponse, DescribeTransactionsRequest,
    DescribeTransactionsResponse, InitProducerIdRequest, InitProducerIdResponse, ListTransactionsRequest,
    ListTransactionsResponse, ProducerId, TransactionalId, describe_producers_request::TopicRequest,
};

/// Asks for something that is right and something that is wrong; false if the API is not one of transactions.
pub(crate) fn ask(client: &mut Client, api: ApiKey, version: i16) -> bool {
    match api {
        ApiKey::InitProducerId => init_producer_id(client, version),
        ApiKey::AddPartitionsToTxn => add_partitions(client, version),
        ApiKey::AddOffsetsToTxn => add_offsets(client, version),
        ApiKey::EndTxn => end(client, version),
        ApiKey::TxnOffsetCommit => commit_offsets(client, version),
        ApiKey::DescribeProducers => describe_producers(client),
        ApiKey::DescribeTransactions => describe_transactions(client),
        ApiKey::ListTransactions => list_transactions(client, version),
        _ => return false,
    }
    true
}

/// What a producer is told that was replaced.
fn fenced(version: i16, since: i16) -> i16 {
    if version >= since { 90 } else { 47 }
}

fn init_producer_id(client: &mut Client, version: i16) {
    let request = InitProducerIdRequest::default().with_transactional_id(None);
    let response: InitProducerIdResponse = client.call(ApiKey::InitProducerId, version, &request);
    assert_eq!((response.error_code, response.producer_epoch), (0, 0), "InitProducerId v{version}");
    let mut init = |request: &InitProducerIdRequest| {
        let response: InitProducerIdResponse = client.call(ApiKey::InitProducerId, version, request);
        (response.error_code, response.producer_id.0, response.producer_epoch)
    };
    let named = |id: &str| {
        let id = TransactionalId(text(id));
        InitProducerIdRequest::default().with_transactional_id(Some(id)).with_transaction_timeout_ms(60_000)
    };
    let request = named(&format!("init{version}"));
    let (code, id, epoch) = init(&request);
    assert_eq!((code, epoch), (0, 0), "InitProducerId v{version}");
    assert_eq!(init(&request), (0, id, 1), "InitProducerId v{version}");
    assert_eq!(init(&named("")), (42, -1, -1), "InitProducerId v{version}");
    for timeout in [0, -1, 900_001] {
        assert_eq!(init(&request.clone().with_transaction_timeout_ms(timeout)), (50, -1, -1));
    }
    if version >= 3 {
        let with = |id, epoch| request.clone().with_producer_id(ProducerId(id)).with_producer_epoch(epoch);
        assert_eq!(init(&with(id, 1)), (0, id, 2), "the current one");
        assert_eq!(init(&with(id, 1)), (0, id, 2), "the last one, once more");
        assert_eq!(init(&with(id, 0)), (fenced(version, 4), -1, -1), "one before");
        assert_eq!(init(&with(id + 1_000_000, 2)), (fenced(version, 4), -1, -1), "another one");
        assert_eq!(init(&with(-1, 2)).0, 42, "InitProducerId v{version}");
        assert_eq!(init(&with(id, -1)).0, 42, "InitProducerId v{version}");
    }
}

fn add_partitions(client: &mut Client, version: i16) {
    let id = format!("add{version}");
    let old = Producer::init(client, &id);
    let current = Producer::init(client, &id);
    let add = |client: &mut Client, who: &Producer, partitions: &[i32]| {
        who.add_v(client, version, "t", partitions, false)
    };
    assert_eq!(add(client, &current, &[0]), [0], "AddPartitionsToTxn v{version}");
    assert_eq!(add(client, &current, &[0]), [0], "once more");
    assert_eq!(add(client, &current, &[0, 9]), [55, 3], "all or nothing");
    assert_eq!(add(client, &old, &[0]), [fenced(version, 2)], "AddPartitionsToTxn v{version}");
    assert_eq!(add(client, &Producer { producer_id: 5, ..current.clone() }, &[0]), [49]);
    assert_eq!(add(client, &Producer { id: "nobody".to_owned(), ..current.clone() }, &[0]), [49]);
    assert_eq!(add(client, &Producer { id: String::new(), ..current.clone() }, &[0]), [42]);
    if version >= 4 {
        client.metadata("other");
        let verify = |client: &mut Client, topic| current.add_v(client, version, topic, &[0], true);
        assert_eq!(verify(client, "t"), [0]);
        assert_eq!(verify(client, "other"), [120]);
        assert_eq!(verify(client, "other"), [120], "it was not added");
    }
    assert_eq!(current.end(client, true), 0);
}

fn add_offsets(client: &mut Client, version: i16) {
    let id = format!("offsets{version}");
    let old = Producer::init(client, &id);
    let current = Producer::init(client, &id);
    let add = |client: &mut Client, who: &Producer| who.add_group_v(client, version, "g");
    assert_eq!(add(client, &current), 0, "AddOffsetsToTxn v{version}");
    assert_eq!(add(client, &old), fenced(version, 2), "AddOffsetsToTxn v{version}");
    assert_eq!(add(client, &Producer { producer_id: 5, ..current.clone() }), 49);
    assert_eq!(current.end(client, false), 0);
}

fn end(client: &mut Client, version: i16) {
    let id = format!("end{version}");
    let old = Producer::init(client, &id);
    let current = Producer::init(client, &id);
    let end = |client: &mut Client, who: &Producer, commit| who.end_v(client, version, commit);
    assert_eq!(end(client, &current, true), 48, "EndTxn v{version} of nothing");
    for commit in [true, false] {
        assert_eq!(current.add(client, "t", &[0]), [0]);
        assert_eq!(end(client, &old, commit), fenced(version, 2), "EndTxn v{version}");
        assert_eq!(end(client, &current, commit), 0, "EndTxn v{version}");
        assert_eq!(end(client, &current, commit), 0, "EndTxn v{version} once more");
        assert_eq!(end(client, &current, !commit), 48, "EndTxn v{version} the other way");
    }
    assert_eq!(end(client, &Producer { producer_id: 5, ..current }, true), 49);
}

fn commit_offsets(client: &mut Client, version: i16) {
    let id = format!("commit{version}");
    let old = Producer::init(client, &id);
    let current = Producer::init(client, &id);
    let name = format!("commits{version}");
    let commit = |client: &mut Client, who: &Producer| {
        who.commit_offsets_v(client, version, &name, (-1, ""), &[("t", 0, 7), ("t", 9, 7), ("none", 0, 7)])
    };
    let outside = if version >= 4 { 120 } else { 48 };
    assert_eq!(commit(client, &current), [outside, 3, 3], "TxnOffsetCommit v{version} without the group");
    assert_eq!(current.add_group(client, &name), 0);
    assert_eq!(commit(client, &current), [0, 3, 3], "TxnOffsetCommit v{version}");
    assert_eq!(commit(client, &old), [47, 3, 3], "TxnOffsetCommit v{version}");
    assert_eq!(commit(client, &Producer { producer_id: 5, ..current.clone() }), [49, 3, 3]);
    if version >= 3 {
        let partition = [("t", 0, 8)];
        let by = |client: &mut Client, who| current.commit_offsets_v(client, version, &name, who, &partition);
        assert_eq!(by(client, (3, "somebody")), [25], "TxnOffsetCommit v{version} by nobody's member");
    }
    assert_eq!(current.end(client, true), 0);
}

fn describe_producers(client: &mut Client) {
    let producer = Producer::init(client, "described");
    assert_eq!(producer.add(client, "t", &[0]), [0]);
    let open = producer.write(client, "t", 0, 0, &["x"]);
    let topic = |name: &str| {
        TopicRequest::default().with_name(topic_name(name)).with_partition_indexes(vec![0, 0, 9])
    };
    let request = DescribeProducersRequest::default().with_topics(vec![topic("t"), topic("none")]);
    let response: DescribeProducersResponse = client.call(ApiKey::DescribeProducers, 0, &request);
    let codes: Vec<Vec<i16>> =
        response.topics.iter().map(|t| t.partitions.iter().map(|p| p.error_code).collect()).collect();
    assert_eq!(codes, [[0, 42, 3], [3, 3, 3]]);
    let shown = response.topics[0].partitions[0]
        .active_producers
        .iter()
        .find(|p| p.producer_id.0 == producer.producer_id)
        .unwrap();
    assert_eq!((shown.producer_epoch, shown.last_sequence), (producer.epoch.into(), 0));
    assert_eq!((shown.current_txn_start_offset, shown.coordinator_epoch), (open, -1));
    assert_eq!(producer.end(client, true), 0);
    let response: DescribeProducersResponse = client.call(ApiKey::DescribeProducers, 0, &request);
    let shown = response.topics[0].partitions[0]
        .active_producers
        .iter()
        .find(|p| p.producer_id.0 == producer.producer_id)
        .unwrap();
    assert_eq!((shown.current_txn_start_offset, shown.coordinator_epoch), (-1, 0));
}

fn describe_transactions(client: &mut Client) {
    let producer = Producer::init(client, "told");
    assert_eq!(producer.add(client, "t", &[0]), [0]);
    let ids = ["told", "nobody", ""].map(|id| TransactionalId(text(id)));
    let request = DescribeTransactionsRequest::default().with_transactional_ids(ids.to_vec());
    let response: DescribeTransactionsResponse = client.call(ApiKey::DescribeTransactions, 0, &request);
    let [found, missing, bad] = &response.transaction_states[..] else { panic!("three answers") };
    assert_eq!((found.error_code, missing.error_code, bad.error_code), (0, 105, 42));
    assert_eq!((&*found.transaction_state, found.transaction_timeout_ms), ("Ongoing", 60_000));
    assert_eq!((found.producer_id.0, found.producer_epoch), (producer.producer_id, producer.epoch));
    assert!(found.transaction_start_time_ms > 1_500_000_000_000);
    assert_eq!((found.topics[0].topic.as_str(), &found.topics[0].partitions[..]), ("t", &[0][..]));
    assert_eq!(producer.end(client, true), 0);
    let after: DescribeTransactionsResponse = client.call(ApiKey::DescribeTransactions, 0, &request);
    let ended = &after.transaction_states[0];
    let began = found.transaction_start_time_ms;
    assert_eq!((&*ended.transaction_state, ended.transaction_start_time_ms), ("CompleteCommit", began));
    assert!(ended.topics.is_empty());
}

fn list_transactions(client: &mut Client, version: i16) {
    let producer = Producer::init(client, "listed");
    let list = |client: &mut Client, request: &ListTransactionsRequest| {
        let response: ListTransactionsResponse = client.call(ApiKey::ListTransactions, version, request);
        assert_eq!(response.error_code, 0, "ListTransactions v{version}");
        let unknown: Vec<String> = response.unknown_state_filters.iter().map(ToString::to_string).collect();
        let states = response.transaction_states;
        (states.into_iter().find(|t| t.transactional_id.as_str() == "listed"), unknown)
    };
    let request = ListTransactionsRequest::default();
    let (found, unknown) = list(client, &request);
    let found = found.unwrap();
    assert_eq!((found.producer_id.0, &*found.transaction_state), (producer.producer_id, "Empty"));
    assert!(unknown.is_empty());
    let states = |names: &[&str]| request.clone().with_state_filters(names.iter().map(|n| text(n)).collect());
    assert!(list(client, &states(&["Empty"])).0.is_some());
    assert!(list(client, &states(&["Ongoing"])).0.is_none() && list(client, &states(&["Dead"])).0.is_none());
    let (found, unknown) = list(client, &states(&["Empty", "empty"]));
    assert!(found.is_some() && unknown == ["empty"]);
    let of = |id| request.clone().with_producer_id_filters(vec![ProducerId(id)]);
    assert!(list(client, &of(producer.producer_id)).0.is_some() && list(client, &of(3)).0.is_none());
    if version >= 1 {
        let longer = request.clone().with_duration_filter(3_600_000);
        assert!(list(client, &longer).0.is_some(), "as in Kafka, one without a transaction is old");
        assert_eq!(producer.add(client, "t", &[0]), [0]);
        assert!(list(client, &longer).0.is_none());
        assert_eq!(producer.end(client, true), 0);
    }
}
