"""Whether a study is moving: who drives it, how fast, how long it will take, and how to go on where no one does."""

import shlex
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from dashboard.snapshot import Snapshot
from search.extent import Extent
from search.goal import Goal
from search.lease import Holder
from search.storage import location_arguments
from search.study import SECONDS, is_interrupted


class Phase(StrEnum):
    """What becomes of a study at the moment; the value is what people call it."""

    SEARCHING = "searching"
    CONFIRMING = "confirming"
    FINISHED = "finished"
    INTERRUPTED = "interrupted"
    UNKNOWN = "not running"


@dataclass(frozen=True)
class Status:
    """How a study does.

    Attributes:
        phase: What becomes of it.
        holder: Who drives it; None where no one does.
        finished: Trials that it has.
        wanted: Trials that it shall have; None where no command said so.
        rate: Trials finished in a minute of the search; None before the first.
        remaining: Seconds until the search has its trials, at that rate; None where that is not known.
        utilization: Share of the workers' time in which they trained; None where that is not known.
        age: Seconds since a change was seen; None before the first.
    """

    phase: Phase
    holder: Holder | None
    finished: int
    wanted: int | None
    rate: float | None
    remaining: float | None
    utilization: float | None
    age: float | None

    @property
    def is_running(self) -> bool:
        """Whether a driver has the study."""
        return self.phase in (Phase.SEARCHING, Phase.CONFIRMING)


def status_of(snapshot: Snapshot, holder: Holder | None, now: datetime, changed: datetime | None) -> Status:
    """Return how a study does.

    Args:
        snapshot: The study.
        holder: Who drives it.
        now: When it was read; local time, as Optuna records its own.
        changed: When a change was last seen, likewise; None where that is not known.
    """
    goal, finished, phase = snapshot.goal, snapshot.counts.finished, _phase(snapshot, holder)
    until = now if phase == Phase.SEARCHING else None
    rate, utilization = (None, None) if goal is None else _pace(snapshot, goal, until)
    missing = max(goal.trials - finished, 0) if goal else 0
    return Status(
        phase=phase,
        holder=holder,
        finished=finished,
        wanted=goal.trials if goal else None,
        rate=rate,
        remaining=60 * missing / rate if rate and phase == Phase.SEARCHING else None,
        utilization=utilization,
        age=max((now - changed).total_seconds(), 0.0) if changed else None,
    )


def continue_command(snapshot: Snapshot) -> str:
    """Return the command that completes what the last one wanted of the study."""
    place = location_arguments(snapshot.storage, snapshot.runs)
    return f"python -m search.run {shlex.join([*continue_arguments(snapshot), *place])}"


def continue_arguments(snapshot: Snapshot) -> list[str]:
    """Return the same command's arguments, without those that say where the study is."""
    goal = snapshot.goal
    parts = ["--study", snapshot.name]
    if goal is not None:
        parts += ["--trials", str(goal.trials), "--workers", str(goal.workers)]
        parts += [*_ending(goal), *_confirming(goal)]
    return parts


def _ending(goal: Goal) -> list[str]:
    """Return the options that may end the search early."""
    value = [] if goal.stop_at is None else ["--stop-at", f"{goal.stop_at:g}"]
    return [*value, *(["--stop-when-settled"] if goal.stop_when_settled else [])]


def _confirming(goal: Goal) -> list[str]:
    """Return the options that ask for as much of a confirmation, where it is not the default."""
    if goal.extent is None:
        return ["--no-confirm"]
    why = ["--explain"] if goal.explain else []
    if goal.extent == Extent():
        return why
    seeds = [] if goal.extent.seeds is None else ["--confirm-seeds", str(goal.extent.seeds)]
    return ["--confirm-top", str(goal.extent.candidates), *seeds, *why]


def _phase(snapshot: Snapshot, holder: Holder | None) -> Phase:
    goal = snapshot.goal
    if holder is not None:
        done = goal is not None and goal.has_searched(snapshot.attributes, snapshot.trials)
        return Phase.CONFIRMING if done else Phase.SEARCHING
    if goal is None:
        return Phase.UNKNOWN
    return Phase.FINISHED if snapshot.is_done else Phase.INTERRUPTED


def _pace(snapshot: Snapshot, goal: Goal, until: datetime | None) -> tuple[float | None, float | None]:
    """Return trials a minute and utilization of the last command's search, which ended with a trial or is still on."""
    since = local_time(goal.since)
    ours = [trial for trial in snapshot.trials if trial.datetime_start and trial.datetime_start >= since]
    ends = [trial.datetime_complete for trial in ours if trial.datetime_complete and not is_interrupted(trial)]
    if not ends:
        return None, None
    seconds = ((until or max(ends)) - since).total_seconds()
    if seconds <= 0:
        return None, None
    training = sum(trial.user_attrs.get(SECONDS, 0.0) for trial in ours)
    return 60 * len(ends) / seconds, min(training / (seconds * goal.workers), 1.0)


def local_time(moment: datetime) -> datetime:
    """Return a moment as Optuna records its own: local time that does not say so."""
    return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone().replace(tzinfo=None)
