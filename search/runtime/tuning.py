"""Ray Tune around the trials of a study: a Searcher, a TrialScheduler and a Callback that only translate."""

import functools
import json
import logging
import math
import tempfile
import time
from collections.abc import Callable
from dataclasses import fields
from typing import Any

from ray import tune
from ray.exceptions import RayTaskError
from ray.tune.experiment import Trial
from ray.tune.schedulers import FIFOScheduler, TrialScheduler
from ray.tune.search import Searcher

from search.errors import Abort, RuntimeLostError
from search.runtime.crew import Crew
from search.runtime.diagnosis import failure_of, ray_error, runtime_lost
from search.runtime.local import check_runtime
from search.runtime.renewals import Renewals, Work
from search.runtime.resources import Resources
from search.trials.failures import CRASHED, Failure
from search.trials.live import Measurement
from trainable import keys
from trainable.data.dataset import TrialData
from trainable.problem import Problem
from trainable.trial import NetworkTrial, Renew

PATIENCE = 60  # seconds to the first worker's start before the person is told

log = logging.getLogger(__name__)


def _aborting(method: Callable[..., Any]) -> Callable[..., Any]:
    """Let an error in this project's own code end the run, in place of a trial's failure or a wild traceback."""

    @functools.wraps(method)
    def call(*args: Any, **kwargs: Any) -> Any:
        try:
            return method(*args, **kwargs)
        except Exception as error:
            raise Abort(error) from error

    return call


class _Unpicklable:
    """Keeps the study, and with it the storage's password, out of the files that Tune pickles into its own folder."""

    def __getstate__(self) -> dict[str, Any]:
        """Give Tune nothing: a run is never restored from its files."""
        return {}


class StudySearcher(_Unpicklable, Searcher):
    """Asks for configurations and tells how their training ended."""

    def __init__(self, work: Work, crew: Crew, watch: Callable[[], None], renewals: Renewals) -> None:
        """Ask until the work is exhausted, for no more trials at once than the crew takes."""
        super().__init__(metric=keys.VAL_ACCURACY, mode="max")
        self._work, self._crew, self._watch, self._renewals = work, crew, watch, renewals
        self._failed = -math.inf  # time.monotonic() when a trial failed; its node may have gone

    @_aborting
    def suggest(self, trial_id: str) -> dict[str, Any] | str | None:
        """Return the next configuration; where there is None, Tune asks again."""
        self._watch()  # where nothing is in training Tune asks again and again within one step
        if self._work.exhausted and not self._renewals.may_come:
            return str(Searcher.FINISHED)
        if not self._crew.has_room(self._failed):
            return None
        config = self._renewals.take(trial_id)
        if config is None and not self._work.exhausted:
            config = self._work.ask(trial_id)
        if config is not None:
            self._crew.begin(trial_id)
            self._renewals.asked(trial_id, config)
        return config

    @_aborting
    def on_trial_complete(self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False) -> None:
        """Tell how a trial ended; of one that failed the scheduler was told."""
        self._crew.end(trial_id)
        self._renewals.begun(trial_id)
        if error:
            self._failed = time.monotonic()
            return
        if result:
            self._work.finish(trial_id, _measurement(result))
        else:  # stopped before its first epoch
            self._work.fail(trial_id, Failure(CRASHED, retried=True))

    def save(self, checkpoint_path: str) -> None:
        """Do nothing: the study keeps the searcher's state."""

    def restore(self, checkpoint_path: str) -> None:
        """Do nothing: a study is continued by opening it."""


class StudyScheduler(_Unpicklable, FIFOScheduler):
    """Reports each epoch and stops a trial where the study's pruner says so."""

    def __init__(self, work: Work, crew: Crew, renewals: Renewals) -> None:
        """Report to this work, of which the crew has trials."""
        super().__init__()  # type: ignore[no-untyped-call]
        self._work, self._crew, self._renewals = work, crew, renewals
        self._errors: dict[str, _LastError] = {}

    def on_trial_add(self, tune_controller: Any, trial: Trial) -> None:
        """Let it have failed before: Tune itself would try a preempted trial again, and so does the study."""
        trial.run_metadata.num_failures = 1
        self._errors[trial.trial_id] = _LastError()
        trial.handle_error = self._errors[trial.trial_id]  # type: ignore[method-assign]  # it would write a file

    def choose_trial_to_run(self, tune_controller: Any) -> None:
        """Choose none: Tune starts trials anyway; the starting worker of a chosen one it would end for a free one."""

    @_aborting
    def on_trial_result(self, tune_controller: Any, trial: Trial, result: dict[str, Any]) -> str:
        """Report an epoch that is not the trial's last; the last one goes to the searcher alone."""
        prune = self._work.report(trial.trial_id, _measurement(result))
        return str(TrialScheduler.STOP if prune else TrialScheduler.CONTINUE)

    @_aborting
    def on_trial_error(self, tune_controller: Any, trial: Trial) -> None:
        """Tell why an attempt gave no result, unless it was none: then another worker takes the place of this one."""
        error = self._errors[trial.trial_id].error
        if isinstance(error, RayTaskError) and isinstance(error.cause, Renew):
            self._renewals.give_back(trial.trial_id)
            return
        failure = failure_of(error, is_local=self._crew.is_local)
        self._work.fail(trial.trial_id, self._crew.weigh(trial.trial_id, failure))


