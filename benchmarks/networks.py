"""The networks whose configurations the tools are compared on: each with its section of the results."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scipy.stats import qmc

from benchmarks.peers.space import CNN, MLP, SPACES, Space

SEED = 20_240_601  # of the list; any would do, but it stays the same


@dataclass(frozen=True)
class Network:
    """A network, and which of its configurations are trained.

    Attributes:
        name: What the peers call it.
        section: Of the file of results.
        title: The section's.
        described: What the configurations are spread over.
        epochs: The fewest and the most that one has in the list, so that a round takes minutes.
        smoke: The list of the smallest size.
        options: Of `search.run`, that name the network.
        has_precisions: Whether this project computes it in bfloat16, too.
    """

    name: str
    section: str
    title: str
    described: str
    epochs: tuple[int, int]
    smoke: Sequence[Mapping[str, Any]]
    options: tuple[str, ...] = ()
    has_precisions: bool = False

    @property
    def space(self) -> Space:
        """What is searched."""
        return SPACES[self.name]

    def draw(self, count: int) -> list[dict[str, Any]]:
        """Return the same quasi-random configurations each time, spread evenly over the space."""
        space = self.space
        points = qmc.Halton(len(space.names), rng=SEED).random(count)
        return [
            {
                **{
                    name: round(on_log_scale(at, *space.sizes[name]))
                    for name, at in zip(space.sizes, sizes, strict=True)
                },
                "learning_rate": float(f"{on_log_scale(rate, *space.learning_rate):.4g}"),
                "batch_size": space.batch_sizes[int(batch * len(space.batch_sizes))],
                "epochs": self.epochs[0] + int(length * (self.epochs[1] - self.epochs[0] + 1)),
            }
            for *sizes, rate, batch, length in points
        ]

    def key(self, params: Mapping[str, Any], epochs: int) -> tuple[object, ...]:
        """Return what makes a configuration that was trained for so many epochs the same as another one."""
        values = {**params, "epochs": epochs, "learning_rate": f"{params['learning_rate']:.6g}"}
        return tuple(values[name] for name in self.space.names)


NETWORKS = {
    MLP: Network(
        MLP, "search", "The same configurations with other tools", "the built-in space",
        epochs=(4, 5),  # the fewest that the space has
        smoke=(
            {"hidden_units": 128, "learning_rate": 0.001, "batch_size": 1024, "epochs": 4},
            {"hidden_units": 160, "learning_rate": 0.002, "batch_size": 1024, "epochs": 4},
        ),
        has_precisions=True,
    ),
    CNN: Network(
        CNN, "model", "The same configurations of a Keras model in a file with other tools",
        "the space of the file benchmarks/cnn.py (two convolutions and a dense layer)",
        epochs=(2, 3),
        smoke=(
            {"filters": 8, "units": 32, "learning_rate": 0.002, "batch_size": 256, "epochs": 2},
            {"filters": 9, "units": 32, "learning_rate": 0.003, "batch_size": 256, "epochs": 2},
        ),
        options=("--model", "benchmarks/cnn.py"),
    ),
}  # fmt: skip


def on_log_scale(share: float, low: float, high: float) -> float:
    """Return what lies so far between two ends, 0 to 1, on the scale of logarithms."""
    return math.exp(math.log(low) + share * (math.log(high) - math.log(low)))
