"""How long a loaded model takes to answer, alone in its process: a single example, and a thousand at once."""

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trainable.data.several import length_of

BATCHES = (1, 1000)  # examples
FEWEST, MOST = 10, 1000  # answers that are timed of each
PATIENCE = 1.0  # seconds of timing after which the fewest are enough
WARM = 5  # answers before: the first ones still compile


@dataclass(frozen=True)
class Latency:
    """Seconds from a batch of examples to what the model says of them.

    Attributes:
        batch: How many examples.
        median: Of the answers that were timed.
        lower: A quarter of them was faster.
        upper: A quarter was slower.
        answers: How many were timed.
    """

    batch: int
    median: float
    lower: float
    upper: float
    answers: int


def timed(predict: Callable[[Any], Any], examples: Mapping[str, NDArray[Any]]) -> dict[str, list[float]]:
    """Return the seconds of each answer, by how many examples it was for.

    Args:
        predict: The model.
        examples: By the names of its inputs; where there are fewer than a batch has, they are repeated.
    """
    found = {}
    for size in BATCHES:
        places = np.arange(size) % length_of(examples)
        batch = {name: each[places] for name, each in examples.items()}
        for _ in range(WARM):
            predict(batch)
        seconds: list[float] = []
        while len(seconds) < FEWEST or (sum(seconds) < PATIENCE and len(seconds) < MOST):
            started = time.perf_counter()
            predict(batch)
            seconds.append(time.perf_counter() - started)
        found[str(size)] = seconds
    return found


def latency_of(batch: int, seconds: Sequence[float]) -> Latency:
    """Return median and quartiles of the seconds of two answers or more."""
    lower, median, upper = statistics.quantiles(seconds, n=4, method="inclusive")
    return Latency(batch, median, lower, upper, len(seconds))


def told(latency: Latency, example: str) -> str:
    """Return a latency in words."""
    return f"{latency.batch:,} {example}{'s' * (latency.batch > 1)} in {milliseconds(latency)} ms"


def milliseconds(latency: Latency) -> str:
    """Return its median and, in brackets, its quartiles."""
    median, lower, upper = (f"{1000 * each:.3g}" for each in (latency.median, latency.lower, latency.upper))
    return f"{median} ({lower} to {upper})"
