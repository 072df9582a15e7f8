"""A wider space than one at whose edge the best trial lies."""

from collections.abc import Mapping
from dataclasses import replace

from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution

from search.study.insight import Position, in_order
from search.study.ranges import step_of
from search.study.space import Space
from trainable.parameter import Parameter

TIMES = 2  # whole numbers and choices, as wide on that side
ON_LOG_SCALE = 4  # other numbers that are searched on a log scale
PART = 2  # of the range, by which others are widened
HALF = 0.5


def widened(space: Space, positions: Mapping[str, Position]) -> Space:
    """Return the space with each parameter that has a warning widened on the side where the best trial lies.

    Args:
        space: As it was searched.
        positions: Where the best trial lies in it, see `insight.Insight.positions`.
    """
    parameters = {each.name: each for each in space.problem.parameters}
    distributions = dict(space.distributions)
    for name, position in positions.items():
        if position.warning and position.from_low is not None:
            distributions[name] = _wider(distributions[name], parameters[name], at_low=position.from_low < HALF)
    return replace(space, distributions=distributions)


def _wider(distribution: BaseDistribution, parameter: Parameter, *, at_low: bool) -> BaseDistribution:
    """Return a distribution that goes further at one end, within what the parameter can be."""
    if isinstance(distribution, CategoricalDistribution):
        ordered = in_order(distribution)
        further = ordered[0] // TIMES if at_low else ordered[-1] * TIMES
        is_possible = parameter.low <= further <= parameter.high and further not in ordered
        return CategoricalDistribution([*distribution.choices, *([further] if is_possible else [])])
    low, high, log = distribution.low, distribution.high, distribution.log  # type: ignore[attr-defined]
    is_int, step = isinstance(distribution, IntDistribution), step_of(distribution)
    if log or is_int:
        times = TIMES if is_int else ON_LOG_SCALE
        new = low / times if at_low else high * times
    else:
        new = low - (high - low) / PART if at_low else high + (high - low) / PART
    if step is not None:
        new = low - step * round((low - new) / step) if at_low else low + step * round((new - low) / step)
    least = parameter.low if is_int or parameter.low != 0 else low / ON_LOG_SCALE  # a float has to exceed it
    new = max(new, least) if at_low else min(new, parameter.high)
    low, high = (new, high) if at_low else (low, new)
    if is_int:
        return IntDistribution(int(low), int(high), log=log, step=1 if step is None else int(step))
    return FloatDistribution(float(f"{low:.6g}"), float(f"{high:.6g}"), log=log, step=step)
