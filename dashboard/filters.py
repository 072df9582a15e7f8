"""Which trials a person wants to see, in which order, and how they are taken away as CSV."""

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from optuna.distributions import BaseDistribution, FloatDistribution

from trainable.problem import ProblemSpec

# By what people call an order: the columns of `Snapshot.table` that decide, and whether the smallest comes first.
ORDERS = {
    "best first": (["val_accuracy", "trial"], [False, True]),
    "newest first": (["trial"], [False]),
    "oldest first": (["trial"], [True]),
}
STOPS = 25  # values at which a range of a parameter can begin or end
WHOLE = ("weights", "attempt", "retry_of")  # columns of numbers without a fraction, besides those of parameters

Range = tuple[float | None, float | None]
"""The least and the greatest value, both included; None where nothing limits it."""


@dataclass(frozen=True)
class Filters:
    """What a trial has to be like; nothing given lets every trial through.

    Attributes:
        ranges: By column. A trial without a value lies in no range that limits.
        choices: By column, the values it may have; empty for any.
    """

    ranges: Mapping[str, Range] = field(default_factory=dict)
    choices: Mapping[str, Collection[Any]] = field(default_factory=dict)

    def applied(self, table: pd.DataFrame) -> pd.DataFrame:
        """Return the rows of `Snapshot.table` that pass."""
        passed = pd.Series(True, index=table.index)
        for name, (low, high) in self.ranges.items():
            passed &= True if low is None else table[name] >= low
            passed &= True if high is None else table[name] <= high
        for name, values in self.choices.items():
            passed &= table[name].isin(list(values)) if values else True
        return table[passed]


def ordered(table: pd.DataFrame, order: str) -> pd.DataFrame:
    """Return the rows in one of `ORDERS`.

    Best first, what is not complete comes last: a trial that was stopped early has an accuracy, but not as a result.
    """
    columns, ascending = ORDERS[order]
    found = table.sort_values(columns, ascending=ascending, na_position="last")
    if columns[0] != "val_accuracy":
        return found
    is_complete = found["state"] == "complete"
    return pd.concat([found[is_complete], found[~is_complete]])


def stops(distribution: BaseDistribution) -> list[float]:
    """Return the values at which a range of a numeric parameter can begin or end: even steps on the space's scale."""
    low, high = distribution.low, distribution.high  # type: ignore[attr-defined]
    spaced = np.geomspace if distribution.log else np.linspace  # type: ignore[attr-defined]
    between = [_rounded(float(value)) for value in spaced(low, high, STOPS)[1:-1]]
    if not isinstance(distribution, FloatDistribution):
        between = [round(value) for value in between]
    return [low, *sorted({value for value in between if low < value < high}), high]


def as_csv(table: pd.DataFrame, problem: ProblemSpec) -> bytes:
    """Return rows of `Snapshot.table` as CSV, with all digits; times are ISO 8601, local."""
    names = [*WHOLE, *(each.name for each in problem.parameters if each.kind == "int")]
    whole = table.astype(dict.fromkeys(names, "Int64"))
    return whole.to_csv(index=False, date_format="%Y-%m-%dT%H:%M:%S.%f").encode()


def _rounded(value: float) -> float:
    """Return a value with two significant digits, as a person would choose it."""
    return round(value, 1 - math.floor(math.log10(abs(value)))) if value else value
