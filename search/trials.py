"""The trials in flight: asked from the study, reported to it, told to it. Knows nothing of Ray."""

import logging
import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import optuna
from optuna.trial import TrialState

from search.models import ModelStore
from search.study import (
    ATTEMPTS,
    EPOCHS_RUN,
    FAILURE,
    HOST,
    INTERRUPTED,
    IS_BASELINE,
    PARAMETERS_COUNT,
    SAMPLES_PER_SECOND,
    SECONDS,
    SEED,
    TRAIN_ACCURACY,
    Settings,
    enqueue_again,
    ranked,
    trial_seed,
)

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Report:
    """What a worker measured in one epoch; accuracies are shares, `epoch` is 1-based."""

    epoch: int
    val_accuracy: float
    train_accuracy: float
    seconds: float
    samples_per_second: float
    host: str
    parameters_count: int
    failure: str | None = None


@dataclass
class LiveTrial:
    """One trial that a worker has: the Optuna trial and what was reported of it so far."""

    trial: optuna.Trial
    config: dict[str, Any]
    last: Report | None = None
    seconds: float = 0.0
    attempts: int = 1
    pruned: bool = False
    error: str | None = None
    model: bytes | None = field(default=None, repr=False)

    @property
    def number(self) -> int:
        """The trial's number in the study."""
        return self.trial.number

    @property
    def is_baseline(self) -> bool:
        """Whether this trial trains the baseline, which is never pruned."""
        return bool(self.trial.user_attrs.get(IS_BASELINE))


class Observer:
    """Is told what happens to trials; this one does nothing with it."""

    def started(self, live: LiveTrial) -> None:
        """A trial was handed to a worker."""

    def reported(self, live: LiveTrial) -> None:
        """A trial finished an epoch."""

    def finished(self, live: LiveTrial, state: TrialState, reason: str | None) -> None:
        """A trial was told to the study."""

    def interrupted(self, live: LiveTrial) -> None:
        """A trial was lost; another one will try its configuration again."""


