"""The file of a storage in SQLite: what is opened, what is refused and left as it is, and how it is made and left."""

import atexit
import logging
import os
import shutil
import sqlite3
import tempfile
import weakref
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import sqlalchemy as sa

from search.errors import SearchError, UsageError
from search.storage.wal import LOGS, address_of, beside, check_own, has_log

BUSY_TIMEOUT = 60.0  # seconds to wait for a reader that holds the database
LEAVING = 1.0  # likewise at the end, when everything is on disk
SQLITE_MAGIC = b"SQLite format 3\x00"

log = logging.getLogger(__name__)


class UnreadableError(UsageError):
    """The file is damaged, or is none of SQLite."""


class OpenedFile:
    """A file that was opened, and that another one may take the place of."""

    def __init__(self, path: Path, *, alone: bool = False) -> None:
        """Name a file that is there, and say whether it was alone before it was opened."""
        self.path, self.was_alone = path.absolute(), alone  # the working directory may change
        self._found = self.path.stat()
        self.is_mixed = False  # whether it was found that it was written over: no more of its log is to be taken in

    @property
    def is_there(self) -> bool:
        """Whether it is still in its place."""
        try:
            return os.path.samestat(self.path.stat(), self._found)
        except OSError:
            return False


_engines: weakref.WeakKeyDictionary[sa.Engine, OpenedFile] = weakref.WeakKeyDictionary()
_written, _read = set[Path](), set[Path]()


def note_opened(engine: sa.Engine, file: OpenedFile, *, written: bool) -> None:
    """Remember the file of an engine, to be left in good order."""
    _engines[engine] = file
    (_written if written else _read).add(file.path)


def file_of(engine: sa.Engine) -> OpenedFile | None:
    """Return the file of an engine; None where it is a server's."""
    return _engines.get(engine)


@atexit.register
def leave_files() -> None:
    """Let go of all files: what this process wrote is in the file itself, and what it made beside it is gone.

    Connections to a file that was written over stay open: SQLite takes the log in when the last one is closed.
    """
    mixed = {file.path for file in _engines.values() if file.is_mixed}
    for engine, file in list(_engines.items()):
        if file.path not in mixed:
            engine.dispose()
    for path in _read - _written - mixed:
        tidy(path)
    for path in _written - mixed:
        settle(path)
    for _, folder in _copies.values():
        folder.cleanup()
    _copies.clear()
    _written.clear()
    _read.clear()


_copies: dict[Path, tuple[object, tempfile.TemporaryDirectory[str]]] = {}  # of files that cannot be read in their place


def tables_of(file: Path, patience: float = BUSY_TIMEOUT) -> set[str]:
    """Return the names of the tables in an existing file.

    Raises:
        UsageError: The file is damaged, belongs to something else, or lies beside the log of another one.
    """
    if file.is_dir():
        raise UsageError(f"{file}: is a directory; --storage must name a file")
    if file.exists() and not file.is_file():
        raise UsageError(f"{file}: is a device or a pipe; --storage must name a file")
    check_own(file)
    tables = {name for (name,) in read(file, "SELECT name FROM sqlite_master WHERE type = 'table'", patience)}
    if tables and "studies" not in tables:
        raise UsageError(f"{file}: is the database of another program ({', '.join(sorted(tables)[:3])}); left as it is")
    return tables


def check_whole(file: Path, patience: float = BUSY_TIMEOUT) -> None:
    """Refuse a file that was damaged behind its first page.

    Raises:
        UsageError: SQLite finds it damaged.
    """
    [(found,)] = read(file, "PRAGMA quick_check(1)", patience)
    if found != "ok":
        raise UnreadableError(f"{file}: is damaged: {' '.join(found.split())}; it is left as it is")


def read(file: Path, statement: str, patience: float) -> list[tuple[str, ...]]:
    """Ask an existing file something.

    Raises:
        UsageError: SQLite cannot read it.
        SearchError: Another program holds it.
    """
    try:
        with closing(connect_to_read(file, patience)) as connection:
            return connection.execute(statement).fetchall()
    except (sqlite3.DatabaseError, OSError) as error:
        if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_BUSY:
            raise SearchError(f"{file}: another program holds it: {error}") from error
        raise UnreadableError(f"{file}: {_reason(file, error)}; it is left as it is") from error


