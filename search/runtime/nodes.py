"""The nodes of a cluster under a search: which are let in, how many trials they hold at once, and the wish for more."""

import contextlib
import logging
import math
import time
from collections.abc import Iterator
from typing import Any

import ray
from ray.exceptions import RayError, RayTaskError
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from search.errors import UsageError, lines_of
from search.runtime.diagnosis import runtime_lost
from search.runtime.local import alive_nodes
from search.runtime.resources import Resources, fitting
from search.surroundings.capacity import Demand
from trainable.environment import code_here

LOOK_EVERY = 2.0  # seconds
MOST_ASKED = 1000  # trials at once for which the autoscaler is asked; it has a limit of its own

log = logging.getLogger(__name__)


class Nodes:
    """Follows the nodes as they join and go; each is asked for its versions before it counts."""

    def __init__(self, wanted: Resources, precision: str, *, limited: bool, data: int = 0) -> None:
        """Follow the nodes of the runtime that this process is connected to.

        Args:
            wanted: What a trial gets, and how many shall run at once.
            precision: That every node's processor must have.
            limited: Whether more than `wanted.workers` would be too many.
            data: Bytes that each node's object store is to hold.
        """
        self._wanted, self._precision, self._data = wanted, precision, data
        self._limit = wanted.workers if limited else math.inf
        self._code = code_here()
        self._replies: dict[str, Any] = {}  # by the node's id, a reference
        self._admitted = set[str]()
        self._workers = 0
        self._looked = -math.inf  # time.monotonic()

    def admit(self) -> None:
        """Ask the nodes that there are, and wait for their replies.

        Raises:
            UsageError: One cannot take part; the message names it and says why.
            RuntimeLostError: Ray does not reply.
        """
        self._look(patience=None)

    def workers(self, since: float = -math.inf) -> int:
        """Return how many trials the nodes hold at once; asked often, it looks every `LOOK_EVERY` seconds.

        What was seen before `since`, a `time.monotonic()`, will not do.

        Raises:
            UsageError: A node has joined that cannot take part.
            RuntimeLostError: Ray does not reply.
        """
        if self._looked < max(since, time.monotonic() - LOOK_EVERY):
            self._look(patience=0)
        return self._workers

    def _look(self, patience: float | None) -> None:
        try:
            self._count(patience)
        except RayError as error:
            raise runtime_lost(error) from error
        self._looked = time.monotonic()

    def _count(self, patience: float | None) -> None:
        nodes = {node["NodeID"]: node for node in alive_nodes()}
        for node in nodes.keys() - self._replies.keys():
            self._replies[node] = _question(node, self._precision)
        open_replies = [reply for node, reply in self._replies.items() if node in nodes.keys() - self._admitted]
        ready, _ = ray.wait(open_replies, num_returns=len(open_replies), timeout=patience) if open_replies else ([], [])
        for node in nodes.keys() - self._admitted:
            if self._replies[node] not in ready:
                continue
            if _can_take_part(self._replies[node], nodes[node], self._code):
                self._admitted.add(node)
                _tell_small_store(nodes[node], self._data)
            else:
                del self._replies[node]  # and ask again if it is still there at the next look
        held = fitting([nodes[node] for node in nodes.keys() & self._admitted], self._wanted)
        self._workers = int(min(self._limit, held))


def _question(node: str, precision: str) -> Any:
    """Ask a node; return a reference to its reply: what its code is, or why it cannot take part."""

    def reply() -> dict[str, str] | str:  # carries its own code there, where the project may be another one
        try:
            from trainable.environment import code_here  # noqa: PLC0415
            from trainable.errors import ConfigError  # noqa: PLC0415
            from trainable.precision import check_precision  # noqa: PLC0415

            code = code_here()
        except (ImportError, OSError) as error:
            return f"the project cannot be loaded there: {error}"
        try:
            check_precision(precision)
        except ConfigError as error:
            return f"--precision: {error}"
        return code

    here = NodeAffinitySchedulingStrategy(node, soft=False)
    return ray.remote(reply).options(num_cpus=0, scheduling_strategy=here).remote()


def _can_take_part(reply: Any, node: dict[str, Any], code: dict[str, str]) -> bool:
    """Say whether a node is fit, with the driver's code; not, where the question was lost on the way."""
    name = _name(node)
    try:
        there = ray.get(reply)
    except RayTaskError as error:
        there = lines_of(error)[-1].strip()
    except RayError:
        return False
    if isinstance(there, str):
        raise UsageError(f"the node {name} cannot take part: {there}")
    for what, version in code.items():
        if there.get(what) != version:
            raise UsageError(f"the node {name} has {what} {there.get(what)}, but the driver {version}")
    return True


def _tell_small_store(node: dict[str, Any], data: int) -> None:
    """Warn where the data do not fit into a node's object store: Ray keeps them on the node's disk, which is slower."""
    store = node["Resources"]["object_store_memory"]
    if data > store:
        log.warning(
            "the node %s keeps the data on its disk: they have %s GB, its object store %s GB "
            "(ray start --object-store-memory=%d)",
            _name(node), f"{data / 1e9:.1f}", f"{store / 1e9:.1f}", Demand(data).store,
        )  # fmt: skip


def _name(node: dict[str, Any]) -> str:
    return f"{node['NodeManagerHostname']} ({node['NodeManagerAddress']})"


@contextlib.contextmanager
def asked_for(wanted: Resources, number: int) -> Iterator[None]:
    """Ask the cluster's autoscaler, if it has one, for room for this many trials at once for the length of a block."""
    from ray.autoscaler.sdk import request_resources  # noqa: PLC0415 (half a second, which only clusters need)

    request_resources(bundles=[wanted.bundle] * min(number, MOST_ASKED))
    try:
        yield
    finally:
        with contextlib.suppress(RayError):  # a cluster that is gone holds nothing for anybody
            request_resources(bundles=[])
