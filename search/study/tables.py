"""A parameter's table in a space file: what it may hold, and the range or the choices that it stands for."""

import json
import re
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from search.errors import UsageError, refused_configuration
from search.study.conditions import WHEN
from search.study.ranges import is_number, shown, step_of
from trainable.parameter import Parameter
from trainable.problem import ProblemSpec

DEFAULT = "default"  # key of the value that the person's network has today
ANY = "any"  # kind of a parameter of a person's own code
NEEDED = {"int": ("low", "high"), "float": ("low", "high"), "categorical": ("choices",)}
LARGEST_INT = 2**53  # whole numbers are drawn as floats, of which those above it leave some out
MOST_STEPS = 10**9
BARE = re.compile("[A-Za-z0-9_-]+")  # a key of TOML that needs no quotes


def distribution_of(name: str, table: Any, problem: ProblemSpec, where: str) -> BaseDistribution:
    """Return what a table stands for.

    Raises:
        UsageError: It is wrong; the message begins with `where`, and names the key.
    """
    parameter = next((each for each in problem.parameters if each.name == name), None)
    if parameter is None:
        raise UsageError(f"{where}: unknown parameter; the parameters are {', '.join(problem.names)}")
    if not isinstance(table, Mapping):
        raise UsageError(f"{where}: must be a table, e.g. [{name}] with type, low and high; got {shown(table)}")
    kind = table.get("type")
    if not isinstance(kind, str) or kind not in NEEDED:
        raise UsageError(f"{where}: type must be one of {', '.join(NEEDED)}, got {shown(kind)}")
    _check_keys(kind, table, parameter, where)
    if kind == "categorical":
        return _categorical(parameter, table["choices"], where)
    return _range(parameter, kind, table, where)


def fields_of(distribution: BaseDistribution, further: Mapping[str, Any]) -> str:
    """Return what the table of a parameter holds, as TOML, and further keys of it."""
    if isinstance(distribution, CategoricalDistribution):
        keys: dict[str, Any] = {"type": "categorical", "choices": list(distribution.choices)}
    else:
        kind = "int" if isinstance(distribution, IntDistribution) else "float"
        keys = {"type": kind} | {key: getattr(distribution, key) for key in ("low", "high", "log")}
        keys |= {} if (step := step_of(distribution)) is None else {"step": step}
    return "\n".join(f"{key} = {_toml(value)}" for key, value in {**keys, **further}.items())


def key_of(name: str) -> str:
    """Return a parameter's name as a key of TOML."""
    return name if BARE.fullmatch(name) else _toml(name)


def _toml(value: Any) -> str:
    """Return a value as TOML, whose texts, numbers and lists are those of JSON."""
    if isinstance(value, Mapping):
        return f"{{ {', '.join(f'{key_of(key)} = {_toml(list(each))}' for key, each in value.items())} }}"
    return json.dumps(value, ensure_ascii=False)


def _check_keys(kind: str, table: Mapping[str, Any], parameter: Parameter, where: str) -> None:
    needed = NEEDED[kind]
    further = () if kind == "categorical" else ("log", "step")
    allowed = ("type", *needed, *further, DEFAULT, *([WHEN] if parameter.can_lack else []))
    if WHEN in table and WHEN not in allowed:
        raise UsageError(f"{where}: {WHEN} is not for {parameter.name}: every network is trained with one")
    for key in table:
        if key not in allowed:
            raise UsageError(f"{where}: unknown key {shown(key)}; {kind} takes {', '.join(allowed)}")
    for key in needed:
        if key not in table:
            raise UsageError(f"{where}: {key} is missing; {kind} takes {', '.join(allowed)}")


def _categorical(parameter: Parameter, choices: Any, where: str) -> BaseDistribution:
    if not isinstance(choices, list | tuple) or not choices:
        raise UsageError(f"{where}: choices must be a list of at least one value, got {shown(choices)}")
    for choice in choices:
        with refused_configuration(f"{where}: choices"):
            parameter.check(choice)
    if len(set(choices)) < len(choices):
        if any(isinstance(each, bool) for each in choices) and any(map(is_number, choices)):
            raise UsageError(f"{where}: choices must differ, and true is 1 and false is 0, got {shown(choices)}")
        raise UsageError(f"{where}: choices must differ from each other, got {shown(choices)}")
    return CategoricalDistribution(choices)


def _range(parameter: Parameter, kind: str, table: Mapping[str, Any], where: str) -> BaseDistribution:
    if parameter.kind == "choice":
        raise UsageError(f"{where}: type must be categorical, got {kind!r}")
    ours = "float" if parameter.kind == "share" else parameter.kind
    if ours not in (kind, ANY):
        raise UsageError(f"{where}: type must be {ours} or categorical, got {kind!r}")
    low, high, log = table["low"], table["high"], table.get("log", False)
    if not isinstance(log, bool):
        raise UsageError(f"{where}: log must be true or false, got {shown(log)}")
    for key in ("low", "high"):
        if log and isinstance(table[key], int | float) and table[key] <= 0:
            raise UsageError(f"{where}: {key} must be greater than 0 on a log scale, got {shown(table[key])}")
        with refused_configuration(f"{where}: {key}"):
            parameter.check(table[key])
        _check_bound(kind, key, table[key], where)
    if low > high:
        raise UsageError(f"{where}: low must not be greater than high, got low {low!r} and high {high!r}")
    step = _step(kind, table, where)
    if kind == "int":
        return IntDistribution(low, high, log=log, step=1 if step is None else step)
    return FloatDistribution(low, high, log=log, step=step)


def _check_bound(kind: str, key: str, value: Any, where: str) -> None:
    """Refuse a bound that is none of a range; a parameter of any kind also takes texts."""
    if not is_number(value):
        raise UsageError(f"{where}: {key} must be a number, got {shown(value)}")
    if kind == "int" and not (isinstance(value, int) and abs(value) <= LARGEST_INT):
        raise UsageError(f"{where}: {key} must be a whole number of at most {LARGEST_INT} in size, got {shown(value)}")


def _step(kind: str, table: Mapping[str, Any], where: str) -> Any:
    """Return the step of a range, which has to lead from its low to its high; None where there is none."""
    low, high, step = table["low"], table["high"], table.get("step")
    if step is None:
        return None
    if table.get("log"):
        raise UsageError(f"{where}: step is not for a log scale: leave out step or log")
    # NaN is not above 0, and infinity not below what is so.
    if not (is_number(step) and 0 < step < float("inf")):
        raise UsageError(f"{where}: step must be a number greater than 0, got {shown(step)}")
    if kind == "int" and not isinstance(step, int):
        raise UsageError(f"{where}: step must be a whole number, got {shown(step)}")
    first, last, each = (Fraction(str(value)) for value in (low, high, step))
    steps = (last - first) // each
    if steps > MOST_STEPS:
        raise UsageError(f"{where}: step is too small for this range, got {shown(step)}; leave it out")
    if first + steps * each != last:
        reached = (int if kind == "int" else float)(first + steps * each)
        raise UsageError(f"{where}: high must be low and some steps, e.g. {reached}; got {shown(high)}")
    return step
