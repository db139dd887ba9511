"""confluent-kafka writes and reads records."""

import random

from confluent_kafka import KafkaError, KafkaException, TopicPartition

from checks import eventually, new, same
from confluent import PATIENCE, check, code, consumer, producer, read, send, topic, values, watermarks

BASE_MS = 1_000_000_000_000


@check
def writes_with_acks_0_1_and_all():
    name = topic()
    for acks in ("0", "1", "all"):
        send(producer(acks=acks), name, [b"%s %d" % (acks.encode(), number) for number in range(100)])
    # Nobody answers for the records without acknowledgement.
    eventually("all records", lambda: watermarks(name) == (0, 300))
    same(len(read(name)), 300, "records")


@check
def keys_values_and_headers_may_be_empty_or_missing():
    name, client = topic(), producer()
    headers = [("a", b"1"), ("a", b"2"), ("none", None), ("empty", b"")]
    client.produce(name, b"value", key=b"key", headers=headers)
    client.produce(name, None, key=b"tombstone")
    client.produce(name, b"without a key")
    client.produce(name, b"", key=b"")
    same(client.flush(PATIENCE), 0)
    found = [(record.key(), record.value(), record.headers()) for record in read(name)]
    same(found[0], (b"key", b"value", headers))
    same(found[1:], [(b"tombstone", None, None), (None, b"without a key", None), (b"", b"", None)])


@check
def a_key_stays_on_its_partition():
    name, client = topic(4), producer()
    for number in range(400):
        client.produce(name, b"%d" % number, key=b"key %d" % (number % 20))
    same(client.flush(PATIENCE), 0)
    places = {}
    for partition in range(4):
        for record in read(name, partition):
            places.setdefault(record.key(), []).append(partition)
    same(sorted(len(found) for found in places.values()), [20] * 20, "records per key")
    same({len(set(found)) for found in places.values()}, {1}, "partitions per key")


@check
def timestamps_are_kept():
    name, client = topic(), producer(linger_ms=5)
    for number in range(100):
        client.produce(name, b"x", timestamp=BASE_MS + number * 1000)
    same(client.flush(PATIENCE), 0)
    found = [record.timestamp() for record in read(name)]
    same(found, [(1, BASE_MS + number * 1000) for number in range(100)])


@check
def timestamps_are_the_brokers_where_the_topic_says_so():
    name = topic(message_timestamp_type="LogAppendTime")
    send(producer(), name, [b"x"], timestamp=BASE_MS)
    ((kind, when),) = [record.timestamp() for record in read(name)]
    same((kind, when > BASE_MS), (2, True))


@check
def offsets_are_found_by_time():
    name = topic()
    for batch in range(10):
        client = producer(linger_ms=5)
        for number in range(10):
            client.produce(name, b"x", timestamp=BASE_MS + (batch * 10 + number) * 1000)
        same(client.flush(PATIENCE), 0)
    wanted = {-5: 0, 0: 0, 1: 1, 55_500: 56, 99_000: 99, 99_001: -1}
    client = consumer()
    found = {
        later: client.offsets_for_times([TopicPartition(name, 0, BASE_MS + later)], timeout=PATIENCE)[0].offset
        for later in wanted
    }
    client.close()
    same(found, wanted)


@check
def reads_from_an_offset_on():
    name = topic()
    send(producer(linger_ms=50), name, [b"%d" % number for number in range(50)])
    same(watermarks(name), (0, 50))
    same([record.offset() for record in read(name, offset=47)], [47, 48, 49])


@check
def an_idempotent_producer_writes_each_record_once():
    name, client = topic(2), producer(enable_idempotence=True, linger_ms=2)
    for number in range(5000):
        client.produce(name, b"%d" % number, partition=number % 2)
        client.poll(0)
    same(client.flush(PATIENCE), 0)
    for partition in range(2):
        same(values(read(name, partition)), [b"%d" % number for number in range(partition, 5000, 2)])


@check
def a_record_of_a_megabyte_arrives_and_a_larger_one_is_refused():
    name = topic()
    body = random.Random(1).randbytes(1_000_000)
    send(producer(message_max_bytes=10_000_000), name, [body])
    same(values(read(name)) == [body], True, "the same:")
    larger = [random.Random(2).randbytes(5_000_000)]
    client = producer(message_max_bytes=20_000_000)
    same(code(KafkaException, lambda: send(client, name, larger)), "MSG_SIZE_TOO_LARGE")


@check
def a_topic_may_take_larger_records():
    name = topic(max_message_bytes="8000000")
    body = random.Random(3).randbytes(5_000_000)
    send(producer(message_max_bytes=20_000_000), name, [body])
    same(values(read(name)) == [body], True, "the same:")


@check
def subscribing_to_an_unknown_topic_says_so():
    client = consumer(allow_auto_create_topics=False)
    client.subscribe([new("nowhere")])
    message = client.poll(PATIENCE)
    client.close()
    same(message.error().name(), "UNKNOWN_TOPIC_OR_PART")


@check
def an_offset_out_of_range_is_said_or_reset():
    name = topic()
    send(producer(), name, [b"x"] * 3)
    client = consumer(auto_offset_reset="error")
    client.assign([TopicPartition(name, 0, 500)])
    message = client.poll(PATIENCE)
    client.close()
    same(message.error().code(), KafkaError._AUTO_OFFSET_RESET)
    same(len(read(name, offset=500)), 3, "records after a reset:")
