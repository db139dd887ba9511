"""confluent-kafka: reads two CSV columns, makes JSON, produces.

confluent_produce.py flush|tuned BROKERS TOPIC CSV ROWS [NAME=VALUE]…

`flush` waits for each record's acknowledgement, as widespread demos do; `tuned` serves callbacks beside and flushes
once.
"""

import csv
import itertools
import json
import sys
import time

from confluent_kafka import Producer

mode, brokers, topic, path, rows, *settings = sys.argv[1:]
acknowledged = failed = size = 0


def delivered(error, message):
    global acknowledged, failed
    if error is None:
        acknowledged += 1
    else:
        failed += 1


began = time.perf_counter()
producer = Producer({"bootstrap.servers": brokers, **dict(setting.split("=", 1) for setting in settings)})
with open(path, newline="") as file:
    for row in itertools.islice(csv.DictReader(file), int(rows)):
        body = json.dumps({"timestamp": float(row["timestamp"]), "value": int(row["value"])}, separators=(",", ":"))
        size += len(body)
        while True:
            try:
                producer.produce(topic, body, on_delivery=delivered)
                break
            except BufferError:
                producer.poll(0.01)
        if mode == "flush":
            producer.flush()
        else:
            producer.poll(0)
producer.flush()
seconds = time.perf_counter() - began
if failed:
    sys.exit(f"{failed} records failed")
print(json.dumps({"records": acknowledged, "bytes": size, "seconds": seconds}))
