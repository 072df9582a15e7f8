"""Trials that ended at different epochs made comparable: by their accuracy at one epoch that most of them reached."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from optuna.trial import FrozenTrial, TrialState

MOST = 0.8  # share of the trials that have to have reached the epoch


@dataclass(frozen=True)
class Rung:
    """Accuracies that can be compared.

    Attributes:
        epoch: At which they were measured; None where each is the one at its trial's own end.
        accuracies: On the validation examples, by trial number, shares. A trial of fewer epochs has that at its end.
    """

    epoch: int | None
    accuracies: Mapping[int, float]


def rung_of(trials: Sequence[FrozenTrial]) -> Rung:
    """Return the deepest epoch that most of the complete and pruned trials reached, and what they had there.

    Where most are complete each is taken at its own end, and the pruned ones are left out.
    """
    complete = [trial for trial in trials if trial.state == TrialState.COMPLETE]
    pruned = [trial for trial in trials if trial.state == TrialState.PRUNED and trial.intermediate_values]
    missing = math.ceil(MOST * (len(complete) + len(pruned))) - len(complete)
    if missing <= 0:
        return _rung(None, {trial.number: trial.value for trial in complete})
    epoch = sorted((max(trial.intermediate_values) for trial in pruned), reverse=True)[missing - 1]
    own = {trial.number: trial.intermediate_values.get(epoch, trial.value) for trial in complete}
    return _rung(epoch, own | {trial.number: trial.intermediate_values.get(epoch) for trial in pruned})


def _rung(epoch: int | None, values: Mapping[int, float | None]) -> Rung:
    found = {number: value for number, value in values.items() if value is not None and math.isfinite(value)}
    return Rung(epoch, dict(sorted(found.items())))
