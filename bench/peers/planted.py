"""Writes a sealed run with one fault of each kind into a topic, by docs/reference/seal.md alone, and its manifest.

Usage: planted.py BROKERS TOPIC RECORDS MANIFEST. The topic has one partition and is empty.
"""

import json
import struct
import sys

import crc32c
from confluent_kafka import Producer

RUN = 0x0123456789ABCDEF


def main(brokers, topic, records, manifest):
    records = int(records)
    lost, doubled, swapped, corrupted, unexpected = (records * part // 7 for part in range(1, 6))
    producer = Producer({"bootstrap.servers": brokers, "linger.ms": 50, "queue.buffering.max.messages": 500_000,
                         "enable.idempotence": True})

    def send(body, seal):
        while True:
            try:
                producer.produce(topic, body, headers=[("kadence-seal", seal)] if seal else None, partition=0)
                return
            except BufferError:
                producer.poll(0.1)

    def sealed(sequence):
        body = b"record %d" % sequence
        crc = crc32c.crc32c(b"\xff\xff\xff\xff" + body)
        return body, struct.pack(">QIQI", RUN, 0, sequence, crc), crc

    digest = 0
    for sequence in range(records):
        at = {swapped: swapped + 1, swapped + 1: swapped}.get(sequence, sequence)
        body, seal, crc = sealed(at)
        digest = (digest + crc * (2 * at + 1)) % 2**64
        if sequence == unexpected:
            send(b"nobody's", None)
        if sequence != lost:
            send(body + b"!" if sequence == corrupted else body, seal)
        if sequence == doubled:
            send(body, seal)
        if sequence % 10_000 == 0:
            producer.poll(0)
    if producer.flush(60):
        sys.exit("not all records were taken")
    with open(manifest, "w") as file:
        json.dump({"format": 1, "run": f"{RUN:016x}", "complete": True, "version": "planted", "command": [],
                   "started": "2026-12-01T00:00:00Z", "sources": [], "pace": "unpaced",
                   "topics": [{"name": topic, "start": [{"partition": 0, "offset": 0}]}],
                   "lanes": [{"lane": 0, "records": records, "first": 0, "last": records - 1,
                              "digest": f"{digest:016x}"}],
                   "accepted": records, "acknowledged": records,
                   "late": {"tolerance_us": 10000, "records": 1,
                            "examples": [{"lane": 0, "sequence": records * 6 // 7, "late_us": 12345}]}}, file)
    print(json.dumps({"lost": lost, "doubled": doubled, "reordered": swapped, "corrupted": corrupted}))


if __name__ == "__main__":
    main(*sys.argv[1:])
