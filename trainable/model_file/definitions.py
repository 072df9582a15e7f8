"""How KerasTuner's files define a hyperparameter, as a table of a space file; and the tables that were met so far."""

import math
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

import numpy as np

from trainable.data.names import LONGEST_NAME
from trainable.errors import shown

LINEAR, LOG, REVERSE_LOG = "linear", "log", "reverse_log"
MOST_CHOICES = 1000  # of a range that is searched step by step on a log scale
DEFAULT, WHEN = "default", "when"
Table = dict[str, Any]
Condition = dict[str, list[Any]]  # values of each parent with which a hyperparameter is active


def range_table(
    kind: str, low: Any, high: Any, *, step: Any = None, sampling: Any = LINEAR, default: Any = None
) -> Table:
    """Return the table of an `Int` or a `Float`; one that has steps on a log scale is one of choices.

    Args:
        kind: "int" or "float".
        low: The least value.
        high: The greatest; steps may end before it.
        step: From a value to the next: added, or multiplied with on a log scale.
        sampling: "linear", "log", "reverse_log", or None for "linear".
        default: Today's value; None for `low`.

    Raises:
        ValueError: There is no such range.
    """
    number = _whole if kind == "int" else _finite
    low, high = number(low, "min_value"), number(high, "max_value")
    step = None if step is None else number(step, "step")
    scale = LINEAR if sampling is None else str(sampling).lower()
    _check_range(low, high, step, scale)
    today = low if default is None else _today(kind, default)
    if step is not None and scale != LINEAR:
        choices = [number(each, "a value") for each in _log_steps(low, high, step, scale)]
        if len(choices) <= MOST_CHOICES:
            return {"type": "categorical", "choices": choices, DEFAULT: today}
    table = {"type": kind, "low": low, "high": high, "log": scale == LOG}
    if step is not None and scale == LINEAR and (kind, step) != ("int", 1):
        table["high"] = number(_last_step(low, high, step), "a value")
        if table["high"] > low:
            table["step"] = step
    return {**table, DEFAULT: today}


def choice_table(values: Any, default: Any = None) -> Table:
    """Return the table of a `Choice`, whose default is the first value unless it is given.

    Raises:
        ValueError: There are no values, they are none that a study holds, or the default is none of them.
    """
    if not isinstance(values, Iterable) or isinstance(values, str | set | frozenset | Mapping):
        raise ValueError(f"the values of a Choice must be a list, got {shown(values)}")  # noqa: TRY004 (one kind of error)
    choices = [plain(each) for each in values]
    if not choices:
        raise ValueError("a Choice needs at least one value")
    kinds = {type(each) for each in choices}
    if len(kinds) > 1 or not kinds <= {int, float, str, bool}:
        raise ValueError(f"the values of a Choice must be numbers, texts or booleans of one type, got {shown(values)}")
    if bool in kinds:  # KerasTuner makes numbers of them
        choices = [int(each) for each in choices]
    today = choices[0] if default is None else plain(default)
    if isinstance(choices[0], str | int) and not isinstance(today, str):
        today = type(choices[0])(today)
    if today not in choices:
        raise ValueError(f"the default of a Choice must be one of its values {shown(choices)}, got {shown(today)}")
    return {"type": "categorical", "choices": list(dict.fromkeys(choices)), DEFAULT: today}


def boolean_table(default: Any) -> Table:
    """Return the table of a `Boolean`.

    Raises:
        ValueError: The default is none.
    """
    if default not in (True, False):
        raise ValueError(f"the default of a Boolean must be True or False, got {shown(default)}")
    return {"type": "categorical", "choices": [False, True], DEFAULT: bool(default)}


def fixed_table(value: Any) -> Table:
    """Return the table of a `Fixed`: one choice.

    Raises:
        ValueError: It is no value that a study holds.
    """
    fixed = plain(value)
    if not isinstance(fixed, int | float | str):
        raise ValueError(f"the value of a Fixed must be a number, a text or a boolean, got {shown(value)}")  # noqa: TRY004 (one kind of error)
    return {"type": "categorical", "choices": [fixed], DEFAULT: fixed}


def plain(value: Any) -> Any:
    """Return a value without NumPy's types, and without types of a person's own that are texts or numbers, too."""
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, bool):
        return value
    return next((kind(value) for kind in (str, int, float) if isinstance(value, kind)), value)


def within(table: Table, values: Iterable[Any]) -> list[Any]:
    """Return those of some values that a table has, in its order."""
    if "choices" in table:
        given = list(values)
        return [each for each in table["choices"] if each in given]
    low, high, step = table["low"], table["high"], table.get("step")
    numbers = {each for each in values if isinstance(each, int | float) and low <= each <= high}
    return sorted(each for each in numbers if step is None or _last_step(low, each, step) == Decimal(str(each)))


