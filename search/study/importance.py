"""Which parameters matter: how much each decides whether a trial is among the best, told from all trials."""

import math
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice

import optuna
from optuna.distributions import BaseDistribution
from optuna.trial import FrozenTrial, create_trial

from search.study.rungs import Rung, rung_of
from search.terminal.words import several

TOP = 0.1  # share of the trials that importance sets against the rest
FEWEST_TRIALS = 10  # below which the top is a single trial and importance is noise
FEWEST_AT_TOP = 5  # Optuna's advice; with fewer, importances are a hint
MOST_TRIALS = 1000  # evenly spread ones that they are from: ten times as many say the same, and take seconds
EPOCHS = "epochs"


@dataclass(frozen=True)
class Importance:
    """Which parameters matter.

    Attributes:
        shares: By parameter, shares that add up to 1, the greatest first; None where they cannot be known.
        unknown: Why they cannot be known.
        trials: How many trials they are from, complete and pruned ones.
        among: Of how many.
        epoch: By their accuracy at which epoch; None where it is that at each trial's own end.
        partial: The searched parameters of which nothing is said: too few of these trials have them, or they had no say
            yet at that epoch.
    """

    shares: Mapping[str, float] | None
    unknown: str | None
    trials: int
    among: int
    epoch: int | None
    partial: tuple[str, ...]

    @property
    def rough(self) -> bool:
        """Whether they are from so few trials that they are no more than a hint."""
        return _at_top(self.trials) < FEWEST_AT_TOP

    @property
    def basis(self) -> str:
        """What they are from, in sentences."""
        by = "each at its own end" if self.epoch is None else f"at epoch {self.epoch}, which most trials reached"
        part = "" if self.trials == self.among else f"{self.trials:,} of "
        said = [f"From {part}{several(self.among, 'trial')}, by the accuracy {by}."]
        if self.rough:
            said.append("From so few it is no more than a hint.")
        if self.partial:
            said.append(f"Nothing is said of {', '.join(self.partial)}: too few have it, or it had no say by then.")
        return " ".join(said)


def importance_of(trials: Sequence[FrozenTrial], searched: Mapping[str, BaseDistribution]) -> Importance:
    """Return which parameters matter.

    Args:
        trials: All of a study.
        searched: The parameters that can take more than one value.
    """
    whole = rung_of(trials)
    every = math.ceil(len(whole.accuracies) / MOST_TRIALS)
    rung = replace(whole, accuracies=dict(islice(whole.accuracies.items(), 0, None, max(every, 1))))
    compared = [trials[number] for number in rung.accuracies]
    judged = [name for name in searched if _has_say(name, compared, rung)]
    unknown = _why_unknown(rung, searched, judged)
    return Importance(
        shares=None if unknown else _shares(compared, rung, judged),
        unknown=unknown,
        trials=len(compared),
        among=len(whole.accuracies),
        epoch=rung.epoch,
        partial=tuple(name for name in searched if name not in judged) if compared else (),
    )


def _why_unknown(rung: Rung, searched: Mapping[str, BaseDistribution], judged: Sequence[str]) -> str | None:
    values = sorted(rung.accuracies.values(), reverse=True)
    if len(values) < FEWEST_TRIALS:
        return f"{several(len(values), 'trial')} can be compared, and fewer than {FEWEST_TRIALS} say nothing"
    if not searched:
        return "the space holds a single configuration"
    if not judged:
        return "no parameter that is searched is in enough trials"
    if values[_at_top(len(values)) - 1] == values[-1]:
        return "the trials hardly differ in accuracy"
    return None


def _has_say(name: str, trials: Sequence[FrozenTrial], rung: Rung) -> bool:
    """Say whether a parameter can have made a difference among some trials, and enough of them have it."""
    values = [trial.params[name] for trial in trials if name in trial.params]
    if name == EPOCHS and rung.epoch is not None and all(value >= rung.epoch for value in values):
        return False  # each has trained as many up to there
    return len(values) >= min(FEWEST_TRIALS, len(trials))


def _at_top(trials: int) -> int:
    """Return how many of some trials importance sets against the rest."""
    return math.ceil(TOP * trials)


def _shares(trials: Sequence[FrozenTrial], rung: Rung, judged: Sequence[str]) -> dict[str, float]:
    """Return the shares of parameters; one that not every trial has is judged among those that have it."""
    everywhere = [name for name in judged if all(name in trial.params for trial in trials)]
    found = _divergences(trials, rung, everywhere)
    for name in judged:
        if name not in found:
            found |= _divergences([trial for trial in trials if name in trial.params], rung, [name])
    total = sum(found.values())
    shares = {name: each / total if total else 1 / len(found) for name, each in found.items()}
    return dict(sorted(shares.items(), key=lambda item: -item[1]))


def _divergences(trials: Sequence[FrozenTrial], rung: Rung, names: Sequence[str]) -> dict[str, float]:
    """Return how far the best trials' values of some parameters, which all trials have, lie from all trials' values.

    Source: Watanabe, Bansal and Hutter, PED-ANOVA, IJCAI 2023, as Optuna has it.
    """
    if not names:
        return {}
    # Imported here: Optuna loads all of scikit-learn, and that pandas, where they are there.
    from optuna.importance import PedAnovaImportanceEvaluator, get_param_importances  # noqa: PLC0415

    study = optuna.create_study(direction="maximize")
    study.add_trials(
        create_trial(
            value=rung.accuracies[trial.number],
            params={name: trial.params[name] for name in names},
            distributions={name: trial.distributions[name] for name in names},
        )
        for trial in trials
    )
    evaluator = PedAnovaImportanceEvaluator(target_quantile=TOP)
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", optuna.exceptions.ExperimentalWarning
        )  # of `normalize`; the lock pins its version
        return dict(get_param_importances(study, evaluator=evaluator, params=list(names), normalize=False))
