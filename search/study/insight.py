"""What a search teaches besides its best trial: which parameters matter, where the best lies, what an epoch gained."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from optuna.distributions import BaseDistribution, CategoricalDistribution, IntDistribution
from optuna.trial import FrozenTrial

from search.study.conditions import told
from search.study.importance import Importance, importance_of
from search.study.ranges import is_number, step_of
from search.study.settings import Settings
from search.study.space import Space
from search.study.study import EPOCHS_RUN, baseline_of, params_of, ranked
from search.study.tables import ANY
from search.terminal.words import POINTS, number
from trainable.parameter import Parameter

AT_BOUND = 0.02  # share of a range
PAIR = 2  # values
LAST_EPOCHS = 3
RISING = 10  # validation examples: val_accuracy wavers by less from one mean to the next
EPOCHS = 100  # the gain is given for so many


@dataclass(frozen=True)
class Position:
    """Where the best configuration's value of a parameter lies in the space.

    Attributes:
        best: The value.
        from_low: Its distance from the lower bound, as a share of the range, on the space's own scale.
        from_high: From the upper bound. Of choices that are listed, their order counts, smallest first; both are None
            where they are not all numbers, which have no order.
        warning: Why the space may be too narrow there; None where a wider one is not likely to help.
    """

    best: Any
    from_low: float | None
    from_high: float | None
    warning: str | None


@dataclass(frozen=True)
class Insight:
    """What the trials of a study teach.

    Attributes:
        importance: Which parameters matter.
        positions: By parameter that is searched; empty without a complete trial.
        gain: Of the best trial over the baseline on the validation examples, percentage points, one seed each.
        epochs: Trained by all trials together.
        rising: Whether the best trial was still getting better in its last epochs; None where it had too few.
    """

    importance: Importance
    positions: Mapping[str, Position]
    gain: float | None
    epochs: int
    rising: bool | None

    @property
    def warnings(self) -> list[str]:
        """What a wider space might bring, a sentence each."""
        return [each.warning for each in self.positions.values() if each.warning]

    @property
    def gain_rate(self) -> float | None:
        """Percentage points gained for 100 epochs trained."""
        return self.gain * EPOCHS / self.epochs if self.gain is not None and self.epochs else None

    def to_json(self) -> dict[str, Any]:
        """Return a form that JSON can hold."""
        return {
            "importances": self.importance.shares and dict(self.importance.shares),
            "importances_rough": self.importance.rough,
            "importances_unknown": self.importance.unknown,
            "importances_trials": self.importance.trials,
            "importances_epoch": self.importance.epoch,
            "positions": {name: asdict(each) for name, each in self.positions.items()},
            "warnings": self.warnings,
            "gain": self.gain,
            "epochs": self.epochs,
            "gain_per_100_epochs": self.gain_rate,
            "rising": self.rising,
        }


def insight_of(trials: Sequence[FrozenTrial], settings: Settings) -> Insight:
    """Return what the trials of a study teach."""
    order, baseline = ranked(trials), baseline_of(trials)
    best = order[0] if order else None
    return Insight(
        importance=importance_of(trials, searched(settings)),
        positions=positions_of(best, settings) if best else {},
        gain=POINTS * (float(best.value or 0) - float(baseline.value or 0)) if best and baseline else None,
        epochs=sum(epochs_run(trial) for trial in trials),
        rising=_is_rising(best, settings) if best else None,
    )


def warnings_of(best: FrozenTrial, settings: Settings) -> list[str]:
    """Return what a wider space than this best trial's might bring, as in `Insight.warnings`, likewise."""
    return [each.warning for each in positions_of(best, settings).values() if each.warning]


def epochs_run(trial: FrozenTrial) -> int:
    """Return how many epochs a trial has trained, so far where it is running."""
    return int(trial.user_attrs.get(EPOCHS_RUN, len(trial.intermediate_values)))


def searched(settings: Settings) -> dict[str, BaseDistribution]:
    """Return the parameters that can take more than one value."""
    return {name: each for name, each in settings.space.distributions.items() if not each.single()}


def said_of(space: Space, name: str, log: str = "log") -> str:
    """Return what a searched parameter is drawn from, in words; `log` is what a scale is called."""
    distribution = space.distributions[name]
    if isinstance(distribution, CategoricalDistribution):
        what = ", ".join(map(number, distribution.choices))
    else:
        low, high, is_log = distribution.low, distribution.high, distribution.log  # type: ignore[attr-defined]
        step = "" if (each := step_of(distribution)) is None else f", in steps of {number(each)}"
        what = f"{number(low)} to {number(high)}{step}{f', {log}' if is_log else ''}"
    return f"{what}; where {told(space.conditions[name])}" if name in space.conditions else what


