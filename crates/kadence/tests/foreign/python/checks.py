"""What all suites share: how a check is declared, run and told of, and how it waits.

A check is a function without arguments that raises when something is not as it has to be. What it returns is told as
its detail, for people.
"""

import faulthandler
import json
import sys
import time
import traceback
import uuid

# How long, in seconds, something may take that does not hang, on a machine that does much else.
PATIENCE = 120

# How long, in seconds, a whole check may take: a client that hangs is ended, and says where.
MOST = 3 * PATIENCE

# The broker under test; `run` sets it before the first check.
brokers = None

_CHECKS = {}


def check(suite):
    """Declares a check of a suite. Its name is the function's, in words."""

    def declare(function):
        _CHECKS.setdefault(suite, []).append(function)
        return function

    return declare


def run(suite, client, address, only=()):
    """Runs a suite, a line of JSON for the client and one per check, and returns whether all went well."""
    global brokers
    brokers = address
    print(json.dumps({"client": client}), flush=True)
    failed = False
    for function in _CHECKS[suite]:
        name = function.__name__.replace("_", " ")
        if only and not any(part in name for part in only):
            continue
        began = time.monotonic()
        faulthandler.dump_traceback_later(MOST, exit=True)
        try:
            ok, detail = True, function()
        except Exception as error:
            traceback.print_exc()
            ok, detail = False, f"{type(error).__name__}: {error}"
        faulthandler.cancel_dump_traceback_later()
        failed |= not ok
        line = {"check": name, "ok": ok, "seconds": round(time.monotonic() - began, 1)}
        if detail is not None:
            line["detail"] = str(detail)[:400]
        print(json.dumps(line), flush=True)
    return not failed


def new(prefix):
    """A name that nobody else has."""
    return f"{prefix}-{uuid.uuid4().hex[:8]}"


def eventually(what, ask, seconds=PATIENCE):
    """Asks again until the answer is true, and returns it. The question itself has to wait a little."""
    deadline = time.monotonic() + seconds
    while True:
        answer = ask()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what}: not within {seconds} s")


def same(found, expected, what="found"):
    if found != expected:
        raise AssertionError(f"{what} {found!r} instead of {expected!r}")


def fails(error, action):
    """The error that an action has to raise."""
    try:
        action()
    except error as raised:
        return raised
    raise AssertionError(f"no {error.__name__}")
