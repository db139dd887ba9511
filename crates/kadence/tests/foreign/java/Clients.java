package foreign;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** Producers, consumers and the administration, with what the checks do with them again and again. */
final class Clients {
    static final Duration A_MOMENT = Duration.ofMillis(100);

    static Admin admin;

    private Clients() {}

    private static Map<String, Object> settings(Object... more) {
        Map<String, Object> settings = new HashMap<>(Map.of("bootstrap.servers", Checks.brokers));
        for (int at = 0; at < more.length; at += 2) {
            settings.put((String) more[at], more[at + 1]);
        }
        return settings;
    }

    static void connect() {
        admin = Admin.create(settings());
    }

    static KafkaProducer<byte[], byte[]> producer(Object... more) {
        return new KafkaProducer<>(settings(more), new ByteArraySerializer(), new ByteArraySerializer());
    }

    static KafkaConsumer<byte[], byte[]> consumer(Object... more) {
        Map<String, Object> settings = settings(
                "auto.offset.reset", "earliest", "enable.auto.commit", false,
                "heartbeat.interval.ms", 300, "fetch.max.wait.ms", 50);
        settings.putAll(settings(more));
        return new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    }

    /** A new topic that can be written to. */
    static String topic(int partitions, String... configs) throws Exception {
        String name = Checks.fresh("topic");
        Map<String, String> map = new HashMap<>();
        for (int at = 0; at < configs.length; at += 2) {
            map.put(configs[at], configs[at + 1]);
        }
        NewTopic wanted = new NewTopic(name, partitions, (short) 1).configs(map);
        Checks.get(admin.createTopics(List.of(wanted)).all());
        Checks.eventually("the topic", () -> Checks.get(admin.listTopics().names()).contains(name));
        return name;
    }

    /** Writes records of plain text and waits until the broker has them all. */
    static void send(KafkaProducer<byte[], byte[]> producer, String topic, String... values) throws Exception {
        List<Future<RecordMetadata>> sent = new ArrayList<>();
        for (String value : values) {
            sent.add(producer.send(new ProducerRecord<>(topic, value.getBytes(UTF_8))));
        }
        producer.flush();
        for (Future<RecordMetadata> each : sent) {
            each.get(Checks.PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
        }
    }

    /** As `send`, with a producer of its own. */
    static void write(String topic, String... values) throws Exception {
        try (KafkaProducer<byte[], byte[]> producer = producer()) {
            send(producer, topic, values);
        }
    }

    /** All records of a partition that a consumer with these settings gets to see. */
    static List<ConsumerRecord<byte[], byte[]>> records(String topic, int partition, Object... more) throws Exception {
        try (KafkaConsumer<byte[], byte[]> consumer = consumer(more)) {
            TopicPartition place = new TopicPartition(topic, partition);
            consumer.assign(List.of(place));
            consumer.seekToBeginning(List.of(place));
            long end = consumer.endOffsets(List.of(place)).get(place);
            List<ConsumerRecord<byte[], byte[]>> found = new ArrayList<>();
            Checks.eventually("the end of " + place, () -> {
                consumer.poll(A_MOMENT).forEach(found::add);
                return consumer.position(place) >= end;
            });
            return found;
        }
    }

    static List<String> read(String topic, Object... more) throws Exception {
        return texts(records(topic, 0, more));
    }

    static List<String> committed(String topic) throws Exception {
        return read(topic, "isolation.level", "read_committed");
    }

    static List<String> texts(List<ConsumerRecord<byte[], byte[]>> records) {
        return records.stream().map(record -> new String(record.value(), UTF_8)).toList();
    }

    /** The next records of a consumer. */
    static List<ConsumerRecord<byte[], byte[]>> take(KafkaConsumer<byte[], byte[]> consumer, int count) throws Exception {
        List<ConsumerRecord<byte[], byte[]>> found = new ArrayList<>();
        Checks.eventually(count + " records", () -> {
            consumer.poll(A_MOMENT).forEach(found::add);
            return found.size() >= count;
        });
        Checks.same(found.size(), count);
        return found;
    }
}
