use crate::{
    client::{Batch, Client, fetch_request, produce_request, start, start_with, text, topic_name},
    directory::start_in,
    group_versions::{commit_request, group, join, sync},
};
use bytes::Bytes;
use kafka_protocol::{
    messages::{
        AddOffsetsToTxnRequest, AddOffsetsToTxnResponse, AddPartitionsToTxnRequest,
        AddPartitionsToTxnResponse, ApiKey, BrokerId, DeleteGroupsRequest, DeleteGroupsResponse,
        DeleteTopicsRequest, DeleteTopicsResponse, EndTxnRequest, EndTxnResponse, FetchResponse,
        InitProducerIdRequest, InitProducerIdResponse, ListOffsetsRequest, ListOffsetsResponse,
        OffsetCommitResponse, OffsetFetchRequest, OffsetFetchResponse, ProduceResponse, ProducerId,
        TransactionalId, TxnOffsetCommitRequest, TxnOffsetCommitResponse,
        add_partitions_to_txn_request::{AddPartitionsToTxnTopic, AddPartitionsToTxnTransaction},
        add_partitions_to_txn_response::AddPartitionsToTxnTopicResult,
        fetch_response::PartitionData,
        list_offsets_request::{ListOffsetsPartition, ListOffsetsTopic},
        offset_fetch_request::{OffsetFetchRequestGroup, OffsetFetchRequestTopics},
        produce_response::PartitionProduceResponse,
        txn_offset_commit_request::{TxnOffsetCommitRequestPartition, TxnOffsetCommitRequestTopic},
    },
    records::RecordBatchDecoder,
};
use std::{collections::HashSet, thread, time::Duration};
use tempfile::TempDir;

pub(crate) const TRANSACTIONAL: i16 = 0x10;

/// A transactional producer as it believes to be.
#[expect(clippy::struct_field_names, reason = "Kafka's word for it")]
#[derive(Debug, Clone)]
pub(crate) struct Producer {
    pub(crate) id: String,
    pub(crate) producer_id: i64,
    pub(crate) epoch: i16,
}

impl Producer {
    pub(crate) fn init(client: &mut Client, id: &str) -> Self {
        Self::init_for(client, id, 60_000)
    }

    fn init_for(client: &mut Client, id: &str, timeout_ms: i32) -> Self {
        let request = InitProducerIdRequest::default()
            .with_transactional_id(Some(TransactionalId(text(id))))
            .with_transaction_timeout_ms(timeout_ms);
        let response: InitProducerIdResponse = client.call(ApiKey::InitProducerId, 5, &request);
        assert_eq!(response.error_code, 0);
        let (producer_id, epoch) = (response.producer_id.0, response.producer_epoch);
        Self { id: id.to_owned(), producer_id, epoch }
    }

    fn id(&self) -> TransactionalId {
        TransactionalId(text(&self.id))
    }

    pub(crate) fn add(&self, client: &mut Client, topic: &str, partitions: &[i32]) -> Vec<i16> {
        self.add_v(client, 3, topic, partitions, false)
    }

    pub(crate) fn add_v(
        &self,
        client: &mut Client,
        version: i16,
        topic: &str,
        partitions: &[i32],
        verify_only: bool,
    ) -> Vec<i16> {
        let topic = AddPartitionsToTxnTopic::default()
            .with_name(topic_name(topic))
            .with_partitions(partitions.to_vec());
        let request = if version < 4 {
            AddPartitionsToTxnRequest::default()
                .with_v3_and_below_transactional_id(self.id())
                .with_v3_and_below_producer_id(ProducerId(self.producer_id))
                .with_v3_and_below_producer_epoch(self.epoch)
                .with_v3_and_below_topics(vec![topic])
        } else {
            let transaction = AddPartitionsToTxnTransaction::default()
                .with_transactional_id(self.id())
                .with_producer_id(ProducerId(self.producer_id))
                .with_producer_epoch(self.epoch)
                .with_verify_only(verify_only)
                .with_topics(vec![topic]);
            AddPartitionsToTxnRequest::default().with_transactions(vec![transaction])
        };
        let response: AddPartitionsToTxnResponse = client.call(ApiKey::AddPartitionsToTxn, version, &request);
        assert_eq!(response.error_code, 0);
        let codes = |topics: &[AddPartitionsToTxnTopicResult]| {
            let partitions = topics.iter().flat_map(|t| &t.results_by_partition);
            partitions.map(|p| p.partition_error_code).collect()
        };
        if version < 4 {
            codes(&response.results_by_topic_v3_and_below)
        } else {
            codes(&response.results_by_transaction[0].topic_results)
        }
    }

