package foreign;

import static foreign.Checks.*;
import static foreign.Clients.*;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.admin.ConsumerGroupDescription;
import org.apache.kafka.clients.admin.ListConsumerGroupsOptions;
import org.apache.kafka.clients.admin.MemberToRemove;
import org.apache.kafka.clients.admin.RemoveMembersFromConsumerGroupOptions;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.ConsumerGroupState;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.FencedInstanceIdException;
import org.apache.kafka.common.errors.GroupNotEmptyException;
import org.apache.kafka.common.errors.GroupSubscribedToTopicException;

/** Consumers in groups, and groups administered. */
final class Groups {
    private static final String ASSIGNORS = "org.apache.kafka.clients.consumer.";

    static void run() {
        check("a group goes on where it has committed", Groups::resume);
        check("two members share eagerly", () -> share("RangeAssignor"));
        check("two members share cooperatively", () -> share("CooperativeStickyAssignor"));
        check("a static member comes back without a rebalance", Groups::comeBack);
        check("of two static members with one name the first is fenced", Groups::fence);
        check("groups are listed and described", Groups::describe);
        check("offsets of a group are altered and deleted", Groups::offsets);
        check("members are removed and groups deleted", Groups::remove);
    }

    private static void resume() throws Exception {
        String name = topic(1);
        String group = fresh("group");
        write(name, "0", "1", "2", "3", "4", "5");
        TopicPartition place = new TopicPartition(name, 0);
        try (KafkaConsumer<byte[], byte[]> first = consumer("group.id", group, "max.poll.records", 4)) {
            first.subscribe(List.of(name));
            take(first, 4);
            first.commitSync(Map.of(place, new OffsetAndMetadata(4, "so far")));
        }
        try (KafkaConsumer<byte[], byte[]> second = consumer("group.id", group)) {
            second.subscribe(List.of(name));
            same(texts(take(second, 2)), List.of("4", "5"));
            same(second.committed(Set.of(place)).get(place).metadata(), "so far");
        }
    }

    /** Polls members, who expect no records, until each has as many partitions. */
    private static void settle(List<KafkaConsumer<byte[], byte[]>> members, List<Integer> counts) throws Exception {
        eventually("partitions " + counts, () -> {
            members.forEach(member -> member.poll(A_MOMENT));
            return members.stream().map(member -> member.assignment().size()).toList().equals(counts);
        });
    }

    private static void share(String assignor) throws Exception {
        String name = topic(4);
        String group = fresh("group");
        Object[] settings = {"group.id", group, "partition.assignment.strategy", ASSIGNORS + assignor};
        KafkaConsumer<byte[], byte[]> one = consumer(settings);
        one.subscribe(List.of(name));
        settle(List.of(one), List.of(4));
        try (KafkaConsumer<byte[], byte[]> two = consumer(settings)) {
            two.subscribe(List.of(name));
            settle(List.of(one, two), List.of(2, 2));
            one.close();
            settle(List.of(two), List.of(4));
        }
    }

