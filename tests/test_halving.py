"""Halving by shares: where a trial is compared, with what, and which one goes on."""

import optuna
import pytest
from optuna.distributions import IntDistribution
from optuna.trial import TrialState, create_trial

from search.study.halving import ShareHalving

EPOCHS = {"epochs": IntDistribution(1, 60)}


def reported(*values, epochs=12, state=TrialState.RUNNING):
    """A trial that has reported so much."""
    steps = dict(enumerate(values, start=1))
    return create_trial(state=state, params={"epochs": epochs}, distributions=EPOCHS, intermediate_values=steps)


def is_pruned(trial, *others, reduction=3):
    """Whether a trial ends beside others."""
    study = optuna.create_study(direction="maximize")
    study.add_trials([*others, trial])
    return ShareHalving(1 / 12, reduction, 5).prune(study, study.trials[-1])


@pytest.mark.parametrize(("epoch", "compared"), [(1, True), (2, False), (3, True), (4, False), (9, True), (11, False)])
def test_trial_is_compared_at_shares_of_its_epochs(epoch, compared):
    """A twelfth, a quarter and three quarters of them; in between never."""
    better = [reported(*[0.9] * 12) for _ in range(3)]
    assert is_pruned(reported(*[0.1] * epoch), *better) is compared


def test_trials_of_other_lengths_are_compared_where_they_are_equally_far():
    """One of 24 epochs after two of them with one of 12 after the first."""
    longer = reported(0.1, 0.8, epochs=24)
    assert is_pruned(reported(0.7), longer)
    assert not is_pruned(reported(0.85), longer)
    assert not is_pruned(reported(0.2, 0.3, epochs=24), *[reported(0.1, 0.9)])


def test_one_in_three_goes_on():
    """Of the values so far, its own among them; of two the better one does."""
    others = [reported(value) for value in (0.1, 0.2, 0.3, 0.4, 0.5)]
    assert [is_pruned(reported(value), *others) for value in (0.35, 0.45)] == [True, False]
    assert not is_pruned(reported(0.3))
    assert is_pruned(reported(0.3), reported(0.4))


def test_value_that_is_no_number_is_nobodys_rival():
    """A network that diverged says nothing of the others; without a parameter for epochs there are the usual ones."""
    assert not is_pruned(reported(0.3), reported(float("nan")))
    study = optuna.create_study(direction="maximize")
    study.add_trials([create_trial(state=TrialState.RUNNING, intermediate_values={1: value}) for value in (0.9, 0.3)])
    assert ShareHalving(0.2, 3, 5).prune(study, study.trials[1])
    assert not ShareHalving(0.5, 3, 5).prune(study, study.trials[1])
