"""The Ray runtime under a search: started for it on this machine, or an existing cluster."""

import contextlib
import ipaddress
import logging
import os
import re
import secrets
import shlex
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import ray
from ray._common.network_utils import get_localhost_ip  # type: ignore[attr-defined]  # where Ray looks

from search.errors import RuntimeLostError, SearchError, StartError, UsageError, lines_of
from search.runtime.resources import Resources, fitting
from search.runtime.scratch import scratch_folder
from search.surroundings.capacity import SMALL, Capacity, Demand, capacity_here
from search.surroundings.guard import Guard
from search.surroundings.limits import check_limits
from search.terminal.quiet import quiet_stdout
from trainable.helper import SECRETS

CHDIR = "RAY_CHDIR_TO_TRIAL_DIR"
# What Ray and Tune read from the environment. Tune's own records are not read by anything here: the study is the truth.
SETTINGS = {
    "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1",
    "TUNE_GLOBAL_CHECKPOINT_S": "1e9",  # seconds between snapshots of the experiment
    "TUNE_DISABLE_SIGINT_HANDLER": "1",  # `search.terminal.signals` handles signals
    "TUNE_PRINT_ALL_TRIAL_ERRORS": "0",  # the study records why a trial failed
    "TUNE_MAX_PENDING_TRIALS_PG": "1000000",  # `search.runtime.tuning.StudySearcher` limits them, as the cluster grows
    CHDIR: "0",
    "RAY_AIR_NEW_OUTPUT": "0",  # the old output engine is silent with verbose=0, the new one is not
    "RAY_OBJECT_STORE_ALLOW_SLOW_STORAGE": "1",  # more than 10 GB may lie on a disk: they are read once a worker
    "RAY_prestart_worker_first_driver": "0",  # workers without the environment below, which nothing could use
}
VITAL = ("gcs_server", "raylet")  # processes of a runtime without which nothing goes on
CONNECT_TIMEOUT = 10.0  # seconds
WATCH_PERIOD = 0.25  # seconds
STARTS = 2  # attempts at starting Ray: on a busy machine it does not always find its own processes in time
CLUSTERS = "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"  # "0": Ray's processes listen on the loopback interface alone
TOKEN = secrets.token_hex(32)  # of this process's runtimes; Ray would keep one in a file of the person's home
LOOPBACK = "127.0.0.1"
MEMORY = "/proc/meminfo"


@contextlib.contextmanager
def ray_runtime(
    address: str | None, wanted: Resources, demand: Demand = SMALL, *, verbose: bool
) -> Iterator[Resources]:
    """Connect to Ray for the length of a block; yield the resources with the number of workers settled.

    Args:
        address: Of a cluster, or None to start a runtime that ends with the block.
        wanted: Where `workers` is 0, one worker for each set of CPUs.
        demand: Of the search, for which a runtime's object store is sized.
        verbose: Whether Ray's messages and those of workers are shown.

    Raises:
        SearchError: Ray does not start or does not answer.
        UsageError: No trial would fit into what the runtime has.
    """
    os.environ.update(SETTINGS)
    address = _reachable(address)
    with contextlib.ExitStack() as around:
        if address is None:
            check_limits()
            _check_host()
            around.enter_context(scratch_folder(demand))
            around.enter_context(contextlib.closing(Guard()))
        if not verbose:
            around.enter_context(quiet_stdout())
        yield from _connected(address, wanted, demand, verbose=verbose)


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
    apart: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "start_new_session": True}

    def watch() -> None:
        while not over.wait(WATCH_PERIOD):
            if gcs.poll() is not None:
                with subprocess.Popen(command, env=environment, **apart) as successor:
                    over.wait()
                    successor.kill()

    with ThreadPoolExecutor(1) as beside:
        try:
            beside.submit(watch)
            yield
        finally:
            over.set()


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


def _connected(address: str | None, wanted: Resources, demand: Demand, *, verbose: bool) -> Iterator[Resources]:
    quiet: dict[str, Any] = {"logging_level": logging.INFO if verbose else logging.CRITICAL, "log_to_driver": verbose}
    ray._private.utils.set_sigterm_handler = lambda _: None  # noqa: SLF001 (`search.terminal.signals` handles SIGTERM)
    capacity = capacity_here() if address is None else None
    with contextlib.ExitStack() as beside:
        try:
            with _hidden(SECRETS):
                if capacity is None:
                    with _answering(address):
                        ray.init(address=address, **quiet)
                else:
                    _start(wanted.whole_cpus or capacity.cpus, demand, quiet)
            if address is None:
                beside.enter_context(_successor())
            yield _settled(wanted, capacity, demand)
        finally:
            if not _dead():
                beside.close()  # what ends from here on ends in order
            _shut_down()  # also where a signal ended its start


