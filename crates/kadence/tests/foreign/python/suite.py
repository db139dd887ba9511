"""Python's Kafka clients, checked against a broker: `suite.py SUITE HOST:PORT`.

Standard output has a line of JSON that names the client, and one for each check; the exit code is 1 if one failed. The
suites are run unchanged against a real Kafka and against the embedded broker.
"""

import importlib
import sys
from importlib.metadata import version

import confluent_kafka

import checks

CONFLUENT_KAFKA = f"confluent-kafka {version('confluent-kafka')} (librdkafka {confluent_kafka.libversion()[0]})"

# The files of each suite. An older confluent-kafka cannot read all of them, and has no other client beside it.
FILES = {
    "confluent-kafka": [
        "confluent_groups",
        "confluent_records",
        "confluent_codecs",
        "confluent_topics",
        "confluent_transactions",
    ],
    "old-confluent-kafka": ["confluent_records", "confluent_codecs"],
    "kafka-python": ["kafka_python"],
    "scripts": ["scripts"],
}


def client(suite):
    if suite.endswith("confluent-kafka"):
        return CONFLUENT_KAFKA
    kafka_python = f"kafka-python {version('kafka-python')}"
    return kafka_python if suite == "kafka-python" else f"{kafka_python} and {CONFLUENT_KAFKA}"


if __name__ == "__main__":
    if len(sys.argv) < 3 or sys.argv[1] not in FILES:
        sys.exit(f"usage: suite.py {'|'.join(FILES)} HOST:PORT [PART OF A NAME…]")
    _, suite, address, *only = sys.argv
    for name in FILES[suite]:
        importlib.import_module(name)
    sys.exit(0 if checks.run(suite.removeprefix("old-"), client(suite), address, only) else 1)
