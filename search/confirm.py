"""The confirmation after the trials: the best configurations and the baseline, trained again with fresh seeds.

On the training split, where the mean validation accuracy decides who wins; and, with other seeds, the winner and the
baseline on all training images: only these are scored on the test images. Knows nothing of Ray.
"""

import hashlib
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import optuna

from search.answer import (
    CONFIRMATION,
    CONFIRMED,
    FAILURE,
    LOOKS,
    SECONDS,
    SHA256,
    TESTED,
    THE_BASELINE,
    VAL_ACCURACY,
    WRONG,
    Answer,
    Candidate,
    answer_of,
)
from search.extent import Extent, Task, lacking, open_tasks, plan, trained, why_fewer
from search.failures import Failure, FailureStore
from search.live import Observer, Report, Retraining
from search.models import ModelStore
from search.settings import Settings
from search.study import INTERRUPTED
from search.trials import Trials
from trainable.config import ALL_IMAGES
from trainable.data import HeldOutSet
from trainable.scoring import read_weights, wrong_images


class Confirmation:
    """Asks the trials until they are exhausted, and then what is to be confirmed; see `tuning.Work`.

    While the last trials are in flight, idle workers begin with the baseline, which is confirmed in any case.
    """

    def __init__(
        self,
        trials: Trials,
        study: optuna.Study,
        settings: Settings,
        extent: Extent,
        *,
        models: ModelStore,
        failures: FailureStore,
        held_out: Callable[[], HeldOutSet],
        observer: Observer,
        max_retries: int = 0,
    ) -> None:
        """Follow on these trials.

        Args:
            trials: Asked first.
            study: Where results are recorded.
            settings: The study's.
            extent: How much is confirmed.
            models: Where the finalists' models are kept.
            failures: Where the stories of failures are kept.
            held_out: Loads the test images; called only when a finalist is to be scored.
            observer: Is told of every network.
            max_retries: Further attempts at a network whose worker was lost.
        """
        self._trials, self._study, self._settings, self._extent = trials, study, settings, extent
        self._models, self._failures, self._held_out, self._observer = models, failures, held_out, observer
        self._max_retries = max_retries
        self._attributes: dict[str, Any] = {}
        self._in_training: dict[str, tuple[Task, Retraining]] = {}
        self._losses: dict[str, int] = {}
        self._planned: tuple[int, dict[str, Any] | None] | None = None
        self._put_off: set[str] = set()  # keys of networks that this command cannot train
        self._spared = 0  # networks that were told not to be needed
        self._ended = 0
        self._seconds = 0.0
        self._first_started: float | None = None

    def take_stock(self) -> None:
        """Forget what no worker has any more."""
        self._trials.take_stock()
        for _, network in self._in_training.values():
            self._observer.lost(network, f"{INTERRUPTED}: trained again")
        self._in_training.clear()
        self._attributes = self._study.user_attrs

    @property
    def exhausted(self) -> bool:
        """Whether no trial and no network is to be asked, now or later."""
        if not self._trials.exhausted:
            return False
        later = self._trials.in_flight or any(task.what == CONFIRMED for task, _ in self._in_training.values())
        return not later and not self._free_tasks()

    @property
    def complete(self) -> bool:
        """Whether every trial that the study lacked was asked."""
        return self._trials.complete

    @property
    def ended(self) -> int:
        """How many trials and networks came to an end."""
        return self._trials.ended + self._ended

    @property
    def training_seconds(self) -> float:
        """What workers spent with training."""
        return self._trials.training_seconds + self._seconds

    @property
    def first_started(self) -> float | None:
        """`time.monotonic()` when the first worker began."""
        return self._trials.first_started or self._first_started

    def ask(self, key: str) -> dict[str, Any] | None:
        """Start a trial or a network; None where it is not yet known what comes next."""
        if not self._trials.exhausted:
            return self._trials.ask(key)
        free = self._free_tasks()
        if not free:
            return None
        task = free[0]
        config = {**task.candidate.params, "seed": task.seed, ALL_IMAGES: task.what == TESTED}
        self._in_training[key] = task, Retraining(task.title, config)
        return config

    def start(self, key: str) -> None:
        """Note that a worker has begun."""
        if key not in self._in_training:
            self._trials.start(key)
            return
        self._first_started = self._first_started or time.monotonic()
        self._observer.retraining(self._in_training[key][1])

    def report(self, key: str, report: Report) -> bool:
        """Record an epoch of a trial, or note one of a network, which is never stopped before its end."""
        if key not in self._in_training:
            return self._trials.report(key, report)
        self._take(self._in_training[key][1], report)
        return False

    def keep_model(self, key: str, model: bytes) -> None:
        """Remember a finished model."""
        if key in self._in_training:
            self._in_training[key][1].model = model
        else:
            self._trials.keep_model(key, model)

    def fail(self, key: str, failure: Failure) -> None:
        """Train a lost network again, or leave it to the next command: its configuration was trained before."""
        if key not in self._in_training:
            self._trials.fail(key, failure)
            return
        task, network = self._in_training.pop(key)
        if failure.story:
            self._failures.write_network(task.key, failure)
        losses = self._losses[task.key] = self._losses.get(task.key, 0) + failure.counted
        if failure.retried and losses <= self._max_retries:
            self._observer.lost(network, f"{failure.reason}: trained again")
        else:
            self._put_off.add(task.key)
            self._observer.lost(network, f"{failure.reason}: left to the next command")

    def finish(self, key: str, last: Report) -> None:
        """Record what came of a trial or a network."""
        if key not in self._in_training:
            self._trials.finish(key, last)
            return
        task, network = self._in_training.pop(key)
        self._take(network, last)
        self._ended += 1
        result: dict[str, Any] = {SECONDS: network.seconds}
        if last.failure:
            result[FAILURE] = last.failure
        elif task.what == CONFIRMED:
            result[VAL_ACCURACY] = last.val_accuracy
        elif task.candidate == THE_BASELINE or task.candidate in self._answer().finalists:
            result |= self._scored(task, network.model or b"")
        else:
            return  # another network of the candidate has failed meanwhile: nothing but finalists is scored
        self._record(task.key, result)
        answer = self._answer()
        if answer.verdict is not None:
            self._models.keep_only_final([each.name for each in answer.candidates])
        self._observer.retrained(network, trained(answer), self._extent.most)
        self._tell_spared(answer)

    def _tell_spared(self, answer: Answer) -> None:
        """Tell of networks that are not needed as soon as it is known, so that their number is no surprise."""
        spared = self._extent.most - trained(answer) - lacking(answer)
        if spared > self._spared and not self._trials.in_flight:  # which may still change who is confirmed
            self._observer.spared(spared - self._spared, self._extent.most, why_fewer(answer))
            self._spared = spared

    def _take(self, network: Retraining, report: Report) -> None:
        network.last = report
        network.seconds += report.seconds
        self._seconds += report.seconds

    def _scored(self, task: Task, model: bytes) -> dict[str, Any]:
        """Score a finalist on the test images; keep the first seed's network: no result has chosen it."""
        images = self._held_out()
        self._note_look(task.candidate)
        result: dict[str, Any] = {WRONG: wrong_images(read_weights(model), images.x, images.y)}
        if task.seed == self._answer().final_seeds[0]:
            self._models.write_final(task.candidate.name, model)
            result[SHA256] = hashlib.sha256(model).hexdigest()
        return result

    def _note_look(self, candidate: Candidate) -> None:
        """Record, before it happens, that the test images are looked at: once for all of a candidate's networks."""
        answer = self._answer()
        missing = sum(each.name == candidate.name for each, _ in answer.untested)
        known = sum(name == candidate.name for name, _ in answer.tested)
        if sum(look.seeds for look in answer.looks if candidate.name in look.candidates) < known + missing:
            now = datetime.now(UTC).isoformat(timespec="seconds")
            look = {"time": now, "candidates": [candidate.name], "seeds": missing}
            self._record(LOOKS, [*self._attributes.get(LOOKS, ()), look])

    def _free_tasks(self) -> list[Task]:
        """Return what can be trained now and is not in training."""
        taken = {task.key for task, _ in self._in_training.values()}
        return [task for task in self._known_tasks() if task.key not in taken | self._put_off]

    def _known_tasks(self) -> list[Task]:
        wanted = self._wanted()
        if wanted is None:
            return []
        tasks = open_tasks(self._answer())
        if self._trials.in_flight:  # they may still change who is confirmed besides the baseline
            return [task for task in tasks if task.what == CONFIRMED and task.candidate == THE_BASELINE]
        if self._attributes.get(CONFIRMATION) != wanted:
            self._record(CONFIRMATION, wanted)
        return tasks

    def _wanted(self) -> dict[str, Any] | None:
        """Return the plan as the trials are now; it changes only when one ends."""
        if self._planned is None or self._planned[0] != self._trials.ended:
            trials = self._study.get_trials(deepcopy=False)
            self._planned = self._trials.ended, plan(trials, self._settings, self._extent)
        return self._planned[1]

    def _answer(self) -> Answer:
        answer = answer_of({**self._attributes, CONFIRMATION: self._wanted()})
        if answer is None:
            raise RuntimeError("a network was confirmed without a plan")
        return answer

    def _record(self, key: str, value: Any) -> None:
        self._study.set_user_attr(key, value)
        self._attributes[key] = value
