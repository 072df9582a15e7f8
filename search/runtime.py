"""The Ray runtime under a search: started for it on this machine, or an existing cluster."""

import contextlib
import logging
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import ray

from search.errors import RuntimeLostError, SearchError, UsageError, lines_of
from search.guard import Guard
from search.noise import quiet_stdout
from trainable.errors import ConfigError
from trainable.precision import check_precision

CHDIR = "RAY_CHDIR_TO_TRIAL_DIR"
# What Ray and Tune read from the environment. Tune's own records are not read by anything here: the study is the truth.
SETTINGS = {
    "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1",
    "TUNE_GLOBAL_CHECKPOINT_S": "1e9",  # seconds between snapshots of the experiment
    "TUNE_DISABLE_SIGINT_HANDLER": "1",  # `search.interrupt` handles signals
    "TUNE_PRINT_ALL_TRIAL_ERRORS": "0",  # the study records why a trial failed
    "TUNE_MAX_PENDING_TRIALS_PG": "1000000",  # `search.tuning.StudySearcher` limits them, as the cluster grows
    CHDIR: "0",
    "RAY_AIR_NEW_OUTPUT": "0",  # the old output engine is silent with verbose=0, the new one is not
    "RAY_prestart_worker_first_driver": "0",  # workers without the environment below, which nothing could use
}
VITAL = ("gcs_server", "raylet")  # processes of a runtime without which nothing goes on
SECRETS = ("SEARCH_STORAGE", "PGPASSWORD")  # not for Ray's processes, which hand their environment on to workers
CONNECT_TIMEOUT = 10.0  # seconds
WATCH_PERIOD = 0.25  # seconds
PARTS = 10_000  # of a resource: Ray counts in ten-thousandths
OBJECT_STORE = 512 * 2**20  # bytes; the data set takes 47 MB, a model 7 MB


