"""All studies of a storage in a list: what becomes of each, and what it has found."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from optuna.storages import RDBStorage

from dashboard.glance import Details, Sight, details, sights
from dashboard.queries import History
from dashboard.status import APART, Phase
from search.confirmation.explanation import lacks_explanation
from search.confirmation.extent import wanted_design
from search.confirmation.goal import Goal, goal_of
from search.confirmation.record import CONFIRMATION, looks_of
from search.confirmation.view import StudyView
from search.errors import UsageError
from search.report.findings import headline_of
from search.storage.lease import drivers_of
from search.study.instants import ENDED
from search.study.study import settings_in
from search.terminal.words import POINTS
from search.trials.stops import stops_of

UNREADABLE = "unreadable"


@dataclass(frozen=True)
class Entry:
    """A study among all of a storage.

    Attributes:
        name: Of the study.
        state: What becomes of it, a `Phase`; or `UNREADABLE`.
        verdict: In words; why there is none, where the study cannot be read.
        best: The best validation accuracy, a share; None before a trial is complete.
        baseline: The baseline trial's, likewise.
        difference: Of the verdict, percentage points on the test examples; None where there is none.
        trials: That it has finished.
        changed: When something in it last began or ended, UTC; None where that is not known.
    """

    name: str
    state: str
    verdict: str
    best: float | None = None
    baseline: float | None = None
    difference: float | None = None
    trials: int = 0
    changed: datetime | None = None


class Listing:
    """The studies of a storage, brought up to date by `read`."""

    def __init__(self, storage: RDBStorage) -> None:
        """Name the storage; nothing is read yet."""
        self._storage = storage
        self._seen: dict[int, tuple[Sight, Entry]] = {}
        self._lock = threading.Lock()

    def read(self) -> list[Entry]:
        """Return all studies as they are now, the newest first."""
        with self._lock:
            driven = drivers_of(self._storage.engine)
            with self._storage.engine.connect() as connection:
                found = sights(connection, driven)
                changed = [each for each, sight in found.items() if self._is_new(each, sight)]
                known = details(connection, changed)
            new = {each: (found[each], self._entry(found[each], known[each])) for each in changed}
            self._seen = {each: new.get(each) or self._seen[each] for each in found}
            return [entry for _, entry in self._seen.values()]

    def _is_new(self, study: int, sight: Sight) -> bool:
        return study not in self._seen or self._seen[study][0] != sight

    def _entry(self, sight: Sight, known: Details) -> Entry:
        attributes = sight.known | known.networks
        try:
            settings = settings_in(attributes, sight.name)
            view = StudyView(sight.name, "", Path(), settings, attributes, known.leading, None)
            finished = known.finished(sight.tallies)
            phase = _phase(view, finished, is_driven=sight.is_driven)
            is_over = view.evidence is not None and view.evidence.is_complete and not sight.is_driven
            if is_over and not (view.is_current and phase == Phase.FINISHED):  # the leading trials may be too few
                history = History(self._storage, sight.name)
                history.read()
                view = StudyView(sight.name, "", Path(), settings, attributes, history.trials, None)
                phase = _phase(view, finished, is_driven=False)
        except UsageError as error:
            return Entry(sight.name, UNREADABLE, str(error))
        goal, verdict = goal_of(attributes), view.evidence.verdict if view.evidence is not None else None
        stale = ", out of date" if verdict is not None and not view.is_current else ""
        return Entry(
            name=sight.name,
            state=str(phase),
            best=known.leading[0].value if known.leading else None,
            baseline=known.baseline,
            verdict=f"{headline_of(view).word}{stale}",
            difference=POINTS * verdict.difference.mean if verdict is not None and verdict.difference else None,
            trials=finished,
            changed=_changed(sight, known, goal),
        )


def _phase(view: StudyView, finished: int, *, is_driven: bool) -> Phase:
    """Return what becomes of a study that has finished so many trials, by the rules of `dashboard.status`."""
    goal = goal_of(view.attributes)
    has_searched = goal is not None and (finished >= goal.trials or goal.has_searched(view.attributes, ()))
    if is_driven:
        return Phase.CONFIRMING if has_searched else Phase.SEARCHING
    if goal is None:
        return Phase.UNKNOWN
    return Phase.FINISHED if has_searched and _has_all(view, goal) else Phase.INTERRUPTED


def _has_all(view: StudyView, goal: Goal) -> bool:
    """Say whether nothing of the confirmation that is wanted is missing in a study that has its trials."""
    if goal.extent is None:
        return True
    wanted = wanted_design(view.trials, view.settings, goal.extent, view.attributes)
    # As `extent.is_confirmed` says it, by evidence that is there already: a verdict takes a millisecond or two.
    is_whole = view.evidence is not None and view.evidence.is_complete
    is_confirmed = wanted is None or (is_whole and view.attributes.get(CONFIRMATION) == wanted)
    return is_confirmed and not (goal.explain and lacks_explanation(view.attributes, view.settings))


def _changed(sight: Sight, known: Details, goal: Goal | None) -> datetime | None:
    """Return the last moment that a study has noted; None where it lies ahead: then another clock noted it.

    Trials without instants of their own have Optuna's local times, which count as if recorded in the zone of here.
    """
    attributes, times = sight.known | known.networks, [known.last] if known.last else []
    local = [each for tally in sight.tallies for each in (tally.began, tally.ended) if each and not known.last]
    noted = [each.astimezone(UTC) for each in local]
    times += [*(each.time for each in stops_of(attributes)), *(each.time for each in looks_of(attributes))]
    times += [each[ENDED] for each in attributes.values() if isinstance(each, Mapping) and ENDED in each]
    noted += map(datetime.fromisoformat, times)
    last = max([*noted, *([goal.since] if goal else [])], default=None)
    return None if last is None or last - datetime.now(UTC) > APART else last
