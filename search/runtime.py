"""The Ray runtime under a search: started for it on this machine, or an existing cluster."""

import logging
import math
import os
import re
import shlex
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import ray

from search.errors import SearchError, UsageError
from search.tuning import TUNE_SETTINGS, Resources

CONNECT_TIMEOUT = 10.0  # seconds
LOOPBACK = "127.0.0.1"
OBJECT_STORE = 512 * 2**20  # bytes; the data set takes 47 MB, a model 7 MB


@contextmanager
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
    os.environ.update(TUNE_SETTINGS)
    _check_reachable(address)
    quiet: dict[str, Any] = {"logging_level": logging.INFO if verbose else logging.ERROR, "log_to_driver": verbose}
    try:
        if address is None:
            ray.init(
                num_cpus=max(os.cpu_count() or 1, math.ceil(wanted.workers * wanted.cpus)),
                include_dashboard=False,
                object_store_memory=OBJECT_STORE,
                runtime_env={"py_executable": shlex.quote(sys.executable)},  # Ray puts it into a shell's line as it is
                _node_ip_address=LOOPBACK,
                **quiet,
            )
        else:
            ray.init(address=address, **quiet)
    except (ConnectionError, RuntimeError, ValueError) as error:
        place = f"at {address} " if address else ""
        raise SearchError(f"Ray {place}does not answer: {str(error).strip().splitlines()[0]}") from error
    try:
        yield _settled(wanted)
    finally:
        ray.shutdown()


def _check_reachable(address: str | None) -> None:
    """Answer at once where nothing listens: Ray itself would try for minutes."""
    match = re.fullmatch(r"\[?([^\[\]/]+)\]?:(\d+)", address or "")
    if match is None:
        return  # "auto", a client's ray:// address or none: Ray finds out quickly
    try:
        socket.create_connection((match[1], int(match[2])), timeout=CONNECT_TIMEOUT).close()
    except (OSError, OverflowError) as error:
        raise SearchError(f"Ray at {address} does not answer: {error}") from error


def _settled(wanted: Resources) -> Resources:
    """Return the resources with a number of workers that the runtime can hold."""
    total = ray.cluster_resources()  # type: ignore[no-untyped-call]
    fitting = math.inf
    for option, name, needed in (("--cpus-per-trial", "CPU", wanted.cpus), ("--gpus-per-trial", "GPU", wanted.gpus)):
        if needed:
            available = total.get(name, 0.0)
            if needed > available:
                raise UsageError(f"{option} {needed:g}: the runtime has {available:g} {name}s in all")
            fitting = min(fitting, available // needed)
    return Resources(wanted.workers or int(fitting), wanted.cpus, wanted.gpus, wanted.max_retries)
