"""Whether the log beside a SQLite file is its own.

SQLite takes whatever whole write-ahead log (`-wal`) lies beside a file into it: one that a killed command has left,
too, when a backup was copied into the place of its file. So each transaction of this project that writes leaves a mark
in a table of its own: a random one, with the mark of the transaction before it. A log is a file's own where the file
has one of the log's marks, or the one before the first of them. A rollback journal (`-journal`) holds what its file had
before.
"""

import functools
import os
import re
import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

import sqlalchemy as sa

from search.errors import UsageError

TABLE = "mnist_search_marks"
# The text of the only row has one length, so that SQLite writes it in its place and no older one stays in its page.
MAKE = "CREATE TABLE IF NOT EXISTS mnist_search_marks (mark TEXT NOT NULL)"
FIRST = (
    "INSERT INTO mnist_search_marks SELECT 'mnist-search-mark 0000000000000000 ' || lower(hex(randomblob(8)))"
    " WHERE NOT EXISTS (SELECT 1 FROM mnist_search_marks)"
)
NEXT = (
    "UPDATE mnist_search_marks"
    " SET mark = 'mnist-search-mark ' || substr(mark, 36, 16) || ' ' || lower(hex(randomblob(8)))"
)
MARK = re.compile(rb"mnist-search-mark ([0-9a-f]{16}) ([0-9a-f]{16})")
LOGS = ("wal", "journal")  # what may change a file that is opened
NONE = b"0" * 16  # in the place of the mark before the first

# The formats: https://www.sqlite.org/fileformat2.html
WAL_MAGIC, WAL_HEADER, FRAME_HEADER = (b"\x37\x7f\x06\x82", b"\x37\x7f\x06\x83"), 32, 24
JOURNAL_MAGIC = b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7"
TRIES = 10  # a log that begins anew while it is read is read again

Marks = list[tuple[bytes, bytes]]
"""The mark before, and the mark."""


class MixedError(UsageError):
    """The log beside a file is not its own."""


class Log(NamedTuple):
    """What SQLite would take out of a log: whether there is anything, and the marks in it, the oldest first."""

    header: bytes
    has_commits: bool
    marks: Marks


def beside(file: Path, what: str) -> Path:
    """Return the file that SQLite keeps beside another one: of a link beside what it leads to."""
    return Path(f"{os.path.realpath(file)}-{what}")


def address_of(file: Path, how: str) -> str:
    """Return SQLite's address of a file that is opened in some way."""
    return f"file:{quote(str(file.absolute()))}?{how}"


def has_log(file: Path) -> bool:
    """Say whether a file as it should be may be another one than the file alone is."""
    return _size(beside(file, "wal")) > WAL_HEADER or _size(beside(file, "journal")) > 0


def _size(file: Path) -> int:
    """Return how many bytes a file has, none where it is not there: the last one to close a file removes its log."""
    with suppress(OSError):
        return file.stat().st_size
    return 0


def is_alone(file: Path) -> bool:
    """Say whether nothing lies beside a file of what SQLite keeps there while it is used, or after a kill."""
    return not any(os.path.exists(beside(file, what)) for what in (*LOGS, "shm"))  # noqa: PTH110 (a folder that cannot be looked into is no error)


def mark_commits(engine: sa.Engine) -> None:
    """Let each transaction that writes, from now on, leave a mark; the storage has to be made.

    One is left now, and taken into the file, so that backups of before are told from what this process begins with.
    """
    for statements in ((MAKE, FIRST), (NEXT,)):
        with engine.begin() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)
    checkpoint(engine)
    sa.event.listen(engine, "commit", _mark)


def checkpoint(engine: sa.Engine) -> None:
    """Take into the file what is in its log, as far as that is possible without waiting: who copies the file has it."""
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(PASSIVE)").all()


def _mark(connection: sa.Connection) -> None:
    driver: Any = connection.connection.dbapi_connection
    if driver.in_transaction:  # which a transaction that only reads is not
        connection.exec_driver_sql(NEXT)


