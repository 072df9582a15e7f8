"""The answer at the end of a command: as a table for a person, as JSON for a program."""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from optuna.trial import FrozenTrial
from rich.console import Console
from rich.table import Table

from search.answer import OUT_OF_DATE, Answer
from search.insight import Insight, insight_of
from search.models import ModelStore
from search.progress import clock, gain, say
from search.settings import Settings
from search.study import EPOCHS_RUN, baseline_of, count, ranked

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

    study: str
    storage: str
    settings: Settings
    trials: Sequence[FrozenTrial]
    answer: Answer | None
    models: ModelStore
    times: Times

    def to_json(self) -> dict[str, Any]:
        """Return the JSON object of `--json`."""
        counts, best = count(self.trials), self._best
        model = self._model
        return {
            "study": self.study,
            "storage": self.storage,
            "trials": {"complete": counts.complete, "pruned": counts.pruned, "failed": counts.failed},
            "best": self._entry(best),
            "baseline": self._entry(baseline_of(self.trials)),
            "confirmed": self._confirmed(),
            "model": str(model) if model else None,
            "seconds": {
                "wall": round(self.times.wall, 3),
                "startup": round(self.times.startup, 3),
                "training": round(self.times.training, 3),
            },
            "utilization": round(self.times.utilization, 4),
        }

    def _confirmed(self) -> dict[str, Any] | None:
        """Return the verdict, whether it is of the best trials, and which parameters matter; None without a verdict."""
        if self.answer is None or (verdict := self.answer.to_json()) is None:
            return None
        return {
            **verdict,
            "current": self.answer.is_of(self.trials, self.settings),
            "parameters": self._insight.to_json(),
        }

    def print(self, console: Console, location: Mapping[str, str]) -> None:
        """Print the best trials, the gain over the baseline, and what to do next.

        Args:
            console: Where to.
            location: The options, other than defaults, that find this study again.
        """
        counts, best, baseline = count(self.trials), self._best, baseline_of(self.trials)
        say(
            console,
            f"study {self.study}: {counts.complete} complete, {counts.pruned} pruned, {counts.failed} failed"
            f" in {clock(self.times.wall)}{self._effort()}",
        )
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
        if self.answer is not None:
            say(console, f"verdict    {self.answer.sentence}")
            if self.answer.verdict is not None and not self.answer.is_of(self.trials, self.settings):
                say(console, f"note       {OUT_OF_DATE}")
        for warning in self._insight.warnings:
            say(console, f"note       {warning}")
        say(console, f"model      {self._model or 'not kept here'}", whole=True)
        options = "".join(f" {name} {shlex.quote(value)}" for name, value in location.items())
        if self._model:
            say(
                console,
                f"export     python -m search.export --study {self.study}{options} --output exports/{self.study}",
                whole=True,
            )
        dashboard = f"python -m streamlit run dashboard/app.py{' --' if options else ''}{options}"
        say(console, f"dashboard  {dashboard}", whole=True)

    def _effort(self) -> str:
        """Return where the time went, unless nothing was trained."""
        times = self.times
        if not times.training:
            return ""
        return f", of which {clock(times.startup)} start-up; workers trained {times.utilization:.0%} of the time"

    @cached_property
    def _insight(self) -> Insight:
        return insight_of(self.trials, self.settings)

    @property
    def _model(self) -> Path | None:
        """The file of the winner, or of the best trial where there is no verdict."""
        if self.answer is not None and self.answer.winner is not None and self.answer.verdict is not None:
            return self.models.final(self.answer.winner.name)
        return self.models.path(self._best.number) if self._best else None

    @property
    def _best(self) -> FrozenTrial | None:
        return next(iter(ranked(self.trials)), None)

    def _entry(self, trial: FrozenTrial | None) -> dict[str, Any] | None:
        if trial is None:
            return None
        return {
            "number": trial.number,
            "params": self.settings.space.complete(trial.params),
            "val_accuracy": trial.value,
            "epochs_run": trial.user_attrs.get(EPOCHS_RUN),
        }

    def _table(self) -> Table:
        table = Table("trial", "val_accuracy", "hidden_units", "learning_rate", "batch_size", "epochs", box=None)
        for column in table.columns[1:]:
            column.justify = "right"
        order = ranked(self.trials)
        shown = order[:BEST_SHOWN]
        baseline = baseline_of(self.trials)
        if baseline is not None and baseline not in shown:
            shown.append(baseline)
        for trial in shown:
            params = self.settings.space.complete(trial.params)
            table.add_row(
                f"{trial.number} baseline" if trial is baseline else str(trial.number),
                f"{float(trial.value or 0):.4f}",
                str(params["hidden_units"]),
                f"{params['learning_rate']:.3g}",
                str(params["batch_size"]),
                str(params["epochs"]),
            )
        return table
