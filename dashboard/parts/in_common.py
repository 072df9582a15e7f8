"""What trials that failed for one reason have in common, and the others seldom: a host, or values of parameters.

Something is said to be common where all of the failed trials have it, at most a quarter of those that did not fail have
it, and chance alone would seldom bring that about: of all ways to choose as many trials out of both, at most one in a
hundred, divided by the number of things that are looked at, takes only such as have it. What is common may be the cause
or go with it; trials of a search follow each other, too, so this is where to look first and no proof.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from dashboard.text import figures
from search.terminal.words import INACTIVE

HOST = "host"  # the column of hosts
SELDOM = 0.25  # share of the others
CHANCE = 0.01  # for all that is looked at together
FINISHED = ("complete", "pruned")  # states of trials that did not fail; of the others nobody knows


@dataclass(frozen=True)
class Common:
    """What some trials share.

    Attributes:
        says: What all of them have, after "all", as "have learning_rate of 0.031 or more".
        others: How many of the trials that did not fail have it.
    """

    says: str
    others: int


def without_failure(table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of `Snapshot.table` with which failed trials are compared."""
    return table[table["state"].isin(FINISHED)]


def in_common(table: pd.DataFrame, numbers: Sequence[int], columns: Mapping[str, str]) -> list[Common]:
    """Return what trials have in common that others seldom have, what the fewest others have first.

    Args:
        table: As in `Snapshot`.
        numbers: Of the trials that failed for one reason.
        columns: Of parameters that a search draws, by their names.
    """
    failed, others = table[table["trial"].isin(numbers)], without_failure(table)
    found = []
    for name, column in [("", HOST), *columns.items()]:
        told = [Common(says, int(has.sum())) for says, has in _candidates(name, failed[column], others[column])]
        if told:
            found.append(min(told, key=lambda each: each.others))
    looks = 1 + 2 * len(columns)  # one for hosts, and for each parameter one at either side
    kept = [each for each in found if _is_apart(len(failed), each.others, len(others), looks)]
    return sorted(kept, key=lambda each: each.others)


def _candidates(name: str, failed: pd.Series, others: pd.Series) -> Iterator[tuple[str, pd.Series]]:
    """Yield what all of the failed trials have, in words, and which of the others have it; without a name: the host."""
    if failed.empty or failed.isna().any():  # not recorded, or not drawn
        return
    value = failed.iloc[0]
    if (failed == value).all():
        yield _having(name, value), others == value
    elif pd.api.types.is_numeric_dtype(failed):
        low, high = failed.min(), failed.max()
        yield f"have {name} of {figures(low)} or more", others >= low
        yield f"have {name} of {figures(high)} or less", others <= high


def _having(name: str, value: Any) -> str:
    if not name:
        return f"ran on {value}"
    return f"have no {name}" if value == INACTIVE else f"have {name} {figures(value)}"


def _is_apart(failed: int, others_with: int, others: int, looks: int) -> bool:
    """Say whether what all of the failed trials have is rare enough among the others."""
    if not others or others_with > SELDOM * others:
        return False
    chance = _log_choices(failed + others_with, failed) - _log_choices(failed + others, failed)
    return chance + math.log(looks) <= math.log(CHANCE)


def _log_choices(of: int, choose: int) -> float:
    """Return the logarithm of the number of ways to choose some out of so many."""
    return math.lgamma(of + 1) - math.lgamma(choose + 1) - math.lgamma(of - choose + 1)
