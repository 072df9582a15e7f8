"""The database behind a study: opening it, and saying its address without its password."""

import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa
from optuna.exceptions import StorageInternalError
from optuna.storages import RDBStorage
from sqlalchemy.engine import URL, make_url

from search.errors import SearchError, UsageError, lines_of
from search.storage import sqlite
from search.storage.reconnect import ReconnectingStorage
from search.storage.server import server_options, understood, variables_here
from search.storage.wal import is_alone, mark_commits
from search.terminal.arguments import default_storage

GLANCE_TIMEOUT = 2.0  # likewise where nothing is written: who only looks can look again
STORAGE_ERRORS = (sa.exc.SQLAlchemyError, StorageInternalError)
NOTHING_YET = "there is no storage here yet; a search makes it"
LONGEST_NAME, LONGEST_FILE = 247, 500  # bytes; SQLite opens none above 512, and adds -journal
BACKENDS = ("sqlite", "postgresql")
REVISION = "alembic_version"  # table that Optuna makes, and writes a row into, when it has made all others
IS_MADE = "SELECT version_num FROM alembic_version"
MAKING, MAKING_PAUSE = 20.0, 0.1  # seconds that another command, which began at the same time, may take to make it
MADE_MEANWHILE = re.compile(r"already exists|UNIQUE constraint failed|duplicate key|database is locked")

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
        parsed = understood(make_url(url))
        parsed.get_dialect()
    except sa.exc.NoSuchModuleError as error:
        raise UsageError(f"--storage: there is no such kind of database: {error}") from error
    except ImportError:
        pass  # the driver is missing; opening says which
    except (sa.exc.ArgumentError, ValueError) as error:
        raise UsageError(
            "--storage must be a database URL such as sqlite:///runs/studies.db or postgresql+psycopg://user@host/name"
        ) from error
    return parsed


def shown(url: str) -> str:
    """Return a storage URL with its password hidden."""
    parsed = _known(url)
    secret = {key: "***" for key in parsed.query if "passw" in key.lower()}  # MySQL's drivers say passwd
    return parsed.update_query_dict(secret).render_as_string(hide_password=True)


def location(storage: str, runs: Path) -> list[str]:
    """Return the options that a further command needs to find a study, where defaults and environment would not.

    Its storage's URL is as `shown` returns it; `runs` is the home of the default one.
    """
    found = ["--storage", storage]
    with suppress(UsageError):  # of a variable that names no storage: the option has won over it
        if storage == shown(os.environ.get("SEARCH_STORAGE") or default_storage(runs)):
            found = []
    is_usual = runs == Path("runs") and not os.environ.get("SEARCH_RUNS")
    return found if is_usual else [*found, "--runs", str(runs)]


def sqlite_file(url: str) -> Path | None:
    """Return the file behind a SQLite URL, or None for a server."""
    parsed = parse_url(url)
    return Path(str(parsed.database)) if parsed.get_backend_name() == "sqlite" else None


def exists(url: str, patience: float = sqlite.BUSY_TIMEOUT) -> bool:
    """Say whether a search has made a storage at an address, all of it. Nothing is written.

    A program that holds the file is waited for, `patience` seconds.

    Raises:
        UsageError: There is a file, but it is not a storage.
        SearchError: Another program holds it, or the server does not answer.
    """
    file = sqlite_file(url)
    if file is None:
        return _exists_on_server(url)
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
    return there and is_made(file, patience)


def is_made(file: Path, patience: float) -> bool:
    """Say whether all of a storage is in an existing file; errors as for `exists`."""
    return REVISION in sqlite.tables_of(file, patience) and bool(sqlite.read(file, IS_MADE, patience))


def _exists_on_server(url: str) -> bool:
    with _one_line_refusals(url):
        parsed = parse_url(url)
        engine = sa.create_engine(parsed, **server_options(parsed, read_only=True), poolclass=sa.NullPool)
        with engine.connect() as connection:
            made = sa.inspect(connection).has_table(REVISION)
            return made and connection.execute(sa.text(IS_MADE)).first() is not None


def open_storage(url: str, given_up: Callable[[], bool] = lambda: False) -> RDBStorage:
    """Open a storage for writing; a missing one is made.

    While a server is away `given_up` is asked whether to wait for it no longer.

    Raises:
        UsageError: What is at the address is not a study storage.
        SearchError: The server does not answer.
    """
    file = sqlite_file(url)
    if file is None:
        made = _made(ReconnectingStorage, url, server_options(parse_url(url), read_only=False))
        made.given_up = given_up
        return made
    sqlite.prepare(file)
    sqlite.check_whole(file)
    opened = sqlite.OpenedFile(file)
    storage = _made(RDBStorage, url, {"creator": lambda: sqlite.connect(opened.path)})
    sqlite.note_opened(storage.engine, opened, written=True)
    with _one_line_refusals(url):
        mark_commits(storage.engine)
    return storage


def _made(kind: type[Kind], url: str, engine_kwargs: dict[str, Any]) -> Kind:
    """Open a storage, again where another command was faster in making a part of it."""
    deadline = time.monotonic() + MAKING
    while True:
        try:
            return _connect(kind, url, engine_kwargs, skip_table_creation=False)
        except SearchError as error:
            if not MADE_MEANWHILE.search(str(error)) or time.monotonic() > deadline:
                raise
        time.sleep(MAKING_PAUSE)


def open_read_only(url: str, *, check: bool = True, patience: float = GLANCE_TIMEOUT) -> RDBStorage:
    """Open an existing storage without the means to write to it.

    Args:
        url: SQLAlchemy URL.
        check: Whether a SQLite file is looked through for damage, which takes a second for 10,000 trials. Without it
            damage is found where it is read.
        patience: Seconds to wait for a program that holds the file.

    Raises:
        UsageError: There is nothing at the address, or something that is not a study storage.
        SearchError: The server does not answer.
    """
    file = sqlite_file(url)
    alone = file is not None and is_alone(file)
    if not exists(url, patience):
        raise UsageError(f"{file or shown(url)}: {NOTHING_YET}")
    if file is None:
        return _connect(RDBStorage, url, server_options(parse_url(url), read_only=True))
    if check:
        sqlite.check_whole(file, patience)
    opened = sqlite.OpenedFile(file, alone=alone)
    # A connection is opened for each use: how that can be done changes while others write the file.
    kwargs = {"creator": lambda: sqlite.connect_to_read(opened.path, patience), "poolclass": sa.NullPool}
    storage = _connect(RDBStorage, url, kwargs)
    sqlite.note_opened(storage.engine, opened, written=False)
    return storage


def _connect(kind: type[Kind], url: str, engine_kwargs: dict[str, Any], *, skip_table_creation: bool = True) -> Kind:
    with _one_line_refusals(url):
        address = parse_url(url).render_as_string(hide_password=False)
        template = address.replace("{", "{{").replace("}", "}}")  # Optuna takes it for one
        return kind(template, engine_kwargs=engine_kwargs, skip_table_creation=skip_table_creation)


@contextmanager
def _one_line_refusals(url: str) -> Iterator[None]:
    """Turn what stands against the opening of a storage into one line that names it."""
    try:
        yield
    except ImportError as error:
        reason = error.__cause__ or error
        raise UsageError(f"--storage {shown(url)}: the driver is not installed: {reason}") from error
    except (*STORAGE_ERRORS, RuntimeError) as error:
        note = "" if sqlite_file(url) else variables_here()
        raise SearchError(f"--storage {shown(url)}: {storage_reason(error)}{note}") from error


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
