"""One command from checked options to the printed answer."""

import contextlib
import json
import logging
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from optuna.trial import FrozenTrial

from search.confirmation.elsewhere import looks_elsewhere
from search.confirmation.extent import Extent
from search.confirmation.goal import Goal
from search.confirmation.record import evidence_of
from search.confirmation.stopping import spread_networks
from search.confirmation.view import StudyView
from search.errors import EXIT_DONE, EXIT_FAILED, SearchError, UsageError, refused_configuration
from search.folder import folder_of
from search.report.document import write
from search.run.execution import Execution
from search.run.forecast import extent_of, networks_of, planned
from search.run.foresight import about, surprises
from search.run.options import Options, how_to_go_on
from search.run.plan import Plan, check_places, limits_of, make_plan
from search.run.summary import Summary, Times
from search.storage.address import STORAGE_ERRORS, one_line_errors, open_read_only, shown, storage_reason
from search.storage.lease import HeldError
from search.study.data import check_training_memory, load, load_held_out
from search.study.settings import Settings
from search.study.study import count, ranked, recover
from search.terminal import streams
from search.terminal.console import console_on, say
from search.terminal.signals import Interrupted, Interruptible
from search.terminal.streams import UnwritableError
from trainable.errors import ProgramError
from trainable.helper import run_helper
from trainable.precision import check_precision

log = logging.getLogger(__name__)


def check_gpus() -> None:
    """Refuse `--gpus-per-trial` where TensorFlow would train on the processor of this machine instead.

    Raises:
        UsageError: It sees no GPU.
    """
    try:
        run_helper("trainable.gpus", b"")
    except ProgramError as error:
        raise UsageError(f"--gpus-per-trial: {error}") from error


