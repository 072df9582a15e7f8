"""The splits of a data set: what a trial may see, and what it never does."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from trainable.data.scaling import Standard
from trainable.data.several import Taken
from trainable.errors import DataError

Array = NDArray[np.uint8]
Examples = NDArray[Any]  # uint8 or float32
Labels = NDArray[Any]  # uint8 or int32


class TrialData(Protocol):
    """What a trial may see, in whatever form its problem has it: a `Dataset`, or what goes to a person's own model."""

    @property
    def x_val(self) -> Any:
        """The examples of the validation split."""

    @property
    def y_val(self) -> Labels:
        """Their labels, 0 to classes - 1."""

    @property
    def nbytes(self) -> int:
        """Bytes of the arrays, which is what a worker is sent."""


@dataclass(frozen=True)
class Dataset:
    """What a trial may see: the training and the validation split.

    Attributes:
        x_train: uint8 [n, features], which a network takes divided by 255, or float32, which it takes standardised.
        y_train: uint8 or int32 [n], labels 0 to classes - 1.
        x_val: Of the type of `x_train` [m, features].
        y_val: Of the type of `y_train` [m].
        standard: How float32 is standardised; None for uint8.

    Raises:
        DataError: The splits do not fit together.
    """

    x_train: Examples
    y_train: Labels
    x_val: Examples
    y_val: Labels
    standard: Standard | None = None

    def __post_init__(self) -> None:
        """Refuse splits that do not fit together."""
        for name, images, labels in (("training", self.x_train, self.y_train), ("validation", self.x_val, self.y_val)):
            if images.ndim != 2 or labels.shape != images.shape[:1] or not len(labels):  # noqa: PLR2004 (a matrix)
                raise DataError(
                    f"the {name} split needs images [n, features] and labels [n], got {images.shape} and {labels.shape}"
                )

    @property
    def features(self) -> int:
        """Number of columns of one example."""
        return int(self.x_train.shape[1])

    @property
    def classes(self) -> int:
        """Number of classes."""
        return int(self.y_train.max()) + 1

    @property
    def nbytes(self) -> int:
        """Bytes of the arrays, which is what a worker is sent."""
        return sum(array.nbytes for array in (self.x_train, self.y_train, self.x_val, self.y_val))


@dataclass(frozen=True)
class HeldOutSet:
    """Examples that are scored, and their labels; never handed to a trial.

    Attributes:
        x: In the form of the data set's that trials see: an array, or of several inputs an array of each by its name.
        y: Labels [n].
    """

    x: Taken
    y: Labels

    @property
    def only(self) -> Examples:
        """The examples of the only input.

        Raises:
            DataError: There are several.
        """
        if isinstance(self.x, Mapping):
            raise DataError(f"there are {len(self.x)} inputs where a network takes one")
        return self.x
