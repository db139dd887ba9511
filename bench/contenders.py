"""Who is measured in bench/compare, and how each is run."""

import json
import re
import subprocess
from dataclasses import dataclass
from typing import Callable, Optional

import harness
from harness import PEERS

# What kadence sets for an unpaced run, and with it everybody who can.
LINGER_MS, BATCH_BYTES, BATCH_RECORDS = 10, 1_000_000, 100_000
QUEUE = ["queue.buffering.max.messages=65536", "queue.buffering.max.kbytes=32768"]
PRODUCER = [f"linger.ms={LINGER_MS}", f"batch.size={BATCH_BYTES}", f"batch.num.messages={BATCH_RECORDS}",
            "acks=all", "enable.idempotence=true", *QUEUE]
BACKOFF = "fetch.queue.backoff.ms=5"
JAVA_PRODUCER = [f"linger.ms={LINGER_MS}", f"batch.size={BATCH_BYTES}", "acks=all", "enable.idempotence=true",
                 "compression.type=none", "buffer.memory=67108864"]


@dataclass
class Contender:
    """One program in one setting."""

    name: str
    title: str
    settings: str
    # From a Bench, a topic and a number of rows to the command, and its standard input.
    command: Callable
    # The share of the rows that it gets, and at most how many.
    share: float = 1.0
    most: Optional[int] = None
    # From a Run and the number of records to the program's own rate, or None.
    own: Callable = lambda run, records: None
    # From a Run to how many records the program says it moved, or None where it says nothing.
    count: Callable = lambda run: None
    # Why it cannot run here; empty when it can.
    obstacle: Callable = lambda bench: ""

    def rows(self, rows):
        rows = max(1, int(rows * self.share))
        return min(rows, self.most) if self.most else rows


def with_x(properties):
    return [word for entry in properties for word in ("-X", entry)]


def last_json(text):
    return json.loads(text.strip().rsplit("\n", 1)[-1])


def by_seconds(stream, name="seconds"):
    return lambda run, records: records / last_json(getattr(run, stream))[name]


def said(stream, name="records"):
    return lambda run: last_json(getattr(run, stream))[name]


def perf_rate(run, records):
    return float(re.findall(r"([\d.]+) records/sec", run.out)[-1])


def perf_count(run):
    return int(re.findall(r"^(\d+) records sent", run.out, re.M)[-1])


def java_consumer_line(run):
    """Columns: start, end, MB, MB/s, records, records/s, and the rebalance's and the fetch's times."""
    line = next(line for line in reversed(run.out.splitlines()) if line.count(",") >= 8)
    return [cell.strip() for cell in line.split(",")]


def old_kcat(bench):
    """Debian's kcat is built with a librdkafka that may not know how to back off for less than a second."""
    done = subprocess.run([bench.kcat, "-X", BACKOFF, "-X", "list"], capture_output=True, text=True)
    known = BACKOFF.split("=")[0] in done.stdout
    return "" if known else f"this kcat's librdkafka does not know {BACKOFF.split('=')[0]}"


RDKAFKA = f"idempotent, acks all, linger {LINGER_MS} ms, batches of 1 MB or {BATCH_RECORDS:,} records"

