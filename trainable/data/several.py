"""Examples as a network takes them: an array, or of several inputs an array of each by its name."""

import hashlib
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Taken = NDArray[Any] | Mapping[str, NDArray[Any]]
ONE = ""  # stands for the name of the only input
TEXTS = "SU"  # kinds of types
TEXT = "string"  # texts of any length, as TensorFlow calls them


def by_input(x: Taken) -> Mapping[str, NDArray[Any]]:
    """Return the array of each input."""
    return x if isinstance(x, Mapping) else {ONE: x}


def together(arrays: Mapping[str, Any]) -> Any:
    """Return what belongs to each input as `by_input` took it: of an only input itself."""
    return arrays[ONE] if arrays.keys() == {ONE} else dict(arrays)


def array_names(name: str, x: Taken) -> dict[str, NDArray[Any]]:
    """Return the arrays by their names: "x_train", or of several inputs "x_train/image" and so on."""
    return {f"{name}/{each}" if each else name: array for each, array in by_input(x).items()}


def length_of(x: Taken) -> int:
    """Return the number of examples."""
    return len(next(iter(by_input(x).values())))


def part_of(x: Taken, place: Any) -> Any:
    """Return the examples at some positions, or in a slice."""
    return together({name: array[place] for name, array in by_input(x).items()})


def type_of(array: NDArray[Any]) -> str:
    """Return what TensorFlow calls the type of an array."""
    return TEXT if array.dtype.kind in TEXTS else array.dtype.name


def nbytes_of(x: Taken) -> int:
    """Return the bytes of all inputs."""
    return sum(array.nbytes for array in by_input(x).values())


def sha256_of(array: NDArray[Any]) -> str:
    """Return the hash of an array's bytes, in the order of its elements."""
    return hashlib.sha256(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data).hexdigest()