@dataclass(frozen=True)
class Resources:
    """What a trial gets from Ray, and how many run at once."""

    workers: int
    cpus: float
    gpus: float

    @property
    def bundle(self) -> dict[str, float]:
        """What one trial needs, under Ray's names."""
        return {name: amount for name, amount in (("CPU", self.cpus), ("GPU", self.gpus)) if amount}

    @property
    def whole_cpus(self) -> int:
        """How many CPUs all workers need together, rounded up."""
        return -(-self.workers * _parts(self.cpus) // PARTS)


@contextlib.contextmanager
def ray_runtime(address: str | None, wanted: Resources, *, verbose: bool) -> Iterator[Resources]:
    """Connect to Ray for the length of a block; yield the resources with the number of workers settled.

    Args:
        address: Of a cluster, or None to start a runtime that ends with the block.
        wanted: Where `workers` is 0, one worker for each set of CPUs.
        verbose: Whether Ray's messages and those of workers are shown.

    Raises:
        SearchError: Ray does not start or does not answer.
        UsageError: No trial would fit into what the runtime has.
    """
    os.environ.update(SETTINGS)
    address = _reachable(address)
    guard = Guard() if address is None else None
    try:
        with contextlib.nullcontext() if verbose else quiet_stdout():
            yield from _connected(address, wanted, verbose=verbose)
    finally:
        if guard is not None:
            guard.close()


def check_runtime() -> None:
    """Notice at once where a process of this machine's runtime has ended: Ray itself would wait for a minute.

    Raises:
        RuntimeLostError: One has.
    """
    dead = _dead()
    if dead:
        raise RuntimeLostError(f"Ray's {dead[0]} ended unexpectedly")


def _dead() -> list[str]:
    """Return the vital processes that have ended of a runtime that was started here."""
    node = _local_node()
    return [name for name, _ in node.dead_processes() if name in VITAL] if node else []


@contextlib.contextmanager
def _successor() -> Iterator[None]:
    """Let another GCS answer on the port of one that ends within the block, until the runtime is shut down.

    Calls to it would wait, in the middle of Tune's step or of Ray's shutdown, until Ray ends the whole driver after a
    minute. The successor knows nothing of the runtime, which stays lost.
    """
    node, over = _local_node(), threading.Event()
    [gcs] = (info.process for info in node.all_processes["gcs_server"])
    port = node.gcs_address.rpartition(":")[2]
    command = [re.sub(r"(?<=^--gcs_server_port=).*", port, part) for part in gcs.args]
    environment = {name: value for name, value in os.environ.items() if name not in SECRETS}
    nowhere = subprocess.DEVNULL

    def watch() -> None:
        while not over.wait(WATCH_PERIOD):
            if gcs.poll() is not None:
                with subprocess.Popen(
                    command, env=environment, stdout=nowhere, stderr=nowhere, start_new_session=True
                ) as successor:
                    over.wait()
                    successor.kill()

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()


def _shut_down() -> None:
    """End the runtime, or the connection to it."""
    node = _local_node()
    if node is not None:  # Ray would first send a SIGTERM to each process and wait a second: see `_apart`
        end_all = node.kill_all_processes
        node.kill_all_processes = lambda **_: end_all(check_alive=False, allow_graceful=False)
    if _dead():  # then the others would wait for the dead for a minute before they end
        node.kill_all_processes()
    ray.shutdown()


def _local_node() -> Any:
    """Return Ray's own record of the processes that it started here, which has no public name."""
    return ray._private.worker._global_node  # noqa: SLF001


def _connected(address: str | None, wanted: Resources, *, verbose: bool) -> Iterator[Resources]:
    quiet: dict[str, Any] = {"logging_level": logging.INFO if verbose else logging.CRITICAL, "log_to_driver": verbose}
    with contextlib.ExitStack() as beside:
        try:
            try:
                with _hidden(SECRETS):
                    _init(address, wanted, quiet)
            except Exception as error:  # Ray lets out plain ones, too
                place = f"at {address} " if address else ""
                raise SearchError(f"Ray {place}does not answer: {lines_of(error)[0]}") from error
            if address is None:
                beside.enter_context(_successor())
            yield _settled(wanted, may_grow=address is not None)
        finally:
            if not _dead():
                beside.close()  # what ends from here on ends in order
            _shut_down()  # also where a signal ended its start


def _init(address: str | None, wanted: Resources, quiet: Mapping[str, Any]) -> None:
    ray._private.utils.set_sigterm_handler = lambda _: None  # noqa: SLF001 (`search.interrupt` handles SIGTERM)
    ray._private.utils.set_kill_on_parent_death_linux = _apart  # noqa: SLF001 (no public way)
    if address is not None:
        ray.init(address=address, **quiet)
        return
    ray.init(
        address="local",  # not a cluster that happens to run here
        num_cpus=wanted.whole_cpus or None,  # None: Ray counts what it may use
        include_dashboard=False,
        object_store_memory=OBJECT_STORE,
        runtime_env=_worker_environment(),
        **quiet,
    )


def _apart(follow: Callable[[], None] = ray._private.utils.set_kill_on_parent_death_linux) -> None:  # noqa: SLF001
    """Keep signals from a process that Ray starts, and from those that it starts, between its fork and its program.

    What a person, a terminal, `timeout` or the system's shutdown sends to all processes is for the driver, which ends
    Ray in good order. A raylet that got a SIGTERM would tell Ray in the driver that the node is gone, which then would
    try to save what was stored there, fail, and end the driver without a word.

    Args:
        follow: Lets it die with the driver, as Ray has it.
    """
    os.setsid()
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    follow()


@contextlib.contextmanager
def _hidden(names: Sequence[str]) -> Iterator[None]:
    """Take variables out of the environment for the length of a block."""
    kept = {name: os.environ.pop(name) for name in names if name in os.environ}
    try:
        yield
    finally:
        os.environ.update(kept)


def check_this_machine(precision: str) -> None:
    """Refuse a precision that this machine's processor does not have.

    Raises:
        UsageError: It has not.
    """
    try:
        check_precision(precision)
    except ConfigError as error:
        raise UsageError(f"--precision: {error}") from error


def alive_nodes() -> list[dict[str, Any]]:
    """Return what Ray says of the nodes that are there, under Ray's own names."""
    return [node for node in ray.nodes() if node["Alive"]]  # type: ignore[no-untyped-call]


def fitting(nodes: Sequence[Mapping[str, Any]], wanted: Resources) -> int:
    """Return how many trials these nodes hold at once."""
    needed = wanted.bundle.items()
    return sum(min(_times(node["Resources"].get(name, 0.0), name, amount) for name, amount in needed) for node in nodes)


def _times(there: float, name: str, amount: float) -> int:
    """Return how many times an amount of a resource fits into what is there; a share of a GPU lies on one GPU."""
    if name == "GPU" and amount < 1:
        return int(there) * (PARTS // _parts(amount))
    return _parts(there) // _parts(amount)


def _parts(amount: float) -> int:
    """Return an amount as Ray counts it, without what floating point adds: 2 // 0.2 is 9."""
    return round(PARTS * amount)


def _worker_environment() -> dict[str, Any]:
    """Return the environment of workers: Tune's own, so that those which Ray starts ahead are the ones that Tune gets.

    Ray puts the interpreter's path into a shell's line as it is, so a path with a space in it has to be quoted here.
    """
    tune_variables = {"PL_DISABLE_FORK": "1", CHDIR: SETTINGS[CHDIR]}
    return {"py_executable": shlex.quote(sys.executable), "env_vars": tune_variables}


def _reachable(address: str | None) -> str | None:
    """Return the HOST:PORT behind an address; refuse at once where nothing listens: Ray would try for a minute."""
    if address is None:
        return None
    try:
        found = str(ray._private.services.canonicalize_bootstrap_address(address))  # noqa: SLF001 (as `ray.init` does)
        host, _, port = found.rpartition(":")
        socket.create_connection((host.strip("[]"), int(port)), timeout=CONNECT_TIMEOUT).close()
    except (OSError, OverflowError, ValueError) as error:
        raise SearchError(f"Ray at {address} does not answer: {lines_of(error)[0]}") from error
    return found


def _settled(wanted: Resources, *, may_grow: bool) -> Resources:
    """Return the resources with a number of workers: where none is wanted, as many as the nodes hold.

    Args:
        wanted: Where `workers` is 0, none.
        may_grow: Whether the wanted ones may come to a cluster that holds none yet.
    """
    nodes = alive_nodes()
    number = fitting(nodes, wanted)
    if not number and not (may_grow and wanted.workers):
        shapes = [node["Resources"] for node in nodes]
        asked = " and ".join(f"{name} {amount:g}" for name, amount in wanted.bundle.items())
        largest = " and ".join(f"{name} {max(shape.get(name, 0.0) for shape in shapes):g}" for name in wanted.bundle)
        raise UsageError(f"--cpus-per-trial, --gpus-per-trial: no node has {asked} for a trial, but at most {largest}")
    return Resources(wanted.workers or number, wanted.cpus, wanted.gpus)