def positions_of(best: FrozenTrial, settings: Settings) -> dict[str, Position]:
    """Return where a best trial lies in the space, as in `Insight.positions`, and nothing dear."""
    params, rising = params_of(best, settings.space), _is_rising(best, settings)
    parameters = {each.name: each for each in settings.problem.parameters}
    found = {}
    for name, each in searched(settings).items():
        if name not in params:
            continue
        if not is_ordered(each):
            found[name] = Position(params[name], None, None, None)
            continue
        share = place(params[name], each)
        # Where the baseline is the best, the search did not come to a bound: the baseline merely lies there.
        warning = (
            None if params == settings.problem.baseline else _warning(parameters[name], share, each, rising=rising)
        )
        found[name] = Position(params[name], share, 1 - share, warning)
    return found


def is_ordered(distribution: BaseDistribution) -> bool:
    """Say whether the values of a parameter are smaller and larger ones: they are numbers."""
    return not isinstance(distribution, CategoricalDistribution) or all(map(is_number, distribution.choices))


def in_order(distribution: CategoricalDistribution) -> list[Any]:
    """Return choices as they follow each other: numbers smallest first, others as they are listed."""
    choices: list[Any] = list(distribution.choices)
    return sorted(choices) if is_ordered(distribution) else choices


def bounds(distribution: BaseDistribution) -> tuple[Any, Any]:
    """Return the lowest and the highest value of a parameter; of choices without an order the first and the last."""
    if isinstance(distribution, CategoricalDistribution):
        choices = in_order(distribution)
        return choices[0], choices[-1]
    return distribution.low, distribution.high  # type: ignore[attr-defined]


def place(value: Any, distribution: BaseDistribution) -> float:
    """Return where a value lies between the bounds, 0 to 1, on the scale on which it is searched.

    Of choices that are listed, their order counts, see `in_order`.
    """
    if isinstance(distribution, CategoricalDistribution):
        choices = in_order(distribution)
        return choices.index(value) / (len(choices) - 1)
    scale = math.log if distribution.log else float  # type: ignore[attr-defined]
    low, high = (scale(each) for each in bounds(distribution))
    return float((scale(value) - low) / (high - low))


def _warning(parameter: Parameter, share: float, distribution: BaseDistribution, *, rising: bool | None) -> str | None:
    """Say that the space may be too narrow, where a wider one is likely to hold a better configuration."""
    if _is_pair(distribution):  # one of two is always at an end
        return None
    low, high = bounds(distribution)
    is_listed = isinstance(distribution, CategoricalDistribution)
    ends, margin = (
        (("smallest choice", "largest choice"), 0.0) if is_listed else (("lower bound", "upper bound"), AT_BOUND)
    )
    name, is_float = parameter.name, parameter.kind == "float"
    # A range of a person's own that ends at 0 or 1 most likely ends where the values do, as that of a share.
    is_natural = parameter.kind in (ANY, "share")
    is_low_natural, is_high_natural = (is_natural and end in (0, 1) for end in (low, high))
    fewer_may_help = (is_float or low != parameter.low) and not (name == "epochs" and rising is True)
    more_may_help = (is_float or high != parameter.high) and not (name == "epochs" and rising is False)
    if share <= margin and fewer_may_help and not is_low_natural:
        return f"the best trial has {name} at the {ends[0]} ({low:.6g}): widen it"
    if share >= 1 - margin and more_may_help and not is_high_natural:
        return f"the best trial has {name} at the {ends[1]} ({high:.6g}): widen it"
    return None


def _is_pair(distribution: BaseDistribution) -> bool:
    """Say whether a parameter, of which there is a choice, has no more than two values."""
    if isinstance(distribution, CategoricalDistribution):
        return len(distribution.choices) == PAIR
    return isinstance(distribution, IntDistribution) and distribution.high - distribution.low < PAIR


def _is_rising(trial: FrozenTrial, settings: Settings) -> bool | None:
    """Say whether the last epochs were better than those before them; None where there are too few."""
    values = [value for _, value in sorted(trial.intermediate_values.items())]
    if len(values) < 2 * LAST_EPOCHS:
        return None
    last, before = values[-LAST_EPOCHS:], values[-2 * LAST_EPOCHS : -LAST_EPOCHS]
    return (sum(last) - sum(before)) / LAST_EPOCHS > RISING / settings.problem.sizes["val"]
