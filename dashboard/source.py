"""Where pages get what they show: one opened storage and one history a study, shared by all who look."""

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any, NamedTuple

import streamlit as st
from optuna.storages import RDBStorage

from dashboard import sign_in
from dashboard.clocks import viewer_zone
from dashboard.listing import Entry, Listing
from dashboard.queries import History, study_names
from dashboard.snapshot import Snapshot, row_of
from dashboard.status import Status, later, status_of
from search.confirmation.elsewhere import looks_elsewhere
from search.confirmation.goal import may_lack, tell_lack
from search.storage.address import one_line_errors, open_read_only, shown, sqlite_file
from search.storage.lease import holder_of
from search.study.instants import ENDED, began, ended
from search.study.study import settings_in

STUDIES = 20  # whose histories are kept in memory
WATCHED = timedelta(seconds=10)  # since the last reading: what changed meanwhile changed now
COUNT_EVERY = timedelta(seconds=20)  # between two questions for what other studies did


class View(NamedTuple):
    """A study as it is now, and how it does."""

    study: Snapshot
    status: Status


class Source:
    """The studies of a storage."""

    def __init__(self, url: str, runs: Path) -> None:
        """Name the storage and the home of kept models; nothing is opened yet."""
        self.url, self.runs = url, runs

    def names(self) -> list[str]:
        """Return the names of the studies, the newest first.

        Raises:
            SearchError: There is no storage, it does not answer, or the person may not look.
        """
        sign_in.check()
        with one_line_errors(self.url):
            return study_names(_opened(self.url, _inode(self.url)))

    def entries(self) -> list[Entry]:
        """Return all studies at a glance, the newest first; errors as for `names`."""
        sign_in.check()
        with one_line_errors(self.url):
            return _listing(self.url, _inode(self.url)).read()

    def view(self, name: str) -> View:
        """Return a study as it is now; its `Snapshot` is the same object until something changes.

        Raises:
            SearchError: There is no such study, it is another program's, the storage does not answer, or the person may
                not look.
        """
        sign_in.check()
        with one_line_errors(self.url):
            return _feed(self.url, _inode(self.url), str(self.runs), name).view(viewer_zone())


class Feed:
    """One study, kept up to date for all sessions."""

    def __init__(self, storage: RDBStorage, url: str, runs: Path, name: str) -> None:
        """Name the study; nothing is read yet."""
        self._engine, self._url, self._runs, self._name = storage.engine, url, runs, name
        self._history = History(storage, name)
        self._rows: list[dict[str, Any]] = []
        self._snapshot: Snapshot | None = None
        self._zoned: dict[tzinfo, Snapshot] = {}  # the same snapshot, by the zone of who looks
        self._pending: set[int] = set()  # trials that changed since the snapshot
        self._status: Status | None = None  # of the snapshot, when it was read first
        self._read_at: datetime | None = None
        self._watched_since: datetime | None = None
        self._changed_at: datetime | None = None
        self._counted: tuple[datetime, int] | None = None  # looks at the test images for other studies, and when
        self._lock = threading.Lock()

    def view(self, zone: tzinfo = UTC) -> View:
        """Read what is new; times are shown in a zone."""
        with self._lock:
            self._pending |= self._history.read()
            changed, now, snapshot = self._pending, datetime.now(UTC), self._snapshot
            is_watched = self._read_at is not None and now - self._read_at < WATCHED
            self._watched_since = self._watched_since if is_watched and self._watched_since else now
            elsewhere = self._looks_elsewhere(now)
            if snapshot is None and may_lack(self._engine, self._name):
                tell_lack(self._engine, self._name, self._history.attributes, self._history.trials)
            is_other = snapshot is None or bool(changed) or snapshot.attributes != self._history.attributes
            if snapshot is None or is_other:
                snapshot = self._taken(changed, elsewhere)
            elif snapshot.elsewhere != elsewhere:
                snapshot = replace(snapshot, elsewhere=elsewhere)
            if snapshot is not self._snapshot:
                self._snapshot, self._zoned, self._pending, self._status = snapshot, {}, set(), None
            shown_study = self._zoned.setdefault(zone, replace(snapshot, zone=zone))
            if is_other:
                self._changed_at = now if is_watched else _last_event(shown_study)
            self._read_at = now
            watched = (now - self._watched_since).total_seconds()
            holder = holder_of(self._engine, self._name)
            if self._status is None or self._status.holder != holder:
                self._status = status_of(shown_study, holder, now, self._changed_at, watched)
            return View(shown_study, later(self._status, now, self._changed_at, watched))

    def _looks_elsewhere(self, now: datetime) -> int | None:
        """Return how often other studies have looked at the test images, asked anew only after a while."""
        if self._counted is None or now - self._counted[0] > COUNT_EVERY:
            data = settings_in(self._history.attributes, self._name).problem.data
            self._counted = now, looks_elsewhere(self._engine, self._name, data)
        return self._counted[1]

    def _taken(self, changed: set[int], elsewhere: int | None) -> Snapshot:
        """Return a snapshot of the history, in which these trials changed."""
        history = self._history
        settings = settings_in(history.attributes, self._name)
        del self._rows[len(history.trials) :]  # another study has taken the name
        if self._snapshot is not None and settings.space != self._snapshot.settings.space:  # it has grown
            changed = set(range(len(history.trials)))
        for number in sorted(changed):
            self._rows[number : number + 1] = [row_of(history.trials[number], settings.space)]
        return Snapshot(
            name=self._name,
            storage=shown(self._url),
            runs=self._runs,
            settings=settings,
            attributes=history.attributes,
            trials=tuple(history.trials),
            elsewhere=elsewhere,
            rows=tuple(self._rows),
        )


def _last_event(snapshot: Snapshot) -> datetime | None:
    """Return when the last thing happened that the study notes; None where networks noted no time, as they once did."""
    evidence = snapshot.evidence
    networks = [] if evidence is None else [*evidence.validated.values(), *evidence.tested.values()]
    noted = [each[ENDED] for each in networks if ENDED in each]
    if evidence is not None and evidence.verdict is None and len(noted) < len(networks):
        return None
    noted += [each.time for each in snapshot.stops]
    noted += [] if evidence is None else [each.time for each in evidence.looks]
    times = [time for trial in snapshot.trials for time in (began(trial), ended(trial)) if time]
    return max([*times, *map(datetime.fromisoformat, noted)], default=None)


@st.cache_resource(show_spinner=False)
def _opened(url: str, file: int) -> RDBStorage:  # noqa: ARG001 (tells a file from another one in its place)
    return open_read_only(url, check=False)


@st.cache_resource(show_spinner=False)
def _listing(url: str, file: int) -> Listing:
    return Listing(_opened(url, file))


@st.cache_resource(show_spinner="Reading the study", max_entries=STUDIES)
def _feed(url: str, file: int, runs: str, name: str) -> Feed:
    return Feed(_opened(url, file), url, Path(runs), name)


def _inode(url: str) -> int:
    """Return what tells a storage's file from another one in its place."""
    file = sqlite_file(url)
    return file.stat().st_ino if file and file.exists() else 0
