"""confluent-kafka, with what every check of it needs."""

import functools

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

import checks
from checks import PATIENCE

SUITE = "confluent-kafka"
check = checks.check(SUITE)

PATIENCE_MS = PATIENCE * 1000


def settings(more):
    """librdkafka's settings, given as names with underscores."""
    return {name.replace("_", "."): value for name, value in more.items()}


def producer(**more):
    return Producer({"bootstrap.servers": checks.brokers, **settings({"message_timeout_ms": PATIENCE_MS, **more})})


def consumer(group=None, **more):
    return Consumer(
        {
            "bootstrap.servers": checks.brokers,
            "group.id": group or checks.new("group"),
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
            # A rebalance is heard of with a heartbeat, and the end of a partition after an empty answer.
            "heartbeat.interval.ms": 300,
            "fetch.wait.max.ms": 50,
            **settings(more),
        }
    )


@functools.cache
def admin():
    """The one client for administration: its answers are lost when it is dropped."""
    return AdminClient({"bootstrap.servers": checks.brokers})


def only(futures):
    """The result of the one future in a dictionary of them."""
    (future,) = futures.values()
    return future.result(PATIENCE)


def code(error, action):
    """The name of Kafka's error that an action has to raise."""
    return checks.fails(error, action).args[0].name()


def topic(partitions=1, **configs):
    """A new topic that can be written to."""
    name = checks.new("topic")
    client = admin()
    only(client.create_topics([NewTopic(name, partitions, 1, config=settings(configs))]))
    # The answer may come before every part of the broker knows the topic.
    checks.eventually("the topic", lambda: len(partitions_of(client, name)) == partitions)
    return name


def partitions_of(client, name):
    """The topic's partitions that have a leader."""
    found = client.list_topics(timeout=PATIENCE).topics.get(name)
    return [] if found is None else [part for part in found.partitions.values() if part.leader >= 0]


def send(client, name, values, **more):
    """Writes records and waits until the broker has them all."""
    errors = []

    def delivered(error, _message):
        if error:
            errors.append(error)

    for value in values:
        client.produce(name, value, on_delivery=delivered, **more)
    left = client.flush(PATIENCE)
    if errors:
        raise KafkaException(errors[0])
    checks.same(left, 0, "records not delivered:")


def read(name, partition=0, offset=OFFSET_BEGINNING, **more):
    """The records from an offset to the end of a partition."""
    client = consumer(**{"enable_partition_eof": True, **more})
    client.assign([TopicPartition(name, partition, offset)])
    records = []
    try:
        while True:
            message = client.poll(PATIENCE)
            if message is None:
                raise TimeoutError(f"neither a record nor the end of {name}, after {len(records)} records")
            if message.error():
                if message.error().code() == KafkaError._PARTITION_EOF:
                    return records
                raise KafkaException(message.error())
            records.append(message)
    finally:
        client.close()


def values(records):
    return [record.value() for record in records]


def take(client, count):
    """The next records of a consumer that is subscribed or assigned."""
    records = []

    def poll():
        message = client.poll(0.5)
        if message is not None:
            if message.error():
                raise KafkaException(message.error())
            records.append(message)
        return len(records) == count

    checks.eventually(f"{count} records", poll)
    return records


def watermarks(name, partition=0):
    client = consumer()
    try:
        return client.get_watermark_offsets(TopicPartition(name, partition), timeout=PATIENCE)
    finally:
        client.close()
