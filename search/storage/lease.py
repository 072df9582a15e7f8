"""The lease on a study: one driver at a time, and never a lock that outlives its holder.

A row in the study's own database names the holder and says when it was last seen. The holder renews it; every write of
the holder checks, in the same transaction, that the row is still its own. A lease is over when its holder has released
it, is known to be gone (a process of this machine that runs no longer), or was not seen for `EXPIRES` seconds.
"""

import logging
import os
import socket
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Self

import sqlalchemy as sa
from optuna.storages import RDBStorage
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from search.errors import SearchError, UsageError
from search.storage.sqlite import file_of
from search.storage.wal import MixedError, check_own, checkpoint, mark_of
from search.surroundings.guard import start_of

EXPIRES = 30  # seconds without a renewal
RENEWED_EVERY = 5.0  # seconds
LOOK_AGAIN = 0.5  # seconds

log = logging.getLogger(__name__)

LEASES = sa.Table(
    "mnist_search_leases",
    sa.MetaData(),
    sa.Column("study_name", sa.String(100), primary_key=True),
    sa.Column("token", sa.String(32), nullable=False),
    sa.Column("host", sa.String(255), nullable=False),
    sa.Column("pid", sa.Integer, nullable=False),
    sa.Column("machine", sa.String(255), nullable=False),  # where `pid` means something; empty where it cannot be asked
    sa.Column("process", sa.String(255), nullable=False),  # tells a process from a later one of the same id
    sa.Column("since", sa.String(32), nullable=False),
    sa.Column("renewed", sa.BigInteger, nullable=False),  # seconds by the database's clock
)


@dataclass(frozen=True)
class Holder:
    """The process that has a study."""

    token: str
    host: str
    pid: int
    machine: str
    process: str
    since: str
    renewed: int = 0

    @classmethod
    def this_process(cls) -> Self:
        """Describe the running process."""
        pid = os.getpid()
        since = datetime.now().astimezone().isoformat(timespec="seconds")
        return cls(uuid.uuid4().hex, socket.gethostname(), pid, _machine(), start_of(pid) or "", since)

    @property
    def is_here(self) -> bool:
        """Whether the process could be asked about on this machine."""
        return bool(self.machine) and self.machine == _machine()

    @property
    def runs(self) -> bool:
        """Whether the process runs; only where `is_here`."""
        return start_of(self.pid) == self.process

    def __str__(self) -> str:
        """Say who it is."""
        return f"process {self.pid} on {self.host} since {self.since}"


class HeldError(SearchError):
    """Another driver has the study."""


class GoneError(HeldError):
    """The study, or the file that it was in, is not there any more, or is another one."""


def holder_of(engine: sa.Engine, study: str) -> Holder | None:
    """Return who drives a study at this moment; None where no one does. Nothing is written."""
    return drivers_of(engine).get(study)


def drivers_of(engine: sa.Engine, *, are_over: bool = False) -> dict[str, Holder]:
    """Return who drives, or drove, which studies of a storage, by their names. Nothing is written."""
    if not sa.inspect(engine).has_table(LEASES.name):
        return {}
    with engine.connect() as connection:
        now = int(connection.execute(sa.select(_clock(engine))).scalar_one())
        rows = connection.execute(LEASES.select()).mappings().all()
    holders = {row["study_name"]: _holder(row) for row in rows}
    return {name: holder for name, holder in holders.items() if _is_over(holder, now) is are_over}


def left_by(engine: sa.Engine, study: str) -> Holder | None:
    """Return who drove a study last and has not given it back, though it is over; None where no one is known."""
    return drivers_of(engine, are_over=True).get(study)


