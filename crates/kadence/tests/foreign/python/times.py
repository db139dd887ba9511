"""Times in forms that Python reads, with its reading: one JSON object a line.

Usage: times.py COUNT

Each object has a format, as --time-format takes it, a zone, a text, and the nanoseconds since 1970 that Python
reads in it. Every run gives the same.
"""

import json
import random
import sys
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from zoneinfo import ZoneInfo

ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Tokyo", "Asia/Kolkata", "Australia/Lord_Howe",
         "America/St_Johns", "Pacific/Apia"]

# Directives that Python knows; %U, %W and %V need a weekday, and two digits are enough for these years.
FORMS = [
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%dT%H:%M:%S.%f",
    "%Y-%m-%dT%H:%M:%S%z",
    "%Y-%m-%d %H:%M:%S.%f%z",
    "%Y-%m-%d %H:%M",
    "%Y-%m-%d",
    "%Y-%m",
    "%Y",
    "%d.%m.%Y %H:%M:%S",
    "%d.%m.%Y %H:%M:%S.%f",
    "%d/%m/%Y %H:%M",
    "%m/%d/%Y %H:%M:%S",
    "%m/%d/%Y %I:%M:%S %p",
    "%d %b %Y %H:%M:%S",
    "%d %B %Y %H:%M:%S",
    "%b %d, %Y %I:%M %p",
    "%a, %d %b %Y %H:%M:%S %z",
    "%A, %B %d, %Y %H:%M:%S",
    "%a %b %d %H:%M:%S %Y",
    "%d/%b/%Y:%H:%M:%S %z",
    "%Y/%m/%d-%H:%M:%S:%f",
    "%Y%m%d%H%M%S",
    "%Y%m%dT%H%M%S%z",
    "%y%m%d %H%M%S",
    "%Y-%j %H:%M:%S",
    "%G-W%V-%u %H:%M:%S",
    "%G W%V %a %H:%M:%S",
    "%Y week %U, %w %H:%M:%S",
    "%Y week %W, %A %H:%M:%S",
    "%Y-%m-%d %H:%M:%S %Z",
    "%d%%%m%%%Y %H:%M",
]

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


def nanos_of(moment):
    since = moment - EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000_000 + since.microseconds * 1_000


def local(random_numbers):
    """A local time between 1969 and 2068, often near a change of clocks by chance alone."""
    seconds = random_numbers.randrange(0, 99 * 365 * 86_400)
    micros = random_numbers.choice([0, random_numbers.randrange(1_000) * 1_000, random_numbers.randrange(1_000_000)])
    return datetime(1969, 1, 1) + timedelta(seconds=seconds, microseconds=micros)


def offset(random_numbers):
    return timezone(timedelta(minutes=random_numbers.randrange(-14 * 60, 14 * 60 + 1)))


def strftime_cases(count, random_numbers):
    for form in FORMS:
        for number in range(count):
            zone = ZONES[number % len(ZONES)]
            moment = local(random_numbers)
            if "%z" in form:
                moment = moment.replace(tzinfo=offset(random_numbers))
            elif "%Z" in form:
                moment = moment.replace(tzinfo=timezone.utc)
            text = moment.strftime(form)
            if "%z" in form and number % 3 == 1:
                # With a colon, as Python reads it too.
                text = text[:-2] + ":" + text[-2:]
            if "%z" in form and text.endswith(("+0000", "+00:00")):
                text = text.replace("+0000", "Z").replace("+00:00", "Z")
            read = datetime.strptime(text, form)
            if "%Z" in form:
                read = read.replace(tzinfo=timezone.utc)
            elif read.tzinfo is None:
                read = read.replace(tzinfo=ZoneInfo(zone))
            yield form, zone, text, nanos_of(read)


def iso_cases(count, random_numbers):
    for number in range(count):
        zone = ZONES[number % len(ZONES)]
        moment = local(random_numbers)
        text = moment.isoformat(sep=random_numbers.choice("T "))
        if number % 2:
            text = moment.replace(tzinfo=offset(random_numbers)).isoformat()
        read = datetime.fromisoformat(text)
        if read.tzinfo is None:
            read = read.replace(tzinfo=ZoneInfo(zone))
        yield "iso", zone, text, nanos_of(read)


def epoch_cases(count, random_numbers):
    for form, unit in [("s", 10**9), ("ms", 10**6), ("us", 10**3), ("ns", 1)]:
        for number in range(count):
            nanos = random_numbers.randrange(-(10**17), 3 * 10**18)
            exact = Decimal(nanos) / unit
            text = [f"{exact:f}", f"{exact:.18e}", f"{exact:E}"][number % 3]
            if "." not in text and "e" not in text and "E" not in text and number % 2:
                text += ".0"
            yield form, "UTC", text, int(Decimal(text) * unit)


def main():
    count = int(sys.argv[1])
    random_numbers = random.Random(7)
    for cases in (strftime_cases, iso_cases, epoch_cases):
        for form, zone, text, nanos in cases(count, random_numbers):
            print(json.dumps({"format": form, "zone": zone, "text": text, "nanos": nanos}))


if __name__ == "__main__":
    main()
