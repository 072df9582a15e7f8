"""The answer at the end of a command: as a table for a person, as JSON for a program."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from optuna.trial import FrozenTrial
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from search.confirmation.evidence import Evidence
from search.confirmation.explanation import COLUMNS, Explanation
from search.confirmation.untested import chosen
from search.confirmation.view import StudyView
from search.confirmation.wording import BEHIND, UNSTEADY, json_of, out_of_date, sentence_of
from search.report.recipe import export_command
from search.storage.address import location
from search.study.study import EPOCHS_RUN, params_of
from search.terminal.console import say
from search.terminal.shell import dashboard_command
from search.terminal.words import clock, gain, value_of
from search.trials.models import ModelStore

BEST_SHOWN = 5


@dataclass(frozen=True)
class Times:
    """Where the seconds of a command went.

    Attributes:
        wall: From its start.
        startup: Until the first worker began.
        training: Summed over the workers.
        offered: What training could have had: as many workers as there were, for as long as they were there.
    """

    wall: float = 0.0
    startup: float = 0.0
    training: float = 0.0
    offered: float = 0.0

    @property
    def utilization(self) -> float:
        """Share of the workers' time that was spent training."""
        return self.training / self.offered if self.offered else 0.0


@dataclass(frozen=True)
class Summary:
    """What a study has to say, and what this command did for it."""

    view: StudyView
    times: Times

    def to_json(self) -> dict[str, Any]:
        """Return the JSON object of `--json`."""
        view, model = self.view, self._model
        counts, evidence = view.counts, view.evidence
        return {
            "study": view.name,
            "storage": view.storage,
            "trials": {name: getattr(counts, name) for name in ("complete", "pruned", "failed", "infeasible")},
            "best": self._entry(view.best),
            "baseline": self._entry(view.baseline),
            "confirmed": self._confirmed(),
            "stopped": view.stops[-1].reason if view.stops else None,
            "stops": [asdict(each) for each in view.stops],
            "looks": evidence and {"study": evidence.looked, "storage": evidence.looked_in_storage},
            "model": str(model) if model else None,
            "seconds": {name: round(getattr(self.times, name), 3) for name in ("wall", "startup", "training")},
            "utilization": round(self.times.utilization, 4),
        }

    def _confirmed(self) -> dict[str, Any] | None:
        """Return the verdict, whether it is of the best trials, and which parameters matter; None without a verdict."""
        view = self.view
        if view.evidence is None or (verdict := json_of(view.evidence)) is None:
            return None
        return {
            **verdict,
            "current": view.is_current,
            "parameters": view.insight.to_json(),
            "explained": view.explanation and asdict(view.explanation),
        }

    def print(self, console: Console) -> None:
        """Print the best trials, the gain over the baseline, and what to do next."""
        view = self.view
        counts, best, baseline, evidence = view.counts, view.best, view.baseline, view.evidence
        say(
            console,
            f"study {view.name}: {counts.complete} complete, {counts.pruned} pruned, {counts.failed} failed"
            f"{f', {counts.infeasible:,} infeasible' if counts.infeasible else ''}"
            f" in {clock(self.times.wall)}{self._effort()}",
        )
        if view.stops and not view.stops[-1].is_usual:
            say(console, f"stopped    {view.stops[-1].detail}")
        if best is None:
            say(console, "No trial is complete, so there is no best one.")
            return
        console.print(self._table())
        if baseline is not None:
            say(
                console,
                f"best {float(best.value or 0):.4f}, baseline {float(baseline.value or 0):.4f}: "
                f"{gain(float(best.value or 0), float(baseline.value or 0))} of validation accuracy, one seed each",
            )
        if evidence is not None:
            say(console, f"verdict    {sentence_of(evidence)}")
            for note in self._notes(evidence):
                say(console, f"note       {note}")
        if view.explanation is not None:
            say(console, f"explained  {view.explanation.told(view.settings.problem.examples)}")
            console.print(_table_of(view.explanation))
        for warning in view.insight.warnings:
            say(console, f"note       {warning}")
        say(console, f"model      {self._model or 'not kept here'}", whole=True)
        if self._model:
            say(console, f"export     {export_command(view)}", whole=True)
        say(console, f"dashboard  {dashboard_command(*location(view.storage, view.runs))}", whole=True)

    def _notes(self, evidence: Evidence) -> Iterator[str]:
        """Return what the sentence of a verdict does not say."""
        worst = evidence.worst
        if evidence.verdict is not None and worst is not None and worst.is_far:
            yield f"the worst of its networks had {worst.accuracy:.4f}, {UNSTEADY}"
        if evidence.verdict is not None and evidence.verdict.is_behind:
            yield evidence.problem.said(BEHIND)
        if (evidence.verdict is not None or not evidence.is_tested) and not self.view.is_current:
            yield out_of_date(evidence)

    def _effort(self) -> str:
        """Return where the time went, unless nothing was trained."""
        times = self.times
        if not times.training:
            return ""
        return f", of which {clock(times.startup)} start-up; workers trained {times.utilization:.0%} of the time"

    @property
    def _model(self) -> Path | None:
        """The file of the verdict's model, or where there is none of the trial that was chosen, or else of the best."""
        evidence, best = self.view.evidence, self.view.best
        models = ModelStore(self.view.runs, self.view.name)
        if evidence is not None and evidence.taken is not None and evidence.verdict is not None:
            return models.final(evidence.taken.name)
        numbers = [chosen(evidence), best.number if best else None]
        return next((file for each in numbers if each is not None and (file := models.path(each))), None)

    def _entry(self, trial: FrozenTrial | None) -> dict[str, Any] | None:
        if trial is None:
            return None
        return {
            "number": trial.number,
            "params": params_of(trial, self.view.settings.space),
            "val_accuracy": trial.value,
            "epochs_run": trial.user_attrs.get(EPOCHS_RUN),
        }

    def _table(self) -> Table:
        names = self.view.settings.problem.names
        table = Table("trial", "val_accuracy", *(Column(Text(name)) for name in names), box=None)
        for column in table.columns[1:]:
            column.justify = "right"
        baseline = self.view.baseline
        same: dict[tuple[Any, ...], list[FrozenTrial]] = {}  # the trials of each configuration; the baseline alone
        for trial in self.view.ranked:
            params = params_of(trial, self.view.settings.space)
            key = () if trial is baseline else tuple((name, params.get(name)) for name in names)
            same.setdefault(key, []).append(trial)
        shown = list(same.values())[:BEST_SHOWN]
        if baseline is not None and same[()] not in shown:
            shown.append(same[()])
        for trial, *others in shown:
            params = params_of(trial, self.view.settings.space)
            more = f" and {len(others)} more" if others else ""
            table.add_row(
                f"{trial.number} baseline" if trial is baseline else f"{trial.number}{more}",
                f"{float(trial.value or 0):.4f}",
                *(Text(value_of(params, name)) for name in names),
            )
        return table


def _table_of(explanation: Explanation) -> Table:
    table = Table(*COLUMNS, box=None)
    for row in explanation.rows:
        table.add_row(*map(Text, row))
    return table
