"""Kill what a search is made of at random times, then check what the study says: `python tests/chaos/chaos.py --help`.

Studies on SQLite and on PostgreSQL take turns, each continued by the same command until it is complete.
"""

import argparse
import contextlib
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from urllib.parse import quote

sys.path.insert(0, str(Path(__file__).parent.parent))

import optuna
from commands import ROOT, clean_environment, left_of
from invariants import violations
from postgres import PostgresServer

from search.study.study import is_interrupted
from search.surroundings.guard import command_of, descendants, start_of

FAULTS = {
    "driver": "kill -9 of the driver",
    "worker": "kill -9 of a worker",
    "raylet": "kill -9 of the raylet",
    "gcs": "kill -9 of Ray's GCS",
    "ray": "kill -9 of every process of Ray",
    "storage": "the database locked or its server away for up to ten seconds",
    "signal": "SIGINT or SIGTERM",
    "rival": "a second driver",
}
TRIALS = 120  # of a study
MOST_STARTS = 100  # of one study's command: more, and it cannot be continued
FIRST, NEXT = (0.0, 12.0), (0.3, 4.0)  # seconds before a fault: after a start, and after another fault
SECRET = "pass:word/of@chaos"
SPACE = """
hidden_units = {type = "int", low = 8, high = 64}
learning_rate = {type = "float", low = 1e-3, high = 1e-2, log = true}
batch_size = {type = "categorical", choices = [128, 256]}
epochs = {type = "int", low = 1, high = 6}
"""
ENQUEUED = [
    {"hidden_units": units, "learning_rate": 0.002, "batch_size": 128, "epochs": 3} for units in (9, 10, 11, 12)
]


class SqliteFile:
    """A study's storage in a file."""

    def __init__(self, folder, name):
        self.file = folder / f"{name}.db"
        self.url = f"sqlite:///{self.file}"
        self.is_away = False

    def outage(self, seconds):
        """Lock the database, as a reader with bad manners does."""
        if not self.file.exists():
            return
        connection = sqlite3.connect(self.file, timeout=60, isolation_level=None)
        connection.execute("BEGIN EXCLUSIVE")
        time.sleep(seconds)
        connection.execute("ROLLBACK")
        connection.close()


class ServerDatabase:
    """A study's storage on a server."""

    def __init__(self, server, name):
        self._server = server
        self.url = server.create_database(name.replace("-", "_"))
        self.back = None

    @property
    def is_away(self):
        """Whether the server is away just now."""
        return self.back is not None and self.back.is_alive()

    def outage(self, seconds):
        """Take the server away and bring it back: other faults fall into the time between."""
        self._server.stop(immediate=True)
        self.back = threading.Timer(seconds, self._server.start)
        self.back.start()


