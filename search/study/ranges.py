"""What a parameter is drawn from, a range or choices: which values there are, how many, and how one is drawn."""

import math
from typing import Any

import numpy as np
import optuna
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from search.errors import UsageError
from trainable.parameter import LONGEST_SHOWN

GRID_POINTS = 5  # how many values a grid takes of a range
CLOSE = 1e-8  # of a step, from which on a value lies beside it, as Optuna has it


def is_same(one: Any, other: Any) -> bool:
    """Say whether two values are the same; for Python true is 1, for a person it is not."""
    return bool(one == other) and isinstance(one, bool) == isinstance(other, bool)


def is_number(value: Any) -> bool:
    """Say whether a value is a number; for Python true and false are."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def step_of(distribution: BaseDistribution) -> float | None:
    """Return what lies between two values of a range where it is more than the next number."""
    if isinstance(distribution, IntDistribution):
        return distribution.step if distribution.step != 1 else None
    return distribution.step if isinstance(distribution, FloatDistribution) else None


def has(value: Any, distribution: BaseDistribution) -> bool:
    """Say whether a value is one that a distribution has."""
    if isinstance(distribution, CategoricalDistribution):
        return any(is_same(value, each) for each in distribution.choices)
    low, high = distribution.low, distribution.high  # type: ignore[attr-defined]
    if not is_number(value) or not low <= value <= high:
        return False
    if isinstance(distribution, IntDistribution) and value != int(value):
        return False
    steps = (value - low) / (step_of(distribution) or math.inf)
    return bool(abs(steps - round(steps)) < CLOSE)


def check_value(name: str, value: Any, distribution: BaseDistribution, where: str) -> None:
    """Refuse a value outside a distribution.

    Raises:
        UsageError: It is.
    """
    if has(value, distribution):
        return
    if isinstance(distribution, CategoricalDistribution):
        raise UsageError(f"{where}: {name} is {value!r}, but the space has {shown(list(distribution.choices))}")
    low, high = distribution.low, distribution.high  # type: ignore[attr-defined]
    steps = "" if (step := step_of(distribution)) is None else f" in steps of {step}"
    raise UsageError(f"{where}: {name} is {value!r}, but the space goes from {low} to {high}{steps}")


def size_of(distribution: BaseDistribution) -> int | None:
    """Return how many values there are, or None for a range of floats."""
    if isinstance(distribution, CategoricalDistribution):
        return len(distribution.choices)
    if distribution.single():
        return 1
    step = step_of(distribution) or (1 if isinstance(distribution, IntDistribution) else None)
    low, high = distribution.low, distribution.high  # type: ignore[attr-defined]
    return None if step is None else round((high - low) / step) + 1


def grid_values(distribution: BaseDistribution) -> list[Any]:
    """Return all choices, or `GRID_POINTS` even steps of a range, in order."""
    if isinstance(distribution, CategoricalDistribution):
        return list(distribution.choices)
    low, high = distribution.low, distribution.high  # type: ignore[attr-defined]
    if distribution.log:  # type: ignore[attr-defined]
        points = np.exp(np.linspace(math.log(low), math.log(high), GRID_POINTS))
    else:
        points = np.linspace(low, high, GRID_POINTS)
    if step := step_of(distribution):
        points = low + step * np.round((points - low) / step)
    values = [min(max(float(point), low), high) for point in points]
    if isinstance(distribution, IntDistribution):
        return sorted({round(value) for value in values})
    return sorted(set(values))


def suggest(trial: optuna.Trial, name: str, distribution: BaseDistribution) -> None:
    """Draw a parameter of a trial."""
    match distribution:
        case CategoricalDistribution():
            trial.suggest_categorical(name, distribution.choices)
        case IntDistribution(low=low, high=high, log=log):
            trial.suggest_int(name, low, high, step=distribution.step, log=log)
        case FloatDistribution(low=low, high=high, log=log):
            trial.suggest_float(name, low, high, step=distribution.step, log=log)


def given(trial: optuna.Trial) -> dict[str, Any]:
    """Return the parameters that were queued for a trial; none where it is drawn."""
    queued: dict[str, Any] = trial._cached_frozen_trial.system_attrs.get("fixed_params", {})  # noqa: SLF001 (as below)
    return queued


def was_given(trial: optuna.Trial) -> bool:
    """Say whether a trial was queued, with parameters or, where a space had none yet, without any."""
    return "fixed_params" in trial._cached_frozen_trial.system_attrs  # noqa: SLF001 (as below)


def note(trial: optuna.Trial, name: str, value: Any, distribution: BaseDistribution) -> None:
    """Record a value as a parameter of a trial that runs, as if it had been drawn."""
    internal = distribution.to_internal_repr(value)
    trial.storage.set_trial_param(trial._trial_id, name, internal, distribution)  # noqa: SLF001 (no public way to it)
    own = trial._cached_frozen_trial  # noqa: SLF001 (likewise)
    own.distributions[name], own.params[name] = distribution, value


def shown(value: Any) -> str:
    """Return a value as a message can hold it: Python prints no huge integer, and no table in thousands of others."""
    try:
        text = repr(value)
    except (ValueError, RecursionError):
        text = "what is too large to show"
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}..."