    pub(crate) fn add_group(&self, client: &mut Client, name: &str) -> i16 {
        self.add_group_v(client, 3, name)
    }

    pub(crate) fn add_group_v(&self, client: &mut Client, version: i16, name: &str) -> i16 {
        let request = AddOffsetsToTxnRequest::default()
            .with_transactional_id(self.id())
            .with_producer_id(ProducerId(self.producer_id))
            .with_producer_epoch(self.epoch)
            .with_group_id(group(name));
        let response: AddOffsetsToTxnResponse = client.call(ApiKey::AddOffsetsToTxn, version, &request);
        response.error_code
    }

    /// Commits offsets of partitions as a member of a generation.
    pub(crate) fn commit_offsets_v(
        &self,
        client: &mut Client,
        version: i16,
        name: &str,
        (generation, member): (i32, &str),
        offsets: &[(&str, i32, i64)],
    ) -> Vec<i16> {
        let topics = offsets.iter().map(|(topic, index, offset)| {
            let partition = TxnOffsetCommitRequestPartition::default()
                .with_partition_index(*index)
                .with_committed_offset(*offset)
                .with_committed_metadata(Some(text("note")));
            TxnOffsetCommitRequestTopic::default()
                .with_name(topic_name(topic))
                .with_partitions(vec![partition])
        });
        let request = TxnOffsetCommitRequest::default()
            .with_transactional_id(self.id())
            .with_group_id(group(name))
            .with_producer_id(ProducerId(self.producer_id))
            .with_producer_epoch(self.epoch)
            .with_generation_id(generation)
            .with_member_id(text(member))
            .with_topics(topics.collect());
        let response: TxnOffsetCommitResponse = client.call(ApiKey::TxnOffsetCommit, version, &request);
        response.topics.iter().flat_map(|t| t.partitions.iter().map(|p| p.error_code)).collect()
    }

    pub(crate) fn end(&self, client: &mut Client, commit: bool) -> i16 {
        self.end_v(client, 3, commit)
    }

    pub(crate) fn end_v(&self, client: &mut Client, version: i16, commit: bool) -> i16 {
        let request = EndTxnRequest::default()
            .with_transactional_id(self.id())
            .with_producer_id(ProducerId(self.producer_id))
            .with_producer_epoch(self.epoch)
            .with_committed(commit);
        let response: EndTxnResponse = client.call(ApiKey::EndTxn, version, &request);
        response.error_code
    }

    fn batch(&self, sequence: i32, values: &[&str]) -> Bytes {
        let mut batch = Batch::of(values).by(self.producer_id, self.epoch, sequence);
        batch.attributes |= TRANSACTIONAL;
        batch.bytes()
    }

    fn try_write(
        &self,
        client: &mut Client,
        version: i16,
        (topic, partition): (&str, i32),
        sequence: i32,
        values: &[&str],
    ) -> PartitionProduceResponse {
        let request = produce_request(topic, partition, self.batch(sequence, values))
            .with_transactional_id(Some(self.id()));
        let mut response: ProduceResponse = client.call(ApiKey::Produce, version, &request);
        response.responses.remove(0).partition_responses.remove(0)
    }

    /// Writes a batch, and says at which offset.
    pub(crate) fn write(
        &self,
        client: &mut Client,
        topic: &str,
        partition: i32,
        sequence: i32,
        values: &[&str],
    ) -> i64 {
        let written = self.try_write(client, 9, (topic, partition), sequence, values);
        assert_eq!(written.error_code, 0);
        written.base_offset
    }
}

