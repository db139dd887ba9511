"""Recordings to measure with, made once and kept in .cache/bench/data."""

from harness import CACHE, say

DATA = CACHE / "data"
START = 1_600_000_000


def made(name, write):
    """The file of this name, written by `write` if it is not there."""
    path = DATA / name
    if not path.exists():
        say("making", path)
        DATA.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_suffix(".unfinished")
        with unfinished.open("w", buffering=1 << 20) as file:
            write(file)
        unfinished.rename(path)
    return path


def moment(row):
    """A time in milliseconds whose last digit is never 0, so that a number prints as it was written."""
    part = row % 900
    return f"{START + row // 900}.{part // 9 * 10 + part % 9 + 1:03d}"


def body(row):
    return f'{{"timestamp":{moment(row)},"value":{row % 100}}}\n'


def csv(rows):
    """Two columns: timestamp and value."""
    def write(file):
        file.write("timestamp,value\n")
        file.writelines(f"{moment(row)},{row % 100}\n" for row in range(rows))
    return made(f"series-{rows}.csv", write)


def bodies(rows):
    """What `csv` becomes as JSON, a line each."""
    return made(f"series-{rows}.jsonl", lambda file: file.writelines(body(row) for row in range(rows)))


def wide(megabytes):
    """Three columns, the last one 200 bytes of padding; about this large."""
    rows, padding = megabytes * 1_000_000 // 220, "x" * 200

    def write(file):
        file.write("timestamp,value,padding\n")
        file.writelines(f"{moment(row)},{row % 100},{padding}\n" for row in range(rows))
    return made(f"wide-{megabytes}.csv", write), rows


def spaced(rate, rows):
    """Rows that are exactly 1/rate apart, with times to the microsecond; the rate divides a million."""
    def write(file):
        file.write("timestamp,value\n")
        for row in range(rows):
            micros = row * (1_000_000 // rate)
            file.write(f"{START + micros // 1_000_000}.{micros % 1_000_000:06d},{row % 100}\n")
    return made(f"spaced-{rate}-{rows}.csv", write)


def spaced_iso(rate, rows):
    """The same as text that people read, for those who parse dates."""
    def write(file):
        file.write("timestamp,value\n")
        for row in range(rows):
            micros = row * (1_000_000 // rate)
            minutes, seconds = divmod(micros // 1_000_000, 60)
            file.write(f"2021-01-01 {minutes // 60:02d}:{minutes % 60:02d}:{seconds:02d}.{micros % 1_000_000:06d},"
                       f"{row % 100}\n")
    return made(f"spaced-iso-{rate}-{rows}.csv", write)


def words(rows, size):
    """Lines of so many bytes without their ends: numbers and words, as text packs."""
    vocabulary = ["depth", "north", "south", "magnitude", "sensor", "reading", "value", "station", "minute", "period",
                  "amber", "quiet", "signal", "network", "shallow", "regional"]

    def write(file):
        state = 1
        for row in range(rows):
            line = f'{{"n":{row},"timestamp":{moment(row)},"text":"'
            while len(line) < size:
                state = state * 6364136223846793005 + 1442695040888963407 & (1 << 64) - 1
                line += f"{vocabulary[state >> 60]} {state >> 33 & 1023} "
            file.write(line[:size - 2] + '"}\n')
    return made(f"words-{rows}-{size}.jsonl", write)
