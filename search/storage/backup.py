"""Whole copies of a storage in SQLite, made while it is used, and put in its place."""

import contextlib
import errno
import itertools
import os
import shutil
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa

from search.errors import SearchError, UsageError
from search.storage import sqlite
from search.storage.address import NOTHING_YET, is_made
from search.storage.lease import LEASES, HeldError, drivers_of
from search.storage.sqlite import BUSY_TIMEOUT, LEAVING, UnreadableError, connect_to_read
from search.storage.wal import LOGS, MixedError, address_of, beside, has_log
from trainable.files import whole_file


def back_up(file: Path, target: Path) -> None:
    """Copy a storage as it is at one moment into one file, which is on disk when this returns.

    Raises:
        UsageError: The target is there already, or there is no storage.
        SearchError: The storage cannot be read, or the target cannot be written.
    """
    if os.path.lexists(target):
        raise UsageError(f"{target}: is there already, and nothing is overwritten; name another file")
    if not file.exists() or not is_made(file, BUSY_TIMEOUT):
        raise UsageError(f"{file}: {NOTHING_YET}")
    with _written(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(target) as temporary:
            _copy(file, temporary)
    sqlite.tidy(file)


def restore(backup: Path, target: Path) -> Path | None:
    """Put a copy of a storage in the place of a storage; return where the old one is now, None where there was none.

    Whenever this is cut short, there is the old storage or the new one. What a log beside the copy holds is taken, too.

    Raises:
        UsageError: There is no storage in the copy, it is damaged, or the target is another program's.
        HeldError: A driver has a study of the target.
        SearchError: The target cannot be written.
    """
    if not backup.exists():
        raise UsageError(f"{backup}: {os.strerror(errno.ENOENT)}")
    if not backup.is_file() or not is_made(backup, BUSY_TIMEOUT):
        raise UsageError(f"{backup}: holds no storage")
    sqlite.check_whole(backup)
    target = target.resolve()  # SQLite's files lie beside what a link leads to
    if target.exists() and backup.resolve() == target:
        raise UsageError(f"{backup}: is the storage itself; name a backup of it")
    with _written(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.ExitStack() as held:
            if target.exists():
                _keep_out(target, held)
            with whole_file(target) as temporary:
                _copy(backup, temporary)
                kept = _put_aside(target)
    sqlite.tidy(backup)
    return kept


@contextlib.contextmanager
def _written(target: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise SearchError(f"{target}: cannot be written: {reason}") from error


def _copy(file: Path, target: Path) -> None:
    """Copy a storage into a file that needs no other one beside it, and in which no driver has a study."""
    with closing(connect_to_read(file, BUSY_TIMEOUT)) as source, closing(sqlite3.connect(target)) as copy:
        source.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE")
        if copy.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (LEASES.name,)).fetchone():
            copy.execute(f"DELETE FROM {LEASES.name}")  # noqa: S608 (its name is ours)
        copy.commit()
    target.chmod(stat.S_IMODE(file.stat().st_mode))


def _keep_out(target: Path, held: contextlib.ExitStack) -> None:
    """Refuse a storage that is driven, and let no one write it meanwhile; one that cannot be read has no driver."""
    with suppress(UnreadableError, MixedError):
        sqlite.tables_of(target, LEAVING)
        sqlite.check_whole(target, LEAVING)
        _refuse_driven(target)
        sqlite.settle(target)
        lock = held.enter_context(closing(sqlite3.connect(address_of(target, "mode=rw"), uri=True, timeout=LEAVING)))
        lock.execute("BEGIN IMMEDIATE")
        _refuse_driven(target)


def _refuse_driven(target: Path) -> None:
    engine = sa.create_engine("sqlite://", creator=lambda: connect_to_read(target, LEAVING), poolclass=sa.NullPool)
    for study, holder in drivers_of(engine).items():
        raise HeldError(f"{target}: its study {study!r} is held by {holder}; let it finish, or end it first")


def _put_aside(target: Path) -> Path | None:
    """Keep the file that is replaced, and what SQLite kept beside it, under another name; return it.

    The file stays in its place, too, until another one takes it: so there is one at every moment. Its log, where it
    could not be taken into the file, goes before, and would be mixed into the other one otherwise.
    """
    if not target.exists():
        return None
    name = f"{target.name}.replaced-{datetime.now(UTC):%Y%m%d-%H%M%S}"
    ends = itertools.chain([""], (f"-{number}" for number in itertools.count(2)))
    kept = next(each for end in ends if not os.path.lexists(each := target.with_name(f"{name}{end}")))
    try:
        kept.hardlink_to(target)
    except OSError:  # a file system without links
        shutil.copy2(target, kept)
    if has_log(target):
        for what in LOGS:
            with suppress(FileNotFoundError):
                beside(target, what).replace(beside(kept, what))
    for what in (*LOGS, "shm"):
        beside(target, what).unlink(missing_ok=True)
    return kept
