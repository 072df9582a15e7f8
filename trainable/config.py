"""What one trial trains: the four parameters and a seed, and the baseline's values of them."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Self

from trainable.errors import ConfigError

MAX_SEED = 2**31 - 1  # fits the signed 32-bit integers of TensorFlow's stateless random ops


@dataclass(frozen=True)
class Configuration:
    """One network and how it is trained.

    Attributes:
        hidden_units: Width of the hidden layer, at least 1.
        learning_rate: RMSprop's, greater than 0.
        batch_size: Images a step, at least 1.
        epochs: Passes over the training split, at least 1.
        seed: Decides the initial weights and every shuffle, 0 to `MAX_SEED`.

    Raises:
        ConfigError: A value has the wrong type or is out of range.
    """

    hidden_units: int
    learning_rate: float
    batch_size: int
    epochs: int
    seed: int = 0

    def __post_init__(self) -> None:
        """Check every field."""
        for name in ("hidden_units", "batch_size", "epochs"):
            check_integer(name, getattr(self, name), 1)
        check_integer("seed", self.seed, 0, MAX_SEED)
        rate: object = self.learning_rate
        if isinstance(rate, bool) or not isinstance(rate, float | int) or not math.isfinite(rate) or rate <= 0:
            raise ConfigError(f"learning_rate must be a number greater than 0, got {rate!r}")

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Self:
        """Take the configuration out of a mapping that may hold other keys too.

        Raises:
            ConfigError: A parameter is missing or wrong.
        """
        known = {field.name: values[field.name] for field in fields(cls) if field.name in values}
        missing = [name for name in PARAMETERS if name not in known]
        if missing:
            raise ConfigError(f"missing {', '.join(missing)}; a configuration needs {', '.join(PARAMETERS)}")
        return cls(**known)

    @property
    def params(self) -> dict[str, Any]:
        """The four parameters without the seed."""
        return {name: value for name, value in asdict(self).items() if name != "seed"}


def check_integer(name: str, value: object, low: int, high: int | None = None) -> None:
    """Refuse anything but an integer from `low` to `high`.

    Raises:
        ConfigError: The message names the field, the value and what is allowed.
    """
    if isinstance(value, bool) or not isinstance(value, int) or value < low or (high is not None and value > high):
        allowed = f"of at least {low}" if high is None else f"from {low} to {high}"
        raise ConfigError(f"{name} must be a whole number {allowed}, got {value!r}")


PARAMETERS = ("hidden_units", "learning_rate", "batch_size", "epochs")

# Example 2.1 of Deep Learning with Python (F. Chollet); learning_rate is RMSprop's default in Keras.
BASELINE = Configuration(hidden_units=512, learning_rate=0.001, batch_size=128, epochs=5)
