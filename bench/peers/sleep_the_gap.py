"""A replay as widespread demos do it: parse each time, sleep for the gap to the one before, produce, flush.

sleep_the_gap.py BROKERS TOPIC CSV; the times are text, as in a recording. Prints one JSON object.
"""

import csv
import json
import sys
import time

from confluent_kafka import Producer
from dateutil.parser import parse

brokers, topic, path = sys.argv[1:]
producer = Producer({"bootstrap.servers": brokers})
# The first contact is no part of the replay.
producer.list_topics(topic, timeout=60)
previous, records, ideal_s = None, 0, 0.0
with open(path, newline="") as file:
    rows = csv.reader(file)
    next(rows)
    for timestamp, value in rows:
        due = parse(timestamp)
        if previous is None:
            began = time.perf_counter()
        else:
            gap = (due - previous).total_seconds()
            ideal_s += gap
            time.sleep(gap)
        previous = due
        producer.produce(topic, json.dumps({timestamp: float(value)}))
        producer.flush()
        records += 1
total_s = time.perf_counter() - began
print(json.dumps({"records": records, "total_s": total_s, "ideal_s": ideal_s}))
