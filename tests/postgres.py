"""A real PostgreSQL server in a directory of its own, which tests stop, kill and start again; and a pooler."""

import os
import pwd
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from contextlib import AbstractContextManager
from pathlib import Path

import psycopg
from commands import memory_folder
from sqlalchemy.engine import URL, make_url

HOST = "127.0.0.1"
USER = "searcher"
PATIENCE = 20.0  # seconds for a start or a stop


def server_binaries():
    """Return the directory with the newest server's programs where Debian puts them, or None without one."""
    found = [server.parent for server in Path("/usr/lib/postgresql").glob("*/bin/postgres")]
    return max(found, key=lambda folder: float(folder.parent.name), default=None)


def free_port():
    """Return a port below those that the system gives to clients: none of them takes it while the server is down."""
    while True:
        port = random.randrange(20_000, 32_000)
        with socket.socket() as probe:
            if probe.connect_ex((HOST, port)):
                return port


def pooler_binary():
    """Return PgBouncer's program, or None where it is not installed."""
    return shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin")


class Pooler(AbstractContextManager):
    """PgBouncer before a server, on a port of its own; in transaction mode with two connections to each database."""

    def __init__(self, server, mode):
        self.server, self.port = server, free_port()
        self._folder = Path(tempfile.mkdtemp(prefix="pooler-", dir=server.directory))
        settings = {
            "listen_addr": HOST,
            "listen_port": self.port,
            "unix_socket_dir": "",
            "pool_mode": mode,
            "default_pool_size": 2 if mode == "transaction" else 10,
            "query_wait_timeout": 10,
            "auth_type": "scram-sha-256",
            "auth_file": self._folder / "users",
        }
        lines = [f"{name} = {value}" for name, value in settings.items()]
        databases = f"[databases]\n* = host={HOST} port={server.port}\n[pgbouncer]\n"
        (self._folder / "pgbouncer.ini").write_text(databases + "\n".join(lines))
        secret = server.password.replace('"', '""')
        (self._folder / "users").write_text(f'"{USER}" "{secret}"\n')
        if identity := server.identity:
            for file in (self._folder, *self._folder.iterdir()):
                os.chown(file, identity["user"], identity["group"])

    def __enter__(self):
        self._process = subprocess.Popen(
            [pooler_binary(), "--quiet", self._folder / "pgbouncer.ini"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, process_group=0, **self.server.identity,
        )  # fmt: skip
        deadline = time.monotonic() + PATIENCE
        while True:
            with socket.socket() as probe:
                if probe.connect_ex((HOST, self.port)) == 0:
                    return self
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("PgBouncer did not start")
            time.sleep(0.02)

    def __exit__(self, *_):
        self._process.terminate()
        self._process.wait(PATIENCE)
        shutil.rmtree(self._folder)

    def url(self, url):
        """Return the URL of a database of the server through the pooler."""
        return make_url(url).set(port=self.port).render_as_string(hide_password=False)


class PostgresServer(AbstractContextManager):
    """A server on a port of 127.0.0.1 with one user and scram-sha-256; a `with` block removes it at its end.

    A commit is as durable as by default: fsync, synchronous_commit and full_page_writes are on.
    """

    def __init__(self, password):
        self.password, self.port = password, free_port()
        self.directory = Path(tempfile.mkdtemp(prefix="postgres-", dir=memory_folder()))
        self.log = self.directory / "server.log"
        self._process = None
        self._others = None  # a pipe whose other end every process of the server has
        self.identity = {}
        if os.geteuid() == 0:  # PostgreSQL refuses to run as root; Debian's package makes a user for it
            account = pwd.getpwnam("postgres")
            self.identity = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
            os.chown(self.directory, account.pw_uid, account.pw_gid)

    def __exit__(self, *_):
        self.remove()

    def start(self):
        """Start the server, with the data and the port it had, and wait until it answers; raise the end of its log."""
        if not (self.directory / "data").exists():
            self._initialize()
        self._others, held = os.pipe()
        settings = {"listen_addresses": HOST, "port": self.port, "unix_socket_directories": self.directory}
        settings["dynamic_shared_memory_type"] = "mmap"  # files in its directory, so that a kill leaves none elsewhere
        options = [f"--{name}={value}" for name, value in settings.items()]
        self._process = self._run("postgres", "-D", "data", *options, pass_fds=[held])
        os.close(held)
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                return self.connect().close()
            except psycopg.OperationalError as error:
                if self._process.poll() is not None or time.monotonic() > deadline:
                    self.kill()
                    raise RuntimeError(f"the server did not start:\n{self.log.read_text()[-2000:]}") from error
            time.sleep(0.02)

    def stop(self, *, immediate=True):
        """Shut the server down: at once, as after a crash, or else in order, ending its connections."""
        self._end(signal.SIGQUIT if immediate else signal.SIGINT)

    def kill(self):
        """Kill the main process; the others notice and end."""
        self._end(signal.SIGKILL)

    def remove(self):
        """End the server and delete its directory."""
        self.stop()
        shutil.rmtree(self.directory)

    def url(self, database):
        """Return SQLAlchemy's URL of a database, password included."""
        url = URL.create("postgresql+psycopg", USER, self.password, HOST, self.port, database)
        return url.render_as_string(hide_password=False)

    def connect(self, database="postgres"):
        """Return a connection that commits each statement."""
        where = {"host": HOST, "port": self.port, "dbname": database, "connect_timeout": 5}
        return psycopg.connect(user=USER, password=self.password, autocommit=True, **where)

    def create_database(self, name):
        """Make an empty database and return its URL."""
        with self.connect() as connection:
            connection.execute(f'CREATE DATABASE "{name}"')
        return self.url(name)

    def _initialize(self):
        secret = self.directory / "password"
        secret.write_text(self.password)  # no other user can look into the directory
        options = ["--no-sync", "--no-locale", "--encoding=UTF8", "--auth=scram-sha-256", f"--username={USER}"]
        if self._run("initdb", "--pgdata=data", "--pwfile=password", *options).wait():
            raise RuntimeError(f"initdb failed:\n{self.log.read_text()[-2000:]}")
        secret.unlink()

    def _run(self, program, *arguments, **kwargs):
        """Start a program in the directory, in a process group of its own, which Ctrl-C does not reach."""
        kwargs |= self.identity | {"cwd": self.directory, "process_group": 0}
        with self.log.open("ab") as log:
            return subprocess.Popen([server_binaries() / program, *arguments], stdout=log, stderr=log, **kwargs)

    def _end(self, how):
        """Send a signal to the main process and wait until no process of the server is left."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(PATIENCE)
            self._process = None
            with os.fdopen(self._others, "rb") as others:
                others.read()  # returns when the last process has closed its end
