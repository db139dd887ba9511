"""Database servers for the measuring scripts, each private: on a free port, in a folder of its own."""

import os
import re
import shlex
import shutil
import signal
import socket
import sqlite3
import subprocess
import threading
import time
from pathlib import Path

from harness import Failed


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Sqlite:
    kinds = ("kill", "stop")

    def __init__(self, folder):
        self.file = folder / "landed.db"
        self.url = f"sqlite:{self.file}"

    def start(self):
        pass

    def end(self):
        pass

    def rows(self, sql):
        with sqlite3.connect(self.file, timeout=60) as connection:
            return [[str(cell) for cell in row] for row in connection.execute(sql)]

    def execute(self, sql):
        with sqlite3.connect(self.file, timeout=60) as connection:
            connection.execute(sql)

    def table(self, name):
        return name

    place = "_partition || ' ' || _offset"


class Server:
    """A database server on a port of its own, perhaps with a proxy before it."""

    kinds = ("kill", "stop", "cut", "server")
    place = "concat(_partition, ' ', _offset)"

    def __init__(self, folder, has_proxy=True):
        self.folder, self.port, self.process = folder / "database", free_port(), None
        self.log = open(folder / "database.log", "ab")
        self.prepare()
        self.proxy = Proxy(self.port) if has_proxy else None
        self.public = self.proxy.port if has_proxy else self.port

    def start(self):
        self.process = subprocess.Popen(self.command(), stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        for _ in range(600):
            if self.answers():
                return
            time.sleep(0.1)
        raise Failed("the database did not start: see its log")

    def execute(self, sql):
        self.rows(sql)

    def table(self, name):
        return name

    def answers(self):
        try:
            return self.rows("SELECT 1") == [["1"]]
        except (subprocess.SubprocessError, OSError):
            return False

    def kill(self):
        self.process.kill()
        self.process.wait()

    def end(self):
        if self.process:
            self.process.send_signal(signal.SIGINT if isinstance(self, Postgres) else signal.SIGTERM)
            self.process.wait()


def programs(name, folders):
    found = shutil.which(name) or next((str(path) for folder in folders for path in sorted(Path("/").glob(folder))
                                        if path.name == name), None)
    if not found:
        raise Failed(f"{name} is missing")
    return found


class Postgres(Server):
    def prepare(self):
        self.bin = Path(programs("postgres", ["usr/lib/postgresql/*/bin/postgres"])).parent
        self.folder.mkdir()
        shutil.chown(self.folder.parent, "postgres")
        shutil.chown(self.folder, "postgres")
        self.become = ["runuser", "-u", "postgres", "--"]
        subprocess.run([*self.become, self.bin / "initdb", "-D", self.folder, "-A", "trust", "-U", "postgres"],
                       check=True, stdout=subprocess.DEVNULL, cwd="/")

    def command(self):
        # The server itself, not who starts it: killing that one would leave the server alone.
        return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", self.bin / "postgres", "-D",
                self.folder, "-p", str(self.port), "-c", "listen_addresses=127.0.0.1", "-c",
                f"unix_socket_directories={self.folder}"]

    @property
    def url(self):
        return f"postgres://postgres@127.0.0.1:{self.public}/postgres"

    def rows(self, sql):
        command = ["psql", "-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres", "-AtF", "\t", "-c", sql]
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
        return [line.split("\t") for line in done.stdout.splitlines()]


class MariaDb(Server):
    def prepare(self):
        self.server = programs("mariadbd", ["usr/sbin/mariadbd"])
        install = programs("mariadb-install-db", ["usr/bin/mariadb-install-db"])
        subprocess.run([install, "--no-defaults", "--auth-root-authentication-method=normal", "--skip-test-db",
                        "--user=root", f"--datadir={self.folder}"], check=True, stdout=subprocess.DEVNULL)

    def command(self):
        return [self.server, "--no-defaults", "--user=root", f"--datadir={self.folder}",
                f"--socket={self.folder}/s.sock", f"--port={self.port}", "--bind-address=127.0.0.1",
                "--log-bin=mysql-bin", "--server-id=1"]

    def start(self):
        super().start()
        self.rows("CREATE DATABASE IF NOT EXISTS landed")

    @property
    def url(self):
        return f"mysql://root@127.0.0.1:{self.public}/landed"

    def rows(self, sql):
        client = shutil.which("mariadb") or programs("mysql", [])
        command = [client, "--no-defaults", "-h", "127.0.0.1", "-P", str(self.port), "-u", "root", "-BN", "-e", sql]
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
        return [line.split("\t") for line in done.stdout.splitlines()]

    def table(self, name):
        return f"landed.{name}"


class MySql(MariaDb):
    """The server whose option file MYSQLD_DEFAULTS names, started with the command in MYSQLD."""

    def prepare(self):
        self.launch = shlex.split(os.environ.get("MYSQLD", ""))
        if not self.launch:
            raise Failed("MYSQLD says how mysqld is started")
        common = ["--no-defaults", "--user=root", f"--datadir={self.folder}"]
        subprocess.run([*self.launch, *common, "--initialize-insecure", *shlex.split(os.environ.get("MYSQLD_OPTIONS", ""))],
                       check=True, stdout=self.log, stderr=self.log)
        self.options = shlex.split(os.environ.get("MYSQLD_OPTIONS", ""))

    def command(self):
        return [*self.launch, "--no-defaults", "--user=root", f"--datadir={self.folder}",
                f"--socket={self.folder}/s.sock", f"--port={self.port}", "--bind-address=127.0.0.1", "--mysqlx=OFF",
                *self.options]


class Proxy:
    """Passes bytes on; once armed, it cuts the next connection whose COMMIT the server has answered."""

    def __init__(self, port):
        self.to, self.armed, self.cuts = port, threading.Event(), 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            client, _ = self.listener.accept()
            try:
                server = socket.create_connection(("127.0.0.1", self.to))
                for one in (client, server):
                    one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            except OSError:
                # Either may be gone again by now.
                client.close()
                continue
            committing = threading.Event()
            for one, other, is_up in ((client, server, True), (server, client, False)):
                threading.Thread(target=self.pump, args=(one, other, is_up, committing), daemon=True).start()

    def pump(self, one, other, is_up, committing):
        try:
            while data := one.recv(65536):
                if is_up and self.armed.is_set() and re.search(rb"COMMIT", data):
                    committing.set()
                if not is_up and committing.is_set():
                    # The server has done it, and nobody hears of it.
                    self.armed.clear()
                    self.cuts += 1
                    break
                other.sendall(data)
        except OSError:
            pass
        for end in (one, other):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            end.close()


DATABASES = {"sqlite": Sqlite, "postgres": Postgres, "mariadb": MariaDb, "mysql": MySql}
