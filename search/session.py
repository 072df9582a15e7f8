"""One command from checked options to the printed answer."""

import contextlib
import importlib
import json
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import optuna
from rich.console import Console

from search.data import load
from search.errors import EXIT_DONE, Abort, SearchError
from search.interrupt import Interrupted, Interruptible
from search.models import ModelStore
from search.options import Options, default_storage
from search.plan import Plan, make_plan
from search.progress import Tally, make_progress, say
from search.runtime import Resources, check_nodes, check_this_machine, ray_runtime
from search.storage import STORAGE_ERRORS, one_line_errors, shown
from search.study import baseline_of, count, ranked, recover
from search.summary import Summary, Times
from search.trials import Trials
from trainable.data import Dataset


class Session:
    """A study and what this command does for it."""

    def __init__(self, options: Options, started: float) -> None:
        """Take the command line and `time.monotonic()` at the start of the process."""
        self._options, self._started = options, started
        self._console = Console(file=sys.stderr if options.json else sys.stdout)
        self._models = ModelStore(options.runs, options.study)
        self._times: Times | None = None

    def run(self) -> int:
        """Complete the study, print the answer, return the exit status.

        Raises:
            SearchError: Options, files, storage or runtime stand against it.
        """
        options = self._options
        with one_line_errors(options.storage):
            plan = make_plan(options)
            finished = count(plan.trials).finished
            if finished >= options.trials:
                self._say(f"the study {options.study} has {finished} finished trials: nothing left to do")
                study, status = plan.open(options), EXIT_DONE
            else:
                if options.address is None:
                    check_this_machine(plan.settings.precision)
                study, status = self._search(plan, load(options.data))
            self._print_summary(plan, study)
        return status

    def _search(self, plan: Plan, dataset: Dataset) -> tuple[optuna.Study, int]:
        """Run what is missing; return the study and the exit status."""
        options = self._options
        wanted = Resources(options.workers or 0, options.cpus_per_trial, options.gpus_per_trial, options.max_retries)
        with (
            _imported_ahead("search.tuning"),
            Interruptible() as signals,
            ray_runtime(options.address, wanted, verbose=options.verbose) as resources,
        ):
            signals.take_over()  # from Ray, which has a handler of its own for SIGTERM
            if options.address is not None:
                check_nodes(plan.settings.precision)
            study = plan.open(options)
            try:
                signals.check()
                self._run_trials(plan, study, dataset, resources, signals)
            except Interrupted as interrupted:
                recover(study, plan.settings)
                self._say(f"{interrupted}: stopped; {self._how_to_go_on()}")
                return study, interrupted.exit_status
            except Abort as error:
                cause = error.cause
                self._recover_if_possible(plan, study)
                if isinstance(cause, STORAGE_ERRORS):
                    raise cause from error
                raise SearchError(f"the search stopped: {type(cause).__name__}: {_last_line(cause)}") from error
        return study, EXIT_DONE

    def _run_trials(
        self, plan: Plan, study: optuna.Study, dataset: Dataset, resources: Resources, signals: Interruptible
    ) -> None:
        from search.tuning import mnist_trainable, run_trials  # noqa: PLC0415 (see `_imported_ahead`)

        known = study.get_trials(deepcopy=False)
        tally = self._tally(study)
        with make_progress(self._console, tally) as progress:
            budget = self._options.trials - count(known).finished
            trials = Trials(
                study,
                plan.settings,
                budget=budget,
                models=self._models,
                observer=progress,
                max_retries=self._options.max_retries,
            )
            trainable = mnist_trainable(dataset, plan.settings.precision)
            try:
                while not (trials.exhausted or self._time_is_up()):
                    # More than once where a trial was lost when nothing more was to be asked.
                    run_trials(trainable, trials, resources, ended=self._time_is_up, check=signals.check)
            finally:
                self._times = self._measured(trials, resources.workers)
        if not trials.exhausted:
            self._say(f"time is up: no further trial was started; {self._how_to_go_on()}")

    def _recover_if_possible(self, plan: Plan, study: optuna.Study) -> None:
        """Leave no trial running in the study, unless it is the storage that failed: the next command does it then."""
        try:
            recover(study, plan.settings)
        except STORAGE_ERRORS as error:
            self._say(f"trials in flight are still marked as running: {_last_line(error)}")

    def _time_is_up(self) -> bool:
        timeout = self._options.timeout
        return timeout is not None and time.monotonic() - self._started > timeout

    def _tally(self, study: optuna.Study) -> Tally:
        trials = study.get_trials(deepcopy=False)
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

    def _print_summary(self, plan: Plan, study: optuna.Study) -> None:
        options = self._options
        summary = Summary(
            study=options.study,
            storage=shown(options.storage),
            settings=plan.settings,
            trials=study.get_trials(deepcopy=False),
            models=self._models,
            times=self._times or Times(wall=time.monotonic() - self._started),
        )
        summary.print(self._console, _location(options))
        if options.json:
            print(json.dumps(summary.to_json()))

    def _how_to_go_on(self) -> str:
        return f"the same command with --study {self._options.study} goes on"

    def _say(self, text: str) -> None:
        say(self._console, text)


def _location(options: Options) -> dict[str, str]:
    """Return the options that a further command needs to find the study, where the defaults would not."""
    found = {}
    if options.storage != default_storage(options.runs):
        found["--storage"] = shown(options.storage)
    if options.runs != Path("runs"):
        found["--runs"] = str(options.runs)
    return found


@contextlib.contextmanager
def _imported_ahead(module: str) -> Iterator[None]:
    """Import a module beside the start of a block: Tune's import takes most of a second, Ray's start a few."""

    def load() -> None:
        with contextlib.suppress(Exception):  # where the module is used, its import raises the same again
            importlib.import_module(module)

    thread = threading.Thread(target=load)
    thread.start()
    try:
        yield
    finally:
        thread.join()


def _last_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or ["no message"])[-1]
