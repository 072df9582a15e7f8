"""The database behind a study: opening it, and saying its address without its password."""

import os
import re
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar
from urllib.parse import quote

import sqlalchemy.exc
from optuna.exceptions import StorageInternalError
from optuna.storages import RDBStorage
from sqlalchemy.engine import URL, make_url

from search.errors import SearchError, UsageError, lines_of
from search.options import default_storage
from search.reconnect import ReconnectingStorage

BUSY_TIMEOUT = 60.0  # seconds to wait for a reader that holds the database
GLANCE_TIMEOUT = 2.0  # likewise where nothing is written: who only looks can look again
STORAGE_ERRORS = (sqlalchemy.exc.SQLAlchemyError, StorageInternalError)
NOTHING_YET = "there is no storage here yet; a search makes it"
LONGEST_NAME, LONGEST_FILE = 247, 500  # bytes; SQLite opens none above 512, and adds -journal
SQLITE_MAGIC = b"SQLite format 3\x00"
# A server that is cut off from the network is noticed within half a minute (libpq's names).
LIBPQ = {
    "connect_timeout": 10,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,  # milliseconds: of what was sent and is not acknowledged
}
READ_ONLY = {"options": "-c default_transaction_read_only=on"}
BACKENDS = ("sqlite", "postgresql")
LIBPQ_DRIVERS = ("psycopg", "psycopg2")

Kind = TypeVar("Kind", bound=RDBStorage)


def parse_url(url: str) -> URL:
    """Check that a text is a database address.

    Raises:
        UsageError: It is not; the message does not repeat the text, which may hold a password.
    """
    kind, _, place = url.partition("://")
    if not kind.startswith("sqlite") and place.partition("?")[0].count("@") > 1:
        raise UsageError("--storage: in a user's name or password : / ? and @ must be percent-encoded, e.g. @ as %40")
    parsed = _known(url)
    if parsed.get_backend_name() not in BACKENDS:
        raise UsageError(f"--storage: must be one of {', '.join(BACKENDS)}, got {parsed.get_backend_name()}")
    if parsed.get_backend_name() == "sqlite":
        if parsed.database in (None, "", ":memory:"):
            raise UsageError("--storage must name a file, e.g. sqlite:///runs/studies.db, since a study has to survive")
        plain = str(URL.create("sqlite", database=parsed.database)) == str(parsed.set(drivername="sqlite"))
        odd = re.search(r"^file:|[\x00-\x1f\x7f-\x9f\u2028\u2029]", str(parsed.database))
        if not plain or odd or parsed.get_driver_name() != "pysqlite":
            raise UsageError("--storage: of SQLite only sqlite:///FILE is taken, without a host, password or query")
    return parsed


def _known(url: str) -> URL:
    try:
        parsed = make_url(url)
        parsed.get_dialect()
    except sqlalchemy.exc.NoSuchModuleError as error:
        raise UsageError(f"--storage: there is no such kind of database: {error}") from error
    except ImportError:
        pass  # the driver is missing; opening says which
    except (sqlalchemy.exc.ArgumentError, ValueError) as error:
        raise UsageError(
            "--storage must be a database URL such as sqlite:///runs/studies.db or postgresql+psycopg://user@host/name"
        ) from error
    return parsed


def shown(url: str) -> str:
    """Return a storage URL with its password hidden."""
    parsed = _known(url)
    secret = {key: "***" for key in parsed.query if "passw" in key.lower()}  # MySQL's drivers say passwd
    return parsed.update_query_dict(secret).render_as_string(hide_password=True)


def location(storage: str, runs: Path) -> dict[str, str]:
    """Return the options that a further command needs to find a study, where defaults and environment would not.

    Args:
        storage: Its storage's URL, as `shown` returns it.
        runs: Home of the default storage.
    """
    found = {"--storage": storage}
    with suppress(UsageError):  # of a variable that names no storage: the option has won over it
        if storage == shown(os.environ.get("SEARCH_STORAGE") or default_storage(runs)):
            found = {}
    is_usual = runs == Path("runs") and not os.environ.get("SEARCH_RUNS")
    return found if is_usual else {**found, "--runs": str(runs)}


def location_arguments(storage: str, runs: Path) -> list[str]:
    """Return the options of `location` as a command takes them."""
    return [part for option in location(storage, runs).items() for part in option]


def sqlite_file(url: str) -> Path | None:
    """Return the file behind a SQLite URL, or None for a server."""
    parsed = parse_url(url)
    return Path(str(parsed.database)) if parsed.get_backend_name() == "sqlite" else None


def exists(url: str, patience: float = BUSY_TIMEOUT) -> bool:
    """Say whether there may be studies at an address: a server is taken to have some.

    Args:
        url: SQLAlchemy URL.
        patience: Seconds to wait for a program that holds the file.

    Raises:
        UsageError: There is a file, but it is not a storage.
        SearchError: Another program holds it.
    """
    file = sqlite_file(url)
    if file is None:
        return True
    try:
        there, whole = file.exists(), file.absolute()
        nearest = next((each for each in whole.parents if each.exists()), whole)
    except OSError as error:
        raise UsageError(f"--storage: {file}: {error.strerror}") from error
    if not nearest.is_dir():
        raise UsageError(f"--storage: {file}: {nearest} is not a directory")
    longest = max(len(os.fsencode(name)) for name in file.parts)
    if longest > LONGEST_NAME or len(os.fsencode(whole)) > LONGEST_FILE:
        raise UsageError(f"--storage: {file}: must have at most {LONGEST_FILE} bytes, {LONGEST_NAME} a name")
    return there and bool(_tables(file, patience))