fn fetch_committed(client: &mut Client, topic: &str, offset: i64) -> PartitionData {
    let request = fetch_request(topic, &[(0, offset)]).with_isolation_level(1);
    let mut response: FetchResponse = client.call(ApiKey::Fetch, 12, &request);
    response.responses.remove(0).partitions.remove(0)
}

/// The values in an answer, as a consumer that reads what is committed finds them.
fn values(data: &PartitionData) -> Vec<String> {
    let mut aborted: Vec<(i64, i64)> = data
        .aborted_transactions
        .iter()
        .flatten()
        .map(|aborted| (aborted.first_offset, aborted.producer_id.0))
        .collect();
    aborted.sort_unstable();
    let (mut skipped, mut values) = (HashSet::new(), Vec::new());
    let mut bytes = data.records.clone().unwrap_or_default();
    while !bytes.is_empty() {
        let set = RecordBatchDecoder::decode(&mut bytes).unwrap();
        for record in set.records {
            for (_, producer) in aborted.iter().filter(|(first, _)| *first <= record.offset) {
                skipped.insert(*producer);
            }
            aborted.retain(|(first, _)| *first > record.offset);
            if record.control {
                skipped.remove(&record.producer_id);
            } else if !(record.transactional && skipped.contains(&record.producer_id)) {
                values.push(String::from_utf8(record.value.unwrap().to_vec()).unwrap());
            }
        }
    }
    values
}

fn committed(client: &mut Client, topic: &str) -> Vec<String> {
    values(&fetch_committed(client, topic, 0))
}

fn offset(client: &mut Client, name: &str, stable: bool) -> (i16, i64) {
    let topic =
        OffsetFetchRequestTopics::default().with_name(topic_name("t")).with_partition_indexes(vec![0]);
    let asking = OffsetFetchRequestGroup::default().with_group_id(group(name)).with_topics(Some(vec![topic]));
    let request = OffsetFetchRequest::default().with_groups(vec![asking]).with_require_stable(stable);
    let response: OffsetFetchResponse = client.call(ApiKey::OffsetFetch, 8, &request);
    let found = &response.groups[0].topics[0].partitions[0];
    (found.error_code, found.committed_offset)
}

#[test]
fn what_is_committed_is_seen_and_what_is_aborted_is_not() {
    let broker = start();
    let mut client = Client::connect(&broker);
    client.metadata("t");
    let one = Producer::init(&mut client, "one");
    let two = Producer::init(&mut client, "two");
    assert_eq!(one.add(&mut client, "t", &[0]), [0]);
    assert_eq!(two.add(&mut client, "t", &[0]), [0]);
    assert_eq!(one.write(&mut client, "t", 0, 0, &["a1", "a2"]), 0);
    assert_eq!(two.write(&mut client, "t", 0, 0, &["b1"]), 2);
    client.produce("t", 0, Batch::of(&["plain"]).bytes());
    assert_eq!(one.write(&mut client, "t", 0, 2, &["a3"]), 4);

    let data = fetch_committed(&mut client, "t", 0);
    assert_eq!((data.high_watermark, data.last_stable_offset), (5, 0));
    assert!(data.records.unwrap().is_empty());
    let all = client.fetch("t", 0, 0);
    assert_eq!((all.last_stable_offset, all.aborted_transactions.clone()), (0, None));
    assert_eq!(values(&all), ["a1", "a2", "b1", "plain", "a3"]);

    assert_eq!(one.end(&mut client, false), 0);
    let data = fetch_committed(&mut client, "t", 0);
    assert_eq!((data.high_watermark, data.last_stable_offset), (6, 2));
    let aborted = data.aborted_transactions.clone().unwrap();
    assert_eq!((aborted.len(), aborted[0].producer_id.0, aborted[0].first_offset), (1, one.producer_id, 0));
    assert!(values(&data).is_empty());

    assert_eq!(two.end(&mut client, true), 0);
    let data = fetch_committed(&mut client, "t", 0);
    assert_eq!((data.high_watermark, data.last_stable_offset), (7, 7));
    assert_eq!(values(&data), ["b1", "plain"]);
    let rest = fetch_committed(&mut client, "t", 6);
    assert!(rest.aborted_transactions.unwrap().is_empty());

    assert_eq!(one.add(&mut client, "t", &[0]), [0]);
    assert_eq!(one.write(&mut client, "t", 0, 3, &["a4"]), 7, "the numbers go on");
    assert_eq!(one.end(&mut client, true), 0);
    assert_eq!(committed(&mut client, "t"), ["b1", "plain", "a4"]);
}

