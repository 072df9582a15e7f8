"""Whether a study is moving: who drives it, how fast, how long it will take, and how to go on where no one does."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from optuna.trial import FrozenTrial

from dashboard.snapshot import Snapshot
from search.confirmation.extent import Extent
from search.confirmation.goal import Goal
from search.run.forecast import seconds_left
from search.storage.address import location
from search.storage.lease import Holder
from search.study.data import data_arguments
from search.study.insight import epochs_run
from search.study.instants import began, ended, instants, is_timed
from search.study.program import model_arguments
from search.study.study import is_interrupted
from search.terminal.shell import command_line
from trainable.keys import SECONDS

SOON = timedelta(minutes=10)  # from a command's beginning to its first trial
APART = timedelta(minutes=1)  # two machines' clocks
LATEST = 50  # trials by which what is usual is judged
TIMES = 3  # as long as usual is unusual
PATIENCE, SLOW = 60.0, 300.0  # seconds: at least, and before anything was trained


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
        remaining: Seconds until the study has all that is wanted of it, the confirmation among it; None where that is
            not known.
        utilization: Share of the workers' time in which they trained; None where that is not known.
        age: Seconds since the last change; None where that is not known.
        usual: Seconds that pass between two changes at most while all is well, judged by what was trained so far.
        watched: Seconds for which the study has been looked at without a gap: of epochs before that it notes no time.
    """

    phase: Phase
    holder: Holder | None
    finished: int
    wanted: int | None
    rate: float | None
    remaining: float | None
    utilization: float | None
    age: float | None
    usual: float = math.inf
    watched: float = math.inf

    @property
    def is_silent(self) -> bool:
        """Whether a driver has the study, and unusually long nothing has changed, as far as anybody looked."""
        return self.is_running and self.age is not None and min(self.age, self.watched) > self.usual

    @property
    def is_running(self) -> bool:
        """Whether a driver has the study."""
        return self.phase in (Phase.SEARCHING, Phase.CONFIRMING)


def status_of(
    snapshot: Snapshot, holder: Holder | None, now: datetime, changed: datetime | None, watched: float = math.inf
) -> Status:
    """Return how a study does.

    Args:
        snapshot: The study.
        holder: Who drives it.
        now: When it was read, UTC.
        changed: When a change was last seen, likewise; None where that is not known.
        watched: Seconds for which the study has been looked at without a gap.
    """
    goal, finished, phase = snapshot.goal, snapshot.counts.finished, _phase(snapshot, holder)
    rate, utilization = (None, None) if goal is None else _pace(snapshot, goal)
    return Status(
        phase=phase,
        holder=holder,
        finished=finished,
        wanted=goal.trials if goal else None,
        rate=rate,
        remaining=_remaining(snapshot, phase, rate),
        utilization=utilization,
        age=_age(now, changed),
        usual=_usual(snapshot, phase),
        watched=watched,
    )


def later(status: Status, now: datetime, changed: datetime | None, watched: float) -> Status:
    """Return how a study does that nothing has changed in since; the arguments are those of `status_of`."""
    return replace(status, age=_age(now, changed), watched=watched)


def continue_command(snapshot: Snapshot) -> str:
    """Return the command that completes what the last one wanted of the study."""
    place = location(snapshot.storage, snapshot.runs)
    problem = snapshot.settings.problem
    files = [*model_arguments(problem), *data_arguments(problem)]
    return command_line("search.run", *continue_arguments(snapshot), *files, *place)


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
    if not goal.extent.test:
        top = [] if goal.extent.candidates == Extent().candidates else ["--confirm-top", str(goal.extent.candidates)]
        return ["--no-test", *top]
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


def _pace(snapshot: Snapshot, goal: Goal) -> tuple[float | None, float | None]:
    """Return trials a minute and utilization of the last command's search, up to the last that it recorded.

    So only instants are compared that the driver took, whatever the time is where this is read.
    """
    timed = [trial for trial in snapshot.trials if is_timed(trial)]
    ours = [trial for trial in timed or snapshot.trials if (start := began(trial)) and start >= goal.since]
    finished = [end for trial in ours if (end := ended(trial)) and not is_interrupted(trial)]
    if not finished or not (timed or _fits(snapshot.trials, goal.since)):
        return None, None
    seconds = (max([*finished, *instants(ours)]) - goal.since).total_seconds()
    if seconds <= 0:
        return None, None
    training = sum(trial.user_attrs.get(SECONDS, 0.0) for trial in ours)
    return 60 * len(finished) / seconds, min(training / (seconds * goal.workers), 1.0)


def _remaining(snapshot: Snapshot, phase: Phase, rate: float | None) -> float | None:
    """Return the seconds until a running search has all that is wanted: its trials at this rate, then the rest."""
    goal, finished = snapshot.goal, snapshot.counts.finished
    if goal is None or phase not in (Phase.SEARCHING, Phase.CONFIRMING):
        return None
    missing = max(goal.trials - finished, 0) if phase == Phase.SEARCHING else 0
    rest = seconds_left(snapshot.trials, snapshot.attributes, snapshot.settings, replace(goal, trials=finished))
    if not missing:
        return rest
    return None if rate is None else 60 * missing / rate + (rest or 0.0)


def _usual(snapshot: Snapshot, phase: Phase) -> float:
    """Return after how many seconds without a change something may be wrong: of a search without a trial yet, `SLOW`.

    A trial reports each epoch, a network of the confirmation only its end.
    """
    trained = [trial for trial in snapshot.trials[-LATEST:] if trial.user_attrs.get(SECONDS)]
    epochs = [trial.user_attrs[SECONDS] / max(epochs_run(trial), 1) for trial in trained]
    if not epochs:
        return SLOW
    longest = float(max(epochs))
    if phase == Phase.CONFIRMING:
        longest *= snapshot.settings.space.max_epochs
    return max(PATIENCE, TIMES * longest)


def _fits(trials: Sequence[FrozenTrial], since: datetime) -> bool:
    """Say whether local times of the driver are those of here: a command begins soon, and with no trial at work."""
    spans = [(start, ended(trial)) for trial in trials if not is_interrupted(trial) and (start := began(trial))]
    at_work = any(start < since and (end is None or end > since) for start, end in spans)
    return not at_work and any(since <= start < since + SOON for start, _ in spans)


def _age(now: datetime, changed: datetime | None) -> float | None:
    """Return the seconds since a change; None where it lies ahead by the clock of here, which is another one then."""
    if changed is None or changed - now > APART:
        return None
    return max((now - changed).total_seconds(), 0.0)