class Definitions:
    """The tables that were met, in order; each name has a key, and a name under other conditions a key of its own."""

    def __init__(self, known: Mapping[str, Table] | None = None, *, settled: bool = False) -> None:
        """Begin with known tables; settled ones are never widened, so that a later name's key is the same anywhere."""
        self.tables = {key: dict(table) for key, table in (known or {}).items()}
        self._settled = settled

    def key_of(self, name: str, table: Table, when: Condition) -> str:
        """Return the key of a name as it is defined under conditions; what is new is added.

        The first definition under the same conditions counts. Under others the same table is the same hyperparameter
        where one of its conditions covers this one, or is widened to.

        Raises:
            ValueError: It is no name for a parameter.
        """
        if not name or not name.isprintable() or len(name) > LONGEST_NAME:
            raise ValueError(f"a name must have 1 to {LONGEST_NAME} printable characters, got {shown(name)}")
        own = [key for key in self.tables if key == name or (key.startswith(f"{name} [") and key.endswith("]"))]
        own.sort(key=lambda key: key != name)
        for key in own:
            if self.tables[key].get(WHEN, {}) == when:
                return key
        same = [key for key in own if _content(self.tables[key]) == table]
        for key in same:
            if _covers(self.tables[key].get(WHEN, {}), when):
                return key
        for key in same if not self._settled else ():
            if self._widen(key, when):
                return key
        return self._add(name, table, when, is_first=not own and not (self._settled and when))

    def _add(self, name: str, table: Table, when: Condition, *, is_first: bool) -> str:
        key = name if is_first else f"{name} [{_said(when)}]"
        if len(key) > LONGEST_NAME:
            raise ValueError(f"{shown(name)} and its conditions have more than {LONGEST_NAME} characters")
        self.tables[key] = {**table, WHEN: when} if when else dict(table)
        return key

    def _widen(self, key: str, when: Condition) -> bool:
        """Let a table count under other conditions, too, where these differ in one parent; whether they do."""
        own = self.tables[key].get(WHEN, {})
        differing = [parent for parent in own if own[parent] != when.get(parent)]
        if own.keys() != when.keys() or len(differing) != 1:
            return False
        (parent,) = differing
        values = within(self.tables[parent], [*own[parent], *when[parent]])
        self.tables[key][WHEN] = {**own, parent: values}
        return True


def active(tables: Mapping[str, Table], values: Mapping[str, Any]) -> dict[str, Any]:
    """Return those of some values whose conditions hold; names without a table are there in any case."""
    kept = dict(values)
    waiting = True
    while waiting:  # until no parent goes any more
        waiting = False
        for name in list(kept):
            when = tables.get(name, {}).get(WHEN, {})
            if any(parent not in kept or kept[parent] not in allowed for parent, allowed in when.items()):
                del kept[name]
                waiting = True
    return kept


def _content(table: Table) -> Table:
    return {key: value for key, value in table.items() if key != WHEN}


def _covers(wide: Condition, when: Condition) -> bool:
    """Return whether a condition holds wherever another one does."""
    return all(parent in when and all(each in values for each in when[parent]) for parent, values in wide.items())


def _said(when: Condition) -> str:
    if not when:
        return "always"
    return ", ".join(f"{parent}={'|'.join(map(str, values))}" for parent, values in when.items())


def _whole(value: Any, what: str) -> int:
    number = int(value)
    if number != value:
        raise ValueError(f"{what} must be a whole number, got {shown(value)}")
    return number


def _finite(value: Any, what: str) -> float:
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(f"{what} must be a number with an end, got {shown(value)}")
    return number


def _today(kind: str, default: Any) -> int | float:
    value = plain(default)
    if not isinstance(value, int | float):
        raise ValueError(f"the default must be a number, got {shown(default)}")  # noqa: TRY004 (one kind of error)
    if kind == "float":
        return float(value)
    return int(value) if math.isfinite(value) and int(value) == value else value


def _check_range(low: float, high: float, step: float | None, scale: str) -> None:
    if low > high:
        raise ValueError(f"min_value must not be greater than max_value, got {low} and {high}")
    if scale not in (LINEAR, LOG, REVERSE_LOG):
        raise ValueError(f"sampling must be one of {LINEAR}, {LOG}, {REVERSE_LOG}, got {shown(scale)}")
    if scale != LINEAR and low <= 0:
        raise ValueError(f"min_value must be greater than 0 with sampling {scale}, got {low}")
    least = 0 if scale == LINEAR else 1
    if step is not None and step <= least:
        raise ValueError(f"step must be greater than {least} with sampling {scale}, got {step}")


def _last_step(low: float, high: float, step: float) -> Decimal:
    """Return the last value that steps reach, in the digits in which a person has written the numbers."""
    first, width = Decimal(str(low)), Decimal(str(step))
    return first + (Decimal(str(high)) - first) // width * width


def _log_steps(low: float, high: float, step: float, scale: str) -> list[Decimal]:
    """Return the values that steps on a log scale reach, one more than a table may have at most."""
    first, last, factor = (Decimal(str(each)) for each in (low, high, step))
    values = [first]
    while values[-1] * factor <= last and len(values) <= MOST_CHOICES:
        values.append(values[-1] * factor)
    return values if scale == LOG else [last + first - each for each in values]
