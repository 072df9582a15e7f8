"""What the last command wants of a study, recorded for those who watch: it says when the study is done."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import optuna
import sqlalchemy as sa
from optuna.trial import FrozenTrial

from search.confirmation.explanation import lacks_explanation
from search.confirmation.extent import GOAL, Extent, is_confirmed
from search.storage.lease import left_by
from search.storage.sqlite import file_of
from search.study.instants import HERE
from search.study.settings import Settings
from search.study.study import count, settings_in
from search.trials.stops import stops_of

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Goal:
    """What a command wants.

    Attributes:
        trials: That the study shall have finished in the end.
        extent: How much shall be confirmed; None where nothing shall.
        workers: Trials at once.
        since: When the command began with so many workers, UTC; this moment where nothing else is said.
        began: When the command began, UTC; None where it did so with these workers.
        stop_at: The validation accuracy that is enough; None where none is.
        stop_when_settled: Whether a settled search is enough.
        explain: Whether the verdict shall be explained.
    """

    trials: int
    extent: Extent | None
    workers: int
    since: datetime = field(default_factory=lambda: HERE.now().replace(microsecond=0))
    began: datetime | None = None
    stop_at: float | None = None
    stop_when_settled: bool = False
    explain: bool = False

    def to_json(self) -> dict[str, Any]:
        """Return what the study records."""
        instants = {"since": self.since, "began": self.began or self.since}
        told = {name: each.isoformat(timespec="seconds") for name, each in instants.items()}
        return vars(self) | told | {"extent": self.extent and self.extent.to_json()}

    def has_searched(self, attributes: Mapping[str, Any], trials: Sequence[FrozenTrial]) -> bool:
        """Say whether no further trial is wanted: there are all, or what there is was enough."""
        began = self.began or self.since
        ours = [each for each in stops_of(attributes) if datetime.fromisoformat(each.time) >= began]
        return count(trials).finished >= self.trials or bool(ours and ours[-1].is_enough)

    def is_reached(self, attributes: Mapping[str, Any], trials: Sequence[FrozenTrial], settings: Settings) -> bool:
        """Say whether a study has all that is wanted of it."""
        if not self.has_searched(attributes, trials):
            return False
        if self.extent is None:
            return True
        is_whole = is_confirmed(attributes, trials, settings, self.extent)
        return is_whole and not (self.explain and lacks_explanation(attributes, settings))


def tell_gap(study: optuna.Study, engine: sa.Engine) -> None:
    """Warn where a study that is read seems to be cut off."""
    if may_lack(engine, study.study_name):
        tell_lack(engine, study.study_name, study.user_attrs, study.get_trials(deepcopy=False))


def may_lack(engine: sa.Engine, study: str) -> bool:
    """Say whether a command that wrote a study has not ended in this file, beside which nothing lay.

    A command that was killed leaves its log there, and one that ended gave the study back.
    """
    file = file_of(engine)
    return file is not None and file.was_alone and left_by(engine, study) is not None


def tell_lack(engine: sa.Engine, study: str, attributes: Mapping[str, Any], trials: Sequence[FrozenTrial]) -> None:
    """Warn where a study that may lack something has not all that its last command wanted."""
    file, goal = file_of(engine), goal_of(attributes)
    if file and (goal is None or not goal.is_reached(attributes, trials, settings_in(attributes, study))):
        has = f"{count(trials).finished} of {goal.trials}" if goal else f"{count(trials).finished}"
        log.warning(
            "%s: the study %r has %s trials, and the command that wrote it did not end in this file: a copy of a file "
            "in use lacks what its -wal held; python -m search.studies backup makes whole ones",
            file.path, study, has,
        )  # fmt: skip


def goal_of(attributes: Mapping[str, Any]) -> Goal | None:
    """Return what a study's user attributes say; None where no command recorded it."""
    recorded = attributes.get(GOAL)
    if recorded is None:
        return None
    since = datetime.fromisoformat(recorded["since"])
    began = datetime.fromisoformat(recorded["began"]) if "began" in recorded else None
    more = {name: recorded[name] for name in ("stop_at", "stop_when_settled", "explain") if name in recorded}
    extent = Extent.from_json(recorded["extent"]) if recorded["extent"] else None
    return Goal(recorded["trials"], extent, recorded["workers"], since, began, **more)
