"""Reads, writes and administers topics with confluent-kafka, for the tests in it/foreign/mod.rs."""

import sys

from confluent_kafka import (
    OFFSET_BEGINNING,
    Consumer,
    ConsumerGroupTopicPartitions,
    KafkaError,
    Producer,
    TopicPartition,
)
from confluent_kafka.admin import AdminClient, NewTopic

import stored
from checks import PATIENCE


def read(brokers, topic):
    consumer = Consumer({"bootstrap.servers": brokers, "group.id": "reader", "enable.partition.eof": True})
    consumer.assign([TopicPartition(topic, 0, OFFSET_BEGINNING)])
    while True:
        message = consumer.poll(PATIENCE)
        if message is None:
            sys.exit(f"nothing came in {PATIENCE} s")
        if message.error():
            if message.error().code() == KafkaError._PARTITION_EOF:
                return
            sys.exit(str(message.error()))
        sys.stdout.buffer.write(message.value() + b"\n")


def member(brokers, topic, group, count):
    """Reads `count` records as a member of a group, commits, and leaves."""
    consumer = Consumer(
        {"bootstrap.servers": brokers, "group.id": group, "auto.offset.reset": "earliest", "enable.auto.commit": False}
    )
    consumer.subscribe([topic])
    for message in consumer.consume(int(count), PATIENCE):
        if message.error():
            sys.exit(str(message.error()))
        sys.stdout.buffer.write(message.value() + b"\n")
        consumer.commit(message, asynchronous=False)
    consumer.close()


def groups(brokers):
    """Lists groups as confluent-kafka's administration sees them, each with its committed offsets."""
    admin = AdminClient({"bootstrap.servers": brokers})
    for group in admin.list_consumer_groups().result(PATIENCE).valid:
        found = admin.describe_consumer_groups([group.group_id])[group.group_id].result(PATIENCE)
        request = [ConsumerGroupTopicPartitions(group.group_id)]
        offsets = admin.list_consumer_group_offsets(request)[group.group_id].result(PATIENCE).topic_partitions
        places = " ".join(f"{place.topic}[{place.partition}]={place.offset}" for place in offsets)
        print(group.group_id, found.state.name, len(found.members), places)


def write(brokers, topic, count, idempotent):
    producer = Producer({"bootstrap.servers": brokers, "enable.idempotence": idempotent})
    failures = []

    def delivered(error, _message):
        if error:
            failures.append(str(error))

    for number in range(int(count)):
        key, value = f"key-{number}", f"body {number}"
        producer.produce(topic, value, key, partition=0, headers=[("a", b"1")], on_delivery=delivered)
        producer.poll(0)
    left = producer.flush(PATIENCE)
    if left or failures:
        sys.exit(f"{left} not delivered, {failures[:3]}")


def batches(brokers, topic, partition):
    """Prints the codec and the size of each batch as it is stored."""
    for codec, size in stored.batches(brokers, topic, int(partition)):
        print(codec, size)


def create(brokers, topic, partitions):
    admin = AdminClient({"bootstrap.servers": brokers})
    for future in admin.create_topics([NewTopic(topic, int(partitions), 1)]).values():
        future.result(PATIENCE)


def delete(brokers, topic):
    admin = AdminClient({"bootstrap.servers": brokers})
    for future in admin.delete_topics([topic]).values():
        future.result(PATIENCE)


if __name__ == "__main__":
    _, brokers, action, *arguments = sys.argv
    actions = {
        "read": read,
        "member": member,
        "groups": groups,
        "write": write,
        "batches": batches,
        "create": create,
        "delete": delete,
    }
    actions[action](brokers, *arguments)