#[test]
fn a_second_producer_aborts_the_transaction_of_the_first_and_fences_it() {
    let broker = start();
    let mut client = Client::connect(&broker);
    client.metadata("t");
    let old = Producer::init(&mut client, "one");
    assert_eq!(old.add(&mut client, "t", &[0]), [0]);
    assert_eq!(old.add_group(&mut client, "g"), 0);
    old.write(&mut client, "t", 0, 0, &["old"]);
    assert_eq!(old.commit_offsets_v(&mut client, 3, "g", (-1, ""), &[("t", 0, 5)]), [0]);

    let new = Producer::init(&mut client, "one");
    assert_eq!(new.producer_id, old.producer_id);
    assert!(new.epoch > old.epoch);
    assert_eq!(fetch_committed(&mut client, "t", 0).last_stable_offset, 2, "it is aborted already");
    assert_eq!(offset(&mut client, "g", true), (0, -1));

    assert_eq!(old.try_write(&mut client, 9, ("t", 0), 1, &["zombie"]).error_code, 47);
    assert_eq!(old.add(&mut client, "t", &[0]), [90]);
    assert_eq!(old.add_group(&mut client, "g"), 90);
    assert_eq!(old.commit_offsets_v(&mut client, 3, "g", (-1, ""), &[("t", 0, 5)]), [47]);
    assert_eq!(old.end(&mut client, true), 90);

    assert_eq!(new.add(&mut client, "t", &[0]), [0]);
    new.write(&mut client, "t", 0, 0, &["new"]);
    assert_eq!(old.try_write(&mut client, 9, ("t", 0), 1, &["zombie"]).error_code, 47);
    assert_eq!(new.end(&mut client, true), 0);
    assert_eq!(committed(&mut client, "t"), ["new"]);
}

#[test]
fn a_batch_needs_a_transaction_that_has_its_partition() {
    let broker = start();
    let mut client = Client::connect(&broker);
    client.metadata("t");
    let producer = Producer::init(&mut client, "one");
    let code = |client: &mut Client, version, who: &Producer| {
        who.try_write(client, version, ("t", 0), 0, &["x"]).error_code
    };
    assert_eq!(code(&mut client, 9, &producer), 48, "none");
    assert_eq!(code(&mut client, 11, &producer), 120, "for clients that know it");
    assert_eq!(code(&mut client, 9, &Producer { id: "other".to_owned(), ..producer.clone() }), 49);
    let next = Producer::init(&mut client, "one");
    assert_eq!(code(&mut client, 9, &producer), 47, "an old epoch that the partition never saw");
    client.metadata("other");
    assert_eq!(next.add(&mut client, "other", &[0]), [0]);
    assert_eq!(code(&mut client, 9, &next), 48, "another partition");
    let unnamed = client.produce("t", 0, next.batch(0, &["x"]));
    assert_eq!(unnamed.error_code, 53, "no transactional id");
    let mut nobody = Batch::of(&["x"]);
    nobody.attributes |= TRANSACTIONAL;
    let request = produce_request("t", 0, nobody.bytes()).with_transactional_id(Some(next.id()));
    let response: ProduceResponse = client.call(ApiKey::Produce, 9, &request);
    assert_eq!(response.responses[0].partition_responses[0].error_code, 87, "no producer id");

    assert_eq!(next.add(&mut client, "t", &[0]), [0]);
    next.write(&mut client, "t", 0, 0, &["x"]);
    let outside = Batch::of(&["y"]).by(next.producer_id, next.epoch, 1).bytes();
    assert_eq!(client.produce("t", 0, outside).error_code, 48, "outside of its transaction");
    let again = next.try_write(&mut client, 9, ("t", 0), 0, &["x"]);
    assert_eq!((again.error_code, again.base_offset), (0, 0), "the same batch again");
    assert_eq!(next.end(&mut client, true), 0);
    assert_eq!(next.try_write(&mut client, 9, ("t", 0), 1, &["late"]).error_code, 48, "behind its marker");
    assert_eq!(committed(&mut client, "t"), ["x"]);
}

