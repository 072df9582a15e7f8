"""A Ray cluster on the hosts of the rig, by the commands that a person types on the client."""

import contextlib
import json
import re
import shutil
from datetime import datetime, timedelta
from pathlib import Path

import optuna
from commands import ROOT, victims, wait_until

from search.surroundings.guard import command_of, descendants
from trainable.keys import HOST
from trainable.mnist.source import cache_file

FILE = "~/on-premise.yaml"
SETTINGS = ". ~/mnist-search/deploy/settings.sh"
# Spaces on the head, by their files' names: of networks that train for a moment, and for some seconds.
SPACES = {
    "short.toml": """
hidden_units = {type = "categorical", choices = [32, 64, 128]}
learning_rate = {type = "float", low = 1e-3, high = 3e-3, log = true}
batch_size = {type = "categorical", choices = [128, 256]}
epochs = {type = "int", low = 2, high = 5}
""",
    "space.toml": """
hidden_units = {type = "int", low = 128, high = 512, log = true}
learning_rate = {type = "float", low = 1e-3, high = 3e-3, log = true}
batch_size = {type = "categorical", choices = [128, 256]}
epochs = {type = "int", low = 3, high = 6}
""",
}
WORKER_PORTS = range(10002, 20000)  # Ray's own setting


class Cluster:
    """The cluster that deploy/on-premise.yaml describes; nothing in it is changed but the addresses and the user."""

    def __init__(self, rig):
        self.rig, self.client = rig, rig.client
        self.head = rig.hosts[0]
        text = (ROOT / "deploy/on-premise.yaml").read_text()
        filled = text.replace("HEAD-ADDRESS", self.head.address).replace("USER", "root")
        filled = filled.replace("WORKER-ADDRESS, WORKER-ADDRESS", ", ".join(host.address for host in rig.hosts[1:]))
        (self.client.home / "on-premise.yaml").write_text(filled)
        self.client.run("ray get-auth-token --generate && chmod 644 ~/.ray/auth_token")  # the hosts' are made safe
        self._give_head()

    def _give_head(self):
        """Put the spaces and the data on the head."""
        for name, space in SPACES.items():
            (self.head.home / name).write_text(space)
        cache = self.head.home / ".cache/mnist-search"  # hosts without a way out cannot download it
        cache.mkdir(parents=True)
        shutil.copy(cache_file(), cache)

    @property
    def hosts(self):
        """The head and the others."""
        return self.rig.hosts

    def memory(self):
        """Return how many bytes the hosts' processes take, those that they share counted once."""
        pids = [pid for host in self.hosts for pid in descendants(host.process.pid)]
        return sum(memory_of(pid) for pid in pids)

    @property
    def runs(self):
        """The head's folder of results, as the test sees it."""
        return self.head.home / "mnist-search/runs"

    def up(self):
        """Start Ray on every host."""
        return self.client.run(f"cd {ROOT} && RAY_UP_enable_autoscaler_v2=0 ray up --yes {FILE}", timeout=120)

    def down(self):
        """Stop it: `ray down` ends Ray on the head only."""
        self.client.run(f"cd {ROOT} && ray down --yes {FILE}", timeout=60)
        for host in self.hosts[1:]:
            if host.is_on:
                opened = f"ssh -i ~/.ssh/mnist-search -o StrictHostKeyChecking=accept-new {host.address}"
                self.client.run(f"{opened} mnist-search/.venv/bin/ray stop")

    def replace_head(self):
        """Power on another host in the place of the head, which is off; nothing has been installed on it."""
        self.head.renew()
        self._give_head()
        self.rig.start(self.head)

    def search(self, *options):
        """Start a search on the head; do not wait for it."""
        command = f"cd ~/mnist-search && python -m search.run --address auto {' '.join(map(str, options))}"
        return self.client.begin(f"cd {ROOT} && ray exec {FILE} '{command}'")

    def on_head(self, command):
        """Return what a command says on the head, with the settings of its shells."""
        return self.head.run(f"{SETTINGS}; {command}").strip()

    def nodes(self):
        """Return the nodes that are alive, as the head knows them: their ids by address."""
        said = self.on_head("ray list nodes --filter state=ALIVE --format json")
        return {
            node["node_ip"]: node["node_id"]
            for node in json.loads(re.search(r"^\[.*", said, re.MULTILINE | re.DOTALL)[0])
        }

    def listeners(self, host):
        """Return what listens on all interfaces of a host: programs, those in Python with their port, and workers."""
        found = re.findall(r"(?:\*|0\.0\.0\.0|\[::\]):(\d+) .*users:\(\(\"([^\"]+)", host.run("ss -ltnpH"))
        return {_listener(name, int(port)) for port, name in found}

    def wait_for_nodes(self, number, timeout=60):
        """Wait until the head knows some number of nodes; it is asked, which takes seconds, once as many run Ray."""
        wait_until(lambda: self.running() >= number and len(self.nodes()) == number, timeout, f"{number} nodes")

    def running(self):
        """Return how many hosts run a node's process, whatever the head knows of it."""
        return sum(bool(victims(host.process, "raylet")) for host in self.hosts if host.is_on)

    def trials(self, study):
        """Return the trials of a study that may be in progress or not yet there."""
        file = self.runs / "studies.db"
        with contextlib.suppress(Exception):  # read-only: Optuna would make what the search is about to make
            return optuna.load_study(study_name=study, storage=f"sqlite:///file:{file}?mode=ro&uri=true").trials
        return []

    def hosts_with_trials(self, study):
        """Return the names of the hosts on which trials of a study have ended."""
        ended = (trial for trial in self.trials(study) if trial.state.is_finished())
        return {trial.user_attrs[HOST] for trial in ended if HOST in trial.user_attrs}


def _listener(name, port):
    if port in WORKER_PORTS:
        return "worker or driver"
    return f"{name}:{port}" if name == "python" else name


def now():
    """The time as Optuna writes it down."""
    return datetime.now()  # noqa: DTZ005


def training_began(trial):
    """When a worker began to train a trial, which is over."""
    return trial.datetime_complete - timedelta(seconds=trial.user_attrs["seconds"])


def training(host):
    """Whether a worker on a host is in an epoch, as its title says."""
    titles = [command_of(pid).split(b"\0")[0] for pid in descendants(host.process.pid)]
    return any(re.match(rb"ray::\w+\.train", title) for title in titles)


def memory_of(pid):
    """Return a process's bytes, of what it shares with others only its part; nothing where it has ended."""
    with contextlib.suppress(OSError):
        found = re.search(r"^Pss: +(\d+) kB", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.MULTILINE)
        return int(found[1]) * 1024 if found else 0
    return 0
