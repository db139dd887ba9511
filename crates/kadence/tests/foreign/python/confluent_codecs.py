"""confluent-kafka compresses. A client that takes the broker for an old one does not, and says nothing."""

import checks
import stored
from checks import same
from confluent import check, producer, read, send, topic, values


def goes_round(codec):
    name = topic()
    bodies = [b"%d " % number + b"abc" * 50 for number in range(500)]
    send(producer(compression_type=codec, linger_ms=20), name, bodies)
    same(stored.codecs(checks.brokers, name), {codec}, "stored in")
    records = read(name)
    same(values(records), bodies)
    same([record.offset() for record in records], list(range(500)))


def _declare(codec):
    def one():
        goes_round(codec)

    one.__name__ = f"what_is_compressed_with_{codec}_is_stored_so_and_arrives"
    check(one)


for _codec in stored.CODECS:
    _declare(_codec)
