"""kafka-python: a client in Python alone, with its own producer, consumer and administration."""

import functools
import threading
import time

from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import AlterConfigOp, ConfigResource, KafkaAdminClient, MemberToRemove, OffsetSpec
from kafka.consumer.subscription_state import ConsumerRebalanceListener
from kafka.coordinator.assignors.sticky.sticky_assignor import StickyPartitionAssignor
from kafka.errors import (
    InvalidRecordError,
    InvalidReplicationFactorError,
    KafkaError,
    MessageSizeTooLargeError,
    OffsetOutOfRangeError,
    ProducerFencedError,
    TopicAlreadyExistsError,
    UnknownTopicOrPartitionError,
)
from kafka.structs import OffsetAndMetadata

import checks
import stored
from checks import PATIENCE, eventually, fails, new, same

check = checks.check("kafka-python")

BASE_MS = 1_000_000_000_000


@functools.cache
def admin():
    return KafkaAdminClient(bootstrap_servers=checks.brokers)


def topic(partitions=1, **configs):
    name = new("topic")
    configs = {setting.replace("_", "."): value for setting, value in configs.items()}
    options = {"num_partitions": partitions, "replication_factor": 1, "configs": configs}
    admin().create_topics({name: options}, wait_for_metadata=True)
    return name


def send(name, values, partition=None, **settings):
    """Writes records with a producer of their own, and returns what the broker says of each."""
    producer = KafkaProducer(bootstrap_servers=checks.brokers, **settings)
    try:
        futures = [producer.send(name, value, partition=partition) for value in values]
        producer.flush(PATIENCE)
        return [future.get(PATIENCE) for future in futures]
    finally:
        producer.close()


def consumer(group=None, **settings):
    return KafkaConsumer(
        bootstrap_servers=checks.brokers,
        group_id=group,
        auto_offset_reset=settings.pop("auto_offset_reset", "earliest"),
        enable_auto_commit=False,
        heartbeat_interval_ms=300,
        fetch_max_wait_ms=50,
        **settings,
    )


def polled(client, timeout_ms=500):
    return [record for records in client.poll(timeout_ms).values() for record in records]


def take(client, count):
    records = []

    def poll():
        records.extend(polled(client))
        return len(records) >= count

    eventually(f"{count} records", poll)
    same(len(records), count, "records")
    return records


def read(name, partition=0, **settings):
    """All records of a partition that a consumer of this isolation level gets to see."""
    client, place = consumer(**settings), TopicPartition(name, partition)
    client.assign([place])
    client.seek_to_beginning(place)
    end, records = client.end_offsets([place])[place], []

    def poll():
        records.extend(polled(client))
        return client.position(place) >= end

    eventually(f"the end of {name}, {end}", poll)
    client.close()
    return records


def values(records):
    return [record.value for record in records]


@check
def the_cluster_is_described():
    found = admin().describe_cluster()
    same(len(found["brokers"]), 1, "brokers")


@check
def the_brokers_version_is_guessed():
    client = consumer()
    guess = client.config["api_version"]
    client.close()
    # As that of a Kafka 4.3.1.
    same(guess, (4, 3))


@check
def topics_are_created_listed_described_and_deleted():
    name = topic(3)
    same(name in admin().list_topics(), True, "listed:")
    (found,) = admin().describe_topics([name])
    same(len(found["partitions"]), 3, "partitions")
    paged = admin().describe_topic_partitions([name])
    same([len(entry["partitions"]) for entry in paged["topics"]], [3], "partitions")
    fails(TopicAlreadyExistsError, lambda: admin().create_topics({name: {"num_partitions": 1}}))
    wide = {new("replicas"): {"num_partitions": 1, "replication_factor": 3}}
    fails(InvalidReplicationFactorError, lambda: admin().create_topics(wide))
    admin().delete_topics([name])
    eventually("it is gone", lambda: name not in admin().list_topics())
    fails(UnknownTopicOrPartitionError, lambda: admin().delete_topics([name]))


