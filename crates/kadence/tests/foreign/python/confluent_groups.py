"""confluent-kafka's consumers in groups, and groups administered."""

from confluent_kafka import ConsumerGroupState, ConsumerGroupTopicPartitions, KafkaException, TopicPartition

from checks import eventually, fails, new, same
from confluent import PATIENCE, admin, check, consumer, only, producer, read, send, take, topic


def committed(client, name, partition=0):
    return client.committed([TopicPartition(name, partition)], timeout=PATIENCE)[0]


def commit(client, name, offset, partition=0, **more):
    client.commit(offsets=[TopicPartition(name, partition, offset, **more)], asynchronous=False)


def poll_until(what, members, done):
    """Polls members without expecting records until something has come about."""

    def ask():
        for member in members:
            member.poll(0.05)
        return done()

    eventually(what, ask)


def have(*counts):
    """Whether members have as many partitions, each an own count."""
    return lambda members: [len(member.assignment()) for member in members] == list(counts)


@check
def a_group_goes_on_where_it_has_committed():
    name, group, writer = topic(2), new("group"), producer()
    for number in range(100):
        writer.produce(name, b"%d" % number, partition=number % 2)
    same(writer.flush(PATIENCE), 0)
    first = consumer(group)
    first.subscribe([name])
    records = take(first, 60)
    for record in records:
        commit(first, name, record.offset() + 1, record.partition())
    first.close()
    second = consumer(group)
    second.subscribe([name])
    records += take(second, 40)
    second.close()
    same(sorted(int(record.value()) for record in records), list(range(100)))


@check
def metadata_of_a_commit_is_kept():
    name, client = topic(), consumer()
    send(producer(), name, [b"a", b"b"])
    commit(client, name, 1, metadata="so far")
    found = committed(client, name)
    client.close()
    same((found.offset, found.metadata), (1, "so far"))


def two_members_share(strategy):
    name, group = topic(4), new("group")
    one = consumer(group, partition_assignment_strategy=strategy)
    one.subscribe([name])
    poll_until("one member has all", [one], lambda: have(4)([one]))
    two = consumer(group, partition_assignment_strategy=strategy)
    two.subscribe([name])
    poll_until("each has half", [one, two], lambda: have(2, 2)([one, two]))
    one.close()
    poll_until("the other one takes over", [two], lambda: have(4)([two]))
    two.close()


@check
def two_members_share_eagerly():
    two_members_share("range")
    two_members_share("roundrobin")


@check
def two_members_share_cooperatively():
    two_members_share("cooperative-sticky")


@check
def a_member_that_falls_silent_is_replaced():
    name, group = topic(2), new("group")
    given = []
    silent = consumer(group, session_timeout_ms=6_000, max_poll_interval_ms=6_000)
    silent.subscribe([name], on_assign=lambda _, parts: given.append(parts))
    poll_until("it has all", [silent], lambda: have(2)([silent]))
    other = consumer(group)
    other.subscribe([name])
    # Only one of them is polled.
    poll_until("the other one has all", [other], lambda: have(2)([other]))
    other.close()
    # Closed before it has heard of it, librdkafka waits for its own unassignment, now and then for ever.
    poll_until("it is back", [silent], lambda: len(given) == 2 and have(2)([silent]))
    silent.close()


@check
def a_static_member_comes_back_without_a_rebalance():
    name, group = topic(2), new("group")
    seen = []
    other = consumer(group, group_instance_id="other")
    other.subscribe([name], on_assign=lambda _, parts: seen.append(len(parts)))
    first = consumer(group, group_instance_id="one")
    first.subscribe([name])
    poll_until("each has one", [first, other], lambda: have(1, 1)([first, other]))
    rebalances = len(seen)
    first.close()
    again = consumer(group, group_instance_id="one")
    again.subscribe([name])
    poll_until("it is back", [again, other], lambda: have(1, 1)([again, other]))
    same(len(seen), rebalances, "rebalances")
    again.close()
    other.close()


@check
def of_two_static_members_with_one_name_the_first_is_fenced():
    name, group = topic(), new("group")
    first = consumer(group, group_instance_id="one")
    first.subscribe([name])
    poll_until("it is in", [first], lambda: have(1)([first]))
    second = consumer(group, group_instance_id="one")
    second.subscribe([name])
    poll_until("the second is in", [second], lambda: have(1)([second]))

    def fenced():
        second.poll(0.05)
        try:
            message = first.poll(0.05)
        except KafkaException as error:
            return error.args[0].name()
        return message is not None and message.error() and message.error().name()

    same(eventually("the first is told", fenced), "_FATAL")
    first.close()
    second.close()


@check
def groups_are_listed_described_and_deleted():
    name, group, client = topic(), new("group"), admin()
    send(producer(), name, [b"x"] * 10)
    member = consumer(group, client_id="reader")
    member.subscribe([name])
    take(member, 4)
    commit(member, name, 4)
    listed = {found.group_id: found.state for found in client.list_consumer_groups().result(PATIENCE).valid}
    same(listed[group], ConsumerGroupState.STABLE)
    stable = client.list_consumer_groups(states={ConsumerGroupState.EMPTY}).result(PATIENCE).valid
    same(group in [found.group_id for found in stable], False, "among the empty ones:")
    found = only(client.describe_consumer_groups([group]))
    same((found.state, found.partition_assignor), (ConsumerGroupState.STABLE, "range"))
    same([part.client_id for part in found.members], ["reader"])
    places = found.members[0].assignment.topic_partitions
    same([(place.topic, place.partition) for place in places], [(name, 0)])
    same([(place.topic, place.offset) for place in offsets(client, group)], [(name, 4)])
    refused = fails(KafkaException, lambda: only(client.delete_consumer_groups([group])))
    same(refused.args[0].name(), "NON_EMPTY_GROUP")
    member.close()
    only(client.delete_consumer_groups([group]))
    left = [found.group_id for found in client.list_consumer_groups().result(PATIENCE).valid]
    same(group in left, False, "still listed:")


def offsets(client, group):
    return only(client.list_consumer_group_offsets([ConsumerGroupTopicPartitions(group)])).topic_partitions


@check
def offsets_of_a_group_are_set_by_others():
    name, group, client = topic(), new("group"), admin()
    send(producer(), name, [b"0", b"1", b"2"])
    place = [TopicPartition(name, 0, 2)]
    only(client.alter_consumer_group_offsets([ConsumerGroupTopicPartitions(group, place)]))
    same([(found.topic, found.offset) for found in offsets(client, group)], [(name, 2)])
    member = consumer(group)
    member.subscribe([name])
    same([record.value() for record in take(member, 1)], [b"2"])
    member.close()
    same(len(read(name)), 3)
