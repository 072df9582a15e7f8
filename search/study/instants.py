"""When something happened: in UTC, and counted so that nobody can set the clock of a command that runs.

Optuna records the local time of whoever writes, without its zone. So each trial has two instants of its own besides.
"""

import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta

from optuna.trial import FrozenTrial

# Trial user attributes, ISO 8601, UTC: when it was given to a worker, and when it was told.
BEGAN = "began"
ENDED = "ended"

BOOT_TIME = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)  # goes on while a machine sleeps, where there is one


class Clock:
    """The machine's clock, read once and from then on counted: what lies between two instants has passed."""

    def __init__(
        self,
        wall: Callable[[], datetime] = lambda: datetime.now(UTC),
        seconds: Callable[[], float] = lambda: time.clock_gettime(BOOT_TIME),
    ) -> None:
        """Read the time, in UTC, and begin to count."""
        self._origin, self._seconds = wall(), seconds
        self._began = seconds()

    def now(self) -> datetime:
        """Return this moment."""
        return self._origin + timedelta(seconds=self._seconds() - self._began)

    def follow(self, instants: Iterable[datetime]) -> None:
        """Come after what a study has recorded, also where the clock was set back since."""
        behind = max((each - self.now() for each in instants), default=timedelta())
        if behind > timedelta():
            self._origin += behind + timedelta(seconds=1)


HERE = Clock()


def stamp() -> str:
    """Return this moment as a trial records it."""
    return HERE.now().isoformat(timespec="milliseconds")


def is_timed(trial: FrozenTrial) -> bool:
    """Say whether a trial has instants of its own; those of before have Optuna's local times only."""
    return BEGAN in trial.user_attrs


def began(trial: FrozenTrial) -> datetime | None:
    """Return when a trial began; of one without an instant of its own as if it was recorded in the zone of here."""
    if is_timed(trial):
        return datetime.fromisoformat(trial.user_attrs[BEGAN])
    return None if trial.datetime_start is None else trial.datetime_start.astimezone(UTC)


def ended(trial: FrozenTrial) -> datetime | None:
    """Return when a trial ended, likewise; of one that was found interrupted, when that was noticed."""
    start, recorded, noted = began(trial), trial.user_attrs.get(ENDED), trial.datetime_complete
    if recorded is not None:
        return datetime.fromisoformat(recorded)
    if noted is None:
        return None
    if not is_timed(trial) or start is None or trial.datetime_start is None:
        return noted.astimezone(UTC)
    return start + max(noted - trial.datetime_start, timedelta())


def instants(trials: Iterable[FrozenTrial]) -> list[datetime]:
    """Return all that trials have recorded themselves."""
    recorded = (each.user_attrs.get(key) for each in trials for key in (BEGAN, ENDED))
    return [datetime.fromisoformat(each) for each in recorded if each is not None]
