"""One command from checked options to the printed answer."""

import contextlib
import json
import os
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from optuna.trial import FrozenTrial
from rich.console import Console

from search.answer import answer_of
from search.data import load
from search.errors import EXIT_DONE, EXIT_FAILED, SearchError
from search.execution import Execution, how_to_go_on
from search.extent import Extent, is_confirmed
from search.interrupt import Interrupted, Interruptible
from search.lease import HeldError
from search.models import ModelStore
from search.options import Options, default_storage
from search.plan import Plan, make_plan
from search.progress import say
from search.runtime import check_this_machine
from search.storage import STORAGE_ERRORS, one_line_errors, open_read_only, shown, storage_reason
from search.study import count, load_study, ranked, recover
from search.summary import Summary, Times


class Session:
    """A study and what this command does for it."""

    def __init__(self, options: Options, started: float) -> None:
        """Take the command line and `time.monotonic()` at the start of the process."""
        self._options, self._started = options, started
        self._console = Console(file=sys.stderr if options.json else sys.stdout)

    def run(self) -> int:
        """Complete the study, print the answer, return the exit status.

        Raises:
            SearchError: Options, files, storage or runtime stand against it.
        """
        options = self._options
        with one_line_errors(options.storage):
            plan = make_plan(options)
            finished = count(plan.trials).finished
            if finished < options.trials or not self._is_confirmed(plan):
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
        execution = Execution(options, plan, load(options.data), self._console, self._started)
        status = EXIT_DONE
        with Interruptible() as signals:
            try:
                with one_line_errors(options.storage):
                    execution.run(signals)
            except Interrupted as interrupted:
                say(self._console, f"{interrupted}: stopped; {how_to_go_on(options)}")
                status = interrupted.exit_status
            except SearchError as error:
                if execution.began and not isinstance(error, HeldError):
                    raise type(error)(f"{error}; {how_to_go_on(options)}") from error
                raise
            try:
                trials, attributes = execution.found
            except STORAGE_ERRORS as error:
                if status == EXIT_DONE:
                    raise
                say(self._console, f"the answer so far cannot be read: {storage_reason(error)}")
                return status
            self._print_summary(plan, trials, attributes, execution.times)
        return status or (EXIT_DONE if ranked(trials) else EXIT_FAILED)

    def _reconcile(self, plan: Plan) -> None:
        """Leave no trial running that a killed driver had asked beyond what is wanted now."""
        if count(plan.trials).running:
            with contextlib.suppress(HeldError), plan.open(self._options, given_up=lambda: False) as study:
                recover(study, plan.settings)

    def _is_confirmed(self, plan: Plan) -> bool:
        """Say whether the study has the verdict that is wanted."""
        extent = Extent(self._options.confirm_top, self._options.confirm_seeds)
        return not self._options.confirm or is_confirmed(plan.attributes, plan.trials, plan.settings, extent)

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
        summary.print(self._console, _location(options))
        report = self._write_report() if trials else None
        if options.json:
            print(json.dumps(summary.to_json() | {"report": str(report) if report else None}))

    def _write_report(self) -> Path | None:
        """Write the report beside the models; return its file, or None where it cannot be: the answer stands."""
        from search.report import write_report  # noqa: PLC0415 (not for a command that ends before)

        options = self._options
        output = options.runs / options.study / "report.html"
        try:
            write_report(
                load_study(options.study, open_read_only(options.storage)), options.storage, options.runs, output
            )
        except SearchError as error:
            say(self._console, f"report     {error}")
            return None
        say(self._console, f"report     {output}")
        return output


def _location(options: Options) -> dict[str, str]:
    """Return the options that a further command needs to find the study, where defaults and environment would not."""
    found = {}
    if options.storage not in (default_storage(options.runs), os.environ.get("SEARCH_STORAGE")):
        found["--storage"] = shown(options.storage)
    if options.runs != Path("runs"):
        found["--runs"] = str(options.runs)
    return found
