"""What the measuring scripts have in common: programs, a real Kafka, runs with their costs, raw results."""

import collections
import contextlib
import json
import os
import platform
import resource
import shutil
import signal
import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / ".cache" / "bench"
VENV = ROOT / ".cache" / "bench-venv"
PEERS = ROOT / "bench" / "peers"
PYTHON_PACKAGES = ["confluent-kafka==2.16.0", "kafka-python==3.0.12", "crc32c==2.9.post0",
                   "python-dateutil==2.9.0.post0"]
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))

# A run that lasts longer hangs.
RUN_LIMIT_S = 600


class Failed(Exception):
    """Why a measurement could not be taken."""


def say(*words):
    print(*words, file=sys.stderr, flush=True)


# --- Programs ------------------------------------------------------------------------------------


def cargo(*arguments):
    say("building:", "cargo", *arguments)
    subprocess.run(["cargo", *arguments], cwd=ROOT, check=True, stdin=subprocess.DEVNULL)


def kadence():
    """The binary in KADENCE, or a release build of this tree."""
    given = os.environ.get("KADENCE")
    if given:
        return str(Path(given).resolve())
    cargo("build", "--quiet", "--release", "--locked", "-p", "kadence")
    return str(TARGET / "release" / "kadence")


def example(package, name):
    cargo("build", "--quiet", "--release", "--locked", "-p", package, "--example", name)
    return str(TARGET / "release" / "examples" / name)


def python():
    """An interpreter with the pinned packages of the peers."""
    found, stamp = VENV / "bin" / "python", VENV / "packages"
    wanted = "\n".join(PYTHON_PACKAGES)
    if not (stamp.exists() and stamp.read_text() == wanted):
        say("installing", ", ".join(PYTHON_PACKAGES))
        shutil.rmtree(VENV, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", VENV], check=True)
        pip = [found, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]
        subprocess.run([*pip, *PYTHON_PACKAGES], check=True, stdin=subprocess.DEVNULL)
        stamp.write_text(wanted)
    return str(found)


def kcat():
    found = shutil.which("kcat")
    if not found:
        raise Failed("kcat is missing; on Debian: apt-get install kcat")
    return found


def said_by(*command):
    """The first line a program says of itself."""
    done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    return (done.stdout + done.stderr).strip().split("\n")[0]


# --- Kafka ---------------------------------------------------------------------------------------


class Kafka:
    """A real Kafka for as long as the `with` lasts; it ends with this process in any case."""

    def __init__(self, *options):
        cargo("build", "--quiet", "--release", "--locked", "-p", "kadence-testing", "--bin", "real-kafka")
        command = [TARGET / "release" / "real-kafka", "--jit", "full", "--heap", "1g", *options]
        # Logs of deleted topics would fill the disk, and a batch of a megabyte has to fit.
        for line in ("log.segment.delete.delay.ms=500", "log.retention.check.interval.ms=5000"):
            command += ["--property", line]
        self.options = " ".join(map(str, command[1:]))
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        first = self.process.stdout.readline()
        if not first:
            raise Failed("Kafka did not start: see above")
        at = json.loads(first)
        self.brokers, self.delayed, self.pid = at["brokers"], at["delayed"], at["pid"]
        self.classpath, self.log4j = at["classpath"], at["log4j"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait()

    def delay(self, milliseconds):
        """Sets the round trip of the delayed address."""
        self.process.stdin.write(f"delay {milliseconds}ms\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        if answer.get("delay_ms") != milliseconds:
            raise Failed(f"the delay is not {milliseconds} ms: {answer}")

    def tool(self, main_class, heap="512m"):
        return ["java", f"-Xmx{heap}", f"-Dlog4j2.configurationFile={self.log4j}", "-cp", self.classpath, main_class]

    def cpu_s(self):
        """What the broker has used so far."""
        return cpu_of(self.pid)

    def create(self, program, topic, *settings):
        configs = [word for setting in settings for word in ("--config", setting)]
        command = [program, "topics", "create", topic, "-p", "1", "-r", "1", "-b", self.brokers, "-q", *configs]
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)

    def delete(self, program, topic):
        subprocess.run([program, "topics", "delete", topic, "-b", self.brokers, "-q"], check=True,
                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)

    def end_offset(self, topic):
        """As kcat is told by the broker."""
        query = [kcat(), "-Q", "-b", self.brokers, "-t", f"{topic}:0:-1"]
        done = subprocess.run(query, capture_output=True, text=True, check=True)
        return int(done.stdout.rsplit("offset", 1)[1])


def cpu_of(pid):
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


# --- Runs ----------------------------------------------------------------------------------------

Run = collections.namedtuple("Run", "wall_s cpu_s rss_mb out err")


def run(command, stdin=None, limit_s=RUN_LIMIT_S, keep_stdout=True, watch=True, started=lambda pid: None):
    """Runs a program to its end: how long it took from start to exit, what it used, what it said.

    Without `watch` nothing of this process stirs meanwhile, and the memory may be that of this process. `started` is
    told the program's number.
    """
    folder = CACHE / "run"
    folder.mkdir(parents=True, exist_ok=True)
    command = [str(word) for word in command]
    with open(stdin or os.devnull, "rb") as given, open(folder / "err", "w+b") as err, \
            open(folder / "out" if keep_stdout else os.devnull, "w+b") as out:
        began = time.perf_counter()
        process = subprocess.Popen(command, stdin=given, stdout=out, stderr=err)
        peak, over = Peak(process.pid, watch), threading.Timer(limit_s, process.kill)
        over.daemon = True
        over.start()
        started(process.pid)
        try:
            _, status, usage = os.wait4(process.pid, 0)
        except BaseException:
            process.kill()
            raise
        finally:
            over.cancel()
        wall_s = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        rss_mb = peak.megabytes(usage.ru_maxrss)
        texts = []
        for file in (out, err):
            file.seek(0)
            texts.append(file.read().decode(errors="replace") if file is err or keep_stdout else "")
    if process.returncode != 0:
        raise Failed(f"{' '.join(command)} ended with {process.returncode}: {texts[1][-500:].strip()}")
    return Run(wall_s, usage.ru_utime + usage.ru_stime, rss_mb, *texts)


class Peak:
    """A program's largest memory.

    The kernel's own word at the end counts the memory of whoever started it as well, so below that the program is
    looked at twenty times a second.
    """

    def __init__(self, pid, watch):
        self.pid, self.kilobytes, self.ended = pid, 0, threading.Event()
        self.thread = threading.Thread(target=self.watch, daemon=True)
        if not watch:
            self.ended.set()
        self.thread.start()

    def watch(self):
        while not self.ended.wait(0.05):
            self.kilobytes = max(self.kilobytes, status_kb(self.pid, "VmHWM"))

    def megabytes(self, kernel_kb):
        self.ended.set()
        self.thread.join()
        own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        kilobytes = kernel_kb if kernel_kb > own or not self.kilobytes else self.kilobytes
        return kilobytes / 1024


def status_kb(pid, name):
    """A line of a process's status, in kB; 0 when it is gone."""
    try:
        text = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in text.splitlines() if line.startswith(name + ":")), 0)


