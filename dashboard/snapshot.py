"""One study as it is at a moment: what pages show, as tables and facts that know nothing of how they are shown."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from functools import cached_property
from typing import Any

import pandas as pd
from optuna.distributions import BaseDistribution
from optuna.trial import FrozenTrial, TrialState

from search.confirmation.goal import Goal, goal_of
from search.confirmation.view import StudyView
from search.study.insight import is_ordered
from search.study.instants import began, ended
from search.study.ranges import is_number
from search.study.rungs import Rung, rung_of
from search.study.space import Space
from search.study.study import ATTEMPTS, EPOCHS_RUN, INTERRUPTED, OUTSIDE, RETRY_OF, is_infeasible, is_interrupted
from search.terminal.words import INACTIVE, POINTS, number
from trainable.keys import FAILURE, HOST, PARAMETERS_COUNT, SECONDS
from trainable.limits import INFEASIBLE
from trainable.problem import ProblemSpec

MOMENTS = ("started", "ended")  # columns
TAKEN = {
    "trial", "state", "val_accuracy", "gain", "epochs_run", "seconds", "weights", "host", "attempt", "retry_of",
    "failure", "started", "ended", "mark", "start", "end", "taken", "lane", "row", "order", "columns", "table",
    "accuracy_from", "accuracy_to", "study", "show", "compared", "across", "up", "cost", "front",
    "progress", "pinned", "note", "pins", "search", "go-to", "last-study", "trials-checked", "trials-filters",
}  # fmt: skip  # names of other columns and of what pages ask for
STREAMLIT_TAKES = {"embed", "embed_options"}  # in an address, in letters of either case
STATES = ("complete", "pruned", "running", "failed", INTERRUPTED, INFEASIBLE, "waiting")


@dataclass(frozen=True)
class Snapshot(StudyView):
    """One study as it was read.

    Attributes:
        rows: A row of `table` for each trial, without its gain; with moments in UTC.
        zone: Of who looks.
    """

    rows: Sequence[Mapping[str, Any]]
    zone: tzinfo = UTC

    @cached_property
    def goal(self) -> Goal | None:
        """What the last command wants of the study; None where none recorded it."""
        return goal_of(self.attributes)

    @cached_property
    def is_done(self) -> bool:
        """Whether it has all that the last command wants of it; no where none recorded that."""
        return self.goal is not None and self.goal.is_reached(self.attributes, self.trials, self.settings)

    @cached_property
    def rung(self) -> Rung:
        """What trials are compared by that ended at different epochs."""
        return rung_of(self.trials)

    @property
    def baseline_value(self) -> float | None:
        """val_accuracy of the baseline trial."""
        return self.baseline.value if self.baseline else None

    @property
    def gain(self) -> float | None:
        """The best's gain over the baseline, percentage points."""
        return points(self.best.value if self.best else None, self.baseline_value)

    @cached_property
    def table(self) -> pd.DataFrame:
        """A row a trial, in the order of their numbers, with `columns_of` the problem."""
        columns = columns_of(self.settings.problem, self.settings.space.distributions)
        table = pd.DataFrame(list(self.rows), columns=[name for name in columns if name != "gain"])
        for name in map(column_of, self.settings.problem.names):
            if columns[name] == "object":
                table[name] = [_text(row, name) for row in self.rows]
        for name in MOMENTS:
            table[name] = pd.to_datetime(table[name], utc=True).dt.tz_convert(self.zone).dt.tz_localize(None)
        gains = POINTS * (table["val_accuracy"].astype(float) - (self.baseline_value or float("nan")))
        table.insert(list(columns).index("gain"), "gain", gains)
        return table.astype(columns)

    def local(self, moment: datetime) -> datetime:
        """Return a moment as a page shows it: a local time that does not say so."""
        return moment.astimezone(self.zone).replace(tzinfo=None)

    def epochs(self, numbers: Sequence[int]) -> pd.DataFrame:
        """Return a row for each reported epoch of some trials: trial, epoch, val_accuracy."""
        reports = [
            (number, epoch, value)
            for number in numbers
            for epoch, value in sorted(self.trials[number].intermediate_values.items())
        ]
        return pd.DataFrame(reports, columns=["trial", "epoch", "val_accuracy"])

    def params(self, number: int) -> dict[str, Any]:
        """Return the parameters that a trial has; None where one is not drawn yet."""
        row = self.rows[number]
        columns = {name: column_of(name) for name in self.settings.problem.names}
        return {name: row[column] for name, column in columns.items() if column in row}


