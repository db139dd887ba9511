package foreign;

import static foreign.Checks.*;
import static foreign.Clients.*;
import static java.util.Map.entry;
import static org.apache.kafka.common.acl.AclOperation.*;

import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.CreateTopicsOptions;
import org.apache.kafka.clients.admin.DescribeClusterOptions;
import org.apache.kafka.clients.admin.DescribeClusterResult;
import org.apache.kafka.clients.admin.DescribeConsumerGroupsOptions;
import org.apache.kafka.clients.admin.DescribeTopicsOptions;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicCollection;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.InvalidConfigurationException;
import org.apache.kafka.common.errors.InvalidPartitionsException;
import org.apache.kafka.common.errors.InvalidReplicationFactorException;
import org.apache.kafka.common.errors.InvalidTopicException;
import org.apache.kafka.common.errors.OffsetOutOfRangeException;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.errors.UnknownTopicIdException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;

/** Topics, their settings and the cluster, administered. */
final class Topics {
    static void run() {
        check("the cluster is described", Topics::cluster);
        check("what may be done is told of cluster, topic and group", Topics::operations);
        check("topics are created, described and deleted by name", Topics::byName);
        check("topics are described and deleted by id", Topics::byId);
        check("impossible topics are refused", Topics::impossible);
        check("a topic with assigned replicas is created", Topics::assigned);
        check("partitions are added", Topics::partitions);
        check("settings of topics are described and changed one by one", Topics::settings);
        check("settings of the broker are described", Topics::brokerSettings);
        check("offsets are listed by every specification", Topics::offsets);
        check("records are deleted", Topics::deletion);
    }

    private static void cluster() throws Exception {
        DescribeClusterResult found = admin.describeCluster();
        same(get(found.nodes()).size(), 1);
        same(get(found.controller()).id(), get(found.nodes()).iterator().next().id());
        same(get(found.clusterId()).isEmpty(), false);
    }

    /** What anybody may do where nothing is forbidden. */
    private static void operations() throws Exception {
        String name = topic(1);
        String group = fresh("group");
        get(admin.alterConsumerGroupOffsets(group, Map.of(new TopicPartition(name, 0), new OffsetAndMetadata(0))).all());
        var cluster = new DescribeClusterOptions().includeAuthorizedOperations(true);
        same(get(admin.describeCluster(cluster).authorizedOperations()),
                Set.of(CREATE, ALTER, DESCRIBE, CLUSTER_ACTION, DESCRIBE_CONFIGS, ALTER_CONFIGS, IDEMPOTENT_WRITE));
        var topic = new DescribeTopicsOptions().includeAuthorizedOperations(true);
        same(get(admin.describeTopics(List.of(name), topic).allTopicNames()).get(name).authorizedOperations(),
                Set.of(READ, WRITE, CREATE, DELETE, ALTER, DESCRIBE, DESCRIBE_CONFIGS, ALTER_CONFIGS));
        var groups = new DescribeConsumerGroupsOptions().includeAuthorizedOperations(true);
        same(get(admin.describeConsumerGroups(List.of(group), groups).all()).get(group).authorizedOperations(),
                Set.of(READ, DELETE, DESCRIBE, DESCRIBE_CONFIGS, ALTER_CONFIGS));
        same(get(admin.describeCluster().authorizedOperations()), null);
    }

    private static void byName() throws Exception {
        String name = topic(5);
        TopicDescription found = get(admin.describeTopics(List.of(name)).allTopicNames()).get(name);
        same(found.partitions().size(), 5);
        same(found.isInternal(), false);
        for (int partition = 0; partition < 5; partition++) {
            same(found.partitions().get(partition).partition(), partition);
            same(found.partitions().get(partition).isr().size(), 1);
        }
        get(admin.deleteTopics(List.of(name)).all());
        eventually("it is gone", () -> !get(admin.listTopics().names()).contains(name));
        fails(UnknownTopicOrPartitionException.class, () -> get(admin.deleteTopics(List.of(name)).all()));
    }

    private static void byId() throws Exception {
        String name = fresh("topic");
        var created = admin.createTopics(List.of(new NewTopic(name, 2, (short) 1)));
        Uuid id = get(created.topicId(name));
        same(get(created.numPartitions(name)), 2);
        same(get(created.config(name)).get("cleanup.policy").value(), "delete");
        TopicCollection ids = TopicCollection.ofTopicIds(List.of(id));
        eventually("it is there", () -> get(admin.listTopics().names()).contains(name));
        same(get(admin.describeTopics(ids).allTopicIds()).get(id).name(), name);
        get(admin.deleteTopics(ids).all());
        eventually("it is gone", () -> !get(admin.listTopics().names()).contains(name));
        fails(UnknownTopicIdException.class, () -> get(admin.deleteTopics(ids).all()));
    }

    private static void create(NewTopic topic) throws Exception {
        get(admin.createTopics(List.of(topic)).all());
    }

