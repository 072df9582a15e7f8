"""The figures of a running command: how many trials and networks, the best, the time that is left."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from optuna.trial import TrialState

from search.study.study import Counts
from search.trials.live import LiveTrial, Retraining

LOOK_EVERY = 1.0  # seconds between two estimates of the time left: each looks at the whole study


@dataclass
class Tally:
    """The figures that every display shows."""

    total: int
    counts: Counts
    best: float | None = None
    baseline: float | None = None
    running: dict[str, LiveTrial | Retraining] = field(default_factory=dict)  # by title
    confirmed: tuple[int, int] | None = None  # networks that are trained, of how many at most
    forecast: Callable[[], float | None] = lambda: None  # seconds left, as `search.run.forecast` estimates them
    begun: bool = False  # whether a worker has had anything
    clock: Callable[[], float] = time.monotonic

    def __post_init__(self) -> None:
        """Start the clock."""
        self._started = self._looked = self.clock()
        self._left: float | None = None

    @property
    def elapsed(self) -> float:
        """Seconds since the run began."""
        return self.clock() - self._started

    @property
    def remaining(self) -> float | None:
        """Estimated seconds to the end of all; None where no trial has ended yet."""
        return None if self._left is None else max(0.0, self._left - (self.clock() - self._looked))

    def begin(self, work: LiveTrial | Retraining) -> None:
        """Note that a worker has begun with something."""
        self.begun = True
        self.running[work.title] = work
        self._look_ahead()

    def stop(self, work: LiveTrial | Retraining) -> None:
        """Note that no worker has it any more."""
        self.running.pop(work.title, None)

    def finish(self, live: LiveTrial, state: TrialState) -> None:
        """Count a trial that ended."""
        self.stop(live)
        kind = {TrialState.COMPLETE: "complete", TrialState.PRUNED: "pruned", TrialState.FAIL: "failed"}[state]
        self.counts = replace(self.counts, running=0, **{kind: getattr(self.counts, kind) + 1})
        if state == TrialState.COMPLETE and live.last is not None:
            value = live.last.val_accuracy
            self.best = value if self.best is None else max(self.best, value)
            if live.is_baseline:
                self.baseline = value
        self._look_ahead()

    def retrain(self, network: Retraining, done: int, total: int) -> None:
        """Count a network of the confirmation that ended."""
        self.stop(network)
        self.confirmed = done, total
        self._look_ahead()

    def _look_ahead(self) -> None:
        now = self.clock()
        if self._left is None or now - self._looked >= LOOK_EVERY:
            self._left, self._looked = self.forecast(), now
