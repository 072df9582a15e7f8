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
from rich.console import Console

from search.answer import answer_of
from search.data import load, load_test_images
from search.errors import EXIT_DONE, EXIT_FAILED, SearchError
from search.execution import Execution, how_to_go_on
from search.extent import Extent, is_confirmed, trained
from search.folder import folder_of
from search.forecast import planned
from search.interrupt import Interrupted, Interruptible
from search.lease import HeldError
from search.models import ModelStore
from search.options import Options
from search.plan import Plan, make_plan
from search.progress import say
from search.report import write
from search.reporting.findings import Found
from search.runtime import check_this_machine
from search.settings import Settings
from search.storage import STORAGE_ERRORS, location, one_line_errors, shown, storage_reason
from search.study import count, ranked, recover
from search.summary import Summary, Times

log = logging.getLogger(__name__)


class Session:
    """A study and what this command does for it."""

    def __init__(self, options: Options, started: float) -> None:
        """Take the command line and `time.monotonic()` at the start of the process."""
        self._options, self._started = options, started
        self._stdout = sys.stdout  # which is another one while Ray runs
        stream = sys.stderr if options.json else sys.stdout
        # None leaves it to rich, which takes a file for a terminal where FORCE_COLOR is set.
        self._console = Console(file=stream, force_terminal=None if stream.isatty() else False)

    def run(self) -> int:
        """Complete the study, print the answer, return the exit status.

        Raises:
            SearchError: Options, files, storage or runtime stand against it.
        """
        options = self._options
        with one_line_errors(options.storage):
            plan = make_plan(options)
            finished = count(plan.trials).finished
            if finished < options.trials or not self._is_confirmed(plan.settings, plan.trials, plan.attributes):
                return self._search(plan)
            say(self._console, f"the study {options.study} has {finished} finished trials: nothing left to do")
            self._reconcile(plan)
            self._print_summary(plan, plan.trials, plan.attributes, Times(wall=time.monotonic() - self._started))
        return EXIT_DONE if ranked(plan.trials) else EXIT_FAILED

    def _search(self, plan: Plan) -> int:
        """Run what is missing; return the exit status."""
        options = self._options
        if options.address is None:
            check_this_machine(plan.settings.precision)
        if options.confirm:
            load_test_images(options.data)  # only to know now that they can be: no network is there to look at them
        execution = Execution(options, plan, load(options.data), self._console, self._started)
        say(self._console, self._planned(plan))
        with Interruptible(how_to_go_on(options)) as signals, contextlib.ExitStack() as afterwards:
            status = self._execute(execution, signals, afterwards)
            signals.awaited = "the answer so far"
            status = self._tell(plan, execution, status)
            signals.awaited = "the end of Ray"
        return status

    def _planned(self, plan: Plan) -> str:
        """Return what is going to be done."""
        options, answer = self._options, answer_of(plan.attributes)
        networks = self._extent(plan.attributes).most - (trained(answer) if answer else 0)
        trials = max(0, options.trials - count(plan.trials).finished)
        return planned(trials, networks if options.confirm else 0, options.workers)

    def _execute(self, execution: Execution, signals: Interruptible, afterwards: contextlib.ExitStack) -> int:
        """Run the trials; return the exit status so far."""
        options = self._options
        try:
            with one_line_errors(options.storage):
                execution.run(signals, afterwards)
        except Interrupted as interrupted:
            say(self._console, f"{interrupted}: stopped; {how_to_go_on(options)}")
            return interrupted.exit_status
        except SearchError as error:
            if execution.began and not isinstance(error, HeldError):
                raise type(error)(f"{error}; {how_to_go_on(options)}") from error
            raise
        return EXIT_DONE

    def _tell(self, plan: Plan, execution: Execution, status: int) -> int:
        """Print the answer; return the exit status."""
        options = self._options
        try:
            trials, attributes = execution.found
        except STORAGE_ERRORS as error:
            if status == EXIT_DONE:
                raise
            say(self._console, f"the answer so far cannot be read: {storage_reason(error)}")
            return status
        self._print_summary(plan, trials, attributes, execution.times)
        if status == EXIT_DONE and not self._is_confirmed(plan.settings, trials, attributes):
            say(self._console, f"no verdict: networks could not be trained; {how_to_go_on(options)}")
            return EXIT_FAILED
        return status or (EXIT_DONE if ranked(trials) else EXIT_FAILED)

    def _reconcile(self, plan: Plan) -> None:
        """Leave no trial running that a killed driver had asked beyond what is wanted now."""
        if count(plan.trials).running:
            with contextlib.suppress(HeldError), plan.open(self._options, given_up=lambda: False) as study:
                recover(study, plan.settings)

    def _is_confirmed(self, settings: Settings, trials: Sequence[FrozenTrial], attributes: Mapping[str, Any]) -> bool:
        """Say whether the study has the verdict that is wanted."""
        return not self._options.confirm or is_confirmed(attributes, trials, settings, self._extent(attributes))

    def _extent(self, attributes: Mapping[str, Any]) -> Extent:
        """Return how much is to be confirmed of a study."""
        return Extent.wanted(self._options.confirm_top, self._options.confirm_seeds, attributes)

    def _print_summary(
        self, plan: Plan, trials: Sequence[FrozenTrial], attributes: Mapping[str, Any], times: Times
    ) -> None:
        options = self._options
        summary = Summary(
            study=options.study,
            storage=shown(options.storage),
            settings=plan.settings,
            trials=trials,
            answer=answer_of(attributes),
            models=ModelStore(options.runs, options.study),
            times=times,
        )
        summary.print(self._console, location(summary.storage, options.runs))
        report = self._write_report(
            Found(options.study, summary.storage, options.runs, plan.settings, attributes, trials)
        )
        if options.json:
            answer = json.dumps(summary.to_json() | {"report": str(report) if report else None})
            print(answer, file=self._stdout, flush=True)  # Ray's end may be cut short

    def _write_report(self, found: Found) -> Path | None:
        """Write the report beside the models; return its file, or None where it cannot be: the answer stands."""
        output = folder_of(self._options.runs, found.name) / "report.html"
        try:
            write(found, output)
        except SearchError as error:
            say(self._console, f"report     {error}", whole=True)
        except Exception as error:
            log.exception("the report")
            reason = f"the report cannot be written: {type(error).__name__}: {error}"
            say(self._console, f"report     {output}: {reason}", whole=True)
        else:
            say(self._console, f"report     {output}", whole=True)
            return output
        return None
