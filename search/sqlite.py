"""The file of a storage in SQLite: what is opened, what is refused and left as it is, and how it is made."""

import sqlite3
from pathlib import Path
from urllib.parse import quote

from search.errors import SearchError, UsageError

BUSY_TIMEOUT = 60.0  # seconds to wait for a reader that holds the database
SQLITE_MAGIC = b"SQLite format 3\x00"


def tables_of(file: Path, patience: float = BUSY_TIMEOUT) -> set[str]:
    """Return the names of the tables in an existing file.

    Raises:
        UsageError: The file is damaged, or belongs to something else.
    """
    if file.is_dir():
        raise UsageError(f"{file}: is a directory; --storage must name a file")
    try:
        with file.open("rb") as stream:
            start = stream.read(len(SQLITE_MAGIC))
    except OSError as error:
        raise UsageError(f"{file}: {error.strerror}") from error
    if start and start != SQLITE_MAGIC:
        raise UsageError(f"{file}: is not a SQLite database; it is left as it is")
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
        raise UsageError(f"{file}: is damaged: {' '.join(found.split())}; it is left as it is")


def read(file: Path, statement: str, patience: float) -> list[tuple[str, ...]]:
    """Ask an existing file something.

    Raises:
        UsageError: SQLite cannot read it.
        SearchError: Another program holds it.
    """
    try:
        connection = sqlite3.connect(f"file:{quote(str(file.absolute()))}?mode=ro", uri=True, timeout=patience)
        try:
            return connection.execute(statement).fetchall()
        finally:
            connection.close()
    except sqlite3.DatabaseError as error:
        if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_BUSY:
            raise SearchError(f"{file}: another program holds it: {error}") from error
        reason = "its folder is read-only, and SQLite writes beside the file" if "readonly" in str(error) else error
        raise UsageError(f"{file}: cannot be read: {reason}; it is left as it is") from error


def prepare(file: Path) -> None:
    """Make the file's directory and switch the file to write-ahead logging, which readers do not block."""
    if file.exists():
        tables_of(file)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(file, timeout=BUSY_TIMEOUT)
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        finally:
            connection.close()
    except (OSError, sqlite3.Error) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or error
        raise SearchError(f"{file}: cannot be made: {reason}") from error
