"""One command from checked options to the printed answer."""

import json
import time

from ray import tune
from ray.tune.error import TuneError
from rich.console import Console

from search.data import load
from search.errors import EXIT_DONE, SearchError
from search.interrupt import Interrupted, Interruptible
from search.models import ModelStore
from search.options import Options
from search.prepare import prepare
from search.progress import Tally, make_progress
from search.runtime import ray_runtime
from search.storage import shown
from search.study import baseline_of, count, ranked, recover
from search.summary import Summary, Times
from search.trials import Trials
from search.tuning import Resources, run_trials
from trainable.trial import MnistTrial


class Session:
    """A study and what this command does for it."""

    def __init__(self, options: Options, started: float) -> None:
        """Open the study.

        Args:
            options: The command line.
            started: `time.monotonic()` at the start of the process.

        Raises:
            SearchError: Options, files or storage stand against it.
        """
        self._options, self._started = options, started
        self._console = Console(stderr=options.json)
        self._dataset = load(options.data)
        self._study, self._settings = prepare(options)
        self._models = ModelStore(options.runs, options.study)
        self._times: Times | None = None

    def run(self) -> int:
        """Complete the study, print the answer, return the exit status."""
        status = EXIT_DONE
        missing = self._options.trials - count(self._study.get_trials(deepcopy=False)).finished
        if missing > 0:
            try:
                self._search(missing)
            except Interrupted as interrupted:
                recover(self._study)
                self._say(f"{interrupted}: stopped; the same command with --study {self._options.study} goes on")
                status = interrupted.exit_status
        else:
            self._say(f"the study {self._options.study} has {self._options.trials} finished trials: nothing left to do")
        self._print_summary()
        return status

    def _search(self, missing: int) -> None:
        options = self._options
        trials = Trials(self._study, self._settings, missing, self._models)
        wanted = Resources(options.workers or 0, options.cpus_per_trial, options.gpus_per_trial, options.max_retries)
        with Interruptible() as signals, ray_runtime(options.address, wanted, verbose=options.verbose) as resources:
            signals.take_over()  # from Ray, which has a handler of its own for SIGTERM
            signals.check()
            try:
                with make_progress(self._console, self._tally()) as progress:
                    trials.observer = progress
                    run_trials(
                        tune.with_parameters(MnistTrial, data=self._dataset),
                        trials,
                        resources,
                        ended=self._time_is_up,
                        check=signals.check,
                    )
            except TuneError as error:
                raise SearchError(f"Ray Tune gave up: {str(error).strip().splitlines()[-1]}") from error
            finally:
                self._times = self._measured(trials, resources.workers)
        if not trials.exhausted and self._time_is_up():
            self._say("time is up: no further trial was started; the same command goes on")
        elif not trials.exhausted:
            raise SearchError("Ray Tune ended before the study had its trials; the same command goes on")

    def _time_is_up(self) -> bool:
        timeout = self._options.timeout
        return timeout is not None and time.monotonic() - self._started > timeout

    def _tally(self) -> Tally:
        trials = self._study.get_trials(deepcopy=False)
        best, baseline = next(iter(ranked(trials)), None), baseline_of(trials)
        return Tally(
            total=self._options.trials,
            counts=count(trials),
            best=best.value if best else None,
            baseline=baseline.value if baseline else None,
        )

    def _measured(self, trials: Trials, workers: int) -> Times:
        now = time.monotonic()
        return Times(
            wall=now - self._started,
            startup=(trials.first_started or now) - self._started,
            training=trials.training_seconds,
            workers=workers,
        )

    def _print_summary(self) -> None:
        options = self._options
        summary = Summary(
            study=options.study,
            storage=shown(options.storage),
            settings=self._settings,
            trials=self._study.get_trials(deepcopy=False),
            models=self._models,
            times=self._times or Times(wall=time.monotonic() - self._started),
        )
        summary.print(self._console, options.location)
        if options.json:
            print(json.dumps(summary.to_json()))

    def _say(self, text: str) -> None:
        self._console.print(text, highlight=False, markup=False, soft_wrap=True)
