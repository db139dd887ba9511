package foreign;

import static foreign.Checks.*;
import static foreign.Clients.*;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.admin.ListTransactionsOptions;
import org.apache.kafka.clients.admin.ProducerState;
import org.apache.kafka.clients.admin.TransactionDescription;
import org.apache.kafka.clients.admin.TransactionListing;
import org.apache.kafka.clients.admin.TransactionState;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.apache.kafka.common.errors.TransactionalIdNotFoundException;

/** Transactional producers, and transactions looked at from outside. */
final class Transactions {
    private static final int PATIENCE_MS = (int) PATIENCE.toMillis();
    /** For a transaction that is to last too long: long enough for a record to be written before. */
    private static final int TOO_SHORT_MS = 5_000;

    static void run() {
        check("what is aborted is not read", Transactions::abort);
        check("an open transaction holds readers back", Transactions::open);
        check("offsets are committed with the records", Transactions::sendOffsets);
        check("an empty transaction is committed", Transactions::empty);
        check("a second producer with the name fences the first", Transactions::fencing);
        check("producers are fenced by the administration", Transactions::fenceProducers);
        check("a transaction that lasts too long is aborted by the broker", Transactions::timeout);
        check("a timeout above the broker's limit is refused", Transactions::tooLong);
        check("transactions and producers are listed and described", Transactions::describe);
        check("a transaction spans many partitions", Transactions::wide);
    }

    private static KafkaProducer<byte[], byte[]> transactional(String name, int timeoutMs) {
        KafkaProducer<byte[], byte[]> producer = producer(
                "transactional.id", name, "transaction.timeout.ms", timeoutMs, "max.block.ms", PATIENCE_MS,
                "request.timeout.ms", 30_000, "delivery.timeout.ms", PATIENCE_MS);
        producer.initTransactions();
        return producer;
    }

    private static KafkaProducer<byte[], byte[]> transactional() {
        return transactional(fresh("transactional"), PATIENCE_MS);
    }

    /** Waits until this is what is committed: a commit is answered before its markers are written. */
    private static void holds(String topic, String... expected) throws Exception {
        eventually(List.of(expected) + " in " + topic, () -> committed(topic).equals(List.of(expected)));
    }

    private static void abort() throws Exception {
        String name = topic(1);
        try (KafkaProducer<byte[], byte[]> producer = transactional()) {
            producer.beginTransaction();
            send(producer, name, "kept 1", "kept 2");
            producer.commitTransaction();
            producer.beginTransaction();
            send(producer, name, "dropped");
            producer.abortTransaction();
            producer.beginTransaction();
            send(producer, name, "kept 3");
            producer.commitTransaction();
        }
        holds(name, "kept 1", "kept 2", "kept 3");
        same(read(name), List.of("kept 1", "kept 2", "dropped", "kept 3"));
    }

    private static void open() throws Exception {
        String name = topic(1);
        try (KafkaProducer<byte[], byte[]> producer = transactional()) {
            producer.beginTransaction();
            send(producer, name, "open");
            write(name, "plain");
            same(committed(name), List.of());
            same(read(name), List.of("open", "plain"));
            producer.commitTransaction();
            eventually("both", () -> committed(name).equals(List.of("open", "plain")));
        }
    }

    private static void sendOffsets() throws Exception {
        String source = topic(1);
        String target = topic(1);
        TopicPartition place = new TopicPartition(source, 0);
        write(source, "0", "1", "2");
        try (KafkaConsumer<byte[], byte[]> member = consumer("group.id", fresh("group"));
                KafkaProducer<byte[], byte[]> producer = transactional()) {
            member.subscribe(List.of(source));
            List<ConsumerRecord<byte[], byte[]>> records = take(member, 3);
            for (int count : new int[] {2, 3}) {
                producer.beginTransaction();
                for (ConsumerRecord<byte[], byte[]> record : records.subList(0, count)) {
                    producer.send(new ProducerRecord<>(target, record.value()));
                }
                producer.sendOffsetsToTransaction(
                        Map.of(place, new OffsetAndMetadata(count)), member.groupMetadata());
                if (count == 2) {
                    producer.commitTransaction();
                } else {
                    producer.abortTransaction();
                }
                same(member.committed(Set.of(place)).get(place).offset(), 2L);
            }
        }
        holds(target, "0", "1");
    }

    private static void empty() throws Exception {
        try (KafkaProducer<byte[], byte[]> producer = transactional()) {
            producer.beginTransaction();
            producer.commitTransaction();
            producer.beginTransaction();
            producer.abortTransaction();
        }
    }

