"""What is searched, and the baseline, on a data set of any size: as on the built-in one, fitted to the examples."""

from math import ceil, floor, log2
from typing import Any, NamedTuple

from trainable.mnist.spec import MNIST

PART = 8  # a batch has at most an eighth of the training examples
SMALL = 8  # examples of a batch; smaller ones only where there are few examples
FEWEST_CHOICES = 4  # the largest batch size over the smallest, at least
MOST_EPOCHS, FEWEST_EPOCHS = 500, 4  # the upper end of the range


class Fitted(NamedTuple):
    """A space, in the form of a space file, and a baseline that lies in it."""

    space: dict[str, Any]
    baseline: dict[str, Any]


def fitted(examples: int) -> Fitted:
    """Return what suits so many training examples.

    The longest training has about as many steps as the built-in problem's longest, and so has the baseline's.
    """
    usual = MNIST.sizes["train"]
    batches, epochs = MNIST.space["batch_size"]["choices"], MNIST.space["epochs"]
    batch_sizes = _batch_sizes(examples, batches)
    most = _epochs(epochs["high"] * ceil(usual / batches[0]), examples, batch_sizes[0])
    most = max(most, FEWEST_EPOCHS)
    least = max(1, round(most * epochs["low"] / epochs["high"]))
    space = {
        **MNIST.space,
        "batch_size": {"type": "categorical", "choices": batch_sizes},
        "epochs": epochs | {"low": least, "high": most},
    }
    today = MNIST.baseline
    batch = min(today["batch_size"], batch_sizes[-1])
    steps = today["epochs"] * ceil(usual / today["batch_size"])
    number = min(max(_epochs(steps, examples, batch), least), most)
    return Fitted(space, {**today, "batch_size": batch, "epochs": number})


def _batch_sizes(examples: int, usual: list[int]) -> list[int]:
    """Return powers of two: six, as on the built-in problem, or those that are not too small."""
    largest = min(2 ** floor(log2(max(1, examples / PART))), usual[-1])
    smallest = max(largest * usual[0] // usual[-1], min(SMALL, largest // FEWEST_CHOICES), 1)
    return [2**power for power in range(round(log2(smallest)), round(log2(largest)) + 1)]


def _epochs(steps: int, examples: int, batch_size: int) -> int:
    """Return how many epochs have about so many steps, at least one and at most `MOST_EPOCHS`."""
    return min(max(1, round(steps / ceil(examples / batch_size))), MOST_EPOCHS)
