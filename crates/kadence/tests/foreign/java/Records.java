package foreign;

import static foreign.Checks.*;
import static foreign.Clients.*;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.InvalidRecordException;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.header.internals.RecordHeader;

/** Records written and read. */
final class Records {
    private static final long BASE_MS = 1_000_000_000_000L;

    static void run() {
        check("writing creates a topic", Records::automatic);
        check("writes with acks 0, 1 and all", Records::acknowledgements);
        check("all codecs arrive", Records::codecs);
        check("keys, values and headers may be empty or missing", Records::fields);
        check("a key stays on its partition", Records::keys);
        check("offsets are found by time", Records::times);
        check("a reader moves about", Records::seeking);
        check("an offset out of range is said or reset", Records::outOfRange);
        check("an idempotent producer writes each record once", Records::idempotence);
        check("too large a record is refused unless the topic takes it", Records::size);
        check("a compacted topic refuses a record without a key", Records::keyless);
        check("many partitions are read in fetch sessions", Records::sessions);
    }

    private static String[] numbers(int count) {
        return IntStream.range(0, count).mapToObj(String::valueOf).toArray(String[]::new);
    }

    private static void automatic() throws Exception {
        String name = fresh("automatic");
        write(name, "first");
        same(read(name), List.of("first"));
    }

    private static void acknowledgements() throws Exception {
        String name = topic(1);
        for (String acks : List.of("0", "1", "all")) {
            try (KafkaProducer<byte[], byte[]> producer = producer("acks", acks, "enable.idempotence", false)) {
                send(producer, name, numbers(50));
            }
        }
        // Nobody answers for the records without acknowledgement.
        eventually("all records", () -> read(name).size() == 150);
    }

    private static void codecs() throws Exception {
        for (String codec : List.of("none", "gzip", "snappy", "lz4", "zstd")) {
            String name = topic(1);
            String[] bodies = Stream.of(numbers(300)).map(body -> body + "abc".repeat(50)).toArray(String[]::new);
            try (KafkaProducer<byte[], byte[]> producer = producer("compression.type", codec, "linger.ms", 20)) {
                send(producer, name, bodies);
            }
            same(read(name), List.of(bodies));
        }
    }

    private static void fields() throws Exception {
        String name = topic(1);
        byte[] none = new byte[0];
        try (KafkaProducer<byte[], byte[]> producer = producer()) {
            var full = new ProducerRecord<>(name, "key".getBytes(UTF_8), "value".getBytes(UTF_8));
            full.headers().add(new RecordHeader("a", "1".getBytes(UTF_8))).add(new RecordHeader("a", null));
            producer.send(full);
            producer.send(new ProducerRecord<>(name, "tombstone".getBytes(UTF_8), null));
            producer.send(new ProducerRecord<>(name, null, none));
        }
        List<ConsumerRecord<byte[], byte[]>> found = records(name, 0);
        same(found.size(), 3);
        same(new String(found.get(0).key(), UTF_8), "key");
        same(found.get(0).headers().toArray().length, 2);
        same(found.get(0).headers().lastHeader("a").value() == null, true);
        same(found.get(1).value() == null, true);
        same(found.get(2).key() == null && found.get(2).value().length == 0, true);
    }

    private static void keys() throws Exception {
        String name = topic(4);
        try (KafkaProducer<byte[], byte[]> producer = producer()) {
            for (int number = 0; number < 200; number++) {
                producer.send(new ProducerRecord<>(name, ("key " + number % 20).getBytes(UTF_8), new byte[1]));
            }
        }
        List<String> keys = new ArrayList<>();
        for (int partition = 0; partition < 4; partition++) {
            records(name, partition).stream().map(record -> new String(record.key(), UTF_8)).distinct().forEach(keys::add);
        }
        same(keys.size(), 20);
        same(keys.stream().distinct().count(), 20L);
    }

    private static void times() throws Exception {
        String name = topic(1);
        TopicPartition place = new TopicPartition(name, 0);
        try (KafkaProducer<byte[], byte[]> producer = producer()) {
            for (int number = 0; number < 50; number++) {
                producer.send(new ProducerRecord<>(name, 0, BASE_MS + number * 1000, null, new byte[1]));
            }
        }
        same(records(name, 0).get(7).timestamp(), BASE_MS + 7000);
        try (KafkaConsumer<byte[], byte[]> consumer = consumer()) {
            var found = consumer.offsetsForTimes(Map.of(place, BASE_MS + 6500)).get(place);
            same(List.of(found.offset(), found.timestamp()), List.of(7L, BASE_MS + 7000));
            same(consumer.offsetsForTimes(Map.of(place, BASE_MS + 50_000)).get(place), null);
        }
    }