@check
def partitions_are_added():
    name = topic(1)
    admin().create_partitions({name: 4})
    eventually("four partitions", lambda: len(admin().describe_topics([name])[0]["partitions"]) == 4)


@check
def settings_are_altered_and_described():
    name = topic(retention_bytes="5000")

    def now():
        found = admin().describe_configs([ConfigResource("topic", name)], config_filter="all")
        settings = found["topic"][name]
        return {setting: settings[setting]["value"] for setting in ("retention.ms", "retention.bytes")}

    change = {"retention.ms": (AlterConfigOp.SET, "60000")}
    admin().alter_configs([ConfigResource("topic", name, change)])
    eventually("one change", lambda: now() == {"retention.ms": "60000", "retention.bytes": "5000"})
    whole = {"retention.ms": "70000"}
    admin().alter_configs([ConfigResource("topic", name, whole)], incremental=False)
    eventually("another change", lambda: now()["retention.ms"] == "70000")


@check
def records_go_round_with_keys_headers_and_times():
    name = topic()
    producer = KafkaProducer(bootstrap_servers=checks.brokers, acks="all", linger_ms=5)
    for number in range(1000):
        fields = {"key": b"k%d" % number, "headers": [("h", b"1")], "timestamp_ms": BASE_MS + number}
        producer.send(name, b"v%d" % number, **fields)
    producer.flush(PATIENCE)
    producer.close()
    found = [(record.offset, record.key, record.value, record.headers, record.timestamp) for record in read(name)]
    expected = [(n, b"k%d" % n, b"v%d" % n, [("h", b"1")], BASE_MS + n) for n in range(1000)]
    same([found[0], found[-1], len(found)], [expected[0], expected[-1], 1000])
    same(found == expected, True, "all as written:")


@check
def all_codecs_are_stored_and_arrive():
    for codec in (None, "gzip", "snappy", "lz4", "zstd"):
        name = topic()
        bodies = [b"%d " % number + b"abc" * 50 for number in range(200)]
        send(name, bodies, compression_type=codec, linger_ms=20)
        same(stored.codecs(checks.brokers, name), {codec or "none"}, "stored in")
        same(values(read(name)), bodies, codec)


@check
def writes_with_acks_0_1_and_all():
    name, place = topic(), None
    for acks in (0, 1, "all"):
        send(name, [b"%d" % number for number in range(20)], acks=acks, enable_idempotence=acks == "all")
    place = TopicPartition(name, 0)
    client = consumer()
    eventually("all records", lambda: client.end_offsets([place]) == {place: 60})
    client.close()


@check
def offsets_are_found_by_time_and_by_end():
    name = topic()
    producer = KafkaProducer(bootstrap_servers=checks.brokers)
    for later in (10, 90, 40):
        producer.send(name, b"x", timestamp_ms=BASE_MS + later).get(PATIENCE)
    producer.close()
    client, place = consumer(), TopicPartition(name, 0)
    found = client.offsets_for_times({place: BASE_MS + 20})[place]
    same((found.offset, found.timestamp), (1, BASE_MS + 90))
    same(client.offsets_for_times({place: BASE_MS + 91})[place], None)
    same((client.beginning_offsets([place]), client.end_offsets([place])), ({place: 0}, {place: 3}))
    client.close()
    specs = (OffsetSpec.EARLIEST, OffsetSpec.LATEST, OffsetSpec.MAX_TIMESTAMP)
    offsets = [admin().list_partition_offsets({place: spec})[place].offset for spec in specs]
    same(offsets, [0, 3, 1])


@check
def records_are_deleted():
    name = topic()
    for number in range(4):
        send(name, [b"%d" % number])
    place = TopicPartition(name, 0)
    admin().delete_records({place: 3})
    same(values(read(name)), [b"3"])


@check
def too_large_a_record_is_refused():
    name = topic(max_message_bytes="2000")
    fails(MessageSizeTooLargeError, lambda: send(name, [bytes(5000)]))


