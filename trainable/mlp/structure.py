"""What decides the graph that trains a network, apart from all values that are arguments of it. Without TensorFlow."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Self

RELU, GELU = "relu", "gelu"
RMSPROP, ADAM, ADAMW, SGD = "rmsprop", "adam", "adamw", "sgd"
CONSTANT, COSINE = "constant", "cosine"
ACTIVATIONS, OPTIMIZERS, SCHEDULES = (RELU, GELU), (RMSPROP, ADAM, ADAMW, SGD), (CONSTANT, COSINE)
MOST_LAYERS = 3
FARTHEST = 2  # pixels by which an image may be shifted, in each direction
OWN_RATE, KERAS_RATE = "sgd_learning_rate", 0.01  # plain gradient descent takes steps of another size
# Numbers that a step takes, in this order in a graph's vector; with Keras's defaults of what not all optimizers have.
USUAL = {
    "learning_rate": 0.0, "epochs": 1, "input_dropout": 0.0, "dropout": 0.0, "label_smoothing": 0.0, "shift": 0,
    "weight_decay": 0.004, "momentum": 0.0,
}  # fmt: skip


@dataclass(frozen=True)
class Structure:
    """The operations of a training; one graph serves all networks that have the same.

    Attributes:
        layers: Hidden ones.
        activation: Of each of them.
        optimizer: What updates the weights.
        drops_inputs: Whether inputs are dropped while training.
        drops_units: Whether units of the hidden layers are.
        schedule: Of the learning rate, from step to step.
        smooths: Whether labels are smoothed.
        shifts: Whether images are shifted.
    """

    layers: int = 1
    activation: str = RELU
    optimizer: str = RMSPROP
    drops_inputs: bool = False
    drops_units: bool = False
    schedule: str = CONSTANT
    smooths: bool = False
    shifts: bool = False

    @classmethod
    def of(cls, params: Mapping[str, Any]) -> Self:
        """Return that of a configuration, in which what is missing is as in the network of one hidden layer."""
        return cls(
            layers=params.get("layers", 1),
            activation=params.get("activation", RELU),
            optimizer=params.get("optimizer", RMSPROP),
            drops_inputs=params.get("input_dropout", 0) > 0,
            drops_units=params.get("dropout", 0) > 0,
            schedule=params.get("schedule", CONSTANT),
            smooths=params.get("label_smoothing", 0) > 0,
            shifts=params.get("shift", 0) > 0,
        )

    @property
    def needs_all_features(self) -> bool:
        """Whether weights of features that are 0 in every example change: by decay, or since others are moved there."""
        return self.optimizer == ADAMW or self.shifts


def widths_of(params: Mapping[str, Any]) -> list[int]:
    """Return the units of each hidden layer; one that has none of its own in the configuration has the first one's."""
    first = params["hidden_units"]
    return [first, *(params.get(f"hidden_units_{layer}", first) for layer in range(2, params.get("layers", 1) + 1))]


def values_of(params: Mapping[str, Any]) -> dict[str, float]:
    """Return the numbers that a step takes of a configuration; what it lacks is as Keras has it, or has no effect."""
    found = {name: float(params.get(name, usual)) for name, usual in USUAL.items()}
    if params.get("optimizer") == SGD:
        found["learning_rate"] = float(params.get(OWN_RATE, KERAS_RATE))
    return found


def sizes_of(params: Mapping[str, Any], features: int, classes: int) -> list[tuple[int, int]]:
    """Return rows and columns of each kernel of a configuration's network."""
    return list(pairwise([features, *widths_of(params), classes]))
