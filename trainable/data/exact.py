"""What a person's code returns as data, as arrays: whatever NumPy can take without changing a value."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trainable.errors import DataError, shown

KINDS = "biufcSUMm"  # what goes from process to process as bytes
OBJECTS = "holds Python objects, which are not read; make it an array of numbers or strings"
SEVERAL = "of several inputs make a mapping of arrays by their names"


def as_array(value: Any, said: str) -> NDArray[Any]:
    """Return what stands for an array as one.

    Args:
        value: An array, of pandas, TensorFlow or another library, too, or a list of values or of arrays.
        said: What the lines call it.

    Raises:
        DataError: It is something else, or its values are not of one type.
    """
    if isinstance(value, np.ma.MaskedArray):
        if np.ma.is_masked(value):
            raise DataError(f"{said}: has masked values; fill them in")
        value = value.data
    array = _of_list(value, said) if _is_list(value) else _of_library(value, said)
    if array.dtype.kind == "T":
        array = array.astype(np.str_)
    if array.dtype.kind == "O":
        array = _exact(array.tolist(), array, said)
    if array.dtype.kind not in KINDS:
        raise DataError(f"{said}: is {shown(array.dtype)}; needed are numbers, booleans or strings")
    return array


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str | bytes)


def _of_library(value: Any, said: str) -> NDArray[Any]:
    kind = type(value)
    if hasattr(value, "toarray"):
        raise DataError(f"{said}: is sparse; its toarray() gives an array")
    if not isinstance(value, np.ndarray | np.generic) and not hasattr(value, "__array__"):
        raise DataError(f"{said}: is a {shown(f'{kind.__module__}.{kind.__qualname__}')}; needed is an array")
    try:
        return np.asarray(value)
    except Exception as error:  # whatever the library has
        raise DataError(f"{said}: cannot be made an array: {type(error).__name__}: {shown(error)}") from error


def _of_list(values: Sequence[Any], said: str) -> NDArray[Any]:
    if len(values) and all(isinstance(each, np.ndarray) for each in values):
        if len({each.shape for each in values}) > 1:
            raise DataError(f"{said}: holds arrays of different shapes; {SEVERAL}")
        if len({each.dtype for each in values}) == 1 and values[0].dtype.kind != "O":
            return np.stack(values)
    return _exact(values, np.array(values, object), said)


def _exact(values: Any, objects: NDArray[Any], said: str) -> NDArray[Any]:
    """Return values as an array of the type that holds all of them as they are.

    Args:
        values: Lists of them, or of arrays.
        objects: The same as an array of Python's own.
        said: What the lines call it.
    """
    try:
        array = np.array(values)
    except ValueError as error:
        raise DataError(f"{said}: holds lists or arrays of different lengths; {SEVERAL}") from error
    if array.dtype.kind not in KINDS or array.shape != objects.shape:
        raise DataError(f"{said}: {OBJECTS}")
    back = array.astype(object)
    same = np.fromiter(map(_is_same, back.flat, objects.flat), bool, objects.size)
    if not same.all():
        first = objects.flat[int(np.argmin(same))]
        raise DataError(f"{said}: holds values of different types, such as {shown(repr(first))}; make them one type")
    return array


def _is_same(one: Any, other: Any) -> bool:
    return one is other or bool(one == other) or (one != one and other != other)  # noqa: PLR0124 (NaN)
