"""Trials that ended at different epochs are compared by what they had at the same one."""

import optuna
import pytest
from optuna.distributions import FloatDistribution, IntDistribution
from optuna.trial import TrialState, create_trial

from search.study.importance import importance_of
from search.study.rungs import rung_of

SPACE = {
    "rate": FloatDistribution(0, 1),
    "other": FloatDistribution(0, 1),
    "epochs": IntDistribution(2, 12),
    "momentum": FloatDistribution(0, 1),
}


def numbered(trials):
    """Trials as a study numbers them."""
    study = optuna.create_study(direction="maximize")
    study.add_trials(trials)
    return study.get_trials(deepcopy=False)


def trial(values, state=TrialState.COMPLETE, **params):
    """A trial that reported these accuracies, one an epoch."""
    return create_trial(
        state=state,
        value=values[-1] if state == TrialState.COMPLETE else None,
        params=params,
        distributions={name: SPACE[name] for name in params},
        intermediate_values=dict(enumerate(values, start=1)),
    )


def pruned(*values, **params):
    """A trial that was pruned."""
    return trial(values, TrialState.PRUNED, **params)


def test_deepest_epoch_that_most_have_reached_decides():
    """Four of five reached the second; one of fewer epochs has what it had at its end, and a failed one nothing."""
    trials = numbered(
        [
            trial([0.5, 0.6, 0.7, 0.8]),
            trial([0.9]),
            pruned(0.4, 0.5, 0.6),
            pruned(0.3, 0.4),
            pruned(0.2),
            trial([], TrialState.FAIL),
        ]
    )
    rung = rung_of(trials)
    assert (rung.epoch, rung.accuracies) == (2, {0: 0.6, 1: 0.9, 2: 0.5, 3: 0.4})


@pytest.mark.parametrize("others", [[], [pruned(0.4)], [pruned(0.4), trial([0.5], TrialState.RUNNING)]])
def test_complete_trials_are_taken_at_their_ends_where_most_are_complete(others):
    """The few pruned ones are left out then, and what runs says nothing yet."""
    rung = rung_of(numbered([trial([0.5, 0.6]), trial([0.7]), trial([0.1, 0.2, 0.3]), trial([0.9]), *others]))
    assert (rung.epoch, rung.accuracies) == (None, {0: 0.6, 1: 0.7, 2: 0.3, 3: 0.9})


def test_no_trial_has_no_rung():
    """Nor has one that was pruned before it reported anything, or whose accuracy is no number."""
    assert rung_of([]).accuracies == {}
    assert rung_of(numbered([pruned(), pruned(float("nan"))])).accuracies == {}


def searched(number=60):
    """Trials of which the rate decides, and of half of them a momentum beside it; most were pruned."""
    random = optuna.samplers.RandomSampler(seed=3)
    study = optuna.create_study(direction="maximize", sampler=random)
    for place in range(number):
        asked = study.ask()
        params = {name: asked.suggest_float(name, 0, 1) for name in ("rate", "other")}
        params["epochs"] = asked.suggest_int("epochs", 2, 12)
        value = params["rate"]
        if place % 2:
            params["momentum"] = asked.suggest_float("momentum", 0, 1)
            value = params["momentum"]
        yield pruned(value / 2, value, **params) if place % 10 else trial([value / 2, value, 0.9, 0.9], **params)


def test_importance_is_told_from_pruned_trials_too():
    """By their accuracy at the epoch that they share, at which the number of epochs had no say yet."""
    found = importance_of(numbered(searched()), SPACE)
    assert (found.trials, found.epoch, found.unknown, found.rough) == (60, 2, None, False)
    assert found.partial == ("epochs",)
    assert found.shares["rate"] > found.shares["other"]
    assert sum(found.shares.values()) == pytest.approx(1)


def test_parameter_under_a_condition_is_judged_among_the_trials_that_have_it():
    """Those without it do not make it look unimportant."""
    found = importance_of(numbered(searched()), SPACE)
    assert found.shares["momentum"] > 3 * found.shares["other"]


def test_importance_of_very_many_trials_is_from_evenly_spread_ones():
    """The same parameters matter as among all, the share is near, and the basis says of how many."""
    trials = numbered(searched(2400))
    found, half = importance_of(trials, SPACE), importance_of(numbered(trials[:1000]), SPACE)
    assert (found.trials, found.among) == (800, 2400)
    assert found.basis.startswith("From 800 of 2,400 trials, by the accuracy at epoch 2")
    assert list(found.shares) == list(half.shares)
    assert found.shares["rate"] == pytest.approx(half.shares["rate"], abs=0.05)


def test_basis_says_how_many_trials_and_at_which_epoch():
    """And of what nothing is said."""
    assert importance_of(numbered(searched(20)), SPACE).basis == (
        "From 20 trials, by the accuracy at epoch 2, which most trials reached. From so few it is no more than a hint. "
        "Nothing is said of epochs: too few have it, or it had no say by then."
    )
