"""confluent-kafka's transactional producer."""

from confluent_kafka import KafkaException, TopicPartition

from checks import eventually, fails, new, same
from confluent import PATIENCE, PATIENCE_MS, check, consumer, producer, read, send, take, topic, values


# A transaction that is to last too long: long enough for a record to be written before.
TOO_SHORT_MS = 5_000


def transactional(name=None, timeout_ms=PATIENCE_MS):
    client = producer(
        transactional_id=name or new("transactional"),
        transaction_timeout_ms=timeout_ms,
        message_timeout_ms=min(timeout_ms, PATIENCE_MS),
    )
    client.init_transactions(PATIENCE)
    return client


def committed_values(name, partition=0):
    return values(read(name, partition, isolation_level="read_committed"))


def holds(name, expected, partition=0):
    """Waits until this is what is committed: a commit is answered before its markers are written."""
    eventually(f"{expected} in {name}", lambda: committed_values(name, partition) == expected)


def all_values(name):
    return values(read(name, isolation_level="read_uncommitted"))


@check
def what_is_aborted_is_not_read():
    name, client = topic(), transactional()
    client.begin_transaction()
    send(client, name, [b"kept 1", b"kept 2"])
    client.commit_transaction(PATIENCE)
    client.begin_transaction()
    send(client, name, [b"dropped 1", b"dropped 2"])
    client.abort_transaction(PATIENCE)
    client.begin_transaction()
    send(client, name, [b"kept 3"])
    client.commit_transaction(PATIENCE)
    holds(name, [b"kept 1", b"kept 2", b"kept 3"])
    same(all_values(name), [b"kept 1", b"kept 2", b"dropped 1", b"dropped 2", b"kept 3"])


@check
def a_transaction_spans_topics_and_partitions():
    one, two = topic(3), topic()
    client = transactional()
    for number, end in enumerate((client.abort_transaction, client.commit_transaction)):
        client.begin_transaction()
        for partition in range(3):
            client.produce(one, b"%d" % number, partition=partition)
        client.produce(two, b"%d" % number)
        end(PATIENCE)
    for partition in range(3):
        holds(one, [b"1"], partition)
    holds(two, [b"1"])


@check
def an_open_transaction_holds_readers_back():
    name, client = topic(), transactional()
    client.begin_transaction()
    send(client, name, [b"open"])
    send(producer(), name, [b"plain"])
    same((committed_values(name), all_values(name)), ([], [b"open", b"plain"]))
    client.commit_transaction(PATIENCE)
    holds(name, [b"open", b"plain"])


@check
def a_second_producer_with_the_name_fences_the_first():
    name, transactional_id = topic(), new("transactional")
    first = transactional(transactional_id)
    first.begin_transaction()
    send(first, name, [b"of a zombie"])
    second = transactional(transactional_id)
    error = fails(KafkaException, lambda: first.commit_transaction(PATIENCE)).args[0]
    same((error.name(), error.fatal()), ("_FENCED", True))
    second.begin_transaction()
    send(second, name, [b"of the heir"])
    second.commit_transaction(PATIENCE)
    holds(name, [b"of the heir"])


@check
def offsets_are_committed_with_the_records():
    source, target, group = topic(), topic(), new("group")
    send(producer(), source, [b"%d" % number for number in range(10)])
    member, client = consumer(group), transactional()
    member.subscribe([source])
    records = take(member, 10)

    def step(offset, end):
        client.begin_transaction()
        for record in records[:offset]:
            client.produce(target, record.value())
        place = [TopicPartition(source, 0, offset)]
        client.send_offsets_to_transaction(place, member.consumer_group_metadata(), PATIENCE)
        end(PATIENCE)
        return member.committed([TopicPartition(source, 0)], timeout=PATIENCE)[0].offset

    same(step(5, client.commit_transaction), 5)
    same(step(9, client.abort_transaction), 5)
    member.close()
    holds(target, [b"%d" % number for number in range(5)])


@check
def a_transaction_that_lasts_too_long_is_aborted_by_the_broker():
    name, client = topic(), transactional(timeout_ms=TOO_SHORT_MS)
    client.begin_transaction()
    send(client, name, [b"late"])
    send(producer(), name, [b"plain"])
    eventually("the broker aborts", lambda: committed_values(name) == [b"plain"])
    error = fails(KafkaException, lambda: client.commit_transaction(PATIENCE)).args[0]
    same(error.name() in ("_FENCED", "_STATE", "PRODUCER_FENCED", "INVALID_PRODUCER_EPOCH"), True, error.name())
    same(committed_values(name), [b"plain"])


@check
def a_timeout_above_the_brokers_limit_is_refused():
    error = fails(KafkaException, lambda: transactional(timeout_ms=1_000_000)).args[0]
    same(error.name(), "INVALID_TRANSACTION_TIMEOUT")
