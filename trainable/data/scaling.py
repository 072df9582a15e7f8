"""How numbers of any size become such as a network learns from: each feature with mean 0 and variance 1."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from trainable.errors import DataError

SMALLEST, LARGEST = 1e-6, 1e15  # a standard deviation; Keras divides by no less than 1e-7, and float32 holds its square
SILENT = 1e36  # in place of the variance of a feature that is constant: whatever its value, about 0 comes of it

BLOCK = 1 << 20  # numbers that are looked at together


@dataclass(frozen=True)
class Standard:
    """What is subtracted from each feature, and the square of what it is divided by.

    Attributes:
        mean: float32 [features].
        variance: float32 [features].
    """

    mean: NDArray[np.float32]
    variance: NDArray[np.float32]

    @classmethod
    def of(cls, examples: NDArray[Any], columns: tuple[str, ...] = ()) -> Self:
        """Return that of some examples.

        Args:
            examples: float32 [n, features], finite.
            columns: What the features are called, where they have names.

        Raises:
            DataError: A feature's values are too close to each other, or too far apart.
        """
        mean = examples.mean(axis=0, dtype=np.float64)
        squares = sum(((examples[rows] - mean) ** 2).sum(axis=0) for rows in blocks(examples))
        deviation = np.sqrt(squares / len(examples))
        is_constant = examples.min(axis=0) == examples.max(axis=0)
        wrong = ~is_constant & ((deviation < SMALLEST) | (deviation > LARGEST))
        if wrong.any():
            first = int(np.flatnonzero(wrong)[0])
            what = f"column {columns[first]!r}" if columns else f"feature {first} of x_train"
            raise DataError(
                f"{what}: has a standard deviation of {deviation[first]:.2g}, which has to be from {SMALLEST:g} to "
                f"{LARGEST:g}; give it in another unit"
            )
        return cls(mean.astype(np.float32), np.where(is_constant, SILENT, deviation**2).astype(np.float32))

    def applied(self, examples: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return standardised examples, float32 [n, features], as Keras's `Normalization` computes them."""
        found: NDArray[np.float32] = examples - self.mean
        found /= np.sqrt(self.variance)
        return found

    def to_json(self) -> dict[str, Any]:
        """Return the numbers as they are, in a form that JSON can hold."""
        return {"mean": self.mean.tolist(), "variance": self.variance.tolist()}

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Self:
        """Read what `to_json` wrote.

        Raises:
            KeyError, TypeError, ValueError: It did not.
        """
        return cls(*(np.array(values[name], np.float32) for name in ("mean", "variance")))


def blocks(values: NDArray[Any]) -> Iterator[slice]:
    """Return the rows [n, features] in parts, of which a copy takes little memory."""
    step = max(BLOCK // values.shape[1], 1)
    return (slice(start, start + step) for start in range(0, len(values), step))
