"""Ray Tune around the trials of a study: a Searcher, a TrialScheduler and a Callback that only translate."""

import functools
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ray import tune
from ray.tune.experiment import Trial
from ray.tune.schedulers import FIFOScheduler, TrialScheduler
from ray.tune.search import Searcher

from search.errors import Abort
from search.study import OBJECTIVE
from search.trials import Report, Trials
from trainable import trial as keys

# Tune's own records are not read by anything here: the study is the truth.
TUNE_SETTINGS = {
    "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1",
    "TUNE_GLOBAL_CHECKPOINT_S": "1e9",  # seconds between snapshots of the experiment
    "TUNE_DISABLE_SIGINT_HANDLER": "1",  # `search.interrupt` handles signals
    "TUNE_PRINT_ALL_TRIAL_ERRORS": "0",  # the study records why a trial failed
    "RAY_CHDIR_TO_TRIAL_DIR": "0",
    "RAY_AIR_NEW_OUTPUT": "0",  # the old output engine is silent with verbose=0, the new one is not
}


@dataclass(frozen=True)
class Resources:
    """What a trial gets from Ray, how many run at once, how often one is tried again."""

    workers: int
    cpus: float
    gpus: float
    max_retries: int


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
    """Asks the study for configurations and tells it how trials ended."""

    def __init__(self, trials: Trials, ended: Callable[[], bool]) -> None:
        """Ask until the budget is used up or `ended` says so."""
        super().__init__(metric=OBJECTIVE, mode="max")
        self._trials, self._ended = trials, ended

    @_aborting
    def suggest(self, trial_id: str) -> dict[str, Any] | str | None:
        """Return the next configuration."""
        if self._trials.exhausted or self._ended():
            return str(Searcher.FINISHED)
        return self._trials.ask(trial_id) | {keys.KEEP_FROM: self._trials.best}

    @_aborting
    def on_trial_complete(self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False) -> None:
        """Tell the study, with the last result unless the trial failed."""
        self._trials.finish(trial_id, None if error or not result else _report(result))

    def save(self, checkpoint_path: str) -> None:
        """Do nothing: the study keeps the searcher's state."""

    def restore(self, checkpoint_path: str) -> None:
        """Do nothing: a study is continued by opening it."""


class StudyScheduler(_Unpicklable, FIFOScheduler):
    """Reports each epoch to the study and stops a trial where the study's pruner says so."""

    def __init__(self, trials: Trials) -> None:
        """Report to these trials."""
        super().__init__()  # type: ignore[no-untyped-call]
        self._trials = trials

    @_aborting
    def on_trial_result(self, tune_controller: Any, trial: Trial, result: dict[str, Any]) -> str:
        """Report an epoch that is not the trial's last; the last one goes to the searcher alone."""
        prune = self._trials.report(trial.trial_id, _report(result))
        return str(TrialScheduler.STOP if prune else TrialScheduler.CONTINUE)

    @_aborting
    def on_trial_error(self, tune_controller: Any, trial: Trial) -> None:
        """Note why an attempt was lost; Tune calls this before each retry and before giving up."""
        error = trial.get_error()
        lines = str(error).strip().splitlines() or ["no message"]
        self._trials.retry(trial.trial_id, f"{type(error).__name__}: {lines[-1]}")


class DriverCallback(_Unpicklable, tune.Callback):
    """Takes finished models out of results before Tune stores them, and lets a signal end the run."""

    def __init__(self, trials: Trials, check: Callable[[], None]) -> None:
        """Call `check` at every step of Tune's loop; what it raises ends the run."""
        self._trials, self._check = trials, check

    @_aborting
    def on_trial_result(
        self, iteration: int, trials: list[Trial], trial: Trial, result: dict[str, Any], **info: Any
    ) -> None:
        """Move the model, where the result has one, to the trials."""
        model = result.pop(keys.MODEL, None)
        if model is not None:
            self._trials.keep_model(trial.trial_id, model)

    @_aborting
    def on_trial_start(self, iteration: int, trials: list[Trial], trial: Trial, **info: Any) -> None:
        """Note that a worker has begun with a trial."""
        self._trials.start(trial.trial_id)

    def on_step_end(self, iteration: int, trials: list[Trial], **info: Any) -> None:
        """Give signals their turn, where nothing is half done."""
        self._check()


def run_trials(
    trainable: Any, trials: Trials, resources: Resources, *, ended: Callable[[], bool], check: Callable[[], None]
) -> None:
    """Run trials until the budget is used up.

    Args:
        trainable: Class trainable that reports the keys of `trainable.trial`.
        trials: The study's side; what it raises ends the run as an `Abort`.
        resources: Ray's side.
        ended: Whether no further trial shall start.
        check: Called often on the main thread; what it raises ends the run at once.
    """
    with tempfile.TemporaryDirectory(prefix="mnist-search-") as scratch:
        tune.Tuner(
            tune.with_resources(trainable, {"CPU": resources.cpus, "GPU": resources.gpus}),
            tune_config=tune.TuneConfig(
                search_alg=StudySearcher(trials, ended),
                scheduler=StudyScheduler(trials),
                num_samples=-1,
                max_concurrent_trials=resources.workers,
                reuse_actors=True,
            ),
            run_config=tune.RunConfig(
                name="trials",
                storage_path=scratch,
                verbose=0,
                callbacks=[DriverCallback(trials, check)],
                failure_config=tune.FailureConfig(max_failures=resources.max_retries),
                checkpoint_config=tune.CheckpointConfig(checkpoint_at_end=False),
            ),
        ).fit()


def _report(result: dict[str, Any]) -> Report:
    return Report(
        epoch=result[keys.EPOCH],
        val_accuracy=result[keys.VAL_ACCURACY],
        train_accuracy=result[keys.TRAIN_ACCURACY],
        seconds=result[keys.SECONDS],
        samples_per_second=result[keys.SAMPLES_PER_SECOND],
        host=result[keys.HOST],
        parameters_count=result[keys.PARAMETERS_COUNT],
        failure=result.get(keys.FAILURE),
    )
