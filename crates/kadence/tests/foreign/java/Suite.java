package foreign;

import org.apache.kafka.common.utils.AppInfoParser;

/**
 * Kafka's own client for Java, checked against a broker: `java Suite HOST:PORT [PART OF A NAME]`.
 *
 * <p>Standard output has a line of JSON that names the client, and one for each check; the exit code is 1 if one failed.
 * It compiles against clients from 3.9 on, and is run unchanged against a real Kafka and against the embedded broker.
 */
public final class Suite {
    private Suite() {}

    public static void main(String[] arguments) {
        Checks.brokers = arguments[0];
        Checks.only = arguments.length > 1 ? arguments[1] : "";
        System.out.printf("{\"client\": \"kafka-clients %s (Java)\"}%n", AppInfoParser.getVersion());
        Clients.connect();
        Topics.run();
        Records.run();
        Groups.run();
        Transactions.run();
        Clients.admin.close();
        System.exit(Checks.failed ? 1 : 0);
    }
}
