"""Whole searches in a simulation: the real `Trials`, sampler and pruner; a surrogate's curves, a clock of workers."""

import heapq
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import optuna
from optuna.pruners import BasePruner
from optuna.samplers import BaseSampler
from optuna.trial import TrialState

from benchmarks.surrogate import Curve, Surrogate
from search.study.settings import Settings
from search.study.study import enqueue, ranked
from search.trials.failures import FailureStore
from search.trials.lifecycle import Trials
from search.trials.live import LiveTrial, Measurement, Observer
from search.trials.models import ModelStore
from trainable.keys import SEED


@dataclass(frozen=True)
class Moment:
    """What a search had when a trial ended.

    Attributes:
        time: Since it began; training alone, in epochs of the baseline.
        training: Of all workers until then, likewise.
        accuracy: That a typical seed of the best trial's configuration has, a share; NaN before a trial was complete.
    """

    time: float
    training: float
    accuracy: float


class NoModels(ModelStore):
    """Keeps no model: there is none."""

    def write(self, number: int, content: bytes) -> None:
        """Do nothing."""


class Diary(Observer):
    """Notes what the search has whenever a trial ends."""

    def __init__(self, study: optuna.Study, truth: dict[int, float]) -> None:
        """Note nothing yet; `truth` has the accuracy of each trial's configuration by the trial's number."""
        self._study, self._truth = study, truth
        self.moments: list[Moment] = []
        self.time = self.training = 0.0

    def finished(self, live: LiveTrial, state: TrialState, reason: str | None) -> None:
        """Note it."""
        best = ranked(self._study.get_trials(deepcopy=False))[:1]
        accuracy = self._truth[best[0].number] if best else np.nan
        self.moments.append(Moment(self.time, self.training, accuracy))


def search(
    surrogate: Surrogate,
    sampler: BaseSampler,
    pruner: BasePruner,
    settings: Settings,
    *,
    trials: int,
    workers: int,
) -> list[Moment]:
    """Run a search of a study that is kept in memory; return what it had as each trial ended."""
    study = optuna.create_study(direction="maximize", sampler=sampler, pruner=pruner)
    enqueue(study, settings, [])
    truth: dict[int, float] = {}
    diary = Diary(study, truth)
    stores: dict[str, Any] = {"models": NoModels(Path(), "none"), "failures": FailureStore(Path(), "none")}
    work = Trials(study, settings, goal=trials, observer=diary, **stores)
    work.take_stock()
    waiting: list[tuple[float, int, int]] = []  # when an epoch of a trial ends, which, and which trial
    curves: dict[int, tuple[Curve, float]] = {}  # of running trials: what is left of them
    number = 0

    def begin(now: float) -> None:
        nonlocal number
        params = work.ask(str(number))
        random = np.random.default_rng(params[SEED])
        seconds = surrogate.seconds(params)
        curves[number] = surrogate.drawn(params, random)[: params["epochs"]], seconds
        truth[number] = float(surrogate.curve(params)[params["epochs"] - 1])
        heapq.heappush(waiting, (now + seconds, number, 1))
        number += 1

    for _ in range(workers):
        if not work.exhausted:
            begin(0.0)
    while waiting:
        now, trial, epoch = heapq.heappop(waiting)
        curve, seconds = curves[trial]
        diary.time, diary.training = now, diary.training + seconds
        measured = Measurement(epoch, float(curve[epoch - 1]), 0.0, seconds, 0.0, "here", 0)
        key = str(trial)
        if epoch < len(curve) and not work.report(key, measured):
            heapq.heappush(waiting, (now + seconds, trial, epoch + 1))
            continue
        if epoch == len(curve):
            work.keep_model(key, b"none")
        work.finish(key, measured)
        if not work.exhausted:
            begin(now)
    return diary.moments