def columns_of(problem: ProblemSpec, searched: Mapping[str, BaseDistribution] | None = None) -> dict[str, str]:
    """Return the columns of `Snapshot.table`, with their types.

    Accuracies are shares, `gain` is in percentage points over the baseline, times are local to who looks. Parameters
    that are not always numbers are texts.

    Args:
        problem: The study's.
        searched: What each searched parameter is drawn from.
    """
    kinds = {}
    for each in problem.parameters:
        distribution = (searched or {}).get(each.name)
        is_number_only = is_ordered(distribution) if distribution else is_number(problem.baseline.get(each.name))
        kinds[column_of(each.name)] = "float64" if is_number_only else "object"
    return {
        "trial": "int64",
        "state": "object",
        "val_accuracy": "float64",
        "gain": "float64",
        **kinds,
        "epochs_run": "int64",
        "seconds": "float64",
        "weights": "float64",
        "host": "object",
        "attempt": "float64",
        "retry_of": "float64",
        "failure": "object",
        "started": "datetime64[ns]",
        "ended": "datetime64[ns]",
    }


def column_of(parameter: str) -> str:
    """Return what a column of a parameter is called, and what pages ask of it: another name where that is taken."""
    is_taken = parameter in TAKEN or parameter.lower() in STREAMLIT_TAKES
    return f"{parameter} (parameter)" if is_taken else parameter


def _text(row: Mapping[str, Any], name: str) -> str | None:
    """Return what a column of texts holds of a row."""
    if name not in row:
        return INACTIVE
    return None if row[name] is None else number(row[name])


def row_of(trial: FrozenTrial, space: Space) -> dict[str, Any]:
    """Return the row of a trial in `Snapshot.rows`."""
    start, end = began(trial), ended(trial)
    reported, attributes = trial.intermediate_values, trial.user_attrs
    value = trial.value if trial.value is not None else (reported[max(reported)] if reported else None)
    later = {*space.conditions, *space.appeared}  # what a trial can lack for good
    known = {name: trial.params.get(name) for name in space.distributions if name in trial.params or name not in later}
    params = space.complete({**attributes.get(OUTSIDE, {}), **known})
    return {column_of(name): each for name, each in params.items()} | {
        "trial": trial.number,
        "state": state_of(trial),
        "val_accuracy": value,
        "epochs_run": attributes.get(EPOCHS_RUN, len(reported)),
        "seconds": attributes.get(SECONDS),
        "weights": attributes.get(PARAMETERS_COUNT),
        "host": attributes.get(HOST),
        "attempt": attributes.get(ATTEMPTS),
        "retry_of": attributes.get(RETRY_OF),
        "failure": attributes.get(FAILURE),
        "started": start,
        "ended": end,
    }


def state_of(trial: FrozenTrial) -> str:
    """Return the state of a trial in the words of this project, one of `STATES`."""
    if is_interrupted(trial):
        return INTERRUPTED
    if is_infeasible(trial):
        return INFEASIBLE
    return "failed" if trial.state == TrialState.FAIL else trial.state.name.lower()


def points(value: float | None, baseline: float | None) -> float | None:
    """Return a difference of accuracies in percentage points; None where one is not known."""
    return None if value is None or baseline is None else POINTS * (value - baseline)