#[test]
fn offsets_are_committed_with_the_transaction_or_not_at_all() {
    let broker = start();
    let mut client = Client::connect(&broker);
    client.metadata("t");
    let producer = Producer::init(&mut client, "one");
    let _: OffsetCommitResponse = client.call(ApiKey::OffsetCommit, 8, &commit_request(8, "g"));
    assert_eq!(offset(&mut client, "g", true), (0, 7));
    for (commit, expected) in [(false, 7), (true, 9)] {
        assert_eq!(producer.add_group(&mut client, "g"), 0);
        assert_eq!(producer.commit_offsets_v(&mut client, 3, "g", (-1, ""), &[("t", 0, 9)]), [0]);
        assert_eq!(offset(&mut client, "g", true), (88, -1), "it may change");
        assert_eq!(offset(&mut client, "g", false), (0, 7));
        assert_eq!(producer.end(&mut client, commit), 0);
        assert_eq!(offset(&mut client, "g", true), (0, expected));
    }
}

#[test]
fn a_member_commits_in_a_transaction_only_in_its_generation() {
    let broker = start();
    let mut client = Client::connect(&broker);
    client.metadata("t");
    let producer = Producer::init(&mut client, "one");
    let (member, generation) = join(&mut client, 5, "g");
    assert_eq!(producer.add_group(&mut client, "g"), 0);
    let commit = |client: &mut Client, generation, member: &str| {
        producer.commit_offsets_v(client, 3, "g", (generation, member), &[("t", 0, 9)])
    };
    assert_eq!(commit(&mut client, generation, &member), [0], "before it knows its share");
    sync(&mut client, 3, "g", &member, generation);
    assert_eq!(commit(&mut client, generation, &member), [0]);
    assert_eq!(commit(&mut client, generation - 1, &member), [22]);
    assert_eq!(commit(&mut client, generation, "nobody"), [25]);
    assert_eq!(commit(&mut client, -1, ""), [0], "old producers do not say who they are");
    assert_eq!(producer.add_group(&mut client, "none"), 0);
    let unknown = producer.commit_offsets_v(&mut client, 3, "none", (3, "somebody"), &[("t", 0, 9)]);
    assert_eq!(unknown, [22], "there is no such group");
    assert_eq!(producer.end(&mut client, true), 0);
    assert_eq!(offset(&mut client, "g", true), (0, 9));
}

/// The timeout is the broker's clock's, so the consumer waits for what comes of it.
#[test]
fn a_transaction_that_takes_too_long_is_aborted_and_its_producer_fenced() {
    let broker = start();
    let mut client = Client::connect(&broker);
    client.metadata("t");
    let producer = Producer::init_for(&mut client, "slow", 300);
    assert_eq!(producer.add(&mut client, "t", &[0]), [0]);
    producer.write(&mut client, "t", 0, 0, &["slow"]);
    let request = fetch_request("t", &[(0, 0)]).with_isolation_level(1).with_max_wait_ms(20_000);
    let response: FetchResponse = client.call(ApiKey::Fetch, 12, &request);
    let data = &response.responses[0].partitions[0];
    assert_eq!((data.last_stable_offset, values(data).len()), (2, 0), "the marker has woken the fetch");
    assert_eq!(producer.end(&mut client, true), 90);
    assert_eq!(producer.add(&mut client, "t", &[0]), [90]);
    assert_eq!(producer.try_write(&mut client, 9, ("t", 0), 1, &["late"]).error_code, 47);
    let next = Producer::init(&mut client, "slow");
    assert!(next.epoch > producer.epoch + 1, "the abort has taken an epoch");
}