# --- Results -------------------------------------------------------------------------------------


class Raw:
    """Results as JSON lines, kept as they come, so that a run that was cut goes on where it was."""

    def __init__(self, path):
        self.path = path
        self.rows = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
        # In this run; what failed in an earlier one is tried again.
        self.failures = 0
        path.parent.mkdir(parents=True, exist_ok=True)

    @classmethod
    def named(cls, name, given):
        """In the file that was asked for, or in a new one."""
        return cls(Path(given) if given else CACHE / f"{name}-{time.strftime('%Y%m%d-%H%M%S')}.jsonl")

    def has(self, **what):
        return bool(self.where(**what))

    def add(self, **row):
        self.rows.append(row)
        with self.path.open("a") as file:
            file.write(json.dumps(row) + "\n")

    def where(self, **what):
        return [row for row in self.rows
                if "failed" not in row and all(row.get(name) == value for name, value in what.items())]

    @contextlib.contextmanager
    def attempt(self, **what):
        """What fails within is kept and said, and does not end the others; another start tries it again."""
        try:
            yield
        except (Failed, subprocess.SubprocessError) as fault:
            say("FAILED:", what, fault)
            self.add(**what, failed=str(fault))
            self.failures += 1


def spread(values, digits=2, missing="–"):
    """The median, and the least and the most of a list."""
    values = [value for value in values if value is not None]
    if not values:
        return missing
    middle, low, high = (f"{value:,.{digits}f}" for value in (statistics.median(values), min(values), max(values)))
    return middle if len(values) == 1 else f"{middle} ({low} to {high})"


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def machine():
    cpu = next((line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
                if line.startswith("model name")), platform.machine())
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{os.cpu_count()} cores ({cpu}), {memory:.0f} GiB, Linux {platform.release()}"


def revision():
    done = subprocess.run(["git", "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, text=True)
    return done.stdout.strip() or "not in git"


def leave_at_signals():
    """A TERM ends a script as Ctrl-C does, so that what it started is stopped."""
    def leave(*_):
        raise KeyboardInterrupt
    signal.signal(signal.SIGTERM, leave)
