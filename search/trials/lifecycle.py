"""The trials in flight: asked from the study, reported to it, told to it. Knows nothing of Ray."""

import logging
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import optuna
from optuna.trial import FrozenTrial, TrialState

from search.errors import HopelessError
from search.study.instants import BEGAN, ENDED, HERE, instants, stamp
from search.study.settings import Settings
from search.study.study import ATTEMPTS, INTERRUPTED, RETRY_OF, count, enqueue_again, rank, ranked, recover, trial_seed
from search.trials.drawing import Drawing
from search.trials.failures import Failure, FailureStore
from search.trials.growth import Growth
from search.trials.live import LiveTrial, Measurement, Observer, attributes_of
from search.trials.models import ModelStore
from search.trials.stops import Reason, Stopped, stops_of
from search.trials.streak import Streak, kind_of
from trainable.keys import ENVIRONMENT, FAILURE, HOST, KEEP_FROM, SEED

HOPELESS = 10  # trials that fail by their own fault from a command's first: the next ones would, too

log = logging.getLogger(__name__)


class Trials:
    """Turns a worker's events into the study's records; keys are the executor's own trial ids."""

    def __init__(
        self,
        study: optuna.Study,
        settings: Settings,
        *,
        goal: int,
        models: ModelStore,
        failures: FailureStore,
        observer: Observer,
        max_retries: int = 0,
        keep: int = 1,
        is_time_up: Callable[[], bool] = lambda: False,
        enough: Callable[[Sequence[FrozenTrial], Mapping[str, Any], Settings], Stopped] = lambda *_: None,
    ) -> None:
        """Take over a study.

        Args:
            study: Where trials are asked, reported and told.
            settings: The study's.
            goal: How many trials the study shall have finished in the end.
            models: Where the best models are kept.
            failures: Where the stories of failures are kept.
            observer: Is told of every event.
            max_retries: Further attempts at a configuration whose worker was lost.
            keep: How many models are kept, those of the best trials.
            is_time_up: Says whether no further trial shall start.
            enough: Says of trials, the study's attributes and its settings why they are enough; None where they aren't.
        """
        self.study, self.settings, self._goal = study, settings, goal
        self.models, self.failures = models, failures
        self.observer, self.max_retries, self._is_time_up, self._is_enough = observer, max_retries, is_time_up, enough
        self._enough: Stopped = None
        self._weighed = -1  # how many trials had ended when it was last asked whether they are enough
        self._drawing = Drawing(study)
        self._live: dict[str, LiveTrial] = {}
        self._suspended: list[tuple[int, LiveTrial, Failure]] = []  # with the number of the last trial asked before
        self._newest = -1  # number of the last trial asked
        known = study.get_trials(deepcopy=False)
        self._earlier = len(known)  # trials of earlier commands
        self.streak = Streak()
        self._left = goal  # as long as no stock was taken
        self.ended = 0  # how many trials came to an end that counts
        self._only_failures = True
        self._growth = Growth()
        self._environments = set[str]()  # digests of those that this command has written down
        HERE.follow([*instants(known), *(datetime.fromisoformat(each.time) for each in stops_of(study.user_attrs))])
        best = ranked(known)[:keep]
        self._keep = keep
        self._best = [rank(float(trial.value or 0.0), trial.number) for trial in best]  # whose models are kept
        self.training_seconds = 0.0  # of networks of the confirmation, too
        self.first_started: float | None = None  # time.monotonic() when the first worker began

    def take_stock(self) -> int:
        """Leave to successors the trials that no worker has any more; return how many the study lacks."""
        for live in self._live.values():
            self.observer.interrupted(live, INTERRUPTED)
        self._live.clear()
        self._let_go()
        recover(self.study, self.settings)
        self._left = max(0, self._goal - count(self.study.get_trials(deepcopy=False)).finished)
        return self._left

    @property
    def exhausted(self) -> bool:
        """Whether no further trial is to be asked: none is lacking, or the time is up."""
        return self._left <= 0 or self.stopped is not None

    @property
    def stopped(self) -> Stopped:
        """Why no further trial is asked although the study lacks some."""
        if self._left <= 0:
            return None
        if self._enough is None and self._weighed != self.ended:
            self._weighed = self.ended
            trials = self.study.get_trials(deepcopy=False)
            self._enough = self._is_enough(trials, self.study.user_attrs, self.settings)
        if self._enough is None and self._is_time_up():
            return Reason.TIMEOUT, "time is up"
        return self._enough

    @property
    def in_flight(self) -> bool:
        """Whether workers have trials."""
        return bool(self._live)

    def weigh_again(self) -> None:
        """Ask anew, before a further trial has ended, whether the trials are enough: more is known of them."""
        self._weighed = -1

    def ask(self, key: str) -> dict[str, Any]:
        """Start a trial; return its parameters, its seed, and from which accuracy on its model is wanted."""
        trial = self._drawing.draw(self.settings)
        self._newest = trial.number
        self._left -= 1
        seed = trial.user_attrs.get(SEED)
        if seed is None:
            seed = trial_seed(self.settings, trial.number)
            trial.set_user_attr(SEED, seed)
        trial.set_user_attr(BEGAN, stamp())
        params = self.settings.space.complete(trial.params)
        self._live[key] = LiveTrial(trial, params, attempt=trial.user_attrs.get(ATTEMPTS, 1), seed=seed)
        keep_from = -self._best[-1][0] if len(self._best) == self._keep else -math.inf
        return params | {SEED: seed, KEEP_FROM: keep_from} | self._drawing.told(trial, self.settings)

    def rename(self, key: str, other: str) -> None:
        """Note that the executor calls a trial otherwise from now on."""
        self._live[other] = self._live.pop(key)

    def start(self, key: str) -> None:
        """Note that a worker has begun with a trial."""
        self.note_start()
        self.observer.started(self._live[key])

    def note_start(self) -> None:
        """Note that a worker has begun with anything."""
        self.first_started = self.first_started or time.monotonic()

    def report(self, key: str, measurement: Measurement) -> bool:
        """Record an epoch; return whether the trial should be stopped here."""
        live = self._live[key]
        if not self._take(live, measurement) or live.is_baseline:
            return False
        live.pruned = bool(live.trial.should_prune())
        return live.pruned

    def keep_model(self, key: str, model: bytes) -> None:
        """Remember the finished model of a trial until it is known whether the trial is the best."""
        self._live[key].model = model

    def fail(self, key: str, failure: Failure) -> None:
        """Note that an attempt gave no result: leave its configuration to a successor, or suspend the verdict on it.

        A failed trial is recorded once a later one has ended well. Before that what is around the trials may be to
        blame, and where it is, the failure must not count.

        Raises:
            HopelessError: Further ones would fail, too; none of those that are suspended counts.
        """
        live = self._live.pop(key)
        live.ended = stamp()
        if failure.story:
            self.failures.write(live.number, failure)
        hopeless = None
        if failure.retried and (live.attempt <= self.max_retries or not failure.counted):
            self._interrupt(live, failure)
            if failure.is_want:
                hopeless = self.streak.add(failure, live.seed)
        else:
            self._suspended.append((self._newest, live, failure))
            self.observer.suspended(live, failure.reason)
            if not self._has_failed_before(live, failure):  # or it would end each command that begins with it
                hopeless = self.streak.add(failure, live.seed)
        if hopeless:
            self._let_go()
            raise HopelessError(hopeless)
        self._settle()

    def finish(self, key: str, last: Measurement) -> None:
        """Tell the study how a trial ended, with its last epoch."""
        live = self._live.pop(key)
        self._take(live, last)
        self.streak.break_off()
        self._only_failures &= last.failure is not None
        for newest, failed, failure in [*self._suspended]:
            if newest < live.number:
                self._suspended.remove((newest, failed, failure))
                self._tell(failed, TrialState.FAIL, failure.reason)
        if self._drawing.refuses(live.trial, last, self.settings):
            self._left += 1
            self.observer.refused(live, str(last.failure))
            self._settle()
            return
        if last.failure:
            self._tell(live, TrialState.FAIL, last.failure)
        elif live.pruned:
            self._tell(live, TrialState.PRUNED)
        else:
            self._keep_if_good(live, last.val_accuracy)
            self._tell(live, TrialState.COMPLETE, value=last.val_accuracy)
        self._settle()

    def _settle(self) -> None:
        """Where nothing follows any more, take what ended well in this command for what a later trial would tell."""
        if not self._suspended or self._live or not self.exhausted:
            return
        if not self.streak.has_ended_well:
            _, _, failure = self._suspended[-1]
            self._let_go()
            raise HopelessError(f"no trial of this command ended well, and none that failed counts: {failure.advice}")
        while self._suspended:
            _, live, failure = self._suspended.pop()
            self._tell(live, TrialState.FAIL, failure.reason)

    def _let_go(self) -> None:
        """Leave to successors the trials on which the verdict is suspended."""
        while self._suspended:
            _, live, failure = self._suspended.pop(0)
            self._interrupt(live, replace(failure, counted=False))

    def _has_failed_before(self, live: LiveTrial, failure: Failure) -> bool:
        """Say whether the configuration failed alike in an earlier command."""
        before, trials = live.trial.user_attrs.get(RETRY_OF), self.study.get_trials(deepcopy=False)
        while before is not None and before >= self._earlier:
            before = trials[before].user_attrs.get(RETRY_OF)
        reason = f"{INTERRUPTED}: {failure.reason}"
        return before is not None and kind_of(str(trials[before].user_attrs.get(FAILURE))) == kind_of(reason)

    def _interrupt(self, live: LiveTrial, failure: Failure) -> None:
        """Leave a trial to a successor."""
        trial = live.trial
        attempts = {ATTEMPTS: live.attempt + failure.counted}
        enqueue_again(self.study, trial.number, trial.params, trial.user_attrs | attempts)
        trial.set_user_attr(FAILURE, f"{INTERRUPTED}: {failure.reason}")
        trial.set_user_attr(ENDED, live.ended or stamp())
        self.study.tell(trial, state=TrialState.FAIL)
        self._left += 1
        self.observer.interrupted(live, failure.reason)

    def _take(self, live: LiveTrial, measurement: Measurement) -> bool:
        """Add a measurement to what is known; return whether it was new: a pruned trial's last one comes twice."""
        if live.last is not None and measurement.epoch <= live.last.epoch:
            return False
        if live.last is None:
            live.trial.set_user_attr(HOST, measurement.host)  # at once: people see where a running trial is
        live.last = measurement
        if measurement.appeared:
            self.settings = self._growth.grown(self.study, self.settings, live, measurement.appeared)
        live.seconds += measurement.seconds
        self.training_seconds += measurement.seconds
        if math.isfinite(measurement.val_accuracy) and not measurement.failure:
            live.trial.report(measurement.val_accuracy, measurement.epoch)
            self.observer.reported(live)
        return True

    def _keep_if_good(self, live: LiveTrial, val_accuracy: float) -> None:
        """Write the model before the trial is told, so that the best trials of a study always have one."""
        if len(self._best) == self._keep and rank(val_accuracy, live.number) > self._best[-1]:
            return
        if live.model is None:
            log.warning("trial %d is among the best, but its worker handed back no model", live.number)
        else:
            self.models.write(live.number, live.model)

    def _tell(self, live: LiveTrial, state: TrialState, reason: str | None = None, value: float | None = None) -> None:
        attributes = attributes_of(live, reason)
        digest = attributes.get(ENVIRONMENT)  # each trial holds only that; what it stands for is written down once
        if live.last is not None and digest is not None and digest not in self._environments:
            self.study.set_user_attr(f"{ENVIRONMENT}:{digest}", dict(live.last.environment or {}))
            self._environments.add(digest)
        for name, attribute in attributes.items():
            live.trial.set_user_attr(name, attribute)
        self.study.tell(live.trial, values=value, state=state)
        if value is not None:
            self._best = sorted([*self._best, rank(value, live.number)])[: self._keep]
            self.models.keep_only([number for _, number in self._best])
        self.observer.finished(live, state, reason)
        self.ended += 1
        self._only_failures &= state == TrialState.FAIL
        if self._only_failures and self.ended >= HOPELESS:
            raise HopelessError(f"the first {self.ended} trials all failed, the last one: {reason}")