    private static void comeBack() throws Exception {
        String name = topic(2);
        String group = fresh("group");
        List<Integer> assigned = new ArrayList<>();
        ConsumerRebalanceListener listener = new ConsumerRebalanceListener() {
            @Override
            public void onPartitionsRevoked(Collection<TopicPartition> partitions) {}

            @Override
            public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
                assigned.add(partitions.size());
            }
        };
        try (KafkaConsumer<byte[], byte[]> stays = consumer("group.id", group, "group.instance.id", "stays")) {
            stays.subscribe(List.of(name), listener);
            KafkaConsumer<byte[], byte[]> goes = consumer("group.id", group, "group.instance.id", "goes");
            goes.subscribe(List.of(name));
            settle(List.of(stays, goes), List.of(1, 1));
            int before = assigned.size();
            goes.close();
            try (KafkaConsumer<byte[], byte[]> back = consumer("group.id", group, "group.instance.id", "goes")) {
                back.subscribe(List.of(name));
                settle(List.of(stays, back), List.of(1, 1));
                same(assigned.size(), before);
            }
        }
    }

    private static void fence() throws Exception {
        String name = topic(1);
        Object[] settings = {"group.id", fresh("group"), "group.instance.id", "one"};
        try (KafkaConsumer<byte[], byte[]> first = consumer(settings);
                KafkaConsumer<byte[], byte[]> second = consumer(settings)) {
            first.subscribe(List.of(name));
            settle(List.of(first), List.of(1));
            second.subscribe(List.of(name));
            settle(List.of(second), List.of(1));
            fails(FencedInstanceIdException.class, () -> eventually("the first is told", () -> {
                second.poll(A_MOMENT);
                first.poll(A_MOMENT);
                return false;
            }));
        }
    }

    private static ConsumerGroupDescription description(String group) throws Exception {
        return get(admin.describeConsumerGroups(List.of(group)).all()).get(group);
    }

    private static Set<String> listed(ConsumerGroupState state) throws Exception {
        var options = new ListConsumerGroupsOptions().inStates(Set.of(state));
        var found = get(admin.listConsumerGroups(options).all());
        return Set.copyOf(found.stream().map(each -> each.groupId()).toList());
    }

    private static void describe() throws Exception {
        String name = topic(2);
        String group = fresh("group");
        try (KafkaConsumer<byte[], byte[]> member = consumer("group.id", group, "client.id", "reader")) {
            member.subscribe(List.of(name));
            settle(List.of(member), List.of(2));
            ConsumerGroupDescription found = description(group);
            same(found.state(), ConsumerGroupState.STABLE);
            same(found.partitionAssignor(), "range");
            var described = found.members().iterator().next();
            same(described.clientId(), "reader");
            same(described.assignment().topicPartitions().size(), 2);
            same(listed(ConsumerGroupState.STABLE).contains(group), true);
            same(listed(ConsumerGroupState.EMPTY).contains(group), false);
            member.commitSync(Map.of(new TopicPartition(name, 0), new OffsetAndMetadata(0)));
        }
        same(description(group).state(), ConsumerGroupState.EMPTY);
        same(listed(ConsumerGroupState.EMPTY).contains(group), true);
    }

    private static Map<TopicPartition, OffsetAndMetadata> offsets(String group) throws Exception {
        return get(admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata());
    }

    private static void offsets() throws Exception {
        String name = topic(2);
        String group = fresh("group");
        TopicPartition kept = new TopicPartition(name, 0);
        TopicPartition dropped = new TopicPartition(name, 1);
        Map<TopicPartition, OffsetAndMetadata> wanted =
                Map.of(kept, new OffsetAndMetadata(3, "by hand"), dropped, new OffsetAndMetadata(4));
        get(admin.alterConsumerGroupOffsets(group, wanted).all());
        same(offsets(group), wanted);
        get(admin.deleteConsumerGroupOffsets(group, Set.of(dropped)).all());
        same(offsets(group), Map.of(kept, wanted.get(kept)));
        try (KafkaConsumer<byte[], byte[]> member = consumer("group.id", group)) {
            member.subscribe(List.of(name));
            settle(List.of(member), List.of(2));
            fails(GroupSubscribedToTopicException.class,
                    () -> get(admin.deleteConsumerGroupOffsets(group, Set.of(kept)).all()));
        }
    }

    private static void remove() throws Exception {
        String name = topic(2);
        String group = fresh("group");
        KafkaConsumer<byte[], byte[]> fixed = consumer("group.id", group, "group.instance.id", "fixed");
        KafkaConsumer<byte[], byte[]> other = consumer("group.id", group);
        fixed.subscribe(List.of(name));
        other.subscribe(List.of(name));
        settle(List.of(fixed, other), List.of(1, 1));
        fails(GroupNotEmptyException.class, () -> get(admin.deleteConsumerGroups(List.of(group)).all()));
        var one = new RemoveMembersFromConsumerGroupOptions(List.of(new MemberToRemove("fixed")));
        get(admin.removeMembersFromConsumerGroup(group, one).all());
        settle(List.of(other), List.of(2));
        get(admin.removeMembersFromConsumerGroup(group, new RemoveMembersFromConsumerGroupOptions()).all());
        eventually("the group is empty", () -> description(group).state() == ConsumerGroupState.EMPTY);
        get(admin.deleteConsumerGroups(List.of(group)).all());
        same(listed(ConsumerGroupState.EMPTY).contains(group), false);
        fixed.close();
        other.close();
    }
}
