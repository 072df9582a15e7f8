"""What a trial gets of a node, counted as Ray counts it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

PARTS = 10_000  # of a resource: Ray counts in ten-thousandths


@dataclass(frozen=True)
class Resources:
    """What a trial gets from Ray, and how many run at once.

    Attributes:
        workers: Trials at once.
        cpus: Of a trial.
        gpus: Of a trial.
        why: What follows the number of workers where it is less than the machine's, ": " and the reason; else empty.
    """

    workers: int
    cpus: float
    gpus: float
    why: str = ""

    @property
    def bundle(self) -> dict[str, float]:
        """What one trial needs, under Ray's names."""
        return {name: amount for name, amount in (("CPU", self.cpus), ("GPU", self.gpus)) if amount}

    @property
    def whole_cpus(self) -> int:
        """How many CPUs all workers need together, rounded up."""
        return -(-self.workers * _parts(self.cpus) // PARTS)


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
