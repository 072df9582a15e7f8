"""Numbers of any type as float32, refused where float32 cannot hold what they say."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trainable.data.scaling import blocks
from trainable.errors import DataError

BLURRED = 1e-3  # of a feature's standard deviation: a rounding error beyond it may matter to what is learned
WHOLE = 2  # bytes of the longest integers that float32 holds exactly


@dataclass(frozen=True)
class Place:
    """What the lines on an array, or on a table's column, call its parts.

    Attributes:
        said: "FILE: x_train", or "FILE: column 'age'".
        shape: Of one example of the array; None for a column.
    """

    said: str
    shape: tuple[int, ...] | None

    def value(self, example: int, feature: int) -> str:
        """Return where a value stands, counted from 0 in an array and from 1 in a table."""
        if self.shape is None:
            return f"in row {example + 1}"
        return f"at [{', '.join(map(str, (example, *self._position(feature))))}]"

    def feature(self, feature: int) -> str:
        """Return what a feature is called."""
        if self.shape is None:
            return self.said
        return f"{self.said}[{', '.join((':', *map(str, self._position(feature))))}]"

    def _position(self, feature: int) -> tuple[int, ...]:
        return tuple(int(each) for each in np.unravel_index(feature, self.shape or (1,)))


def as_float32(values: NDArray[Any], place: Place) -> NDArray[np.float32]:
    """Return numbers as float32 [n, features].

    Args:
        values: [n, features] of booleans, integers or floats of any size.
        place: What to call them.

    Raises:
        DataError: A value is NaN or infinite, or beyond float32's range, or a feature's values are too close to each
            other for float32: one of them is off by more than 1/1000 of their standard deviation.
    """
    with np.errstate(over="ignore", under="ignore"):
        narrow: NDArray[np.float32] = values.astype(np.float32)
    bad = np.flatnonzero(~np.isfinite(narrow))
    if len(bad):
        _refuse(values, bad, place)
    if values.dtype.kind != "b" and values.dtype != np.float32 and values.dtype.itemsize > WHOLE:
        _check_resolution(values, narrow, place)
    return narrow


def _refuse(values: NDArray[Any], bad: NDArray[np.intp], place: Place) -> None:
    """Say which of the values at these positions are no numbers, or else beyond the range."""
    infinite = bad[~np.isfinite(values.flat[bad])]
    first = place.value(*divmod(int((infinite if len(infinite) else bad)[0]), values.shape[1]))
    if len(infinite):
        raise DataError(f"{place.said}: NaN or infinite values: {len(infinite):,}, the first {first}; replace them")
    raise DataError(f"{place.said}: values beyond float32's range: {len(bad):,}, the first {first}; divide them")


def _check_resolution(values: NDArray[Any], narrow: NDArray[np.float32], place: Place) -> None:
    """Refuse a feature whose values float32 cannot tell apart."""
    mean = values.mean(axis=0, dtype=np.float64)
    squares, error = np.zeros(len(mean)), np.zeros(len(mean))
    for rows in blocks(values):
        exact = values[rows].astype(np.float64)
        squares += ((exact - mean) ** 2).sum(axis=0)
        error = np.maximum(error, np.abs(exact - narrow[rows]).max(axis=0))
    varies = values.min(axis=0) != values.max(axis=0)
    blurred = np.flatnonzero(varies & (error >= BLURRED * np.sqrt(squares / len(values))))
    if len(blurred):
        feature = int(blurred[0])
        low, high = values[:, feature].min(), values[:, feature].max()
        raise DataError(
            f"{place.feature(feature)}: float32 cannot tell its values apart, which go from {low} to {high}: "
            "subtract the smallest first, or scale them"
        )
