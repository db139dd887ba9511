"""Python's Kafka clients, checked against a broker: `suite.py SUITE HOST:PORT`.

Standard output has a line of JSON that names the client, and one for each check; the exit code is 1 if one failed. The
suites are run unchanged against a real Kafka and against the embedded broker.
"""

import sys
from importlib.metadata import version

import confluent_kafka

import checks
import confluent_groups  # noqa: F401
import confluent_records  # noqa: F401
import confluent_topics  # noqa: F401
import confluent_transactions  # noqa: F401
import kafka_python  # noqa: F401
import scripts  # noqa: F401

CONFLUENT_KAFKA = f"confluent-kafka {version('confluent-kafka')} (librdkafka {confluent_kafka.libversion()[0]})"
KAFKA_PYTHON = f"kafka-python {version('kafka-python')}"

CLIENTS = {
    "confluent-kafka": CONFLUENT_KAFKA,
    "kafka-python": KAFKA_PYTHON,
    "scripts": f"{KAFKA_PYTHON} and {CONFLUENT_KAFKA}",
}

if __name__ == "__main__":
    if len(sys.argv) < 3 or sys.argv[1] not in CLIENTS:
        sys.exit(f"usage: suite.py {'|'.join(CLIENTS)} HOST:PORT [PART OF A NAME…]")
    _, suite, address, *only = sys.argv
    sys.exit(0 if checks.run(suite, CLIENTS[suite], address, only) else 1)
