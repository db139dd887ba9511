"""A second reader of seals, by docs/reference/seal.md alone: counts what is the matter with copies of a sealed topic."""

import collections
import json
import struct
import sys

import crc32c
from confluent_kafka import Consumer, TopicPartition

from checks import PATIENCE

KINDS = ["lost", "doubled", "reordered", "corrupted", "unexpected"]
NO_KEY = 0xFFFFFFFF


def checksum(message):
    key = message.key()
    length = struct.pack(">I", NO_KEY if key is None else len(key))
    return crc32c.crc32c(length + (key or b"") + (message.value() or b""))


class Check:
    def __init__(self, run, lanes):
        self.run, self.lanes = run, lanes
        self.counts, self.seen, self.greatest, self.others = dict.fromkeys(KINDS, 0), set(), {}, 0

    def look(self, message):
        seals = [value for name, value in message.headers() or [] if name == "kadence-seal"]
        if not seals:
            self.counts["unexpected"] += 1
        elif seals[-1] is None or len(seals[-1]) != 24:
            self.counts["corrupted"] += 1
        else:
            self.hold(message, *struct.unpack(">QIQI", seals[-1]))

    def hold(self, message, run, lane, sequence, crc):
        sent = self.lanes.get(lane)
        if run != self.run:
            self.others += 1
        elif sent is None or not sent["records"] or not sent["first"] <= sequence <= sent["last"]:
            self.counts["unexpected"] += 1
        else:
            self.counts["corrupted"] += crc != checksum(message)
            place, order = (lane, sequence), (message.partition(), lane)
            if place in self.seen:
                self.counts["doubled"] += 1
                return
            before = self.greatest.get(order, -1)
            self.counts["reordered"] += sequence < before
            self.greatest[order] = max(before, sequence)
            self.seen.add(place)


def main(brokers, manifest, *topics):
    with open(manifest) as file:
        manifest = json.load(file)
    lanes = {lane["lane"]: lane for lane in manifest["lanes"]}
    checks = collections.defaultdict(lambda: Check(int(manifest["run"], 16), lanes))
    consumer = Consumer({"bootstrap.servers": brokers, "group.id": "checker", "enable.auto.commit": False})
    known = consumer.list_topics(timeout=PATIENCE).topics
    places = [TopicPartition(topic, partition, 0) for topic in topics for partition in known[topic].partitions]
    left = sum(consumer.get_watermark_offsets(place, PATIENCE)[1] for place in places)
    consumer.assign(places)
    for _ in range(left):
        message = consumer.poll(PATIENCE)
        if message is None or message.error():
            sys.exit(f"{message and message.error()}")
        checks[message.topic()].look(message)
    for topic in topics:
        check = checks[topic]
        check.counts["lost"] = sum(lane["records"] for lane in lanes.values()) - len(check.seen)
        print(json.dumps({"topic": topic, "found": len(check.seen), "others": check.others, **check.counts}))


if __name__ == "__main__":
    main(*sys.argv[1:])