class Trials:
    """Turns a worker's events into the study's records; keys are the executor's own trial ids."""

    def __init__(
        self,
        study: optuna.Study,
        settings: Settings,
        *,
        budget: int,
        models: ModelStore,
        observer: Observer,
        max_retries: int = 0,
    ) -> None:
        """Take over a study.

        Args:
            study: Where trials are asked, reported and told.
            settings: The study's.
            budget: How many trials may still be asked.
            models: Where the best model is kept.
            observer: Is told of every event.
            max_retries: Further attempts at a trial whose worker was lost.
        """
        self._study, self._settings, self._models = study, settings, models
        self._observer, self._max_retries = observer, max_retries
        self._live: dict[str, LiveTrial] = {}
        self._left = budget
        best = ranked(study.get_trials(deepcopy=False))
        self._best = float(best[0].value or 0.0) if best else -math.inf
        self.training_seconds = 0.0
        self.first_started: float | None = None  # time.monotonic() when the first worker began

    @property
    def exhausted(self) -> bool:
        """Whether every trial of the budget was asked."""
        return self._left <= 0

    @property
    def best(self) -> float:
        """The best val_accuracy of a complete trial so far, or minus infinity."""
        return self._best

    def ask(self, key: str) -> dict[str, Any]:
        """Start a trial; return its four parameters and its seed."""
        trial = self._study.ask(dict(self._settings.space.distributions))
        self._left -= 1
        seed = trial.user_attrs.get(SEED)
        if seed is None:
            seed = trial_seed(self._settings, trial.number)
            trial.set_user_attr(SEED, seed)
        config = self._settings.space.complete(trial.params) | {"seed": seed}
        self._live[key] = LiveTrial(trial, config, attempts=trial.user_attrs.get(ATTEMPTS, 0) + 1)
        return config

    def start(self, key: str) -> None:
        """Note that a worker has begun with a trial."""
        if self.first_started is None:
            self.first_started = time.monotonic()
        self._observer.started(self._live[key])

    def report(self, key: str, report: Report) -> bool:
        """Record an epoch; return whether the trial should be stopped here.

        An epoch that an earlier attempt of the trial reported already is not new and changes nothing.
        """
        live = self._live[key]
        if not self._take(live, report) or live.is_baseline:
            return False
        live.pruned = bool(live.trial.should_prune())
        return live.pruned

    def keep_model(self, key: str, model: bytes) -> None:
        """Remember the finished model of a trial until it is known whether the trial is the best."""
        self._live[key].model = model

    def retry(self, key: str, error: str) -> None:
        """Note that an attempt was lost and, if the executor goes on, another begins."""
        live = self._live[key]
        live.error = error
        live.attempts += 1

    def finish(self, key: str, last: Report | None) -> None:
        """Tell the study how a trial ended: with this last report, or without one if it failed."""
        live = self._live.pop(key)
        if last is None:
            live.attempts -= 1  # the attempt that `retry` foresaw did not begin
            if live.attempts <= self._max_retries:
                self._interrupt(live)  # the executor gives up at once where a worker is lost between two trials
            else:
                self._tell(live, TrialState.FAIL, live.error or "the worker ended without a result")
            return
        self._take(live, last)
        if last.failure:
            self._tell(live, TrialState.FAIL, last.failure)
        elif live.pruned:
            self._tell(live, TrialState.PRUNED)
        else:
            self._keep_if_best(live, last.val_accuracy)
            self._tell(live, TrialState.COMPLETE, value=last.val_accuracy)

    def _interrupt(self, live: LiveTrial) -> None:
        """Leave a trial to a successor, for which the budget has room again."""
        trial = live.trial
        enqueue_again(self._study, trial.number, trial.params, trial.user_attrs | {ATTEMPTS: live.attempts})
        trial.set_user_attr(FAILURE, INTERRUPTED)
        self._study.tell(trial, state=TrialState.FAIL)
        self._left += 1
        self._observer.interrupted(live)

    def _take(self, live: LiveTrial, report: Report) -> bool:
        """Add a report to what is known; return whether it was new."""
        if live.last is not None and report.epoch <= live.last.epoch:
            return False
        live.last = report
        live.seconds += report.seconds
        self.training_seconds += report.seconds
        if math.isfinite(report.val_accuracy) and not report.failure:
            live.trial.report(report.val_accuracy, report.epoch)
            self._observer.reported(live)
        return True

    def _keep_if_best(self, live: LiveTrial, val_accuracy: float) -> None:
        """Write the model before the trial is told, so that the best trial of a study always has one."""
        if val_accuracy > self._best:
            if live.model is None:
                log.warning("trial %d is the best, but its worker handed back no model", live.number)
            else:
                self._models.write(live.number, live.model)

    def _tell(self, live: LiveTrial, state: TrialState, reason: str | None = None, value: float | None = None) -> None:
        for name, attribute in _attributes(live, reason).items():
            live.trial.set_user_attr(name, attribute)
        self._study.tell(live.trial, values=value, state=state)
        if value is not None and value > self._best:
            self._best = value
            self._models.remove_all_but(live.number)
        self._observer.finished(live, state, reason)


def _attributes(live: LiveTrial, reason: str | None) -> Mapping[str, Any]:
    """Return the user attributes of a trial that has ended."""
    attributes: dict[str, Any] = {ATTEMPTS: live.attempts, SECONDS: live.seconds, EPOCHS_RUN: 0}
    if live.last is not None:
        attributes |= {
            EPOCHS_RUN: live.last.epoch,
            SAMPLES_PER_SECOND: live.last.samples_per_second,
            HOST: live.last.host,
            PARAMETERS_COUNT: live.last.parameters_count,
            TRAIN_ACCURACY: live.last.train_accuracy,
        }
    if reason is not None:
        attributes[FAILURE] = reason
    return attributes
