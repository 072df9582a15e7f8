"""When a search starts no further trial: what a command asks for, and the rule that calls a search settled.

Settled is a search of which half of the trials would have found nearly the same. Where values have no heavier tails
than an exponential, the best of n grows at most with log n: what the last doubling brought bounds what the next one
brings, in expectation. docs/decisions/0018-when-a-search-is-settled.md says how that did on recorded searches.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from statistics import stdev
from typing import Any

from optuna.trial import FrozenTrial, TrialState

from search.confirmation.candidates import CONFIRMED, Candidate, Network
from search.confirmation.record import fresh_networks
from search.study.instants import ENDED, ended
from search.study.settings import Settings
from search.study.study import ranked
from search.terminal.words import POINTS
from search.trials.stops import Reason, Stopped
from trainable.keys import VAL_ACCURACY

FEWEST = 20  # finished trials, before which no search is called settled
SHARE = 0.5  # of the seeds' standard deviation: what luck alone adds at every doubling is 0.27 of it
SPREAD = 5  # networks of the baseline that say how much a seed makes
LEAST_DEVIATION = 0.001  # five accuracies can agree by chance


@dataclass(frozen=True)
class Limits:
    """What may end a search before it has all its trials.

    Attributes:
        ends_at: `time.monotonic()` from which on no further trial starts; None where there is no such time.
        value: A validation accuracy, a share, that is enough; None where none is.
        when_settled: Whether a settled search ends.
    """

    ends_at: float | None = None
    value: float | None = None
    when_settled: bool = False

    def is_time_up(self) -> bool:
        """Say whether the time has come."""
        return self.ends_at is not None and time.monotonic() > self.ends_at

    def reached(self, trials: Sequence[FrozenTrial], attributes: Mapping[str, Any], settings: Settings) -> Stopped:
        """Return why these trials of a study are enough, as a reason and in words; None where they are not."""
        best = next(iter(ranked(trials)), None)
        if self.value is not None and best is not None and float(best.value or 0) >= self.value:
            return Reason.REACHED, f"trial {best.number} reached {float(best.value or 0):.4f}: {self.value:g} is enough"
        deviation = deviation_of(attributes, settings) if self.when_settled else None
        if deviation is not None and (found := settled(ended_values(trials), deviation)).is_reached:
            return Reason.SETTLED, found.told
        return None


@dataclass(frozen=True)
class Settled:
    """What half of the trials would have found.

    Attributes:
        trials: How many there are.
        by_chance: What a random half of them would on average have found less than all, a share.
        by_order: What the first half of them found less.
        deviation: The standard deviation of accuracies of one configuration over seeds, a share.
    """

    trials: int
    by_chance: float
    by_order: float
    deviation: float

    @property
    def is_reached(self) -> bool:
        """Whether as many trials again can be expected to bring less than another seed would."""
        return self.trials >= FEWEST and max(self.by_chance, self.by_order) < SHARE * self.deviation

    @property
    def told(self) -> str:
        """The finding in words."""
        return (
            f"half of these {self.trials} trials would on average have found {POINTS * self.by_chance:.2f} points "
            f"less; as many again can be expected to bring no more than that, and another seed alone makes "
            f"{POINTS * self.deviation:.2f}"
        )


def settled(values: Sequence[float], deviation: float) -> Settled:
    """Return what half of a study's trials would have found, whose values are in the order in which they ended."""
    if not values:
        return Settled(0, 0.0, 0.0, deviation)
    best, half = max(values), values[: len(values) // 2] or values
    by_chance = max(0.0, best - expected_best_of_half(values))  # what floating point takes away is no loss
    return Settled(len(values), by_chance, best - max(half), deviation)


def ended_values(trials: Sequence[FrozenTrial]) -> list[float]:
    """Return the values of trials that ended with one, of pruned ones the last, in the order in which they ended."""
    return [value for trial in sorted(trials, key=_ended) if (value := _value(trial)) is not None]


def expected_best_of_half(values: Sequence[float]) -> float:
    """Return the mean of the best value over all halves of some values, exactly, by order statistics.

    The j-th best value is the best of a random half if it is in that half and none of the better ones is.
    """
    order, size = sorted(values, reverse=True), len(values) // 2
    if not size:
        return order[0]
    found, none_better = 0.0, 1.0
    for place, value in enumerate(order):
        left = len(order) - place
        is_in = min(1.0, size / left)
        found += none_better * is_in * value
        none_better *= 1 - is_in
    return found


def spread_networks(settings: Settings) -> list[Network]:
    """Return the baseline's networks on the training split that say how much a seed makes."""
    return fresh_networks(settings, CONFIRMED, Candidate.baseline_of(settings.problem), SPREAD)


def deviation_of(attributes: Mapping[str, Any], settings: Settings) -> float | None:
    """Return how much a seed makes, a share; None before those networks are trained, or where one of them failed."""
    results = [attributes.get(each.key, {}).get(VAL_ACCURACY) for each in spread_networks(settings)]
    if any(each is None for each in results):
        return None
    return max(float(stdev(results)), LEAST_DEVIATION)


def _value(trial: FrozenTrial) -> float | None:
    """Return the value of a trial that ended with one; of a pruned one its last."""
    if trial.state == TrialState.COMPLETE:
        return float(trial.value or 0.0)
    if trial.state == TrialState.PRUNED and trial.intermediate_values:
        return float(trial.intermediate_values[max(trial.intermediate_values)])
    return None


def _ended(trial: FrozenTrial) -> tuple[bool, datetime, int]:
    """Return what sorts trials as they ended: those of before versions that record an instant come first."""
    return ENDED in trial.user_attrs, ended(trial) or datetime.max.replace(tzinfo=UTC), trial.number
