"""The search space: which parameters are searched, over what, and how a TOML file says so."""

import json
import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
    distribution_to_json,
    json_to_distribution,
)

from search.errors import UsageError, refused_configuration
from search.terminal.files import read_text
from trainable.parameter import LONGEST_SHOWN, Parameter
from trainable.problem import ProblemSpec
from trainable.problems import BUILT_IN

GRID_POINTS = 5  # how many values a grid takes of a range
DEFAULT = "default"  # key of the value that the person's network has today
KINDS = {"int": ("low", "high"), "float": ("low", "high"), "categorical": ("choices",)}


@dataclass(frozen=True)
class Space:
    """The searched parameters of a problem; those it leaves out stay at the baseline's value."""

    distributions: Mapping[str, BaseDistribution]
    problem: ProblemSpec = BUILT_IN

    @classmethod
    def default(cls, problem: ProblemSpec) -> Self:
        """Return what is searched of a problem where nobody says what."""
        return cls.of(problem.space, problem, "the default space: ")

    @classmethod
    def of(cls, tables: Mapping[str, Any], problem: ProblemSpec, where: str) -> Self:
        """Return the space of a table per parameter with `type`, and `low`, `high`, `log` or `choices`.

        A `default` is the value that the person's network has today: the problem's baseline is replaced by it.

        Raises:
            UsageError: A table is wrong; the message says where, and names table and key.
        """
        shown = {name: name if name.isprintable() and len(name) <= LONGEST_SHOWN else _shown(name) for name in tables}
        found = {name: _distribution(name, each, problem, where + shown[name]) for name, each in tables.items()}
        today = {name: each[DEFAULT] for name, each in tables.items() if DEFAULT in each}
        for parameter in problem.parameters:
            if (name := parameter.name) in today:
                with refused_configuration(f"{where}{name}: {DEFAULT}"):
                    parameter.check(today[name])
                _check_value(DEFAULT, today[name], found[name], f"{where}{name}")
        return cls(found, problem.with_baseline(today))

    def to_json(self) -> dict[str, Any]:
        """Return a form that JSON can hold and `from_json` reads."""
        return {name: json.loads(distribution_to_json(each)) for name, each in self.distributions.items()}

    @classmethod
    def from_json(cls, values: Mapping[str, Any], problem: ProblemSpec) -> Self:
        """Read what `to_json` wrote."""
        return cls({name: json_to_distribution(json.dumps(each)) for name, each in values.items()}, problem)

    def complete(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """Return all parameters: the given ones, and the baseline's values of those not searched."""
        return {**self.problem.baseline, **params}

    @property
    def has_usual_baseline(self) -> bool:
        """Whether the baseline is the built-in one; of somebody's own data it is fitted, or said in a space file."""
        return not self.problem.source and self.problem.baseline == BUILT_IN.baseline

    @property
    def max_epochs(self) -> int:
        """The most epochs that a trial may run."""
        epochs = self.distributions.get("epochs")
        return int(max(_grid_values(epochs)) if epochs else self.problem.baseline["epochs"])

    @property
    def size(self) -> int | None:
        """How many configurations there are; None where there is no end of them."""
        sizes = [_size(each) for each in self.distributions.values()]
        return None if None in sizes else math.prod(filter(None, sizes))

    def check(self, params: Mapping[str, Any], where: str) -> dict[str, Any]:
        """Return the searched part of a configuration that lies in this space.

        Args:
            params: Any of the parameters.
            where: What the person gave, for the message.

        Raises:
            UsageError: A parameter is unknown, missing, of a wrong type or outside the space.
        """
        for name in params:
            if name not in self.problem.names:
                names = ", ".join(self.problem.names)
                raise UsageError(f"{where}: unknown parameter {_shown(name)}; the parameters are {names}")
        with refused_configuration(where):
            self.problem.check(self.complete(params))
        for name, value in self.complete(params).items():
            if name in self.distributions:
                if name not in params:
                    raise UsageError(f"{where}: {name} is missing; the space searches {', '.join(self.distributions)}")
                _check_value(name, value, self.distributions[name], where)
            elif value != (fixed := self.problem.baseline[name]):
                raise UsageError(f"{where}: {name} is {value!r}, but the space leaves it out: it stays {fixed!r}")
        return {name: params[name] for name in self.distributions}

    def grid(self) -> dict[str, list[Any]]:
        """Return the values of a grid: all choices, and `GRID_POINTS` even steps of each range."""
        return {name: _grid_values(each) for name, each in self.distributions.items()}


EXPLANATION = """\
# A search space, for a new study: python -m search.run --space FILE
# A table is a parameter that is searched; one without a table stays at the baseline's value.
# type = "int" or "float": from low to high, both included; log = true counts on a log scale, where low is above 0.
# type = "categorical": any of choices.
# default = your network's value today; without one it is the baseline's.
# The baseline has to lie in the space, or be left out with --no-baseline.
"""


def to_toml(space: Space) -> str:
    """Return the file that `load_space` reads as this space, with comments that explain it."""
    tables = tables_of(space)
    parts = (
        f"\n[{each.name}]  # {each.meaning}; the baseline has {space.problem.baseline[each.name]}\n"
        f"{tables[each.name]}\n"
        for each in space.problem.parameters
        if each.name in tables
    )
    return EXPLANATION + "".join(parts)


def tables_of(space: Space) -> dict[str, str]:
    """Return what the table of each searched parameter holds, as TOML.

    A baseline that is not the built-in one is there as `default`, where the space has it.
    """
    today = {} if space.has_usual_baseline else space.problem.baseline
    return {
        name: _fields(each, {DEFAULT: today[name]} if name in today and _has(today[name], each) else {})
        for name, each in space.distributions.items()
    }


def _fields(distribution: BaseDistribution, today: Mapping[str, Any]) -> str:
    """Return what a parameter's table holds, as TOML, and the value of today's network where it is given."""
    if isinstance(distribution, CategoricalDistribution):
        keys: dict[str, Any] = {"type": "categorical", "choices": list(distribution.choices)}
    else:
        kind = "int" if isinstance(distribution, IntDistribution) else "float"
        keys = {"type": kind} | {key: getattr(distribution, key) for key in ("low", "high", "log")}
    return "\n".join(f"{key} = {json.dumps(value)}" for key, value in {**keys, **today}.items())


def load_space(file: Path, problem: ProblemSpec) -> Space:
    """Read the space of a problem from TOML, see `Space.of`.

    Raises:
        UsageError: The file cannot be read, or a table is wrong; the message names file, table and key.
    """
    text = read_text(file, "--space")
    try:
        tables = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"--space {file}: not a TOML file: {error}") from error
    if not tables:
        raise UsageError(f"--space {file}: no parameter in it; give a table for any of {', '.join(problem.names)}")
    return Space.of(tables, problem, f"--space {file}: ")


