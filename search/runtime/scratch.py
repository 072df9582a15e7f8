"""The folder of one run on this machine: what Ray and Tune write beside the study, and nothing that anyone needs later.

Ray would take a folder that all users of the machine share, below TMPDIR however long that is, and its sockets have to
lie there: the path of a Unix socket has at most 107 bytes (unix(7)).
"""

import contextlib
import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

from search.errors import RuntimeLostError, StartError, UsageError
from search.surroundings.capacity import SMALL, Demand

PREFIX = "search-"
LONGEST_BASE = 19  # bytes; the folder's name takes 16, Ray's names below it 68, and macOS has room for 103
ROOM = 200 * 10**6  # bytes; a run of a night writes some tens of millions
VARIABLES = ("RAY_TMPDIR", "TMPDIR", "TEMP", "TMP")
SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 (where Ray looks)
USUAL = ("/tmp", "/var/tmp", "/dev/shm")  # noqa: S108 (the folder in it is one's own)


@contextlib.contextmanager
def scratch_folder(demand: Demand = SMALL) -> Iterator[Path]:
    """Make a folder, and let this process and its children put their temporary files into it for the length of a block.

    It is removed after the block, unless that ends with an error of Ray's: its logs may say why.

    Args:
        demand: Of the search, whose data Ray keeps there, too, where its object store finds no memory to share.

    Raises:
        UsageError: There is no place for one.
    """
    folder = _make(ROOM + (0 if _is_shared(demand.store) else demand.beyond))
    kept = {name: os.environ.get(name) for name in ("TMPDIR", "RAY_TMPDIR")}
    os.environ |= dict.fromkeys(kept, str(folder))
    tempfile.tempdir = str(folder)
    is_wanted = False
    try:
        yield folder
    except (RuntimeLostError, StartError):
        is_wanted = True
        raise
    finally:
        tempfile.tempdir = None  # looked for again where it is wanted
        for name, value in kept.items():
            os.environ.pop(name)
            os.environ |= {} if value is None else {name: value}
        if not is_wanted:
            shutil.rmtree(folder, ignore_errors=True)  # what cannot be removed harms nobody


def _is_shared(store: int) -> bool:
    """Say whether Ray makes an object store of this size in shared memory."""
    try:
        return shutil.disk_usage(SHARED_MEMORY).free >= store
    except OSError:  # there is none
        return False


def _make(room: int) -> Path:
    """Make the folder in the first place that is short, has room, and takes a socket."""
    refused = dict[str, str]()
    for base in (*(os.environ[name] for name in VARIABLES if os.environ.get(name)), *USUAL):
        try:
            if base in refused or (reason := _objection(Path(base), room)):
                refused.setdefault(base, reason)
                continue
            return _with_socket(base)
        except OSError as error:
            refused[base] = error.strerror or str(error)
    reasons = "; ".join(f"{base}: {reason}" for base, reason in refused.items())
    raise UsageError(
        f"there is no place for temporary files ({reasons}); set TMPDIR to a folder of at most {LONGEST_BASE} bytes"
    )


def _objection(base: Path, room: int) -> str:
    if not base.is_absolute() or len(os.fsencode(base)) > LONGEST_BASE:
        return f"is not an absolute path of at most {LONGEST_BASE} bytes"
    if (free := shutil.disk_usage(base).free) < room:
        return f"has only {free / 1e6:.0f} MB left of the {room / 1e6:.0f} that a run may need"
    return ""


def _with_socket(base: str) -> Path:
    """Make the folder, and know that its file system has sockets."""
    folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=base))
    try:
        with socket.socket(socket.AF_UNIX) as tried:
            tried.bind(str(folder / "socket"))
        (folder / "socket").unlink()
    except OSError:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return folder
