"""Which trials a person wants to see, in which order, and how they are taken away as CSV."""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from optuna.distributions import BaseDistribution, FloatDistribution

from dashboard.text import short
from trainable.problem import ProblemSpec

# By what people call an order: the columns of `Snapshot.table` that decide, and whether the smallest comes first.
ORDERS = {
    "best first": (["val_accuracy", "trial"], [False, True]),
    "newest first": (["trial"], [False]),
    "oldest first": (["trial"], [True]),
    "running first": (["val_accuracy", "trial"], [False, True]),
}
STOPS = 25  # values at which a range of a parameter can begin or end
LONGEST, MOST = 40, 5  # characters of a wrong value, and values, that a sentence repeats
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


@dataclass(frozen=True)
class Chip:
    """One filter that is on, and how it is taken off.

    Attributes:
        key: Of its widget, which is also its name in the address.
        says: What it lets through, as a person reads it.
        rest: What its widget holds without it.
        nothing: What its widget holds that lets every trial through.
        is_folded: Whether its widget is among those that are folded away.
    """

    key: str
    says: str
    rest: Any
    nothing: Any
    is_folded: bool = True


def ordered(table: pd.DataFrame, order: str) -> pd.DataFrame:
    """Return the rows in one of `ORDERS`.

    Best first, what is not complete comes last: a trial that was stopped early has an accuracy, but not as a result.
    Running first, the others follow best first.
    """
    columns, ascending = ORDERS[order]
    found = table.sort_values(columns, ascending=ascending, na_position="last")
    if columns[0] != "val_accuracy":
        return found
    ranks = found["state"].map({"complete": 1, "running": 0 if order == "running first" else 2}).fillna(2)
    return found.iloc[np.argsort(ranks.to_numpy(), kind="stable")]


def pinned_first(table: pd.DataFrame, pinned: Collection[int]) -> pd.DataFrame:
    """Return the rows of pinned trials, and then the others, each as they were ordered."""
    is_pinned = table["trial"].isin(list(pinned))
    return pd.concat([table[is_pinned], table[~is_pinned]])


def progress(table: pd.DataFrame) -> list[str]:
    """Return how many of its epochs each trial has run, as "3 of 18"; without the whole where that is not drawn yet."""
    pairs = zip(table["epochs_run"], table["epochs"], strict=True)
    return [f"{run:,}" if math.isnan(whole) else f"{run:,} of {whole:,.0f}" for run, whole in pairs]


def wrong_choices(what: str, asked: Sequence[str], offered: Sequence[str]) -> list[str]:
    """Return what an address asks for that is not offered, in a sentence."""
    wrong = [each for each in asked if each and each not in offered]
    return [f"{what} can be {', '.join(offered)}; not {_quoted(wrong)}"] if wrong else []


def wrong_range(what: str, asked: Sequence[str], offered: Sequence[str]) -> list[str]:
    """Return likewise what is no pair of the values at which a range can begin and end."""
    if not asked or (len(asked) == len(("begin", "end")) and set(asked) <= set(offered)):
        return []
    known = f"{what} begins and ends at two of {len(offered)} values from {offered[0]} to {offered[-1]}"
    return [f"{known}; not {_quoted(asked)}"]


def wrong_share(what: str, asked: Sequence[str]) -> list[str]:
    """Return likewise what is no share."""
    wrong = [each for each in asked if each and not _is_share(each)]
    return [f"{what} is a number from 0 to 1; not {_quoted(wrong)}"] if wrong else []


def _is_share(text: str) -> bool:
    try:
        return 0 <= float(text) <= 1
    except ValueError:
        return False


def _quoted(values: Sequence[str]) -> str:
    """Return what somebody wrote into an address, cut where it is long."""
    more = f" and {len(values) - MOST} more" if len(values) > MOST else ""
    return ", ".join(repr(short(each, LONGEST)) for each in values[:MOST]) + more


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