@contextlib.contextmanager
def _answering(address: str | None) -> Iterator[None]:
    try:
        yield
    except Exception as error:  # Ray lets out plain ones, too
        raise SearchError(f"Ray at {address} does not answer: {lines_of(error)[0]}") from error


def _start(cpus: int, demand: Demand, quiet: Mapping[str, Any]) -> None:
    """Start a runtime of this user and process: nobody else reaches it, and no change of the network ends it."""
    ray._private.utils.set_kill_on_parent_death_linux = _apart  # noqa: SLF001 (no public way)
    os.environ[CLUSTERS] = "0"
    ray._private.ray_constants.ENABLE_RAY_CLUSTER = False  # noqa: SLF001 (what was read from the variable at the import)
    os.environ.pop("RAY_AUTH_MODE", None)  # unset, it is on
    os.environ["RAY_AUTH_TOKEN"] = TOKEN
    for attempt in range(1, STARTS + 1):
        try:
            ray.init(
                address="local",  # not a cluster that happens to run here
                num_cpus=cpus,
                include_dashboard=False,
                object_store_memory=demand.store,
                runtime_env=_worker_environment(),
                **quiet,
            )
        except Exception as error:
            if attempt == STARTS:
                logs = f"its logs are in {os.environ['RAY_TMPDIR']}"
                raise StartError(f"Ray does not start: {lines_of(error)[0].rstrip('.')}; {logs}") from error
            _shut_down()
        else:
            return


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


def alive_nodes() -> list[dict[str, Any]]:
    """Return what Ray says of the nodes that are there, under Ray's own names."""
    return [node for node in ray.nodes() if node["Alive"]]  # type: ignore[no-untyped-call]


def _check_host() -> None:
    """Refuse a machine on which Ray's processes would wait for each other, or end.

    Raises:
        UsageError: Its own interface is down or has another name, its name is no text, or much of /proc is hidden.
    """
    if not socket.gethostname().isprintable():
        raise UsageError(f"this machine's name, {socket.gethostname()!a}, must be UTF-8 for Ray; see hostname(1)")
    if sys.platform == "linux" and not os.access(MEMORY, os.R_OK):
        raise UsageError(f"{MEMORY} cannot be read, which Ray does; mount /proc without subset=pid (ProcSubset=all)")
    if not ipaddress.ip_address(found := get_localhost_ip()).is_loopback:
        raise UsageError(f"localhost is {found} here, and Ray goes there; let it be {LOOPBACK} in /etc/hosts")
    try:
        with socket.create_server((LOOPBACK, 0)) as server:
            socket.create_connection(server.getsockname(), timeout=CONNECT_TIMEOUT).close()
    except OSError as error:
        raise UsageError(f"the loopback interface {LOOPBACK} cannot be used: {error.strerror}; set it up") from error


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


def _settled(wanted: Resources, capacity: Capacity | None, demand: Demand) -> Resources:
    """Return the resources with a number of workers: where none is wanted, as many as the nodes hold.

    Args:
        wanted: Where `workers` is 0, none.
        capacity: Of this machine; None for a cluster, which may hold none yet, but to which the wanted ones may come.
        demand: What workers take of this machine.
    """
    nodes = alive_nodes()
    number = fitting(nodes, wanted)
    if not number and (capacity or not wanted.workers):
        shapes = [node["Resources"] for node in nodes]
        asked = " and ".join(f"{name} {amount:g}" for name, amount in wanted.bundle.items())
        largest = " and ".join(f"{name} {max(shape.get(name, 0.0) for shape in shapes):g}" for name in wanted.bundle)
        raise UsageError(f"--cpus-per-trial, --gpus-per-trial: no node has {asked} for a trial, but at most {largest}")
    if wanted.workers or capacity is None:
        return replace(wanted, workers=wanted.workers or number)
    held = int(min(number, capacity.held(demand)))
    return replace(wanted, workers=held, why=capacity.why(held, number, demand))
