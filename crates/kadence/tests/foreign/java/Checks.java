package foreign;

import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.common.KafkaFuture;

/** How a check is run and told of, and how it waits. */
final class Checks {
    /** Longer takes only what hangs, on a machine that does much else, too. */
    static final Duration PATIENCE = Duration.ofMinutes(2);

    /** The broker under test. */
    static String brokers;
    /** Whether a check failed. */
    static boolean failed;
    /** Only checks with this in their name are run. */
    static String only = "";

    private Checks() {}

    /** Something that raises when a thing is not as it has to be. */
    interface Body {
        void run() throws Exception;
    }

    /** Runs a check and tells of it in a line of JSON. */
    static void check(String name, Body body) {
        if (!name.contains(only)) {
            return;
        }
        long began = System.nanoTime();
        String detail = null;
        try {
            body.run();
        } catch (Throwable error) {
            failed = true;
            error.printStackTrace();
            detail = String.valueOf(cause(error));
        }
        double seconds = (System.nanoTime() - began) / 1e9;
        String more = detail == null ? "" : ", \"detail\": " + quoted(detail);
        System.out.printf("{\"check\": %s, \"ok\": %s, \"seconds\": %.1f%s}%n", quoted(name), detail == null, seconds, more);
    }

    private static String quoted(String text) {
        StringBuilder out = new StringBuilder("\"");
        for (char letter : text.toCharArray()) {
            if (letter == '"' || letter == '\\') {
                out.append('\\').append(letter);
            } else {
                out.append(letter < ' ' ? ' ' : letter);
            }
        }
        return out.append('"').toString();
    }

    /** A name that nobody else has. */
    static String fresh(String prefix) {
        return prefix + "-" + UUID.randomUUID().toString().substring(0, 8);
    }

    static <T> T get(KafkaFuture<T> future) throws Exception {
        return future.get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
    }

    /** The one value of a map. */
    static <T> T one(Map<?, T> map) {
        same(map.size(), 1);
        return map.values().iterator().next();
    }

    static void same(Object found, Object expected) {
        if (!Objects.equals(found, expected)) {
            throw new AssertionError("found " + found + " instead of " + expected);
        }
    }

    /** Asks again until the answer is yes. */
    static void eventually(String what, Callable<Boolean> ask) throws Exception {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (!ask.call()) {
            if (System.nanoTime() > deadline) {
                throw new AssertionError(what + ": not within " + PATIENCE);
            }
        }
    }

    /** The error that has to be raised, of this class or one derived from it. */
    static <E extends Throwable> E fails(Class<E> wanted, Body body) throws Exception {
        try {
            body.run();
        } catch (Exception error) {
            Throwable found = cause(error);
            if (wanted.isInstance(found)) {
                return wanted.cast(found);
            }
            throw error;
        }
        throw new AssertionError("no " + wanted.getSimpleName());
    }

    private static Throwable cause(Throwable error) {
        return error instanceof ExecutionException && error.getCause() != null ? error.getCause() : error;
    }
}
