"""Configurations validate when they are made."""

import math

import pytest

from trainable.errors import ConfigError
from trainable.parameter import MAX_SEED, SEED
from trainable.problems import BUILT_IN


def test_baseline_is_the_books_example():
    """512 units, RMSprop's default rate, batches of 128, five epochs."""
    assert BUILT_IN.baseline == {"hidden_units": 512, "learning_rate": 0.001, "batch_size": 128, "epochs": 5}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("hidden_units", 0),
        ("hidden_units", 1.5),
        ("batch_size", "128"),
        ("epochs", True),
        ("epochs", -1),
        ("learning_rate", 0),
        ("learning_rate", math.nan),
        ("learning_rate", math.inf),
        ("learning_rate", "fast"),
        ("hidden_units", 10**12),
        ("batch_size", 10**12),
        pytest.param("epochs", 10**5000, id="epochs-huge"),
        pytest.param("learning_rate", 10**400, id="rate-huge"),
        ("seed", -1),
        ("seed", MAX_SEED + 1),
    ],
)
def test_wrong_values_are_refused_by_name(name, value):
    """The message names the field, the value and what is allowed."""
    check = SEED.check if name == "seed" else lambda value: BUILT_IN.check(BUILT_IN.baseline | {name: value})
    with pytest.raises(ConfigError, match=rf"{name} must be .*, got "):
        check(value)


def test_missing_parameter_is_named():
    """A mapping without a parameter is refused; other keys in it are of no matter."""
    with pytest.raises(ConfigError, match="missing epochs"):
        BUILT_IN.check({"hidden_units": 1, "learning_rate": 0.1, "batch_size": 1, "colour": "red"})