#[test]
fn a_fetch_of_what_is_committed_waits_for_the_marker() {
    let broker = start();
    let mut client = Client::connect(&broker);
    client.metadata("t");
    let producer = Producer::init(&mut client, "one");
    assert_eq!(producer.add(&mut client, "t", &[0]), [0]);
    let address = broker.addresses()[0];
    let reader = thread::spawn(move || {
        let mut client = Client::to(address);
        let request = fetch_request("t", &[(0, 0)]).with_isolation_level(1).with_max_wait_ms(20_000);
        let mut response: FetchResponse = client.call(ApiKey::Fetch, 12, &request);
        response.responses.remove(0).partitions.remove(0)
    });
    while broker.stats().waiting_fetches == 0 {
        thread::yield_now();
    }
    producer.write(&mut client, "t", 0, 0, &["x"]);
    assert_eq!(producer.end(&mut client, true), 0);
    let data = reader.join().unwrap();
    assert_eq!((values(&data), data.last_stable_offset), (vec!["x".to_owned()], 2));
}

#[test]
fn the_latest_offset_is_the_last_stable_one_for_who_reads_what_is_committed() {
    let broker = start();
    let mut client = Client::connect(&broker);
    client.metadata("t");
    client.produce("t", 0, Batch::of(&["a"]).bytes());
    let producer = Producer::init(&mut client, "one");
    assert_eq!(producer.add(&mut client, "t", &[0]), [0]);
    producer.write(&mut client, "t", 0, 0, &["b", "c"]);
    let mut look = |isolation, timestamp| {
        let partition = ListOffsetsPartition::default().with_partition_index(0).with_timestamp(timestamp);
        let topic = ListOffsetsTopic::default().with_name(topic_name("t")).with_partitions(vec![partition]);
        let request = ListOffsetsRequest::default()
            .with_replica_id(BrokerId(-1))
            .with_isolation_level(isolation)
            .with_topics(vec![topic]);
        let response: ListOffsetsResponse = client.call(ApiKey::ListOffsets, 7, &request);
        response.topics[0].partitions[0].offset
    };
    assert_eq!((look(0, -1), look(1, -1)), (3, 1));
    assert_eq!((look(0, -3), look(1, -3)), (2, -1), "the greatest timestamp is not committed");
    assert_eq!((look(0, 1_000), look(1, 1_000)), (0, 0));
    assert_eq!((look(0, 1_001), look(1, 1_001)), (2, -1));
}

#[test]
fn a_deleted_topic_or_group_does_not_hold_up_a_transaction() {
    let broker = start();
    let mut client = Client::connect(&broker);
    client.metadata("t");
    client.metadata("doomed");
    let producer = Producer::init(&mut client, "one");
    assert_eq!(producer.add(&mut client, "t", &[0]), [0]);
    assert_eq!(producer.add(&mut client, "doomed", &[0]), [0]);
    assert_eq!(producer.add_group(&mut client, "g"), 0);
    producer.write(&mut client, "t", 0, 0, &["x"]);
    producer.write(&mut client, "doomed", 0, 0, &["x"]);
    let offsets = [("t", 0, 9), ("doomed", 0, 9)];
    assert_eq!(producer.commit_offsets_v(&mut client, 3, "g", (-1, ""), &offsets), [0, 0]);
    let request = DeleteTopicsRequest::default().with_topic_names(vec![topic_name("doomed")]);
    let response: DeleteTopicsResponse = client.call(ApiKey::DeleteTopics, 5, &request);
    assert_eq!(response.responses[0].error_code, 0);
    let request = DeleteGroupsRequest::default().with_groups_names(vec![group("g")]);
    let response: DeleteGroupsResponse = client.call(ApiKey::DeleteGroups, 2, &request);
    assert_eq!(response.results[0].error_code, 0);
    assert_eq!(producer.end(&mut client, true), 0);
    assert_eq!(committed(&mut client, "t"), ["x"]);
    assert_eq!(offset(&mut client, "g", true), (0, -1), "deleted, with what was to come");
    client.metadata("doomed");
    assert_eq!(producer.add(&mut client, "doomed", &[0]), [0]);
    assert_eq!(producer.end(&mut client, false), 0);
}

