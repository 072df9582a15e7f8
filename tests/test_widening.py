"""A space is widened where the best trial lies at its edge, and nowhere else."""

import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from search.study.insight import Position
from search.study.space import Space
from search.study.widening import widened
from trainable.problems import BUILT_IN


def at(from_low, warning="widen it"):
    """A best trial that lies so far from the lower bound."""
    return Position(None, from_low, None if from_low is None else 1 - from_low, warning)


@pytest.mark.parametrize(
    ("name", "distribution", "from_low", "expected"),
    [
        ("epochs", IntDistribution(4, 20), 1.0, IntDistribution(4, 40)),
        ("epochs", IntDistribution(4, 20), 0.0, IntDistribution(2, 20)),
        ("epochs", IntDistribution(1, 20), 0.0, IntDistribution(1, 20)),
        ("epochs", IntDistribution(4, 20, step=4), 1.0, IntDistribution(4, 40, step=4)),
        ("hidden_units", IntDistribution(32, 512, log=True), 0.99, IntDistribution(32, 1024, log=True)),
        ("learning_rate", FloatDistribution(1e-4, 1e-2, log=True), 1.0, FloatDistribution(1e-4, 4e-2, log=True)),
        ("learning_rate", FloatDistribution(1e-4, 1e-2, log=True), 0.0, FloatDistribution(2.5e-5, 1e-2, log=True)),
        ("learning_rate", FloatDistribution(0.1, 0.3), 1.0, FloatDistribution(0.1, 0.4)),
        ("batch_size", CategoricalDistribution((64, 32)), 1.0, CategoricalDistribution((64, 32, 128))),
        ("batch_size", CategoricalDistribution((64, 32)), 0.0, CategoricalDistribution((64, 32, 16))),
    ],
)
def test_range_is_widened_on_the_side_of_the_best(name, distribution, from_low, expected):
    """Within what a network can be trained with."""
    space = Space({name: distribution, "hidden_units": IntDistribution(8, 9)} | {name: distribution})
    wider = widened(space, {name: at(from_low), "hidden_units": at(0.5, None)} | {name: at(from_low)})
    assert wider.distributions[name] == expected
    if name != "hidden_units":
        assert wider.distributions["hidden_units"] == IntDistribution(8, 9)


def test_limits_of_a_parameter_are_kept():
    """No range goes beyond what can be trained at all."""
    limits = {each.name: each for each in BUILT_IN.parameters}
    top = int(limits["hidden_units"].high)
    space = Space({"hidden_units": IntDistribution(32, top)})
    assert widened(space, {"hidden_units": at(1.0)}).distributions["hidden_units"] == IntDistribution(32, top)