def _distribution(name: str, table: Any, problem: ProblemSpec, where: str) -> BaseDistribution:
    parameter = next((each for each in problem.parameters if each.name == name), None)
    if parameter is None:
        raise UsageError(f"{where}: unknown parameter; the parameters are {', '.join(problem.names)}")
    if not isinstance(table, Mapping):
        raise UsageError(f"{where}: must be a table, e.g. [{name}] with type, low and high; got {_shown(table)}")
    kind = table.get("type")
    if not isinstance(kind, str) or kind not in KINDS:
        raise UsageError(f"{where}: type must be one of {', '.join(KINDS)}, got {_shown(kind)}")
    _check_keys(kind, table, where)
    if kind == "categorical":
        return _categorical(parameter, table["choices"], where)
    return _range(parameter, kind, table, where)


def _check_keys(kind: str, table: Mapping[str, Any], where: str) -> None:
    needed = KINDS[kind]
    allowed = ("type", *needed, DEFAULT) if kind == "categorical" else ("type", *needed, "log", DEFAULT)
    for key in table:
        if key not in allowed:
            raise UsageError(f"{where}: unknown key {_shown(key)}; {kind} takes {', '.join(allowed)}")
    for key in needed:
        if key not in table:
            raise UsageError(f"{where}: {key} is missing; {kind} takes {', '.join(allowed)}")


