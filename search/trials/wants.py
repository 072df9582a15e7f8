"""What a machine can lack for which no trial is to blame: how its errors say so, and what a person can do."""

import errno
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from search.trials.failures import Failure

# What is free on a disk that is not full: the less of bytes, and of a share of it, for some are small.
ENOUGH = 16 * 2**20
SHARE = 0.05

_ROOM = "make room there; temporary files go where TMPDIR says, a path of at most 19 bytes"
_OPEN_FILES = "raise the limit of open files (ulimit -n), or use fewer --workers"


@dataclass(frozen=True)
class Want:
    """Something that a machine lacks.

    Attributes:
        name: In words.
        remedy: What a person can do.
        signs: Texts, one of which an error has that comes of it.
    """

    name: str
    remedy: str
    signs: tuple[str, ...]

    def failure(self, error: str, story: str) -> Failure:
        """Return what it means for a trial: it is tried again, and uses up no attempt."""
        return Failure(f"{self.name}: {error}", story, retried=True, counted=False, remedy=self.remedy)


FULL = Want("the disk is full", _ROOM, (os.strerror(errno.ENOSPC), "No usable temporary directory", "disk is full"))
PROCESSES = Want(
    "no further process or thread can start",
    "raise the limit of processes and threads (ulimit -u, or pids.max), or use fewer --workers",
    (os.strerror(errno.EAGAIN), "can't start new thread", "Failed to start thread", "Thread creation via"),
)
# Memory is none of these: whether it is too small for all or for one configuration, `search.runtime.crew` finds out.
WANTS = (
    FULL,
    Want("the disk quota is used up", _ROOM, (os.strerror(errno.EDQUOT),)),
    Want("a disk cannot be written", "mount it anew, or name another folder with TMPDIR", (os.strerror(errno.EROFS),)),
    Want("a disk has failed", "replace it, or name another folder with TMPDIR", (os.strerror(errno.EIO),)),
    Want("a file may not become larger", "raise the limit of a file's size (ulimit -f)", (os.strerror(errno.EFBIG),)),
    Want("too many files are open", _OPEN_FILES, (os.strerror(errno.EMFILE), os.strerror(errno.ENFILE))),
    PROCESSES,
    Want("Ray's object store is full", "make room in /dev/shm", ("object store is full",)),
)

# What errors say of memory that was not to be had.
MEMORY = (os.strerror(errno.ENOMEM), "MemoryError", "std::bad_alloc", "OOM when allocating", "Unable to allocate")


def want_in(text: str) -> Want | None:
    """Return what the text of an error says that the machine lacked, if it does."""
    return next((want for want in WANTS if any(sign in text for sign in want.signs)), None)


def full_one(folders: Iterable[Path]) -> Path | None:
    """Return the first of some folders whose disk has no room or no inodes left, if one has."""
    return next((folder for folder in folders if _is_full(folder)), None)


def _is_full(folder: Path) -> bool:
    try:
        found = os.statvfs(folder)
    except OSError:  # there is no such folder, or no way to know
        return False
    enough = min(ENOUGH, SHARE * found.f_blocks * found.f_frsize)
    return found.f_bavail * found.f_frsize < enough or (found.f_files > 0 and not found.f_favail)