    private static void fencing() throws Exception {
        String name = topic(1);
        String id = fresh("transactional");
        KafkaProducer<byte[], byte[]> first = transactional(id, 20_000);
        first.beginTransaction();
        send(first, name, "of a zombie");
        try (KafkaProducer<byte[], byte[]> second = transactional(id, 20_000)) {
            fails(ProducerFencedException.class, first::commitTransaction);
            second.beginTransaction();
            send(second, name, "of the heir");
            second.commitTransaction();
        }
        first.close();
        holds(name, "of the heir");
    }

    private static void fenceProducers() throws Exception {
        String name = topic(1);
        String id = fresh("transactional");
        try (KafkaProducer<byte[], byte[]> producer = transactional(id, 20_000)) {
            producer.beginTransaction();
            send(producer, name, "dropped");
            get(admin.fenceProducers(List.of(id)).all());
            fails(ProducerFencedException.class, producer::commitTransaction);
        }
        same(get(admin.describeTransactions(List.of(id)).description(id)).state(), TransactionState.EMPTY);
        same(committed(name), List.of());
    }

    private static void timeout() throws Exception {
        String name = topic(1);
        try (KafkaProducer<byte[], byte[]> producer = producer(
                "transactional.id", fresh("transactional"), "transaction.timeout.ms", TOO_SHORT_MS,
                "request.timeout.ms", TOO_SHORT_MS - 1_000, "delivery.timeout.ms", TOO_SHORT_MS - 100)) {
            producer.initTransactions();
            producer.beginTransaction();
            send(producer, name, "late");
            write(name, "plain");
            eventually("the broker aborts", () -> committed(name).equals(List.of("plain")));
            fails(KafkaException.class, producer::commitTransaction);
        }
        same(committed(name), List.of("plain"));
    }

    private static void tooLong() throws Exception {
        KafkaException error = fails(KafkaException.class, () -> transactional(fresh("transactional"), 1_000_000).close());
        same(error.getMessage().contains("transaction.max.timeout.ms"), true);
    }

    private static void describe() throws Exception {
        String name = topic(1);
        String id = fresh("transactional");
        TopicPartition place = new TopicPartition(name, 0);
        try (KafkaProducer<byte[], byte[]> producer = transactional(id, 20_000)) {
            producer.beginTransaction();
            send(producer, name, "open");
            var ongoing = new ListTransactionsOptions().filterStates(Set.of(TransactionState.ONGOING));
            TransactionListing listed = get(admin.listTransactions(ongoing).all()).stream()
                    .filter(each -> each.transactionalId().equals(id)).findFirst().orElseThrow();
            TransactionDescription found = get(admin.describeTransactions(List.of(id)).description(id));
            same(found.state(), TransactionState.ONGOING);
            same(found.producerId(), listed.producerId());
            same(found.transactionTimeoutMs(), 20_000L);
            same(found.topicPartitions(), Set.of(place));
            ProducerState active = get(admin.describeProducers(List.of(place)).partitionResult(place))
                    .activeProducers().get(0);
            same(active.producerId(), found.producerId());
            same(active.currentTransactionStartOffset().getAsLong(), 0L);
            producer.commitTransaction();
        }
        eventually("the commit", () -> get(admin.describeTransactions(List.of(id)).description(id)).state()
                == TransactionState.COMPLETE_COMMIT);
        String nobody = fresh("nobody");
        fails(TransactionalIdNotFoundException.class,
                () -> get(admin.describeTransactions(List.of(nobody)).description(nobody)));
    }

    private static void wide() throws Exception {
        String name = topic(20);
        try (KafkaProducer<byte[], byte[]> producer = transactional()) {
            for (int round = 0; round < 4; round++) {
                producer.beginTransaction();
                for (int partition = 0; partition < 20; partition++) {
                    producer.send(new ProducerRecord<>(name, partition, null, new byte[] {(byte) round}));
                }
                if (round % 2 == 0) {
                    producer.commitTransaction();
                } else {
                    producer.abortTransaction();
                }
            }
        }
        List<Integer> rounds = new ArrayList<>();
        for (int partition = 0; partition < 20; partition++) {
            records(name, partition, "isolation.level", "read_committed")
                    .forEach(record -> rounds.add((int) record.value()[0]));
        }
        same(rounds.size(), 40);
        same(Set.copyOf(rounds), Set.of(0, 2));
    }
}