class _LastError(_Unpicklable):
    """Keeps a trial's exception, for which `Trial.handle_error` needs a file, and that room on the disk."""

    error: BaseException | None = None

    def __call__(self, exc: BaseException | None = None) -> None:
        """Keep it; that the trial has failed, and is not to be tried again, Tune takes from `on_trial_add`."""
        self.error = exc


class Watch:
    """What the driver looks at often and where nothing is half done: signals, the runtime, the first worker's start."""

    def __init__(self, work: Work, check: Callable[[], None]) -> None:
        """Call `check` at every look; what it raises ends the run."""
        self._work, self._check = work, check
        self._patience_ends = time.monotonic() + PATIENCE

    def __call__(self) -> None:
        """Give signals their turn, notice a runtime that is gone, and tell the person once where nothing starts."""
        self._check()
        check_runtime()
        if self._work.first_started is None and time.monotonic() > self._patience_ends:
            log.warning(
                "no worker has started for %s s: are others using the resources? --verbose may say why", PATIENCE
            )
            self._patience_ends = math.inf


class DriverCallback(_Unpicklable, tune.Callback):
    """Takes finished models out of results before Tune stores them, and watches at every step of Tune's loop."""

    def __init__(self, work: Work, watch: Callable[[], None], renewals: Renewals) -> None:
        """Give models to this work."""
        self._work, self._watch, self._renewals = work, watch, renewals

    @_aborting
    def on_trial_result(
        self, iteration: int, trials: list[Trial], trial: Trial, result: dict[str, Any], **info: Any
    ) -> None:
        """Move the model, where the result has one, to the work."""
        model = result.pop(keys.MODEL, None)
        if model is not None:
            self._work.keep_model(trial.trial_id, model)

    @_aborting
    def on_trial_start(self, iteration: int, trials: list[Trial], trial: Trial, **info: Any) -> None:
        """Note that a worker has begun with a trial."""
        self._renewals.begun(trial.trial_id)
        self._work.start(trial.trial_id)

    @_aborting
    def on_step_end(self, iteration: int, trials: list[Trial], **info: Any) -> None:
        """Watch."""
        self._watch()


def trainable_of(problem: Problem, dataset: TrialData, precision: str) -> Any:
    """Return the trainable of this project's trials, with the data in Ray's object store.

    Raises:
        RuntimeLostError: Ray is gone already.
    """
    check_runtime()
    return tune.with_parameters(NetworkTrial, data=dataset, problem=problem, precision=precision)


def run_trials(
    trainable: Any, work: Work, resources: Resources, *, check: Callable[[], None], crew: Crew | None = None
) -> None:
    """Train until the work is exhausted and all that was asked has ended.

    Args:
        trainable: Class trainable that reports `trainable.keys`.
        work: What it trains.
        resources: What each trial gets and, without a crew, how many run at once.
        check: Called often on the main thread; what it raises ends the run at once.
        crew: Says how many trials may run at once.

    Raises:
        RuntimeLostError: Ray lost what it had promised to keep; no trial of this run goes on.
        Abort: The study's side or Tune itself failed; it carries the error.
    """
    watch, crew, renewals = Watch(work, check), crew or Crew(lambda _: resources.workers), Renewals(work)
    crew.disperse()  # a run before this one may have been cut short
    with tempfile.TemporaryDirectory(prefix="mnist-search-") as scratch:
        tuner = tune.Tuner(
            tune.with_resources(trainable, {"CPU": resources.cpus, "GPU": resources.gpus}),
            tune_config=tune.TuneConfig(
                search_alg=StudySearcher(work, crew, watch, renewals),
                scheduler=StudyScheduler(work, crew, renewals),
                num_samples=-1,
                reuse_actors=True,
            ),
            run_config=tune.RunConfig(
                name="trials",
                storage_path=scratch,
                verbose=0,
                callbacks=[DriverCallback(work, watch, renewals)],
                failure_config=tune.FailureConfig(max_failures=0),  # the study tries again
                checkpoint_config=tune.CheckpointConfig(checkpoint_at_end=False),
            ),
        )
        try:
            tuner.fit()
        except Exception as error:
            check_runtime()  # first: what a GCS's successor answers is an error of its own, and says less
            # Tune takes only the errors of actors and of their tasks for a trial's, and stops at all others.
            if (lost := ray_error(error)) is not None:
                raise runtime_lost(lost) from error
            raise Abort(error) from error
        except Abort as abort:
            if isinstance(abort.cause, RuntimeLostError):
                raise abort.cause from None
            raise


def _measurement(result: dict[str, Any]) -> Measurement:
    """Return what a worker reported: the keys are the names."""
    reported = {each.name: result[each.name] for each in fields(Measurement) if each.name in result}
    texts = {key: json.loads(result.get(key, "null")) for key in (keys.ENVIRONMENT, keys.APPEARED)}
    return Measurement(**reported | texts)
