"""The search spaces of the networks in plain numbers, for tools that have forms of their own for them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

# The project's built-in space.
HIDDEN_UNITS = (128, 2048)  # whole, both included, on a log scale
LEARNING_RATE = (2e-4, 5e-3)  # on a log scale
BATCH_SIZES = (32, 64, 128, 256, 512, 1024)
EPOCHS = (4, 24)  # whole, both included


@dataclass(frozen=True)
class Space:
    """The space of one network, with the bounds included.

    Attributes:
        sizes: Whole parameters of the network itself, on a log scale.
        learning_rate: On a log scale.
        batch_sizes: To choose from.
        epochs: Whole.
    """

    sizes: Mapping[str, tuple[int, int]]
    learning_rate: tuple[float, float]
    batch_sizes: tuple[int, ...]
    epochs: tuple[int, int]

    @property
    def names(self) -> tuple[str, ...]:
        """All parameters."""
        return (*self.sizes, "learning_rate", "batch_size", "epochs")

    def check(self, configuration: Any) -> dict[str, Any]:
        """Return a configuration.

        Raises:
            ValueError: It has other parameters.
        """
        if not isinstance(configuration, dict) or configuration.keys() != set(self.names):
            raise ValueError(f"a configuration has {', '.join(self.names)}, got {configuration!r}")
        return configuration


MLP, CNN = "mlp", "cnn"
SPACES = {
    MLP: Space({"hidden_units": HIDDEN_UNITS}, LEARNING_RATE, BATCH_SIZES, EPOCHS),
    CNN: Space({"filters": (8, 24), "units": (32, 128)}, (5e-4, 5e-3), (64, 128, 256), (2, 6)),  # of benchmarks/cnn.py
}
