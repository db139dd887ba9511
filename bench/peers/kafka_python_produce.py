"""kafka-python: reads two CSV columns, makes JSON, produces, flushes once.

kafka_python_produce.py BROKERS TOPIC CSV ROWS LINGER_MS BATCH_SIZE
"""

import csv
import itertools
import json
import sys
import time

import crc32c  # noqa: F401  Without it, checksums are computed in Python, several times slower.
from kafka import KafkaProducer

brokers, topic, path, rows, linger_ms, batch_size = sys.argv[1:]
acknowledged = size = 0
failures = []


def delivered(_):
    global acknowledged
    acknowledged += 1


began = time.perf_counter()
producer = KafkaProducer(bootstrap_servers=brokers, acks="all", enable_idempotence=True, linger_ms=int(linger_ms),
                         batch_size=int(batch_size))
with open(path, newline="") as file:
    for row in itertools.islice(csv.DictReader(file), int(rows)):
        body = json.dumps({"timestamp": float(row["timestamp"]), "value": int(row["value"])}, separators=(",", ":"))
        size += len(body)
        producer.send(topic, body.encode()).add_callback(delivered).add_errback(failures.append)
producer.flush()
seconds = time.perf_counter() - began
producer.close()
if failures:
    sys.exit(f"{len(failures)} records failed: {failures[0]}")
print(json.dumps({"records": acknowledged, "bytes": size, "seconds": seconds}))
