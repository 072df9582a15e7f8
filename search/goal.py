"""What the last command wants of a study, recorded for those who watch: it says when the study is done."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from optuna.trial import FrozenTrial

from search.extent import GOAL, Extent, is_confirmed
from search.settings import Settings
from search.study import count


@dataclass(frozen=True)
class Goal:
    """What a command wants.

    Attributes:
        trials: That the study shall have finished in the end.
        extent: How much shall be confirmed; None where nothing shall.
        workers: Trials at once.
        since: When the command began with it, UTC.
    """

    trials: int
    extent: Extent | None
    workers: int
    since: datetime

    @classmethod
    def from_now(cls, trials: int, extent: Extent | None, workers: int) -> "Goal":
        """Return the goal of a command that begins at this moment."""
        return cls(trials, extent, workers, datetime.now(UTC))

    def to_json(self) -> dict[str, Any]:
        """Return what the study records."""
        return {
            "trials": self.trials,
            "extent": asdict(self.extent) if self.extent else None,
            "workers": self.workers,
            "since": self.since.isoformat(timespec="seconds"),
        }

    def is_reached(self, attributes: Mapping[str, Any], trials: Sequence[FrozenTrial], settings: Settings) -> bool:
        """Say whether a study has all that is wanted of it."""
        if count(trials).finished < self.trials:
            return False
        return self.extent is None or is_confirmed(attributes, trials, settings, self.extent)


def goal_of(attributes: Mapping[str, Any]) -> Goal | None:
    """Return what a study's user attributes say; None where no command recorded it."""
    recorded = attributes.get(GOAL)
    if recorded is None:
        return None
    extent = Extent(**recorded["extent"]) if recorded["extent"] else None
    return Goal(recorded["trials"], extent, recorded["workers"], datetime.fromisoformat(recorded["since"]))