def check_own(file: Path, since: bytes | None = None) -> None:
    """Refuse a file beside which the log of another one, or of another state of it, lies. Nothing is written.

    Where it is known to have had a mark once, `since`, an earlier one cannot be in it again.

    Raises:
        MixedError: It does: SQLite would mix the two.
        UsageError: One of them cannot be read.
    """
    try:
        for what, is_own in (("wal", functools.partial(_owns_log, since=since)), ("journal", _owns_journal)):
            other = beside(file, what)
            if not is_own(file, other):
                raise MixedError(
                    f"{file}: {other.name} beside it is of another file or of another state of it, and would be mixed "
                    f"into it; if {file.name} is a restored backup, remove {other}; both are left as they are"
                )
    except OSError as error:
        raise UsageError(f"{error.filename or file}: {error.strerror}") from error


def mark_of(file: Path) -> bytes | None:
    """Return the mark in a file itself, whatever lies beside it; None where there is none."""
    return next((mark for _, mark in _marks_of(file) or []), None)


def _owns_log(file: Path, other: Path, since: bytes | None = None) -> bool:
    for _ in range(TRIES):
        before = _start(other, WAL_HEADER)
        marks, is_empty = _marks_of(file), _size(file) == 0
        log = _log(other)
        if log.header == before == _start(other, WAL_HEADER):
            break  # a driver may be at work; but what is in the file was in it before this log, or is of it
    if not log.has_commits:
        return True
    if is_empty:
        return False  # SQLite would remove the log
    if marks is None or not log.marks:
        return True  # SQLite will say so; or of an earlier version, or of another program
    known = [log.marks[0][0], *(mark for _, mark in log.marks)]
    known = known[known.index(since) :] if since in known else known
    return any(mark in known for _, mark in marks) if marks else log.marks[0][0] == NONE


def _owns_journal(file: Path, other: Path) -> bool:
    """Say whether a journal that is to be rolled back holds the mark that the file has or had before.

    So does one that is not there: another command's transaction may end, and remove it, at any moment.
    """
    content = b""
    with suppress(FileNotFoundError):
        content = other.read_bytes()
    held = {mark for _, mark in MARK.findall(content)} if content.startswith(JOURNAL_MAGIC) else set()
    marks = _marks_of(file)
    return not held or not marks or any(held & set(each) for each in marks)


def _marks_of(file: Path) -> Marks | None:
    """Return the mark in a file itself, if there is one, whatever lies beside it; None where it cannot be read.

    SQLite is asked: closing a file in another way takes the locks of this process's connections to it away.
    """
    try:
        with closing(sqlite3.connect(address_of(file, "immutable=1"), uri=True)) as connection:
            if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (TABLE,)).fetchone():
                return []
            [(mark,)] = connection.execute(f"SELECT mark FROM {TABLE}")  # noqa: S608 (its name is ours)
            return MARK.findall(mark.encode())
    except (sqlite3.Error, ValueError):
        return None


def _log(other: Path) -> Log:
    """Read a log up to its last whole transaction."""
    header, marks, waiting, has_commits = b"", Marks(), Marks(), False
    with suppress(FileNotFoundError), other.open("rb") as stream:
        header = stream.read(WAL_HEADER)
        if len(header) == WAL_HEADER and header[:4] in WAL_MAGIC:
            size = FRAME_HEADER + int.from_bytes(header[8:12], "big")
            while len(frame := stream.read(size)) == size and frame[8:16] == header[16:24]:
                waiting += MARK.findall(frame)
                if frame[4:8] != bytes(4):  # the last one of a transaction
                    has_commits, marks, waiting = True, marks + waiting, Marks()
    return Log(header, has_commits, marks)


def _start(file: Path, length: int) -> bytes:
    with suppress(FileNotFoundError), file.open("rb") as stream:
        return stream.read(length)
    return b""