@check
def a_compacted_topic_refuses_a_record_without_a_key():
    name = topic(cleanup_policy="compact")
    client = KafkaProducer(bootstrap_servers=checks.brokers, linger_ms=30_000)
    sent = [client.send(name, b"x", key=key) for key in (b"key", None, b"key", None)]
    client.flush(PATIENCE)
    client.close()
    told = [fails(KafkaError, lambda: future.get(PATIENCE)) for future in sent]
    # The others of their batch are not to blame.
    same([isinstance(error, InvalidRecordError) for error in told], [False, True, False, True], f"{told} blame a record:")
    same("Compacted topic cannot accept message without key" in str(told[1]), True, f"{told[1]} says so:")
    same(read(name), [])


@check
def an_offset_out_of_range_is_said():
    name = topic()
    send(name, [b"x"])
    client, place = consumer(auto_offset_reset="none"), TopicPartition(name, 0)
    client.assign([place])
    client.seek(place, 500)

    def ask():
        try:
            polled(client)
        except OffsetOutOfRangeError:
            return True

    eventually("the error", ask)
    client.close()


@check
def a_group_goes_on_where_it_has_committed():
    name, group = topic(), new("group")
    send(name, [b"%d" % number for number in range(10)])
    client, place = consumer(group, max_poll_records=4), TopicPartition(name, 0)
    client.subscribe([name])
    same(values(take(client, 4)), [b"0", b"1", b"2", b"3"])
    client.commit({place: OffsetAndMetadata(4, "so far", -1)})
    client.close()
    client = consumer(group)
    client.subscribe([name])
    same(values(take(client, 6))[0], b"4")
    same(client.committed(place, metadata=True).metadata, "so far")
    client.close()


class Member(ConsumerRebalanceListener):
    """A consumer of a group, polled by a thread of its own as programs do, without an end but for records.

    This client forgets what it is about when a poll's time is over between a join and its answer: the heartbeat stays
    off, and the next rebalance is never heard of.
    """

    def __init__(self, topic, group, settings):
        self.topic, self.group, self.settings = topic, group, settings
        self.assigned, self.error, self.leaving = 0, None, threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        try:
            client = consumer(self.group, **self.settings)
            # A leader that has not heard of the topic yet assigns nothing, and waits for the next refresh, in minutes.
            eventually("the topic is known", lambda: client.partitions_for_topic(self.topic))
            client.subscribe([self.topic], listener=self)
            while not self.leaving.is_set():
                polled(client, 10 * PATIENCE * 1000)
            client.close()
        except Exception as error:
            self.error = error

    def on_partitions_revoked(self, _revoked):
        self.assigned = 0

    def on_partitions_assigned(self, assigned):
        self.assigned = len(assigned)

    def has(self, count):
        if self.error:
            raise self.error
        return self.assigned == count

    def leave(self):
        self.leaving.set()
        for partition in range(4):
            send(self.topic, [b"go"], partition=partition)
        self.thread.join(PATIENCE)
        same(self.thread.is_alive(), False, "still there:")


def _share(**settings):
    name, group = topic(4), new("group")

    def shared(*counts):
        time.sleep(0.05)
        return all([member.has(count) for member, count in zip(members, counts, strict=True)])

    members = [Member(name, group, settings)]
    eventually("one member has all", lambda: shared(4))
    members.append(Member(name, group, settings))
    eventually("each has half", lambda: shared(2, 2))
    members.pop(0).leave()
    eventually("the other one takes over", lambda: shared(4))
    members[0].leave()


@check
def two_members_share():
    _share()


@check
def two_members_share_with_sticky_assignment():
    _share(partition_assignment_strategy=[StickyPartitionAssignor])


