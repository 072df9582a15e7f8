"""Which examples a model can be given, and the form in which it gets them: as they are."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trainable.data.reading import Raw
from trainable.data.several import TEXTS, by_input, together
from trainable.errors import DataError, shown, some

NUMBERS = "biuf"  # kinds of types
WIDEST = 8  # bytes of a number, as far as TensorFlow has them


def examples_of(raw: Raw, location: str) -> dict[str, Any]:
    """Take the examples of each split; what can be trained on as it is, is not copied.

    Args:
        raw: What was read. Its examples are taken out, as they may be most of the memory.
        location: Where they are, as the messages begin.

    Returns:
        By split the examples, or of several inputs those of each by its name. An array [n] has become [n, 1].

    Raises:
        DataError: They are no numbers, booleans or texts, or another form in each split.
    """
    names = [name for name in raw.arrays if name.startswith("x_")]
    given = {name: by_input(raw.arrays.pop(name)) for name in names}
    first = given["x_train"]
    for split, arrays in given.items():
        if arrays.keys() != first.keys():
            raise DataError(f"{location}: {split}: has {_said(arrays)}, x_train {_said(first)}")
    for each in first:
        _check({split: arrays[each] for split, arrays in given.items()}, each, location)
    for split, arrays in given.items():
        _check_lengths(split, arrays, location)
    types = {each: np.result_type(*(arrays[each].dtype for arrays in given.values())) for each in first}
    return {
        split.removeprefix("x_"): together({each: _fit(array, types[each]) for each, array in arrays.items()})
        for split, arrays in given.items()
    }


def _said(arrays: Mapping[str, Any]) -> str:
    return f"the inputs {some(list(arrays))}" if all(arrays) else "one array"


def _check(splits: Mapping[str, NDArray[Any]], name: str, location: str) -> None:
    """Refuse an input that no model can be given, or that is another one in each split."""
    first = splits["x_train"]
    of = f"/{shown(name)}" if name else ""
    for split, array in splits.items():
        said = f"{location}: {split}{of}"
        if array.dtype.kind not in TEXTS and (array.dtype.kind not in NUMBERS or array.dtype.itemsize > WIDEST):
            raise DataError(f"{said}: is {array.dtype}; examples are numbers of at most 64 bits, booleans or texts")
        if not array.ndim or not array.size:
            raise DataError(f"{said}: has the shape {list(array.shape)}; needed are examples, [n, features] or images")
        if array.shape[1:] != first.shape[1:]:
            ours = f"{list(array.shape[1:])}, x_train{of} of {list(first.shape[1:])}"
            raise DataError(f"{said}: has examples of {ours}")
        if _type(array) != _type(first):
            raise DataError(f"{said}: has {_type(array)}, x_train{of} {_type(first)}; save both in one type")


def _check_lengths(split: str, arrays: Mapping[str, NDArray[Any]], location: str) -> None:
    """Refuse inputs of which one has more examples than another."""
    first = next(iter(arrays))
    for name, array in arrays.items():
        if len(array) != len(arrays[first]):
            has = f"has {len(array):,} examples, {split}/{shown(first)} {len(arrays[first]):,}"
            raise DataError(f"{location}: {split}/{shown(name)}: {has}")


def _type(array: NDArray[Any]) -> str:
    """Say what an array holds; texts of different lengths are of one type."""
    return {"U": "texts", "S": "bytes"}.get(array.dtype.kind, array.dtype.name)


def _fit(array: NDArray[Any], dtype: np.dtype[Any]) -> NDArray[Any]:
    """Return an array as TensorFlow can take it: row by row, in this machine's order of bytes, texts of one type."""
    fit = np.ascontiguousarray(array, dtype.newbyteorder("="))
    return fit if fit.ndim > 1 else fit[:, np.newaxis]