def _categorical(parameter: Parameter, choices: Any, where: str) -> BaseDistribution:
    if not isinstance(choices, list) or not choices:
        raise UsageError(f"{where}: choices must be a list of at least one value, got {_shown(choices)}")
    for choice in choices:
        with refused_configuration(f"{where}: choices"):
            parameter.check(choice)
    if len(set(choices)) < len(choices):
        raise UsageError(f"{where}: choices must differ from each other, got {_shown(choices)}")
    return CategoricalDistribution(choices)


def _range(parameter: Parameter, kind: str, table: Mapping[str, Any], where: str) -> BaseDistribution:
    if kind != parameter.kind:
        raise UsageError(f"{where}: type must be {parameter.kind} or categorical, got {kind!r}")
    low, high, log = table["low"], table["high"], table.get("log", False)
    if not isinstance(log, bool):
        raise UsageError(f"{where}: log must be true or false, got {_shown(log)}")
    for key in ("low", "high"):
        if log and isinstance(table[key], int | float) and table[key] <= 0:
            raise UsageError(f"{where}: {key} must be greater than 0 on a log scale, got {_shown(table[key])}")
        with refused_configuration(f"{where}: {key}"):
            parameter.check(table[key])
    if low > high:
        raise UsageError(f"{where}: low must not be greater than high, got low {low!r} and high {high!r}")
    return (IntDistribution if kind == "int" else FloatDistribution)(low, high, log=log)


def _check_value(name: str, value: Any, distribution: BaseDistribution, where: str) -> None:
    """Refuse a value outside a distribution."""
    if _has(value, distribution):
        return
    if isinstance(distribution, CategoricalDistribution):
        raise UsageError(f"{where}: {name} is {value!r}, but the space has {_shown(list(distribution.choices))}")
    low, high = distribution.low, distribution.high  # type: ignore[attr-defined]
    raise UsageError(f"{where}: {name} is {value!r}, but the space goes from {low} to {high}")


def _has(value: Any, distribution: BaseDistribution) -> bool:
    if isinstance(distribution, CategoricalDistribution):
        return value in distribution.choices
    return bool(distribution.low <= value <= distribution.high)  # type: ignore[attr-defined]


def _shown(value: Any) -> str:
    """Return a value as a message can hold it: Python prints no huge integer, and no table in thousands of others."""
    try:
        text = repr(value)
    except (ValueError, RecursionError):
        text = "what is too large to show"
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}..."


def _size(distribution: BaseDistribution) -> int | None:
    """Return how many values there are, or None for a range of floats."""
    if isinstance(distribution, CategoricalDistribution):
        return len(distribution.choices)
    if isinstance(distribution, IntDistribution):
        return distribution.high - distribution.low + 1
    return 1 if distribution.single() else None


def _grid_values(distribution: BaseDistribution) -> list[Any]:
    if isinstance(distribution, CategoricalDistribution):
        return list(distribution.choices)
    low, high = distribution.low, distribution.high  # type: ignore[attr-defined]
    if distribution.log:  # type: ignore[attr-defined]
        points = np.exp(np.linspace(math.log(low), math.log(high), GRID_POINTS))
    else:
        points = np.linspace(low, high, GRID_POINTS)
    values = [min(max(float(point), low), high) for point in points]
    if isinstance(distribution, IntDistribution):
        return sorted({round(value) for value in values})
    return sorted(set(values))