@check
def groups_are_listed_described_altered_and_deleted():
    name, group, client = topic(), new("group"), admin()
    send(name, [b"0", b"1", b"2"])
    member, place = consumer(group, group_instance_id="one"), TopicPartition(name, 0)
    member.subscribe([name])
    take(member, 3)
    member.commit({place: OffsetAndMetadata(3, "", -1)})
    same(group in [found["group_id"] for found in client.list_groups()], True, "listed:")
    found = client.describe_groups([group])[group]
    same([part["group_instance_id"] for part in found["members"]], ["one"])
    client.remove_group_members(group, [MemberToRemove(group_instance_id="one")])
    eventually("the group is empty", lambda: not client.describe_groups([group])[group]["members"])
    member.close()
    same(client.list_group_offsets({group: None})[group][place].offset, 3)
    client.alter_group_offsets(group, {place: OffsetAndMetadata(1, "", -1)})
    same(client.list_group_offsets({group: [place]})[group][place].offset, 1)
    client.delete_group_offsets(group, [place])
    same(client.list_group_offsets({group: None})[group], {})
    client.delete_groups([group])
    same(group in [found["group_id"] for found in client.list_groups()], False, "still listed:")


def transactional(name=None):
    producer = KafkaProducer(
        bootstrap_servers=checks.brokers,
        transactional_id=name or new("transactional"),
        transaction_timeout_ms=PATIENCE * 1000,
    )
    producer.init_transactions()
    return producer


def holds(name, expected):
    """Waits until this is what is committed: a commit is answered before its markers are written."""
    eventually(f"{expected} in {name}", lambda: values(read(name, isolation_level="read_committed")) == expected)


@check
def what_is_aborted_is_not_read():
    name, producer = topic(), transactional()
    for body, end in ((b"kept", "commit"), (b"dropped", "abort"), (b"kept too", "commit")):
        producer.begin_transaction()
        producer.send(name, body).get(PATIENCE)
        producer.commit_transaction() if end == "commit" else producer.abort_transaction()
    producer.close()
    holds(name, [b"kept", b"kept too"])
    same(values(read(name)), [b"kept", b"dropped", b"kept too"])


@check
def offsets_are_committed_with_the_records():
    source, target, group = topic(), topic(), new("group")
    send(source, [b"0", b"1", b"2"])
    member, producer, place = consumer(group), transactional(), TopicPartition(source, 0)
    member.subscribe([source])
    records = take(member, 3)
    for count, end in ((2, producer.commit_transaction), (3, producer.abort_transaction)):
        producer.begin_transaction()
        for record in records[:count]:
            producer.send(target, record.value)
        producer.send_offsets_to_transaction({place: OffsetAndMetadata(count, "", -1)}, member.group_metadata())
        end()
        eventually("the offset", lambda: member.committed(place) == 2)
    member.close()
    producer.close()
    holds(target, [b"0", b"1"])


@check
def a_second_producer_with_the_name_fences_the_first():
    name, transactional_id = topic(), new("transactional")
    first = transactional(transactional_id)
    first.begin_transaction()
    first.send(name, b"of a zombie").get(PATIENCE)
    second = transactional(transactional_id)
    fails(KafkaError, first.commit_transaction)
    second.begin_transaction()
    second.send(name, b"of the heir").get(PATIENCE)
    second.commit_transaction()
    first.close(timeout=0)
    second.close()
    holds(name, [b"of the heir"])


@check
def transactions_and_producers_are_listed_and_described():
    name, transactional_id = topic(), new("transactional")
    place, producer = TopicPartition(name, 0), transactional(transactional_id)
    producer.begin_transaction()
    producer.send(name, b"open").get(PATIENCE)
    listed = [found for several in admin().list_transactions().values() for found in several]
    (state,) = [found.state for found in listed if found.transactional_id == transactional_id]
    same(str(getattr(state, "value", state)), "Ongoing")
    found = admin().describe_transactions([transactional_id])[transactional_id]
    same(list(found.topic_partitions), [place])
    (active,) = admin().describe_producers([place])[place].active_producers
    same((active.producer_id, active.current_transaction_start_offset), (found.producer_id, 0))
    producer.commit_transaction()
    producer.close()