class Chaos:
    """A number of faults of each kind, and what came of them."""

    def __init__(self, faults, seed, folder):
        self.left, self.random, self.folder = dict(faults), random.Random(seed), folder
        self.injected, self.results, self.wrong = Counter(), Counter(), []
        (folder / "space.toml").write_text(SPACE)
        (folder / "first.jsonl").write_text("\n".join(map(json.dumps, ENQUEUED)))

    def run(self, storages):
        """Make studies until every fault was injected."""
        for number, make_storage in enumerate(storages):
            if not any(self.left.values()):
                return
            self.study(f"study-{number}", make_storage)

    def study(self, name, make_storage):
        """Bring one study to its end, and check it."""
        storage = make_storage(name)
        seen = {}
        start = 0
        while (start := start + 1) <= MOST_STARTS:
            status = self.attend(self.start(name, storage), storage, name)
            if storage.is_away:
                storage.back.join()
            study = self.load(name, storage)
            if study is not None:
                seen |= {t.number: t for t in study.trials if t.state.is_finished() and t.number not in seen}
            if status == 0:
                break
        else:
            self.results["studies that could not be continued"] += 1
            self.wrong.append(f"{name} was not complete after {start} starts")
            return
        found = violations(study, TRIALS, ENQUEUED, self.folder, seen)
        self.wrong += [f"{name}: {line}" for line in found]
        self.results["studies"] += 1
        self.results["starts"] += start
        self.results["trials"] += TRIALS
        self.results["trials interrupted and tried again"] += sum(map(is_interrupted, study.trials))
        print(f"{name} {storage.url.split(':')[0]}: {start} starts, {len(found)} violations", flush=True)

    def start(self, name, storage, output=None):
        """Start the command that a person would type again and again; what it prints goes to the end of a file."""
        driver = [sys.executable, str(Path(__file__).with_name("driver.py"))]
        options = [
            "--study",
            name,
            "--runs",
            self.folder,
            "--trials",
            TRIALS,
            "--workers",
            2,
            "--no-baseline",
            "--no-confirm",
        ]
        options += ["--pruner", self.random.choice(["asha", "hyperband"])]
        files = ["--space", self.folder / "space.toml", "--enqueue", self.folder / "first.jsonl"]
        output = output or self.folder / f"{name}.out"
        return subprocess.Popen(
            [*driver, *map(str, options + files)],
            cwd=ROOT,
            env=clean_environment() | {"SEARCH_STORAGE": storage.url, "PYTHONPATH": str(ROOT)},
            stdout=output.open("ab"),
            stderr=subprocess.STDOUT,
        )

    def attend(self, process, storage, name):
        """Inject faults until the command ends; return its exit status."""
        family, expected = {}, {0, 1} if storage.is_away else {0}  # a server is not waited for at the start
        due = time.monotonic() + self.random.uniform(*FIRST)
        while process.poll() is None:
            family |= {pid: start for pid in descendants(process.pid) if (start := start_of(pid))}
            if time.monotonic() > due and any(self.left.values()):
                kinds = [kind for kind, number in self.left.items() if number]
                kind = self.random.choices(kinds, [self.left[kind] for kind in kinds])[0]
                statuses = self.inject(kind, process, storage, name)
                if statuses is not None:
                    expected |= statuses
                    self.injected[kind] += 1
                    self.left[kind] -= 1
                due = time.monotonic() + self.random.uniform(*NEXT)
            time.sleep(0.2)
        if process.returncode not in expected:
            self.results["commands that ended by themselves with a failure"] += 1
            print(f"{name}: exit status {process.returncode}: {self.last_line(name)}", flush=True)
        self.check_nothing_left(family, name)
        return process.returncode

    def inject(self, kind, process, storage, name):
        """Do one harm; return the exit statuses that it may lead to, or None where there was nothing to harm."""
        if kind in ("signal", "rival"):
            return {"signal": self.interrupt, "rival": self.rival}[kind](process, storage, name)
        if kind == "storage":
            outage = not storage.is_away
            if outage:
                storage.outage(self.random.uniform(0.5, 10.0))
            return set() if outage else None
        if kind == "driver":
            process.kill()
            return {-signal.SIGKILL}
        victims = [pid for pid in sorted(descendants(process.pid)) if _is(pid, kind)]
        for pid in victims if kind == "ray" else self.random.sample(victims, min(1, len(victims))):
            with contextlib.suppress(ProcessLookupError):  # it followed another one
                os.kill(pid, signal.SIGKILL)
        return set() if victims else None

    def interrupt(self, process, _storage, name):
        """Send a signal: the command has ten seconds to end."""
        if self.load_count(process) < 1:
            return None
        number = self.random.choice([signal.SIGINT, signal.SIGTERM])
        process.send_signal(number)
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.wrong.append(f"{name}: {number.name} did not end the command within 10 s")
            process.kill()
            return {-signal.SIGKILL}
        return {128 + number}

    def load_count(self, process):
        """How many processes the command has started: none before its handlers are there."""
        return len(descendants(process.pid))

    def rival(self, process, storage, name):
        """Start a second driver on the study: it is refused, unless the first has completed the study by then."""
        if storage.is_away or self.load_count(process) < 4 or self.load(name, storage) is None:
            return None
        output = self.folder / f"{name}.rival.out"
        output.unlink(missing_ok=True)
        status = self.start(name, storage, output).wait(timeout=120)
        complete = status == 0 and "nothing left to do" in output.read_text(errors="replace")
        if process.poll() is None and status != 1 and not complete:
            self.wrong.append(f"{name}: a second driver ended with {status} while the first one ran")
        return set()

    def load(self, name, storage):
        """Open the study with nothing but Optuna; None before it is there."""
        try:
            return optuna.load_study(study_name=name, storage=storage.url)
        except Exception:  # noqa: BLE001 (the database or its tables are not there yet)
            return None

    def last_line(self, name):
        """The end of what the commands of a study printed."""
        return (self.folder / f"{name}.out").read_text(errors="replace").strip().splitlines()[-1:]

    def check_nothing_left(self, family, name):
        """Ray's processes follow the command within five seconds, whatever ended it."""
        if left := left_of(family):
            self.results["processes left behind"] += len(left)
            self.wrong.append(f"{name}: left behind: {left}")


def _is(pid, kind):
    command = _command(pid)
    if kind == "worker":
        return command.startswith("ray::") and not any(word in command for word in ("Agent", "IDLE"))
    if kind == "ray":
        return "guard.py" not in command
    return {"raylet": "raylet/raylet", "gcs": "gcs_server"}[kind] in command.split(" ")[0]


def _command(pid):
    return command_of(pid).replace(b"\0", b" ").decode(errors="replace")


def secrets(folder, since):
    """The files that hold the database's password, among those that the commands left since a time."""
    sessions = [place for place in Path("/tmp").glob("search-*") if place.stat().st_mtime > since]
    needles = (SECRET.encode(), quote(SECRET, safe="").encode())
    files = (file for place in (folder, *sessions) for file in place.rglob("*"))
    whole = [file for file in files if file.is_file() and not file.is_symlink()]
    return [str(file) for file in whole if any(needle in file.read_bytes() for needle in needles)]


def main():
    """Run; return 0 where every promise was kept."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    for kind, meaning in FAULTS.items():
        parser.add_argument(f"--{kind}", type=int, default=0, metavar="N", help=meaning)
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    with tempfile.TemporaryDirectory() as name, PostgresServer(SECRET) as server:
        server.start()
        folder, started = Path(name), time.time()
        chaos = Chaos({kind: getattr(options, kind) for kind in FAULTS}, options.seed, folder)
        kinds = [lambda study: ServerDatabase(server, study), lambda study: SqliteFile(folder, study)]
        chaos.run(kinds[number % 2] for number in range(1000))
        chaos.wrong += [f"{file} holds the password" for file in secrets(folder, started)]
    print("injected:", ", ".join(f"{chaos.injected[kind]} x {FAULTS[kind]}" for kind in FAULTS))
    print("came of it:", ", ".join(f"{number} {what}" for what, number in chaos.results.items()))
    print("\n".join(chaos.wrong) or "no promise was broken")
    return 1 if chaos.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
