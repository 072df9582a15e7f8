"""Asynchronous successive halving that compares trials at equal shares of their own epochs.

Where a learning rate falls to a trial's own last epoch, two trials of different lengths that have trained equally long
are not equally far: the longer one still takes large steps. Source of the rule: Li et al. 2020 (ASHA).
"""

import math
from collections.abc import Sequence

import optuna
from optuna.pruners import BasePruner
from optuna.trial import FrozenTrial

EPOCHS = "epochs"


class ShareHalving(BasePruner):
    """Ends a trial that is not among the best of those that have come equally far."""

    def __init__(self, first: float, reduction: int, usual: int) -> None:
        """Say where trials are compared.

        Args:
            first: Share of its epochs after which a trial is compared first.
            reduction: One in so many goes on, and each next comparison comes after so many times as much.
            usual: Epochs of a trial that has no parameter of its own for them.
        """
        self._reduction, self._usual = reduction, usual
        self._shares = []
        while first < 1:
            self._shares.append(first)
            first *= reduction

    def prune(self, study: optuna.Study, trial: FrozenTrial) -> bool:
        """Say whether a trial is to end after the epoch that it reported last."""
        reached = [share for share in self._shares if self._epoch(trial, share) == trial.last_step]
        if not reached:
            return False
        value = trial.intermediate_values[trial.last_step or 0]
        others = study.get_trials(deepcopy=False)
        return not all(self._goes_on(value, self._values(others, share, trial.number)) for share in reached)

    def _epoch(self, trial: FrozenTrial, share: float) -> int:
        """Return the epoch at which a trial has come so far."""
        return math.ceil(share * int(trial.params.get(EPOCHS, self._usual)))

    def _values(self, trials: Sequence[FrozenTrial], share: float, but: int) -> list[float]:
        """Return what the other trials had where they had come so far."""
        found = (each.intermediate_values.get(self._epoch(each, share)) for each in trials if each.number != but)
        return [value for value in found if value is not None and math.isfinite(value)]

    def _goes_on(self, value: float, others: Sequence[float]) -> bool:
        """Say whether a value is among the best; of few, only the best one is."""
        best = sorted([*others, value], reverse=True)
        return value >= best[max(len(best) // self._reduction, 1) - 1]