def _reason(file: Path, error: sqlite3.DatabaseError | OSError) -> str:
    """Return why a file cannot be read. Opened only here: closing it takes SQLite's locks of this process away."""
    try:
        with file.open("rb") as stream:
            start = stream.read(len(SQLITE_MAGIC))
    except OSError as failure:
        return f"cannot be read: {failure.strerror}"
    if start and start != SQLITE_MAGIC:
        return "is not a SQLite database"
    return f"cannot be read: {error.strerror if isinstance(error, OSError) else error}"


def connect(file: Path) -> sqlite3.Connection:
    """Connect to a file to write it."""
    return sqlite3.connect(file, timeout=BUSY_TIMEOUT, check_same_thread=False)


def connect_to_read(file: Path, patience: float) -> sqlite3.Connection:
    """Connect to a file without the means to write it.

    Where SQLite cannot keep the memory that readers and writers share beside the file, a file without a log is read as
    one that does not change, and one with a log in a copy of both.

    Raises:
        sqlite3.Error: It cannot be read.
        OSError: It cannot be copied.
    """
    failure: sqlite3.OperationalError | None = None
    for address in _addresses(file):
        connection = sqlite3.connect(address(), uri=True, timeout=patience, check_same_thread=False)
        try:
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        except sqlite3.OperationalError as error:
            connection.close()
            if error.sqlite_errorcode == sqlite3.SQLITE_BUSY:
                raise
            failure = failure or error
        except sqlite3.Error:
            connection.close()
            raise
        else:
            return connection
    raise failure or sqlite3.OperationalError("unable to open database file")


def _addresses(file: Path) -> Iterator[Callable[[], str]]:
    """Yield ways to read a file, the best first: others that write it are noticed in the first one only."""
    shared = beside(file, "shm").exists() or _can_be_written(file)
    if shared:
        yield lambda: address_of(file, "mode=ro")
    if has_log(file):
        yield lambda: address_of(_copy_of(file), "mode=rw")
    else:
        yield lambda: address_of(file, "immutable=1")


def _can_be_written(file: Path) -> bool:
    return os.access(file, os.W_OK) and os.access(Path(os.path.realpath(file)).parent, os.W_OK)


def _copy_of(file: Path) -> Path:
    """Return a copy of a file and its log as they are now, removed when this process ends."""
    parts = [Path(os.path.realpath(file)), *(each for what in LOGS if (each := beside(file, what)).exists())]
    state = [(part.stat().st_ino, part.stat().st_size, part.stat().st_mtime_ns) for part in parts]
    if file not in _copies or _copies[file][0] != state:
        folder = tempfile.TemporaryDirectory(prefix="mnist-search-read-", ignore_cleanup_errors=True)
        for part in parts:
            shutil.copyfile(part, Path(folder.name) / part.name)
        _copies[file] = state, folder
    return Path(_copies[file][1].name) / parts[0].name


def prepare(file: Path) -> None:
    """Make the file's directory and switch the file to write-ahead logging, which readers do not block."""
    is_there = file.exists()
    (tables_of if is_there else check_own)(file)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with closing(connect(file)) as connection:
            connection.execute("PRAGMA journal_mode=WAL")
    except (OSError, sqlite3.Error) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or error
        raise SearchError(f"{file}: cannot be {'written' if is_there else 'made'}: {reason}") from error


def tidy(file: Path) -> None:
    """Remove what reading has made beside a file; the log of a command that was killed is left to the next one."""
    if not has_log(file):
        settle(file)


def settle(file: Path) -> None:
    """Take the log into the file, and remove it where no one else has the file open; where it fails, both stay."""
    if not _can_be_written(file):
        return
    try:
        check_own(file)
        with closing(sqlite3.connect(address_of(file, "mode=rw"), uri=True, timeout=LEAVING)) as connection:
            connection.execute("SELECT count(*) FROM sqlite_master")  # opens the log
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    except (sqlite3.Error, UsageError) as error:
        log.debug("%s: its log is left beside it: %s", file, error)