def open_storage(url: str, *, create: bool, given_up: Callable[[], bool] = lambda: False) -> RDBStorage:
    """Open a storage for writing.

    Args:
        url: SQLAlchemy URL.
        create: Whether a missing SQLite file is made; otherwise it is an error.
        given_up: Asked while a server is away: whether to wait for it no longer.

    Raises:
        UsageError: There is nothing at the address, or something that is not a study storage.
        SearchError: The server does not answer.
    """
    file = sqlite_file(url)
    if file is None:
        storage = _connect(ReconnectingStorage, url, _server_options(url))
        storage.given_up = given_up
        return storage
    if create:
        _prepare_sqlite(file)
    elif not exists(url):
        raise UsageError(f"{file}: {NOTHING_YET}")
    _check_whole(file)
    return _connect(RDBStorage, url, {"connect_args": {"timeout": BUSY_TIMEOUT}})


def open_read_only(url: str, *, check: bool = True) -> RDBStorage:
    """Open an existing storage without the means to write to it.

    Args:
        url: SQLAlchemy URL.
        check: Whether a SQLite file is looked through for damage, which takes a second for 10,000 trials. Without it
            damage is found where it is read.

    Raises:
        UsageError, SearchError: As for `open_storage`.
    """
    file = sqlite_file(url)
    if file is None:
        return _connect(RDBStorage, url, _server_options(url, READ_ONLY), skip_table_creation=True)
    if not exists(url, GLANCE_TIMEOUT):
        raise UsageError(f"{file}: {NOTHING_YET}")
    if check:
        _check_whole(file, GLANCE_TIMEOUT)
    database = f"file:{quote(str(file.absolute()))}"  # SQLite decodes it once, SQLAlchemy its own quoting once more
    return _connect(
        RDBStorage,
        URL.create("sqlite", database=database, query={"mode": "ro", "uri": "true"}).render_as_string(),
        {"connect_args": {"timeout": GLANCE_TIMEOUT}},
        given=url,
        skip_table_creation=True,
    )


def _server_options(url: str, further: Mapping[str, str | int] = MappingProxyType({})) -> dict[str, Any]:
    parsed = parse_url(url)
    libpq = {**LIBPQ, **further} if parsed.get_driver_name() in LIBPQ_DRIVERS else {}
    return {"pool_pre_ping": True, "connect_args": {key: libpq[key] for key in libpq.keys() - parsed.query.keys()}}


def _connect(
    kind: type[Kind], url: str, engine_kwargs: dict[str, Any], *, given: str | None = None, **kwargs: Any
) -> Kind:
    """Open a storage; `given` is the URL to show, where it is not the one to open."""
    try:
        template = url.replace("{", "{{").replace("}", "}}")  # Optuna takes it for one
        return kind(template, engine_kwargs=engine_kwargs, **kwargs)
    except ImportError as error:
        raise UsageError(f"--storage {shown(given or url)}: the driver is not installed: {error.__cause__}") from error
    except (*STORAGE_ERRORS, RuntimeError) as error:
        raise SearchError(f"--storage {shown(given or url)}: {storage_reason(error)}") from error


@contextmanager
def one_line_errors(url: str) -> Iterator[None]:
    """Turn what a database driver raises in a block into one line that names the storage.

    Raises:
        SearchError: In the place of SQLAlchemy's and Optuna's errors.
    """
    try:
        yield
    except STORAGE_ERRORS as error:
        raise SearchError(f"--storage {shown(url)}: {storage_reason(error)}") from error


def storage_reason(error: Exception) -> str:
    """Return the first line of the driver's own message, which does not repeat the URL."""
    cause = error.__cause__ if isinstance(error, StorageInternalError) else error
    original = getattr(cause, "orig", None) or cause
    return lines_of(original)[0]


def _tables(file: Path, patience: float = BUSY_TIMEOUT) -> set[str]:
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
    tables = {name for (name,) in _read(file, "SELECT name FROM sqlite_master WHERE type = 'table'", patience)}
    if tables and "studies" not in tables:
        raise UsageError(f"{file}: is the database of another program ({', '.join(sorted(tables)[:3])}); left as it is")
    return tables


def _check_whole(file: Path, patience: float = BUSY_TIMEOUT) -> None:
    """Refuse a file that was damaged behind its first page.

    Raises:
        UsageError: SQLite finds it damaged.
    """
    [(found,)] = _read(file, "PRAGMA quick_check(1)", patience)
    if found != "ok":
        raise UsageError(f"{file}: is damaged: {' '.join(found.split())}; it is left as it is")


def _read(file: Path, statement: str, patience: float) -> list[tuple[str, ...]]:
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


def _prepare_sqlite(file: Path) -> None:
    """Make the file's directory and switch the file to write-ahead logging, which readers do not block."""
    if file.exists():
        _tables(file)
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