#[test]
fn a_transaction_ends_when_the_memory_is_full() {
    let broker = start_with(|options| options.memory_limit_bytes = 64 * 1024);
    let mut client = Client::connect(&broker);
    client.metadata("t");
    let producer = Producer::init(&mut client, "one");
    assert_eq!(producer.add(&mut client, "t", &[0]), [0]);
    producer.write(&mut client, "t", 0, 0, &["x"]);
    let large = "x".repeat(1_000);
    while client.produce("t", 0, Batch::of(&[&large]).bytes()).error_code == 0 {}
    while client.produce("t", 0, Batch::of(&["x"]).bytes()).error_code == 0 {}
    assert_eq!(producer.try_write(&mut client, 9, ("t", 0), 1, &["y"]).error_code, 44);
    let end = client.fetch("t", 0, 0).high_watermark;
    assert_eq!(producer.end(&mut client, true), 0);
    let data = fetch_committed(&mut client, "t", end);
    assert_eq!((data.high_watermark, data.last_stable_offset), (end + 1, end + 1));
    for _ in 0..200 {
        assert_eq!(producer.add(&mut client, "t", &[0]), [0]);
        assert_eq!(producer.end(&mut client, true), 0);
    }
    let stats = broker.stats();
    assert!(stats.memory_used_bytes < stats.memory_limit_bytes + 8 * 1024, "{stats:?}");
}

#[test]
fn the_longest_timeout_is_an_option() {
    let broker = start_with(|options| options.max_transaction_timeout = Duration::from_secs(1));
    let mut client = Client::connect(&broker);
    let request = InitProducerIdRequest::default().with_transactional_id(Some(TransactionalId(text("one"))));
    for (timeout, code) in [(1_000, 0), (1_001, 50)] {
        let request = request.clone().with_transaction_timeout_ms(timeout);
        let response: InitProducerIdResponse = client.call(ApiKey::InitProducerId, 5, &request);
        assert_eq!(response.error_code, code);
    }
}

/// The client was asking when the broker died, and asks the next one the same.
#[test]
fn a_restart_goes_on_where_the_broker_was() {
    let dir = TempDir::new().unwrap();
    let broker = start_in(dir.path());
    let mut client = Client::connect(&broker);
    client.metadata("t");
    let done = Producer::init(&mut client, "done");
    let open = Producer::init(&mut client, "open");
    for producer in [&done, &open] {
        assert_eq!(producer.add(&mut client, "t", &[0]), [0]);
        assert_eq!(producer.add_group(&mut client, &producer.id), 0);
        producer.write(&mut client, "t", 0, 0, &[&producer.id]);
        let offsets = [("t", 0, 77)];
        assert_eq!(producer.commit_offsets_v(&mut client, 3, &producer.id, (-1, ""), &offsets), [0]);
    }
    assert_eq!(done.end(&mut client, true), 0);
    let old = Producer::init(&mut client, "fenced");
    let new = Producer::init(&mut client, "fenced");
    drop((client, broker));

    let broker = start_in(dir.path());
    let mut client = Client::connect(&broker);
    assert_eq!(done.end(&mut client, true), 0, "the same end once more");
    assert_eq!(done.end(&mut client, false), 48);
    assert_eq!(old.add(&mut client, "t", &[0]), [90]);
    assert_eq!(new.add(&mut client, "t", &[0]), [0]);
    assert_eq!(new.end(&mut client, true), 0);
    assert!(client.producer_id() > new.producer_id, "no id comes again");
    assert_eq!(offset(&mut client, "done", true), (0, 77));
    assert_eq!(offset(&mut client, "open", true), (88, -1));
    assert_eq!(fetch_committed(&mut client, "t", 0).last_stable_offset, 1);
    let again = open.try_write(&mut client, 9, ("t", 0), 0, &["open"]);
    assert_eq!((again.error_code, again.base_offset), (0, 1), "the same batch again");
    open.write(&mut client, "t", 0, 1, &["more"]);
    assert_eq!(open.end(&mut client, true), 0);
    assert_eq!(committed(&mut client, "t"), ["done", "open", "more"]);
    assert_eq!(offset(&mut client, "open", true), (0, 77));
    assert!(Producer::init(&mut client, "open").epoch > open.epoch);
}
