"""A wider space than one at whose edge the best trial lies."""

import math
from collections.abc import Mapping
from dataclasses import replace

from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution

from search.study.insight import Position, in_order
from search.study.ranges import step_of
from search.study.space import Space
from search.study.tables import ANY
from trainable.parameter import Parameter

TIMES = 2  # whole numbers and choices, as wide on that side
ON_LOG_SCALE = 4  # other numbers that are searched on a log scale
PART = 2  # of the range, by which others are widened
HALF = 0.5


def widened(space: Space, positions: Mapping[str, Position]) -> Space:
    """Return the space with each parameter that has a warning widened on the side where the best trial lies.

    One that cannot go further stays as it is; no range comes to hold 0, or values on the other side of it.

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
        end = ordered[0] if at_low else ordered[-1]
        further = _multiplied(end, TIMES, at_low=at_low, is_int=all(isinstance(each, int) for each in ordered))
        is_new = further not in ordered and _is_possible(further, parameter)
        return CategoricalDistribution([*distribution.choices, *([further] if is_new else [])])
    low, high, log = distribution.low, distribution.high, distribution.log  # type: ignore[attr-defined]
    is_int, step = isinstance(distribution, IntDistribution), step_of(distribution)
    end, sign = (low, -1) if at_low else (high, 1)
    if log or is_int:
        new = _multiplied(end, TIMES if is_int else ON_LOG_SCALE, at_low=at_low, is_int=is_int)
    else:
        new = end + sign * (high - low) / PART
        if not _is_outward(end, at_low=at_low):
            nearest = _multiplied(end, ON_LOG_SCALE, at_low=at_low, is_int=False)
            new = max(new, nearest) if at_low else min(new, nearest)
    within = min(max(new, _least(parameter)), parameter.high)
    far = max(sign * (within - end), 0)
    if step is not None:
        is_free = within == new and _is_outward(end, at_low=at_low)
        far = step * (round(far / step) if is_free else math.floor(far / step))
    low, high = (low - far, high) if at_low else (low, high + far)
    if is_int:
        return IntDistribution(int(low), int(high), log=log, step=1 if step is None else int(step))
    return FloatDistribution(float(f"{low:.6g}"), float(f"{high:.6g}"), log=log, step=step)


def _multiplied(end: float, times: int, *, at_low: bool, is_int: bool) -> float:
    """Return an end of a range as many times as far from 0, or as near to it, whichever makes the range wider."""
    if _is_outward(end, at_low=at_low):
        return end * times
    return int(math.copysign(max(abs(end) // times, 1), end)) if is_int and end else end / times


def _is_outward(end: float, *, at_low: bool) -> bool:
    """Say whether a range becomes wider at an end by going away from 0."""
    return end != 0 and (end < 0) == at_low


def _least(parameter: Parameter) -> float:
    return -parameter.high if parameter.kind == ANY else parameter.low


def _is_possible(value: float, parameter: Parameter) -> bool:
    is_above = value > parameter.low if parameter.kind == "float" else value >= _least(parameter)
    return is_above and value <= parameter.high
