"""A worker of Kafka Connect with Debezium's JDBC sink, both from Maven Central."""

import json
import shutil
import subprocess
import tarfile
import time
import urllib.error
import urllib.request
from pathlib import Path

from databases import free_port
from harness import CACHE, PEERS, Failed, say

DEBEZIUM = "3.6.0.Final"
FETCHED = CACHE / "connect"
PLUGINS = FETCHED / f"debezium-{DEBEZIUM}"
HEAP = "2g"
# What it was fastest with.
BATCH = 5_000
CONSUMER = {"max.poll.records": BATCH, "fetch.max.bytes": 20_000_000, "max.partition.fetch.bytes": 10_000_000,
            "fetch.min.bytes": 500_000, "fetch.max.wait.ms": 100}
URLS = {"postgres": "reWriteBatchedInserts=true", "mariadb": "useBulkStmts=true&rewriteBatchedStatements=true"}


def fetch():
    """Once; then it is in the cache."""
    maven = ["mvn", "-q", "-B"]
    if not (FETCHED / "libs").exists():
        say("fetching Kafka Connect")
        unfinished = FETCHED / "unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        subprocess.run([*maven, "-f", PEERS / "connect" / "pom.xml", "dependency:copy-dependencies",
                        f"-DoutputDirectory={unfinished}", "-DincludeScope=runtime"], check=True,
                       stdin=subprocess.DEVNULL)
        unfinished.rename(FETCHED / "libs")
    if not PLUGINS.exists():
        say("fetching Debezium's JDBC sink")
        archive = FETCHED / f"debezium-connector-jdbc-{DEBEZIUM}-plugin.tar.gz"
        if not archive.exists():
            artifact = f"io.debezium:debezium-connector-jdbc:{DEBEZIUM}:tar.gz:plugin"
            subprocess.run([*maven, "dependency:copy", f"-Dartifact={artifact}", f"-DoutputDirectory={FETCHED}"],
                           check=True, stdin=subprocess.DEVNULL)
        unfinished = FETCHED / "unpacked"
        shutil.rmtree(unfinished, ignore_errors=True)
        with tarfile.open(archive) as file:
            file.extractall(unfinished)
        unfinished.rename(PLUGINS)


class Connect:
    """One worker for all runs, with its compiler warm, for as long as the `with` lasts."""

    def __init__(self, kafka, folder):
        fetch()
        self.port, folder = free_port(), Path(folder) / "connect"
        folder.mkdir()
        lines = {"bootstrap.servers": kafka.brokers, "group.id": "connect", "offset.storage.partitions": 1,
                 "status.storage.partitions": 1, "key.converter": "org.apache.kafka.connect.storage.StringConverter",
                 "value.converter": "org.apache.kafka.connect.json.JsonConverter",
                 "listeners": f"http://127.0.0.1:{self.port}", "plugin.path": PLUGINS,
                 "plugin.discovery": "service_load"}
        for name in ("config", "offset", "status"):
            lines |= {f"{name}.storage.topic": f"connect-{name}", f"{name}.storage.replication.factor": 1}
        properties = folder / "worker.properties"
        properties.write_text("".join(f"{name}={value}\n" for name, value in lines.items()))
        self.log = open(folder / "log", "ab")
        command = ["java", f"-Xmx{HEAP}", f"-Dlog4j2.configurationFile={kafka.log4j}", "-cp", f"{FETCHED}/libs/*",
                   "org.apache.kafka.connect.cli.ConnectDistributed", properties]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        self.pid = self.process.pid
        for _ in range(600):
            if self.process.poll() is not None:
                break
            # While it starts it answers with 404.
            if self.ask("GET", "/connectors") is not None:
                return
            time.sleep(0.1)
        self.__exit__()
        raise Failed(f"Kafka Connect did not start: see {self.log.name}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def ask(self, method, path, body=None):
        """What it answers; None where it does not."""
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", method=method,
                                         data=body and json.dumps(body).encode(),
                                         headers={"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=90) as answer:
                return json.loads(answer.read() or "{}")
        except urllib.error.HTTPError as error:
            if error.code in (404, 409):
                return None
            raise Failed(f"Kafka Connect: {error.code}: {error.read()[:500]!r}") from error
        except OSError:
            return None

    def begin(self, name, topic, table, mode, kind, server):
        config = {"connector.class": "io.debezium.connector.jdbc.JdbcSinkConnector", "tasks.max": 1, "topics": topic,
                  "connection.url": server.jdbc + URLS[kind], "connection.username": server.user,
                  "connection.password": server.password, "insert.mode": mode, "primary.key.mode": "record_value",
                  "primary.key.fields": "id", "schema.evolution": "none", "collection.name.format": table,
                  "batch.size": BATCH, **{f"consumer.override.{key}": value for key, value in CONSUMER.items()}}
        for _ in range(50):
            if self.ask("PUT", f"/connectors/{name}/config", {key: str(value) for key, value in config.items()}):
                return
            time.sleep(0.2)
        raise Failed("Kafka Connect takes no connector")

    def check(self, name):
        """Ends the run whose task has failed."""
        for task in (self.ask("GET", f"/connectors/{name}/status") or {}).get("tasks", []):
            if task["state"] == "FAILED":
                raise Failed(f"Debezium: {task.get('trace', '')[:1500]}")

    def end(self, name):
        self.ask("DELETE", f"/connectors/{name}")
        while self.ask("GET", f"/connectors/{name}/status"):
            time.sleep(0.1)
