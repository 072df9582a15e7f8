"""The limits of this process (setrlimit(2)) under which Ray would not start, or would end later without a word."""

import contextlib
import logging
import os
import resource
from pathlib import Path

from search.errors import UsageError

log = logging.getLogger(__name__)

# By `ulimit`'s letter: the limit, what it is of, and how much two workers on two processors need at least. Ray
# starts with 64 open files, 700 MB a file, 5 GB of addresses and 180 threads, not with 40, 100 MB, 3 GB and 120.
NEEDS = {
    "n": (resource.RLIMIT_NOFILE, "open files", 128),
    "f": (resource.RLIMIT_FSIZE, "bytes a file", 700 * 10**6),
    "v": (resource.RLIMIT_AS, "bytes of virtual memory", 6 * 10**9),
}
FILES = 65_536  # open ones for which a process may ask at most, as many as a search with many workers needs
THREADS = 200  # to start with; the root user has no limit of them
MANY = 10_000  # from here on nobody is counted


def check_limits() -> None:
    """Raise this process's own limits where they are too low, and refuse those that it may not raise.

    Raises:
        UsageError: One is.
    """
    for letter, (limit, what, least) in NEEDS.items():
        soft, hard = resource.getrlimit(limit)
        if _is_less(hard, least):
            raise UsageError(f"the limit of {hard} {what} is too low for Ray (ulimit -{letter}): {least} at least")
        wanted = FILES if limit == resource.RLIMIT_NOFILE else least
        if _is_less(soft, wanted):
            resource.setrlimit(limit, (hard if _is_less(hard, wanted) else wanted, hard))
    if (seconds := resource.getrlimit(resource.RLIMIT_CPU)[1]) != resource.RLIM_INFINITY:
        log.warning("each process may compute for %s s (ulimit -t), and the system ends it then", seconds)
    most, _ = resource.getrlimit(resource.RLIMIT_NPROC)
    if os.geteuid() and _is_less(most, MANY) and (left := most - _threads(os.geteuid())) < THREADS:
        raise UsageError(
            f"the limit of {most} processes and threads (ulimit -u) leaves {max(0, left)}, and Ray needs {THREADS}"
        )


def _is_less(limit: int, number: int) -> bool:
    return limit != resource.RLIM_INFINITY and limit < number


def _threads(user: int) -> int:
    """Return how many threads the processes of a user have."""
    number = 0
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it ended meanwhile
            if process.stat().st_uid == user:
                number += len(os.listdir(process / "task"))  # noqa: PTH208 (only how many)
    return number
