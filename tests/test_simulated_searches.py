"""The table of trained configurations, what a surrogate makes of it, and searches that are simulated with it."""

import math

import numpy as np
import optuna
import pytest
from optuna.pruners import NopPruner, SuccessiveHalvingPruner

from benchmarks.defaults import Sparing, complete
from benchmarks.searches import search
from benchmarks.surrogate import Surrogate
from benchmarks.table import EPOCHS, drawn, means, read
from search.study.settings import Settings
from trainable.problems import BUILT_IN

CONFIGURATIONS = 20


@pytest.fixture(scope="module")
def rows():
    """The first networks of the table, two seeds each."""
    return [row for row in complete(read()) if row.configuration < CONFIGURATIONS]


@pytest.fixture(scope="module")
def surrogate(rows):
    """What is made of them: a second or two."""
    return Surrogate.of(rows)


def simulated(surrogate, seed=1, pruner=None, workers=2, trials=12):
    """A search at random."""
    sampler, settings = optuna.samplers.RandomSampler(seed=seed), Settings(seed=seed)
    return search(surrogate, sampler, pruner or NopPruner(), settings, trials=trials, workers=workers)


def test_table_holds_networks_of_the_list(rows):
    """Each with an accuracy and a time for every epoch, and no seed twice."""
    assert len(rows) == 2 * CONFIGURATIONS
    assert len({(row.configuration, row.seed) for row in rows}) == len(rows)
    listed = drawn(CONFIGURATIONS)
    assert listed == drawn(3 * CONFIGURATIONS)[:CONFIGURATIONS]
    for row in rows:
        assert dict(row.params) == listed[row.configuration]
        assert len(row.accuracies) == len(row.seconds) == EPOCHS
        assert all(0.5 < each < 1 for each in row.accuracies)
        BUILT_IN.check({**row.params, "epochs": EPOCHS})
    best = max(accuracy for _, accuracy, _ in means(rows))
    assert 0.98 < best < 0.99


def test_surrogate_knows_its_own_table(rows, surrogate):
    """Its curves lie within what seeds differ by, and its times within a half."""
    errors = []
    for row in rows:
        errors.append(surrogate.curve(row.params)[-1] - row.accuracies[-1])
        assert surrogate.seconds(row.params) == pytest.approx(np.median(row.seconds) / row.unit, rel=0.5)
    assert np.std(errors) < 0.003


def test_seeds_differ_around_a_typical_one(rows, surrogate):
    """As two seeds of the table do; the same generator gives the same one."""
    params = rows[0].params
    curves = [surrogate.drawn(params, np.random.default_rng(seed)) for seed in range(60)]
    assert len({each.tobytes() for each in curves}) > 5
    assert np.mean(curves, axis=0)[-1] == pytest.approx(surrogate.curve(params)[-1], abs=0.001)
    assert 0.0001 < np.std(curves, axis=0)[-1] < 0.003
    assert np.array_equal(curves[0], surrogate.drawn(params, np.random.default_rng(0)))


def test_simulated_search_has_the_trials_and_the_time_of_a_real_one(surrogate):
    """Each ends once; what all workers trained is what they had time for, less the end; the winner's truth is known."""
    moments = simulated(surrogate)
    assert len(moments) == 12
    times = [each.time for each in moments]
    assert times == sorted(times)
    assert times[-1] < moments[-1].training <= 2 * times[-1]
    assert 0.97 < moments[-1].accuracy < 0.99
    assert simulated(surrogate)[-1] == moments[-1]
    assert simulated(surrogate, workers=1)[-1].time == pytest.approx(simulated(surrogate, workers=1)[-1].training)


def test_pruning_saves_training(surrogate):
    """And leaves alone what is nearly done, where it is told so."""
    whole = simulated(surrogate)[-1].training
    pruned = simulated(surrogate, pruner=SuccessiveHalvingPruner(min_resource=2, reduction_factor=3))[-1].training
    spared = simulated(surrogate, pruner=Sparing(SuccessiveHalvingPruner(min_resource=2, reduction_factor=3)))
    assert pruned < 0.7 * whole
    assert pruned <= spared[-1].training < whole
    assert not math.isnan(spared[-1].accuracy)