    private static void impossible() throws Exception {
        String there = topic(1);
        String name = fresh("topic");
        fails(TopicExistsException.class, () -> create(new NewTopic(there, 1, (short) 1)));
        fails(InvalidReplicationFactorException.class, () -> create(new NewTopic(name, 1, (short) 3)));
        fails(InvalidPartitionsException.class, () -> create(new NewTopic(name, 0, (short) 1)));
        fails(InvalidTopicException.class, () -> create(new NewTopic("a name", 1, (short) 1)));
        Map<String, String> wrong = Map.of("retention.ms", "soon");
        fails(InvalidConfigurationException.class, () -> create(new NewTopic(name, 1, (short) 1).configs(wrong)));
        CreateTopicsOptions dry = new CreateTopicsOptions().validateOnly(true);
        get(admin.createTopics(List.of(new NewTopic(name, 1, (short) 1)), dry).all());
        same(get(admin.listTopics().names()).contains(name), false);
    }

    private static void assigned() throws Exception {
        int node = get(admin.describeCluster().nodes()).iterator().next().id();
        String name = fresh("topic");
        create(new NewTopic(name, Map.of(0, List.of(node), 1, List.of(node))));
        eventually("it is there", () -> get(admin.listTopics().names()).contains(name));
        same(get(admin.describeTopics(List.of(name)).allTopicNames()).get(name).partitions().size(), 2);
    }

    private static void partitions() throws Exception {
        String name = topic(1);
        get(admin.createPartitions(Map.of(name, NewPartitions.increaseTo(3))).all());
        eventually("three partitions", () -> 3
                == get(admin.describeTopics(List.of(name)).allTopicNames()).get(name).partitions().size());
        fails(InvalidPartitionsException.class,
                () -> get(admin.createPartitions(Map.of(name, NewPartitions.increaseTo(2))).all()));
    }

    private static Config described(ConfigResource resource) throws Exception {
        return get(admin.describeConfigs(List.of(resource)).all()).get(resource);
    }

    private static void settings() throws Exception {
        ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, topic(1, "retention.bytes", "5000"));
        Collection<AlterConfigOp> changes = List.of(
                new AlterConfigOp(new ConfigEntry("retention.ms", "60000"), AlterConfigOp.OpType.SET),
                new AlterConfigOp(new ConfigEntry("cleanup.policy", "compact"), AlterConfigOp.OpType.APPEND),
                new AlterConfigOp(new ConfigEntry("retention.bytes", ""), AlterConfigOp.OpType.DELETE));
        get(admin.incrementalAlterConfigs(Map.of(resource, changes)).all());
        eventually("the changes", () -> described(resource).get("retention.ms").value().equals("60000"));
        Config found = described(resource);
        same(found.get("cleanup.policy").value(), "delete,compact");
        same(found.get("retention.bytes").value(), "-1");
        same(found.get("retention.bytes").isDefault(), true);
        same(found.get("retention.ms").source(), ConfigEntry.ConfigSource.DYNAMIC_TOPIC_CONFIG);
        Collection<AlterConfigOp> wrong =
                List.of(new AlterConfigOp(new ConfigEntry("no.such.setting", "1"), AlterConfigOp.OpType.SET));
        fails(InvalidConfigurationException.class,
                () -> get(admin.incrementalAlterConfigs(Map.of(resource, wrong)).all()));
    }

    private static void brokerSettings() throws Exception {
        int node = get(admin.describeCluster().nodes()).iterator().next().id();
        Config found = described(new ConfigResource(ConfigResource.Type.BROKER, String.valueOf(node)));
        same(found.get("message.max.bytes").value(), "1048588");
        same(found.get("auto.create.topics.enable").value(), "true");
    }

    private static void offsets() throws Exception {
        String name = topic(1);
        TopicPartition place = new TopicPartition(name, 0);
        long base = 1_000_000_000_000L;
        try (KafkaProducer<byte[], byte[]> producer = producer()) {
            for (long later : new long[] {10, 90, 40}) {
                producer.send(new ProducerRecord<>(name, 0, base + later, null, new byte[1])).get();
            }
        }
        var wanted = List.of(
                entry(OffsetSpec.earliest(), 0L),
                entry(OffsetSpec.latest(), 3L),
                entry(OffsetSpec.maxTimestamp(), 1L),
                entry(OffsetSpec.forTimestamp(base + 20), 1L),
                entry(OffsetSpec.forTimestamp(base + 91), -1L),
                entry(OffsetSpec.earliestLocal(), 0L),
                entry(OffsetSpec.latestTiered(), -1L));
        for (var each : wanted) {
            same(get(admin.listOffsets(Map.of(place, each.getKey())).all()).get(place).offset(), each.getValue());
        }
    }

    private static void deletion() throws Exception {
        String name = topic(1);
        TopicPartition place = new TopicPartition(name, 0);
        for (int number = 0; number < 6; number++) {
            write(name, String.valueOf(number));
        }
        long low = get(admin.deleteRecords(Map.of(place, RecordsToDelete.beforeOffset(4))).lowWatermarks().get(place))
                .lowWatermark();
        same(low, 4L);
        same(read(name), List.of("4", "5"));
        fails(OffsetOutOfRangeException.class,
                () -> get(admin.deleteRecords(Map.of(place, RecordsToDelete.beforeOffset(7))).all()));
        // -1 stands for the end.
        get(admin.deleteRecords(Map.of(place, RecordsToDelete.beforeOffset(-1))).all());
        same(read(name), List.of());
        Set<Long> ends = new HashSet<>();
        for (OffsetSpec spec : List.of(OffsetSpec.earliest(), OffsetSpec.latest())) {
            ends.add(get(admin.listOffsets(Map.of(place, spec)).all()).get(place).offset());
        }
        same(ends, Set.of(6L));
    }
}
