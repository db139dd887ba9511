"""Programs of the kind people write first, with the clients they write them with.

A console producer's page sends strings with kafka-python; a time series is replayed into JSON with confluent-kafka; a
mouse's position is sent each second with kafka-python and read by a consumer without a group.
"""

import json
import socket
from datetime import datetime

import kafka
from confluent_kafka import Consumer, KafkaError, Producer

import checks
from checks import PATIENCE, eventually, new, same

check = checks.check("scripts")

TEXT = "Apache Kafka is a distributed streaming platform"
SERIES = """timestamp,value
2021-01-01 00:00:00,51
2021-01-01 00:00:04,60
2021-01-01 00:00:06,82
"""


def lines(topic, count, **settings):
    """What a consumer from the beginning gets, as many records as there have to be and no more."""
    consumer = kafka.KafkaConsumer(
        topic, bootstrap_servers=checks.brokers, auto_offset_reset="earliest", consumer_timeout_ms=PATIENCE * 1000, **settings
    )
    records = [record for _, record in zip(range(count), consumer)]
    ends = consumer.end_offsets(list(consumer.assignment()))
    consumer.close()
    same((len(records), sum(ends.values())), (count, count), "records")
    return records


@check
def a_string_is_sent_and_nobody_asks_what_became_of_it():
    topic = new("peter")
    producer = kafka.KafkaProducer(bootstrap_servers=[checks.brokers, checks.brokers])
    producer.send(topic, TEXT.encode())
    producer.close()
    same([record.value.decode() for record in lines(topic, 1)], [TEXT])


@check
def a_string_is_sent_compressed_and_acknowledged_by_the_leader():
    topic = new("peter")
    producer = kafka.KafkaProducer(
        acks=1, enable_idempotence=False, compression_type="gzip", bootstrap_servers=checks.brokers
    )
    sent = producer.send(topic, TEXT.encode()).get(timeout=PATIENCE)
    same((sent.topic, sent.partition, sent.offset), (topic, 0, 0))
    producer.close()
    same([record.value.decode() for record in lines(topic, 1)], [TEXT])


@check
def a_loop_sends_a_thousand_numbered_strings():
    topic, heard = new("peter"), []
    producer = kafka.KafkaProducer(acks=1, retries=1, enable_idempotence=False, bootstrap_servers=checks.brokers)
    for number in range(1, 1001):
        body = b"%s - %d" % (TEXT.encode(), number)
        producer.send(topic, body).add_callback(lambda told: heard.append(told.offset))
    producer.close()
    same(sorted(heard), list(range(1000)), "acknowledged")
    same([record.value.decode() for record in lines(topic, 1000)], [f"{TEXT} - {n}" for n in range(1, 1001)])


@check
def odd_and_even_numbers_keep_to_their_partitions():
    topic = new("peter")
    admin = kafka.KafkaAdminClient(bootstrap_servers=checks.brokers)
    admin.create_topics({topic: {"num_partitions": 2, "replication_factor": 1}}, wait_for_metadata=True)
    producer = kafka.KafkaProducer(
        acks=1,
        enable_idempotence=False,
        compression_type="gzip",
        key_serializer=str.encode,
        value_serializer=str.encode,
        bootstrap_servers=checks.brokers,
    )
    for number in range(1, 11):
        key = "1" if number % 2 else "2"
        producer.send(topic, key=key, value=f"{number} - {TEXT} - key={key}")
    producer.close()
    places = {}
    for record in lines(topic, 10):
        places.setdefault(record.key, []).append((record.partition, int(record.value.split(b" ")[0])))
    odd, even = sorted(places[b"1"]), sorted(places[b"2"])
    same([number for _, number in odd], [1, 3, 5, 7, 9])
    same([number for _, number in even], [2, 4, 6, 8, 10])
    same((len({place for place, _ in odd}), len({place for place, _ in even})), (1, 1), "partitions")
    admin.close()


@check
def a_time_series_is_streamed_to_a_reader_that_was_there_first():
    topic, group, told = new("my-stream"), new(socket.gethostname()), []
    reader = Consumer(
        {
            "bootstrap.servers": checks.brokers,
            "group.id": group,
            "default.topic.config": {"auto.offset.reset": "smallest"},
            "enable.partition.eof": True,
            "topic.metadata.refresh.interval.ms": 500,
        }
    )
    reader.subscribe([topic])
    first = reader.poll(PATIENCE)
    same(first.error().code(), KafkaError.UNKNOWN_TOPIC_OR_PART)

    producer = Producer({"bootstrap.servers": checks.brokers, "client.id": socket.gethostname()})
    for row in SERIES.splitlines()[1:]:
        timestamp, value = row.split(",")
        body = json.dumps({timestamp: float(value)})
        producer.produce(topic, key="data/data.csv", value=body, callback=lambda error, _: told.append(error))
        producer.flush(PATIENCE)
    same(told, [None] * 3, "delivery reports")

    records, ends = [], []

    def poll():
        message = reader.poll(0.5)
        if message is None:
            return False
        if not message.error():
            records.append((message.key(), json.loads(message.value())))
        elif message.error().code() == KafkaError._PARTITION_EOF:
            ends.append(message.offset())
        return ends and ends[-1] == 3

    eventually("the end of the partition", poll)
    reader.close()
    expected = [{"2021-01-01 00:00:00": 51.0}, {"2021-01-01 00:00:04": 60.0}, {"2021-01-01 00:00:06": 82.0}]
    same(records, [(b"data/data.csv", body) for body in expected])


@check
def positions_of_a_mouse_reach_a_reader_that_wants_the_latest():
    topic = new("JSON")
    admin = kafka.KafkaAdminClient(bootstrap_servers=checks.brokers)
    admin.create_topics({topic: {"num_partitions": 1, "replication_factor": 1}}, wait_for_metadata=True)
    producer = kafka.KafkaProducer(
        bootstrap_servers=checks.brokers, value_serializer=lambda body: json.dumps(body).encode()
    )

    def position(x, y):
        return {"id": datetime.now().strftime("%Y/%m/%d-%H:%M:%S:%f"), "x": x, "y": y}

    producer.send(topic, position(0, 0)).get(timeout=PATIENCE)
    reader = kafka.KafkaConsumer(
        topic, bootstrap_servers=checks.brokers, auto_offset_reset="latest", value_deserializer=json.loads
    )
    place = kafka.TopicPartition(topic, 0)
    eventually("the reader has its partition", lambda: reader.poll(100) or reader.assignment())
    same(reader.position(place), 1)
    sent = [position(910, 454), position(911, 455)]
    for body in sent:
        producer.send(topic, body).get(timeout=PATIENCE)
    found = [next(reader), next(reader)]
    same([record.value for record in found], sent)
    same([(record.partition, record.key, record.headers) for record in found], [(0, None, [])] * 2)
    for record in found:
        made = datetime.strptime(record.value["id"], "%Y/%m/%d-%H:%M:%S:%f").timestamp() * 1000
        same(abs(record.timestamp - made) < 5_000, True, f"{record.timestamp} near {made}:")
    reader.close()
    producer.close()
    admin.delete_topics([topic])
    eventually("it is gone", lambda: topic not in admin.list_topics())
    admin.close()
