"""The folder that an export fills: a new one, or an empty one that is there; whole or not there."""

import errno
import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from search.errors import SearchError, UsageError

WORK = ".unfinished-export"  # where files stand until all of them are checked
IGNORED = "lost+found"  # what the root of an ext4 file system has from its making on
NO_ROOM = (errno.ENOSPC, errno.EDQUOT)


def check_free(output: Path) -> Path:
    """Refuse what is neither a new nor an empty folder, before seconds are spent; return where it is, links followed.

    Raises:
        UsageError: The folder holds something, or what is there is no folder or cannot be read.
    """
    target = Path(os.path.realpath(output))
    try:
        held = {each.name for each in target.iterdir()} - {IGNORED} if os.path.lexists(target) else set()
    except NotADirectoryError as error:
        raise UsageError(f"--output {output}: must be a new or an empty folder; this is none") from error
    except OSError as error:
        raise UsageError(f"--output {output}: {error.strerror}") from error
    if held:
        raise UsageError(f"--output {output}: must be a new or an empty folder; this one holds {min(held)}")
    return target


@contextmanager
def filled(output: Path, last: str) -> Iterator[Path]:
    """Yield a folder to write into; what it holds is in `output` where the block succeeds, and nowhere otherwise.

    A new `output` takes its name by a rename. One that is there may be all that can be written, and may be another file
    system than what is around it: its files get their names in it, the one called `last` after all others.

    Raises:
        UsageError: Nothing can be written there; as `check_free` besides.
        SearchError: Writing failed.
    """
    target = check_free(output)
    work = _reserved(output, target)
    try:
        yield work
        if target.exists():
            _move(work, target, last)
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            work.replace(target)
    except OSError as error:
        raise SearchError(f"--output {output}: {error.strerror or error}") from error
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _reserved(output: Path, target: Path) -> Path:
    """Make a folder inside an empty one, or in the nearest that is there: either is the file system of the target."""
    try:
        is_there = target.exists()
        home = target if is_there else next(each for each in target.parents if each.exists())
        work = home / (WORK if is_there else f"{WORK}-{uuid.uuid4().hex[:8]}")
        work.mkdir()
    except OSError as error:
        kind = SearchError if error.errno in NO_ROOM else UsageError
        where = "" if error.filename is None else f" in {Path(error.filename).parent}"
        raise kind(f"--output {output}: cannot be written: {error.strerror}{where}") from error
    return work


def _move(work: Path, target: Path, last: str) -> None:
    """Give files their names in a folder; take all of them back where one fails or a signal comes."""
    names = sorted((each.name for each in work.iterdir()), key=lambda name: name == last)
    try:
        for name in names:
            (work / name).rename(target / name)
    except BaseException:
        for name in names:
            remove(target / name)
        raise


def remove(file: Path) -> None:
    """Remove a file or a folder, if it is there."""
    if file.is_dir():
        shutil.rmtree(file, ignore_errors=True)
    else:
        file.unlink(missing_ok=True)
