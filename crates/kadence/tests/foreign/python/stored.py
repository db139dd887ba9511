"""What a broker has stored: its batches as they are, asked for with a Fetch of our own.

A client's consumer gives records, and does not tell in which codec they came.
"""

import socket
import struct

from checks import PATIENCE, same

CODECS = ("none", "gzip", "snappy", "lz4", "zstd")
MOST_BYTES = 64 * 1024 * 1024


def batches(brokers, topic, partition=0):
    """The codec and the size in bytes of each batch of a partition that still has its first record."""
    found, offset, end = [], 0, 1
    host, port = brokers.rsplit(":", 1)
    with socket.create_connection((host, int(port)), PATIENCE) as connection:
        while offset < end:
            end, records = _fetch(connection, topic, partition, offset)
            for start, attributes, last, size in _headers(records):
                found.append((CODECS[attributes & 7], size))
                offset = start + last + 1
    return found


def codecs(brokers, topic, partition=0):
    return {codec for codec, _ in batches(brokers, topic, partition)}


def _fetch(connection, topic, partition, offset):
    """Version 4 of Fetch: the end of the partition, and batches from an offset on."""
    name = topic.encode()
    # No replica; waits for nothing; reads what is not committed, too.
    body = struct.pack(">iiiib", -1, 0, 0, MOST_BYTES, 0)
    body += struct.pack(f">ih{len(name)}s", 1, len(name), name)
    body += struct.pack(">iiqi", 1, partition, offset, MOST_BYTES)
    request = struct.pack(">hhih", 1, 4, 1, -1) + body
    connection.sendall(struct.pack(">i", len(request)) + request)
    (length,) = struct.unpack(">i", _exactly(connection, 4))
    answer = _exactly(connection, length)
    # Correlation, throttling, one topic, its name, one partition with its number.
    at = 4 + 4 + 4 + 2 + len(name) + 4 + 4
    error, end, _stable, aborted = struct.unpack_from(">hqqi", answer, at)
    same(error, 0, "Fetch answers")
    at += 22 + 16 * max(aborted, 0)
    (length,) = struct.unpack_from(">i", answer, at)
    return end, answer[at + 4 : at + 4 + max(length, 0)]


def _exactly(connection, count):
    pieces = b""
    while len(pieces) < count:
        piece = connection.recv(count - len(pieces))
        if not piece:
            raise EOFError("the broker closes the connection")
        pieces += piece
    return pieces


def _headers(records):
    """First offset, attributes, last offset from there, and size of each whole batch."""
    at = 0
    while at + 61 <= len(records):
        start, length, _epoch, magic, _crc, attributes, last = struct.unpack_from(">qiibIhi", records, at)
        same(magic, 2, "the format of a batch is")
        if at + 12 + length > len(records):
            return
        yield start, attributes, last, 12 + length
        at += 12 + length
