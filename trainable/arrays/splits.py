"""Anyone's data for classification as splits of numbers, [n, features], for networks of one hidden layer."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trainable.arrays.division import Labels, divided
from trainable.data.numbers import Place, as_float32
from trainable.data.reading import Raw, read
from trainable.data.source import DataSource
from trainable.errors import DataError, one_line, some

Features = NDArray[np.uint8] | NDArray[np.float32]

KINDS = {"b": "booleans", "i": "integers", "u": "integers", "f": "floats"}
TAKES_ONE = "the built-in network takes one array; --model FILE.py names a network of yours that takes them"


@dataclass(frozen=True)
class Splits:
    """A person's data, ready to be trained on.

    Attributes:
        name: What people call the data: "wine.npz", "cifar10".
        columns: Names of a table's features; () for arrays.
        shape: Of one example as it is stored: (13,), (8, 8), (32, 32, 3).
        labels: The classes' names, by class index: integers in their order, strings by their text.
        x_train: uint8 or float32 [n, features]; the order of the examples is that of the source.
        y_train: int32 [n], 0 to classes - 1.
        x_val: As x_train.
        y_val: As y_train; a drawn split has each class.
        x_test: As x_train, or None where there is no test split.
        y_test: As y_train, or None.
        val: How the validation split came about: "the file's own", or how it was drawn.
        test: Likewise; "none" where there is none.
        repeated: By split ("val", "test"): how many of its examples are, bit for bit, in an earlier one of train, val
            and test.
    """

    name: str
    columns: tuple[str, ...]
    shape: tuple[int, ...]
    labels: tuple[str, ...]
    x_train: Features
    y_train: Labels
    x_val: Features
    y_val: Labels
    x_test: Features | None
    y_test: Labels | None
    val: str
    test: str
    repeated: Mapping[str, int]


def splits_of(source: DataSource) -> Splits:
    """Read a person's data as splits.

    A test split that is missing is drawn first, unless `source.test` is false, then a validation split of the rest.

    Raises:
        DataError: The data are not there, or not such as can be classified, in one line that names the location, the
            array or column, and what is allowed.
    """
    raw = read(source)
    shape, x = _features(raw, one_line(source.location))
    return Splits(name=raw.name, columns=raw.columns, shape=shape, **divided(source, raw, x).parts)


def _features(raw: Raw, location: str) -> tuple[tuple[int, ...], dict[str, Any]]:
    """Take the features: the shape of an example, and by split the examples as uint8 or float32 [n, features]."""
    given = {name.removeprefix("x_"): array for name, array in raw.arrays.items() if name.startswith("x_")}
    first = given["train"]
    for split, array in given.items():
        said = f"{location}: x_{split}"
        if isinstance(array, Mapping):
            raise DataError(f"{said}: has several inputs ({some(list(array))}); {TAKES_ONE}")
        if array.dtype.kind not in KINDS:
            raise DataError(f"{said}: is {array.dtype}; features are numbers or booleans")
        if not array.ndim or not array.size:
            raise DataError(f"{said}: has the shape {list(array.shape)}; needed are examples, [n, features] or images")
        if array.shape[1:] != first.shape[1:]:
            raise DataError(f"{said}: has examples of {list(array.shape[1:])}, x_train of {list(first.shape[1:])}")
        if _kind(array) != _kind(first):
            raise DataError(f"{said}: has {_kind(array)}, x_train {_kind(first)}; save both in one type")
    shape = first.shape[1:] or (1,)
    flat = {split: _flat(array, f"{location}: x_{split}", shape) for split, array in given.items()}
    for split in given:
        del raw.arrays[f"x_{split}"]  # which may be most of the memory
    return shape, flat


def _kind(array: NDArray[Any]) -> str:
    """Say what an array holds: bytes are scaled by 255, other numbers by what they are."""
    return "uint8" if array.dtype == np.uint8 else KINDS[array.dtype.kind]


def _flat(array: NDArray[Any], said: str, shape: tuple[int, ...]) -> Features:
    values = np.ascontiguousarray(array.reshape(len(array), -1))
    return values if values.dtype == np.uint8 else as_float32(values, Place(said, shape))
