"""A space is widened where the best trial lies at its edge, and nowhere else."""

from dataclasses import replace

import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from search.study.insight import Position
from search.study.space import Space
from search.study.widening import widened
from trainable.parameter import Parameter
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


OWN = Parameter("gain", "any", 0, 1e12, "a parameter of somebody's own model")


@pytest.mark.parametrize(
    ("distribution", "from_low", "expected"),
    [
        (IntDistribution(-5, -3), 1.0, IntDistribution(-5, -1)),
        (IntDistribution(-6, -2), 0.0, IntDistribution(-12, -2)),
        (IntDistribution(-6, 4), 0.0, IntDistribution(-12, 4)),
        (IntDistribution(-6, 4), 1.0, IntDistribution(-6, 8)),
        (IntDistribution(0, 8), 0.0, IntDistribution(0, 8)),
        (IntDistribution(1, 8), 0.0, IntDistribution(1, 8)),
        (IntDistribution(-8, -1), 1.0, IntDistribution(-8, -1)),
        (FloatDistribution(0.1, 0.5), 0.0, FloatDistribution(0.025, 0.5)),
        (FloatDistribution(0.0, 0.5), 0.0, FloatDistribution(0.0, 0.5)),
        (FloatDistribution(-0.5, 0.0), 1.0, FloatDistribution(-0.5, 0.0)),
        (FloatDistribution(-0.5, -0.1), 1.0, FloatDistribution(-0.5, -0.025)),
        (FloatDistribution(-0.5, 0.5), 1.0, FloatDistribution(-0.5, 1.0)),
        (FloatDistribution(0.25, 1.0, step=0.25), 0.0, FloatDistribution(0.25, 1.0, step=0.25)),
        (FloatDistribution(0.25, 1.0, step=0.25), 1.0, FloatDistribution(0.25, 1.5, step=0.25)),
        (CategoricalDistribution((1e-2, 1e-3, 1e-4)), 0.0, CategoricalDistribution((1e-2, 1e-3, 1e-4, 5e-5))),
        (CategoricalDistribution((-3, -2, -1)), 0.0, CategoricalDistribution((-3, -2, -1, -6))),
        (CategoricalDistribution((-3, -2, -1)), 1.0, CategoricalDistribution((-3, -2, -1))),
        (CategoricalDistribution((0, 1)), 0.0, CategoricalDistribution((0, 1))),
    ],
)
def test_range_of_an_own_parameter_stays_on_its_side_of_zero(distribution, from_low, expected):
    """It becomes wider, or stays as it is; never narrower, and never without the best."""
    problem = replace(BUILT_IN, parameters=(OWN,), baseline={})
    wider = widened(Space({"gain": distribution}, problem=problem), {"gain": at(from_low)})
    assert wider.distributions["gain"] == expected


def test_learning_rates_that_are_listed_stay_above_zero():
    """A float has to exceed its limit."""
    space = Space({"learning_rate": CategoricalDistribution((1e-2, 1e-3))})
    wider = widened(space, {"learning_rate": at(0.0)}).distributions["learning_rate"]
    assert wider == CategoricalDistribution((1e-2, 1e-3, 5e-4))


def test_limits_of_a_parameter_are_kept():
    """No range goes beyond what can be trained at all."""
    limits = {each.name: each for each in BUILT_IN.parameters}
    top = int(limits["hidden_units"].high)
    space = Space({"hidden_units": IntDistribution(32, top)})
    assert widened(space, {"hidden_units": at(1.0)}).distributions["hidden_units"] == IntDistribution(32, top)
