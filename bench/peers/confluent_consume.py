"""confluent-kafka: prints the bodies of partition 0, a line each, until its end as of now.

confluent_consume.py BROKERS TOPIC [NAME=VALUE]…; ends with one JSON object on standard error.
"""

import json
import sys
import time

from confluent_kafka import Consumer, TopicPartition

brokers, topic, *settings = sys.argv[1:]
began = time.perf_counter()
consumer = Consumer({"bootstrap.servers": brokers, "group.id": "bench", "enable.auto.commit": "false",
                     **dict(setting.split("=", 1) for setting in settings)})
first, end = consumer.get_watermark_offsets(TopicPartition(topic, 0), timeout=60)
consumer.assign([TopicPartition(topic, 0, first)])
records = size = 0
write = sys.stdout.buffer.write
while records < end - first:
    messages = consumer.consume(10_000, timeout=1)
    for message in messages:
        if message.error():
            sys.exit(str(message.error()))
        body = message.value()
        size += len(body)
        write(body)
        write(b"\n")
    records += len(messages)
sys.stdout.flush()
seconds = time.perf_counter() - began
consumer.close()
print(json.dumps({"records": records, "bytes": size, "seconds": seconds}), file=sys.stderr)
