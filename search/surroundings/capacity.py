"""What this process may use of its machine: processors and memory, within the limits that are set around it.

Ray counts the processors of the whole machine. What a batch system, a container or `taskset` leaves of them to this
process is its affinity and, in its control groups, a quota of time; their limit of memory is often below the machine's.
"""

import math
import os
from dataclasses import dataclass
from pathlib import Path

from search.surroundings.kernel import groups, lines_in, numbers_in

# Measured with two workers that train the largest networks of the built-in space, shared memory counted once.
WORKER_MEMORY = 700 * 10**6  # bytes of a worker with TensorFlow and the data
RUNTIME_MEMORY = 1200 * 10**6  # bytes of the driver, Ray's own processes and what all share
INCLUDED = 50 * 10**6  # bytes of data that these figures have in them
OBJECT_STORE = 512 * 2**20  # bytes of Ray's, which holds models, too
COPIES = 3  # of its data that a worker has while it starts; later it has one, and a second one of the validation split


@dataclass(frozen=True)
class Demand:
    """What a search takes of the memory, beside the driver's own copy of its data, in bytes.

    Attributes:
        data: Of the arrays that trials see.
        is_asked: Whether a process of its own loads models to score them, beside the workers; what tries a person's
            file takes as much, and has ended before.
    """

    data: int = 0
    is_asked: bool = False

    @property
    def beyond(self) -> int:
        """Of the data, what the measured figures do not have in them."""
        return max(0, self.data - INCLUDED)

    @property
    def store(self) -> int:
        """Of Ray's object store; what is not used of it takes nothing."""
        return OBJECT_STORE + self.beyond

    @property
    def worker(self) -> int:
        """Of one worker."""
        return WORKER_MEMORY + COPIES * self.beyond

    @property
    def runtime(self) -> int:
        """Of everything but workers, with the one copy of the data in Ray's object store, and what scores."""
        return RUNTIME_MEMORY + self.beyond + (WORKER_MEMORY + self.beyond if self.is_asked else 0)

    @property
    def least(self) -> int:
        """Of the whole search with one worker."""
        return self.runtime + self.worker


SMALL = Demand()


@dataclass(frozen=True)
class Capacity:
    """What there is for workers.

    Attributes:
        cpus: Processors that this process may use, a part of one counted as one.
        all_cpus: Processors of the machine.
        memory: Bytes that are free for it, or None where that is not known.
    """

    cpus: int
    all_cpus: int
    memory: int | None

    def held(self, demand: Demand) -> int | float:
        """Return how many workers the free memory holds, at least one."""
        return math.inf if self.memory is None else max(1, (self.memory - demand.runtime) // demand.worker)

    def why(self, workers: int, fitting: int, demand: Demand) -> str:
        """Return why there are so few workers as `Resources.why` has it.

        Args:
            workers: How many there are.
            fitting: How many the processors hold that this process may use.
            demand: Of the search.
        """
        if workers < fitting and self.memory is not None:
            return f": {self.memory / 1e9:.1f} GB of memory are free, and a worker takes {demand.worker / 1e9:.1f}"
        if self.cpus < self.all_cpus:
            return f": this process may use {self.cpus} of the machine's {self.all_cpus} CPUs"
        return ""


def capacity_here(root: Path = Path("/")) -> Capacity:
    """Look at the limits of this process; `root` is where `proc` is, and what it names."""
    machine = os.cpu_count() or 1
    affinity = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else machine
    quotas = [quota for folder in groups(root, "cpu") if (quota := _quota(folder)) is not None]
    left = [left for folder in groups(root, "memory") if (left := _memory_left(folder)) is not None]
    return Capacity(
        cpus=max(1, min([affinity, *map(math.ceil, quotas)])),
        all_cpus=machine,
        memory=min([*left, *numbers_in(root / "proc/meminfo", "MemAvailable")], default=None),
    )


def _quota(folder: Path) -> float | None:
    """Return how many processors' time a group may use."""
    words = [word for name in ("cpu.max", "cpu.cfs_quota_us", "cpu.cfs_period_us") for word in _words(folder / name)]
    if len(words) < 2 or not words[0].isdecimal():  # noqa: PLR2004 (quota and period) "max" or -1: no limit
        return None
    return int(words[0]) / int(words[1])


def _memory_left(folder: Path) -> int | None:
    """Return how many bytes a group may still take; files in its cache are given up where memory is wanted."""
    for limits, usage, cache in (
        (("memory.max", "memory.high"), "memory.current", "inactive_file"),
        (("memory.limit_in_bytes",), "memory.usage_in_bytes", "total_inactive_file"),
    ):
        found = [int(word) for name in limits for word in _words(folder / name) if word.isdecimal()]
        used = [int(word) for word in _words(folder / usage)]
        if found and used:
            return max(0, min(found) - used[0] + sum(numbers_in(folder / "memory.stat", cache)))
    return None


def _words(file: Path) -> list[str]:
    return " ".join(lines_in(file)).split()