    private static void seeking() throws Exception {
        String name = topic(1);
        write(name, numbers(20));
        TopicPartition place = new TopicPartition(name, 0);
        try (KafkaConsumer<byte[], byte[]> consumer = consumer("max.poll.records", 5)) {
            consumer.assign(List.of(place));
            same(texts(take(consumer, 5)).get(4), "4");
            consumer.seek(place, 15);
            same(texts(take(consumer, 5)).get(0), "15");
            same(consumer.position(place), 20L);
            consumer.seekToBeginning(List.of(place));
            same(texts(take(consumer, 5)).get(0), "0");
            consumer.seekToEnd(List.of(place));
            same(consumer.position(place), 20L);
            same(consumer.beginningOffsets(List.of(place)), Map.of(place, 0L));
        }
    }

    private static void outOfRange() throws Exception {
        String name = topic(1);
        write(name, numbers(3));
        TopicPartition place = new TopicPartition(name, 0);
        try (KafkaConsumer<byte[], byte[]> strict = consumer("auto.offset.reset", "none")) {
            strict.assign(List.of(place));
            strict.seek(place, 500);
            fails(OffsetOutOfRangeException.class, () -> eventually("an error", () -> {
                strict.poll(Duration.ofMillis(200));
                return false;
            }));
        }
        try (KafkaConsumer<byte[], byte[]> lenient = consumer()) {
            lenient.assign(List.of(place));
            lenient.seek(place, 500);
            same(texts(take(lenient, 3)), List.of("0", "1", "2"));
        }
    }

    private static void idempotence() throws Exception {
        String name = topic(1);
        String[] bodies = numbers(5000);
        try (KafkaProducer<byte[], byte[]> producer =
                producer("enable.idempotence", true, "batch.size", 500, "linger.ms", 1)) {
            send(producer, name, bodies);
        }
        same(read(name), List.of(bodies));
    }

    private static void size() throws Exception {
        byte[] body = new byte[3_000_000];
        new Random(1).nextBytes(body);
        String small = topic(1);
        String large = topic(1, "max.message.bytes", "4000000");
        try (KafkaProducer<byte[], byte[]> producer = producer("max.request.size", 20_000_000)) {
            fails(RecordTooLargeException.class, () -> producer.send(new ProducerRecord<>(small, body)).get());
            producer.send(new ProducerRecord<>(large, body)).get();
        }
        same(java.util.Arrays.equals(records(large, 0).get(0).value(), body), true);
    }

    /** The client says of each record of a batch whether it is to blame. */
    private static void keyless() throws Exception {
        String name = topic(1, "cleanup.policy", "compact");
        List<Future<RecordMetadata>> sent = new ArrayList<>();
        // One batch, which is sent when it is flushed.
        try (KafkaProducer<byte[], byte[]> producer = producer("linger.ms", 60_000)) {
            for (String key : new String[] {"key", null, "key", null}) {
                sent.add(producer.send(new ProducerRecord<>(name, key == null ? null : key.getBytes(UTF_8), new byte[1])));
            }
            producer.flush();
        }
        List<Boolean> blamed = new ArrayList<>();
        for (Future<RecordMetadata> each : sent) {
            KafkaException error = fails(KafkaException.class, each::get);
            boolean names = error.getMessage().startsWith("Compacted topic cannot accept message without key");
            same(names && !(error instanceof InvalidRecordException), false);
            blamed.add(names);
        }
        same(blamed, List.of(false, true, false, true));
        same(read(name), List.of());
    }

    /** A partition is forgotten and taken up again while others go on. */
    private static void sessions() throws Exception {
        String one = topic(10);
        String two = topic(10);
        List<TopicPartition> places = new ArrayList<>();
        for (int partition = 0; partition < 10; partition++) {
            places.add(new TopicPartition(one, partition));
            places.add(new TopicPartition(two, partition));
        }
        try (KafkaConsumer<byte[], byte[]> consumer = consumer();
                KafkaProducer<byte[], byte[]> producer = producer()) {
            consumer.assign(places);
            for (int round = 0; round < 5; round++) {
                for (TopicPartition place : places) {
                    producer.send(new ProducerRecord<>(place.topic(), place.partition(), null, new byte[1]));
                }
                producer.flush();
                List<TopicPartition> paused = places.subList(round, round + 7);
                consumer.pause(paused);
                take(consumer, places.size() - paused.size());
                consumer.resume(paused);
                take(consumer, paused.size());
            }
        }
    }
}
