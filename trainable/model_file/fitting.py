"""The space of a person's model where the file says none: what lies around the model as it is today."""

from collections.abc import Mapping, Sequence
from typing import Any

from trainable.model_file.settings import LARGEST

FACTOR = 4  # whole numbers, from a quarter to four times
DECADES = 10  # other numbers, from a tenth to ten times
SMALL = 0.05  # below that a number is a rate, which is searched on a log scale; from there to 1 it is a share
PART = 8  # a batch has at most an eighth of the training examples, or as many as today


def fitted(
    baseline: Mapping[str, Any], batch_size: int, epochs: int, examples: int, unfit: Mapping[str, Sequence[Any]]
) -> dict[str, Any]:
    """Return the tables of a space file around a model as it is today; what no range suggests itself for is left out.

    Args:
        baseline: The parameters, without `batch_size` and `epochs`.
        batch_size: Today's.
        epochs: Today's.
        examples: Of the training split.
        unfit: By parameter, ends of the range that make no model: the range ends at today's value then.
    """
    found = {name: _without(unfit.get(name, ()), around(value)) for name, value in baseline.items()}
    return {name: table for name, table in found.items() if table is not None} | usual(batch_size, epochs, examples)


def usual(batch_size: int, epochs: int, examples: int) -> dict[str, Any]:
    """Return the tables of `batch_size` and `epochs`."""
    most = max(batch_size, examples // PART)
    most = min(most, LARGEST["batch_size"])
    sizes = {batch_size // 4, batch_size // 2, batch_size, 2 * batch_size, 4 * batch_size}
    longest = min(2 * epochs, LARGEST["epochs"])
    choices = sorted(size for size in sizes if 1 <= size <= most)
    return {
        "batch_size": {"type": "categorical", "choices": choices, "default": batch_size},
        "epochs": {"type": "int", "low": max(1, epochs // 2), "high": longest, "log": False, "default": epochs},
    }


def ends(table: Mapping[str, Any]) -> list[Any]:
    """Return the ends of a range, or the choices, without today's value."""
    values = table["choices"] if "choices" in table else [table["low"], table["high"]]
    return [each for each in values if each != table["default"]]


def _without(unfit: Sequence[Any], table: dict[str, Any] | None) -> dict[str, Any] | None:
    """Return a table without these ends; None where nothing is left to search."""
    if table is None or not (left := [each for each in ends(table) if each not in unfit]):
        return None
    if "choices" in table:
        return table
    return {**table, **{key: table["default"] for key in ("low", "high") if table[key] not in left}}


def around(value: object) -> dict[str, Any] | None:
    """Return the table of a parameter around today's value; None for a text, a zero and what is below it."""
    if isinstance(value, bool):
        return {"type": "categorical", "choices": [False, True], "default": value}
    if not isinstance(value, int | float) or value <= 0:
        return None
    if isinstance(value, int):
        return {"type": "int", "low": max(1, value // FACTOR), "high": FACTOR * value, "log": True, "default": value}
    if SMALL <= value < 1:
        return {"type": "float", "low": 0.0, "high": round((1 + value) / 2, 3), "log": False, "default": value}
    return {"type": "float", "low": value / DECADES, "high": value * DECADES, "log": True, "default": value}
