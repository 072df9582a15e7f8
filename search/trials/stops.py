"""Why a search ended: the reasons, and what a study records of it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

import optuna

from search.study.instants import HERE
from search.study.study import count

STOPS = "stops"  # study user attribute: a list, one entry for each command whose search ended


class Reason(StrEnum):
    """Why a search ended."""

    TRIALS = "trials"
    TIMEOUT = "timeout"
    SETTLED = "settled"
    REACHED = "reached"
    INTERRUPTED = "interrupted"
    FAILED = "failed"


Stopped = tuple[Reason, str] | None
"""Why no further trial starts, and the same in words; None where it goes on."""


@dataclass(frozen=True)
class Stop:
    """That a search ended.

    Attributes:
        reason: Why.
        detail: The same in words.
        trials: How many the study had finished then.
        time: When, ISO 8601, UTC.
    """

    reason: Reason
    detail: str
    trials: int
    time: str

    @property
    def is_usual(self) -> bool:
        """Whether it ended with all the trials that were asked for."""
        return self.reason == Reason.TRIALS

    @property
    def is_enough(self) -> bool:
        """Whether what there was, although fewer trials than were asked for, was enough."""
        return self.reason in (Reason.SETTLED, Reason.REACHED)


def stops_of(attributes: Mapping[str, Any]) -> list[Stop]:
    """Return what a study's user attributes say, the first one first."""
    return [Stop(**{**each, "reason": Reason(each["reason"])}) for each in attributes.get(STOPS, ())]


def note_stop(study: optuna.Study, reason: Reason, detail: str) -> None:
    """Record that a command's search ended."""
    finished = count(study.get_trials(deepcopy=False)).finished
    stop = Stop(reason, detail, finished, HERE.now().isoformat(timespec="seconds"))
    study.set_user_attr(STOPS, [*study.user_attrs.get(STOPS, ()), asdict(stop)])
