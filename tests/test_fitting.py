"""What is searched on somebody's data, and their baseline: fitted to the number of examples."""

from math import ceil

from hypothesis import given
from hypothesis import strategies as st

from trainable.arrays.fitting import MOST_EPOCHS, PART, fitted
from trainable.mnist.spec import MNIST


def steps(examples, batch_size, epochs):
    """How often the weights are changed."""
    return ceil(examples / batch_size) * epochs


MOST_STEPS = steps(50_000, 32, 24)
STEPS_OF_BASELINE = steps(50_000, 128, 5)


def test_as_many_examples_as_the_built_in_problem_has_give_its_space():
    """Nothing is fitted where there is nothing to fit."""
    assert fitted(MNIST.sizes["train"]) == (MNIST.space, MNIST.baseline)


@given(st.integers(3, 10_000_000))
def test_space_and_baseline_fit_any_number_of_examples(examples):
    """Batches of at most an eighth of them, about as many steps as on the built-in problem, the baseline within."""
    space, baseline = fitted(examples)
    sizes, epochs = space["batch_size"]["choices"], space["epochs"]
    assert sizes == sorted(set(sizes))
    assert sizes[-1] <= max(1, examples / PART)
    assert len(sizes) >= 3 or sizes[0] == 1
    assert 1 <= epochs["low"] < epochs["high"] <= MOST_EPOCHS
    assert baseline["batch_size"] in sizes
    assert epochs["low"] <= baseline["epochs"] <= epochs["high"]
    most = steps(examples, sizes[0], epochs["high"])
    assert most <= 1.5 * MOST_STEPS or epochs["high"] == 4
    assert most >= MOST_STEPS / 1.5 or epochs["high"] == MOST_EPOCHS
    own = steps(examples, baseline["batch_size"], baseline["epochs"])
    assert own >= STEPS_OF_BASELINE / 1.5 or baseline["epochs"] == MOST_EPOCHS
    assert own <= 1.5 * STEPS_OF_BASELINE or baseline["epochs"] == epochs["low"]
