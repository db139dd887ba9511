"""Python's Kafka clients, checked against a broker: `suite.py SUITE HOST:PORT`.

Each check is a line of JSON on standard output; the exit code is 1 if one failed. The suites are run unchanged against
a real Kafka and against the embedded broker.
"""

import sys

import checks
import confluent_groups  # noqa: F401
import confluent_records  # noqa: F401
import confluent_topics  # noqa: F401
import confluent_transactions  # noqa: F401
import kafka_python  # noqa: F401
import scripts  # noqa: F401

if __name__ == "__main__":
    checks.main(sys.argv)
