"""The record of rates.rs through fastavro, one datum at a time: python3 crates/avro/benches/fastavro.py

Needs `pip install fastavro`. Prints nanoseconds a record, the best of several rounds.
"""

import sys

# This file has the name of what it measures.
sys.path = [place for place in sys.path if not place.endswith("benches")]

import io  # noqa: E402
import time  # noqa: E402

import fastavro  # noqa: E402

RECORDS = 1_000
ROUNDS = 100

SCHEMA = fastavro.parse_schema({
    "type": "record",
    "name": "probe",
    "fields": [
        {"name": "_id", "type": "string"},
        {"name": "dateTime", "type": "long"},
        {"name": "latitude", "type": "double"},
        {"name": "longitude", "type": "double"},
        {"name": "depth", "type": "float"},
        {"name": "place", "type": ["null", "string"], "default": None},
    ],
})


def probe(number):
    return {
        "_id": f"5e9f8a{number:018x}",
        "dateTime": 1_589_000_000_000 + number * 1_000,
        "latitude": 54.321 + number / 1e4,
        "longitude": 10.135 - number / 1e4,
        "depth": (number % 400) / 10.0,
        "place": "Kieler Förde" if number % 2 == 0 else None,
    }


def write(records, buffer):
    for record in records:
        buffer.seek(0)
        buffer.truncate()
        fastavro.schemaless_writer(buffer, SCHEMA, record)


def read(bodies):
    for body in bodies:
        fastavro.schemaless_reader(io.BytesIO(body), SCHEMA, None)


def best(work, *arguments):
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter_ns()
        work(*arguments)
        times.append(time.perf_counter_ns() - start)
    return min(times) / RECORDS, sorted(times)[ROUNDS // 2] / RECORDS


def main():
    records = [probe(number) for number in range(RECORDS)]
    bodies = []
    for record in records:
        buffer = io.BytesIO()
        fastavro.schemaless_writer(buffer, SCHEMA, record)
        bodies.append(buffer.getvalue())
    for name, result in [("write", best(write, records, io.BytesIO())), ("read", best(read, bodies))]:
        print(f"fastavro {fastavro.__version__} {name}: {result[0]:.0f} ns a record, median {result[1]:.0f}")


if __name__ == "__main__":
    main()