class Lease:
    """A driver's right to write one study, for the length of a block."""

    def __init__(self, storage: RDBStorage, study: str, given_up: Callable[[], bool] = lambda: False) -> None:
        """Name the study; the block takes the lease. `given_up` says whether to wait no longer for another's end."""
        self._engine, self._study, self._given_up = storage.engine, study, given_up
        self._file = file_of(storage.engine)
        self._since: bytes | None = None  # the last mark that was seen in the file
        self._me = Holder.this_process()
        self._over = threading.Event()
        self._renewal = threading.Thread(target=self._renew, name="lease", daemon=True)

    def __enter__(self) -> Self:
        """Take the lease, and keep it.

        Raises:
            HeldError: A driver that is still there has it.
        """
        try:
            LEASES.create(self._engine, checkfirst=True)
        except SQLAlchemyError:
            if not sa.inspect(self._engine).has_table(LEASES.name):  # another driver was faster
                raise
        self._take()
        if self._file is not None:
            self._forget_the_dead()
        sa.event.listen(self._engine, "commit", self._check)
        self._renewal.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Give the lease back; where the database fails, it ends with this process."""
        self._over.set()
        self._renewal.join()
        sa.event.remove(self._engine, "commit", self._check)
        try:
            with self._engine.begin() as connection:
                connection.execute(LEASES.delete().where(LEASES.c.token == self._me.token))
        except SQLAlchemyError as failure:
            log.debug("the lease could not be given back: %s", failure)

    def _take(self) -> None:
        """Insert this process's row, once the row of another one is over."""
        seen: Holder | None = None
        while True:
            holder, now = _read(self._engine, self._study)
            if holder is None or _is_over(holder, now):
                try:
                    self._replace(holder)
                except IntegrityError:
                    continue  # another driver was faster
                return
            if holder.is_here or self._given_up() or (seen is not None and holder.renewed != seen.renewed):
                raise HeldError(f"the study {self._study!r} is held by {holder}; let it finish, or end it first")
            if seen is None:
                log.info("the study %r was held by %s; waiting for a sign of life", self._study, holder)
            seen = seen or holder
            time.sleep(LOOK_AGAIN)

    def _forget_the_dead(self) -> None:
        """Remove what killed drivers of this machine left of other studies: the file has now what their log held."""
        with self._engine.begin() as connection:
            for row in connection.execute(LEASES.select()).mappings().all():
                holder = _holder(row)
                if holder.is_here and not holder.runs:
                    connection.execute(LEASES.delete().where(LEASES.c.token == holder.token))

    def _replace(self, holder: Holder | None) -> None:
        with self._engine.begin() as connection:
            if holder is not None:
                connection.execute(LEASES.delete().where(LEASES.c.token == holder.token))
            values = vars(self._me) | {"study_name": self._study, "renewed": _clock(self._engine)}
            connection.execute(LEASES.insert().values(values))

    def _renew(self) -> None:
        mine = LEASES.update().where(LEASES.c.token == self._me.token).values(renewed=_clock(self._engine))
        self._checkpoint()
        while not self._over.wait(RENEWED_EVERY):
            self._checkpoint()
            try:
                with self._engine.begin() as connection:
                    connection.execute(mine)
            except (SQLAlchemyError, SearchError) as error:  # the next write of the driver says so, if it stays
                log.debug("the lease was not renewed: %s", error)

    def _checkpoint(self) -> None:
        """Take into a SQLite file what was written, beside the driver's work, unless another file is in its place."""
        if self._file is None:
            return
        try:
            check_own(self._file.path, self._since)
            checkpoint(self._engine)
            self._since = mark_of(self._file.path)
        except MixedError:
            self._file.is_mixed = True
        except (SQLAlchemyError, UsageError) as error:  # the next write says so, if it stays
            log.debug("the log was not taken into the file: %s", error)

    def _check(self, connection: Any) -> None:
        """Let no write of a driver through that was taken for gone: it may have been suspended.

        Raises:
            HeldError: Another driver has taken over.
            GoneError: The file is another one, and what is written would be lost.
        """
        if self._file is not None and not self._file.is_there:
            raise GoneError(f"{self._file.path}: was removed or replaced while the study {self._study!r} was written")
        if self._file is not None and self._file.is_mixed:
            raise GoneError(f"{self._file.path}: was written over while the study {self._study!r} was written")
        mine = sa.select(LEASES.c.pid).where(LEASES.c.token == self._me.token).with_for_update(read=True)
        if connection.execute(mine).first() is None:
            raise HeldError(f"the study {self._study!r} was taken over by another driver while this one stood still")


def _is_over(holder: Holder, now: int) -> bool:
    return not holder.runs if holder.is_here else now - holder.renewed > EXPIRES


def _read(engine: sa.Engine, study: str) -> tuple[Holder | None, int]:
    """Return who has the lease, and the database's time."""
    with engine.connect() as connection:
        now = int(connection.execute(sa.select(_clock(engine))).scalar_one())
        row = connection.execute(LEASES.select().where(LEASES.c.study_name == study)).mappings().first()
    return (_holder(row) if row else None), now


def _holder(row: Mapping[Any, Any]) -> Holder:
    return Holder(**{key: row[key] for key in row if key != "study_name"})


def _clock(engine: sa.Engine) -> Any:
    """Return the expression for the database's time in whole seconds since 1970."""
    seconds = sa.func.strftime("%s", "now") if engine.name == "sqlite" else sa.extract("epoch", sa.func.now())
    return sa.cast(seconds, sa.BigInteger)


def _machine() -> str:
    """Return what two processes have in common that can ask about each other; empty where that is unknown."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot} {Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return ""  # not Linux: leases of other processes end by time