PRODUCERS = [
    Contender(
        "kadence", "`kadence replay --unpaced` (CSV to JSON)", f"its defaults: {RDKAFKA}",
        lambda bench, topic, rows: ([bench.kadence, "replay", bench.csv(rows), "-t", topic, "-b", bench.brokers,
                                     "--unpaced", "--quiet", "--json"], None),
        own=by_seconds("out", "elapsed_s"), count=said("out", "acknowledged")),
    Contender(
        "bare", "bare rdkafka loop (ready-made bodies)", f"{RDKAFKA}; the same librdkafka as kadence's",
        lambda bench, topic, rows: ([bench.example("bare_producer"), bench.brokers, topic, bench.bodies(rows),
                                     *PRODUCER], None),
        own=by_seconds("out"), count=said("out")),
    Contender(
        "kcat", "`kcat -P -l` (ready-made bodies)", RDKAFKA,
        lambda bench, topic, rows: ([bench.kcat, "-P", "-b", bench.brokers, "-t", topic, "-p", "0",
                                     *with_x(PRODUCER), "-l", bench.bodies(rows)], None)),
    Contender(
        "confluent", "confluent-kafka, tuned (CSV to JSON)", f"{RDKAFKA}; poll(0) per row, one flush",
        lambda bench, topic, rows: ([bench.python, PEERS / "confluent_produce.py", "tuned", bench.brokers, topic,
                                     bench.csv(bench.rows), rows, *PRODUCER], None),
        own=by_seconds("out"), count=said("out")),
    Contender(
        "confluent-flush", "confluent-kafka, flush per row (CSV to JSON)", "its defaults, as demos use it",
        lambda bench, topic, rows: ([bench.python, PEERS / "confluent_produce.py", "flush", bench.brokers, topic,
                                     bench.csv(bench.rows), rows], None),
        share=0.05, most=10_000, own=by_seconds("out"), count=said("out")),
    Contender(
        "kafka-python", "kafka-python with crc32c (CSV to JSON)",
        f"idempotent, acks all, linger {LINGER_MS} ms, batches of 1 MB",
        lambda bench, topic, rows: ([bench.python, PEERS / "kafka_python_produce.py", bench.brokers, topic,
                                     bench.csv(bench.rows), rows, LINGER_MS, BATCH_BYTES], None),
        share=0.1, own=by_seconds("out"), count=said("out")),
    Contender(
        "java", "kafka-producer-perf-test (ready-made bodies)",
        f"idempotent, acks all, linger {LINGER_MS} ms, batches of 1 MB, 64 MB of memory; -Xmx512m",
        lambda bench, topic, rows: ([*bench.kafka.tool("org.apache.kafka.tools.ProducerPerformance"), "--topic", topic,
                                     "--num-records", rows, "--throughput", "-1", "--payload-file", bench.few_bodies(),
                                     "--command-property", f"bootstrap.servers={bench.brokers}", *JAVA_PRODUCER],
                                    None),
        own=perf_rate, count=perf_count),
]

CONSUMERS = [
    Contender(
        "kadence", "`kadence consume --until-end`", "its defaults",
        lambda bench, topic, rows: ([bench.kadence, "consume", topic, "-b", bench.brokers, "--until-end", "--json"],
                                    None),
        count=said("err")),
    Contender(
        "bare", "bare rdkafka loop", "the properties that kadence sets",
        lambda bench, topic, rows: ([bench.example("bare_consumer"), bench.brokers, topic], None),
        own=by_seconds("err"), count=said("err")),
    Contender(
        "kcat", "`kcat -C -e`", "its defaults",
        lambda bench, topic, rows: ([bench.kcat, "-C", "-b", bench.brokers, "-t", topic, "-p", "0", "-o", "beginning",
                                     "-e", "-q"], None)),
    Contender(
        "kcat-backoff", "`kcat -C -e`, quick back-off", BACKOFF,
        lambda bench, topic, rows: ([bench.kcat, "-C", "-b", bench.brokers, "-t", topic, "-p", "0", "-o", "beginning",
                                     "-e", "-q", "-X", BACKOFF], None),
        obstacle=old_kcat),
    Contender(
        "confluent", "confluent-kafka, consume(10000)", BACKOFF,
        lambda bench, topic, rows: ([bench.python, PEERS / "confluent_consume.py", bench.brokers, topic, BACKOFF],
                                    None),
        own=by_seconds("err"), count=said("err")),
    Contender(
        "java", "kafka-consumer-perf-test", "its defaults; it prints no bodies; -Xmx512m",
        lambda bench, topic, rows: ([*bench.kafka.tool("org.apache.kafka.tools.ConsumerPerformance"),
                                     "--bootstrap-server", bench.brokers, "--topic", topic, "--num-records", rows],
                                    None),
        own=lambda run, records: float(java_consumer_line(run)[5]), count=lambda run: int(java_consumer_line(run)[4])),
]


def named(contenders, names):
    """Those with these names, or all; unknown names are faults."""
    known = {contender.name for contender in PRODUCERS + CONSUMERS}
    unknown = set(names or []) - known
    if unknown:
        raise harness.Failed(f"no such peer: {', '.join(sorted(unknown))}; there are {', '.join(sorted(known))}")
    return [contender for contender in contenders if not names or contender.name in names]
