"""What one trial trains: the four parameters and a seed, and the baseline's values of them."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Self

from trainable.errors import ConfigError

MAX_SEED = 2**31 - 1  # fits the signed 32-bit integers of TensorFlow's stateless random ops

# Far beyond what makes sense, but small enough for 32-bit indices and float32.
LARGEST = {"hidden_units": 100_000, "batch_size": 1_000_000, "epochs": 10_000}
LARGEST_RATE = 1e30
LONGEST_SHOWN = 80  # characters

# What may stand beside a configuration's parameters, for the worker that trains it.
KEEP_FROM = "keep_from"  # the val_accuracy from which on the finished model is handed back
ALL_IMAGES = "all_images"  # train on the validation split, too, and hand back the model; val_accuracy is then NaN


@dataclass(frozen=True)
class Configuration:
    """One network and how it is trained.

    Attributes:
        hidden_units: Width of the hidden layer, 1 to 100,000.
        learning_rate: RMSprop's, greater than 0, at most 1e30.
        batch_size: Images a step, 1 to 1,000,000.
        epochs: Passes over the training split, 1 to 10,000.
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
        for name, most in LARGEST.items():
            _check_integer(name, getattr(self, name), 1, most)
        _check_integer("seed", self.seed, 0, MAX_SEED)
        rate: object = self.learning_rate
        if isinstance(rate, bool) or not isinstance(rate, float | int) or not 0 < rate <= LARGEST_RATE:
            raise ConfigError(f"learning_rate must be a number greater than 0 and at most 1e30, got {_short(rate)}")

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


def _check_integer(name: str, value: object, low: int, high: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise ConfigError(f"{name} must be a whole number from {low} to {high}, got {_short(value)}")


def _short(value: object) -> str:
    """Return a value as a message can hold it: Python refuses to print integers of thousands of digits."""
    try:
        text = repr(value)
    except ValueError:
        text = "a number of thousands of digits"
    except RecursionError:
        text = "a value in thousands of others"
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}..."


PARAMETERS = ("hidden_units", "learning_rate", "batch_size", "epochs")

# Example 2.1 of Deep Learning with Python (F. Chollet); learning_rate is RMSprop's default in Keras.
BASELINE = Configuration(hidden_units=512, learning_rate=0.001, batch_size=128, epochs=5)