class Session:
    """A study and what this command does for it."""

    def __init__(self, options: Options, started: float) -> None:
        """Take the command line and `time.monotonic()` at the start of the process."""
        self._options, self._started = options, started
        self._limits = limits_of(options, started)
        self._stdout = sys.stdout  # which is another one while Ray runs
        self._console = console_on(sys.stderr if options.json else sys.stdout)

    def run(self) -> int:
        """Complete the study, print the answer, return the exit status.

        Raises:
            SearchError: Options, files, storage or runtime stand against it.
        """
        options = self._options
        with one_line_errors(options.storage):
            plan = make_plan(options)
            for what, line in about(plan):
                say(self._console, f"{what:<11}{line}")
            for line in surprises(options, plan):
                say(self._console, f"note       {line}")
            finished = count(plan.trials).finished
            enough = self._limits.reached(plan.trials, plan.attributes, plan.settings)
            lacking = max(0, options.trials - finished) if enough is None else 0
            if lacking or not self._is_confirmed(plan.settings, plan.trials, plan.attributes):
                return self._search(plan, lacking)
            why = f" ({enough[1]})" if enough and finished < options.trials else ""
            say(self._console, f"the study {options.study} has {finished} finished trials{why}: nothing left to do")
            self._reconcile(plan)
            self._print_summary(
                plan.settings, plan.trials, plan.attributes, Times(wall=time.monotonic() - self._started)
            )
        return EXIT_DONE if ranked(plan.trials) else EXIT_FAILED

    def _search(self, plan: Plan, lacking: int) -> int:
        """Run what is missing, so many trials; return the exit status."""
        options, problem = self._options, plan.settings.problem
        if options.address is None:
            with refused_configuration("--precision"):
                check_precision(plan.settings.precision)
            if options.gpus_per_trial:
                check_gpus()
        check_places(options)
        if options.confirm and self._extent(plan.settings, plan.attributes).test:
            load_held_out(problem, options.data)  # only to know now that it can be had: nothing looks at it yet
        dataset = load(problem, options.data)
        if options.address is None:
            named = options.data or problem.source.get("location")
            check_training_memory(plan.demand(dataset.nbytes), f"--data {named}")
        execution = Execution(options, plan, dataset, self._console, self._started)
        say(self._console, self._planned(plan, lacking))
        with Interruptible(how_to_go_on(options)) as signals, contextlib.ExitStack() as afterwards:
            status = self._execute(execution, signals, afterwards)
            signals.awaited = "the answer so far"
            status = self._tell(execution, status)
            signals.awaited = "the end of Ray"
        return status

    def _planned(self, plan: Plan, lacking: int) -> str:
        """Return what is going to be done, with so many trials."""
        options = self._options
        extent, attributes = self._extent(plan.settings, plan.attributes), plan.attributes
        done, most = networks_of(options, extent, attributes, plan.settings, is_open=bool(lacking))
        first = spread_networks(plan.settings) if options.stop_when_settled else []
        before = sum(each.key not in plan.attributes for each in first)
        networks, explained = most - done - before, options.explain
        return planned(lacking, networks, options.workers, before, explained=explained, tested=extent.test)

    def _execute(self, execution: Execution, signals: Interruptible, afterwards: contextlib.ExitStack) -> int:
        """Run the trials; return the exit status so far."""
        try:
            execution.run(signals, afterwards)
        except Interrupted as interrupted:
            say(self._console, f"{interrupted}: stopped; {how_to_go_on(execution.options)}")
            return interrupted.exit_status
        except SearchError as error:
            if execution.has_study and not isinstance(error, HeldError):
                raise type(error)(f"{error}; {how_to_go_on(execution.options)}") from error
            raise
        finally:
            self._options = execution.options
        return EXIT_DONE

    def _tell(self, execution: Execution, status: int) -> int:
        """Print the answer; return the exit status."""
        options = self._options
        try:
            trials, attributes = execution.found
        except STORAGE_ERRORS as error:
            if status == EXIT_DONE:
                raise
            say(self._console, f"the answer so far cannot be read: {storage_reason(error)}")
            return status
        try:
            self._print_summary(execution.settings, trials, attributes, execution.times)
        except UnwritableError as error:
            if status == EXIT_DONE:
                raise
            say(self._console, str(error))
        if status == EXIT_DONE and not self._is_confirmed(execution.settings, trials, attributes):
            evidence = evidence_of(attributes)
            what = "no explanation" if evidence is not None and evidence.is_complete else "no verdict"
            say(self._console, f"{what}: networks could not be trained; {how_to_go_on(options)}")
            return EXIT_FAILED
        return status or (EXIT_DONE if ranked(trials) else EXIT_FAILED)

    def _reconcile(self, plan: Plan) -> None:
        """Leave no trial running that a killed driver had asked beyond what is wanted now."""
        if count(plan.trials).running:
            try:
                with plan.open(self._options, given_up=lambda: False) as study:
                    recover(study, plan.settings)
            except HeldError:
                pass  # they are another driver's
            except (SearchError, *STORAGE_ERRORS) as error:  # the answer is there all the same
                reason = error if isinstance(error, SearchError) else storage_reason(error)
                say(self._console, f"trials in flight are still marked as running: {reason}")

    def _is_confirmed(self, settings: Settings, trials: Sequence[FrozenTrial], attributes: Mapping[str, Any]) -> bool:
        """Say whether the study has the verdict that is wanted, however many trials it has."""
        extent = self._extent(settings, attributes) if self._options.confirm else None
        return Goal(0, extent, 1, explain=self._options.explain).is_reached(attributes, trials, settings)

    def _extent(self, settings: Settings, attributes: Mapping[str, Any]) -> Extent:
        """Return how much is to be confirmed of a study."""
        return extent_of(self._options, settings, attributes)

    def _print_summary(
        self, settings: Settings, trials: Sequence[FrozenTrial], attributes: Mapping[str, Any], times: Times
    ) -> None:
        options = self._options
        elsewhere = self._looks_elsewhere(settings)
        view = StudyView(options.study, shown(options.storage), options.runs, settings, attributes, trials, elsewhere)
        summary = Summary(view, times)
        summary.print(self._console)
        report = self._write_report(view)
        if options.json:
            streams.answer(json.dumps(summary.to_json() | {"report": str(report) if report else None}), self._stdout)

    def _looks_elsewhere(self, settings: Settings) -> int | None:
        """Return how often other studies have looked at the test examples; None where the storage is away."""
        try:
            engine = open_read_only(self._options.storage, check=False).engine
            return looks_elsewhere(engine, self._options.study, settings.problem.data)
        except (SearchError, *STORAGE_ERRORS):
            return None

    def _write_report(self, view: StudyView) -> Path | None:
        """Write the report beside the models; return its file, or None where it cannot be: the answer stands."""
        output = folder_of(view.runs, view.name) / "report.html"
        reason = None
        try:
            write(view, output)
        except SearchError as error:
            reason = str(error)
        except Exception as error:
            log.exception("the report")
            reason = f"{output}: the report cannot be written: {type(error).__name__}: {error}"
        say(self._console, f"report     {reason or output}", whole=True)
        return None if reason else output
