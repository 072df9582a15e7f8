"""Labels of any kind as classes, numbered from 0."""

from collections.abc import Mapping
from typing import Any
from unicodedata import category

import numpy as np
from numpy.typing import NDArray

from trainable.data.names import check_names
from trainable.errors import DataError, shown

MOST_CLASSES = 10_000
NOT_SHOWN = {"Cc", "Cs"}  # control characters, halves of characters
LARGEST = 2.0**63  # what int64 does not hold any more


def numbered(given: Mapping[str, NDArray[Any]], said: Mapping[str, str]) -> tuple[tuple[str, ...], dict[str, Any]]:
    """Number the classes: integers in their order, booleans (False first), strings by their text.

    Args:
        given: The labels of each split, "train" among them, [n] or [n, 1]: integers, also as floats, booleans or
            strings, bytes as UTF-8; or numbers one-hot, [n, classes] with one 1 in each row and 0 elsewhere.
        said: What the lines call each of them.

    Returns:
        The classes' names, and the labels of each split as int32 [n].

    Raises:
        DataError: There are no labels, they are of another kind, they are all the same, there are more than 10,000
            different ones, one is longer than 300 characters, or a split has one that the training labels lack.
    """
    plain = {split: _plain(labels, said[split]) for split, labels in given.items()}
    classes, train = np.unique(plain["train"], return_inverse=True)
    names = tuple(str(each) for each in classes)
    if len(names) == 1:
        raise DataError(f"{said['train']}: every label is '{shown(names[0])}'; at least two classes are needed")
    if len(names) > MOST_CLASSES:
        raise DataError(f"{said['train']}: has {len(names):,} different labels; at most {MOST_CLASSES:,} are allowed")
    check_names(names, said["train"], "label")
    odd = next((name for name in names if not name.strip() or any(category(each) in NOT_SHOWN for each in name)), None)
    if odd is not None:
        raise DataError(f"{said['train']}: has the label '{shown(odd)}'; a label is a text without control characters")
    numbers = {"train": train.astype(np.int32).reshape(-1)}
    number_of = {name: number for number, name in enumerate(names)}
    for split in given.keys() - {"train"}:
        found, positions = np.unique(plain[split], return_inverse=True)
        strange = next((str(each) for each in found if str(each) not in number_of), None)
        if strange is not None:
            raise DataError(f"{said[split]}: has the label '{shown(strange)}', which y_train lacks")
        numbers[split] = np.array([number_of[str(each)] for each in found], np.int32)[positions.reshape(-1)]
    return names, numbers


def _plain(labels: NDArray[Any], said: str) -> NDArray[Any]:
    """Return labels as int64, uint64, bool or str, [n]."""
    if labels.dtype.kind not in "biufSU":
        raise DataError(f"{said}: is {labels.dtype}; labels are integers, booleans or strings")
    if labels.size == 0:
        raise DataError(f"{said}: has the shape {list(labels.shape)}: no labels in it")
    if labels.ndim == 2 and labels.shape[1] > 1 and labels.dtype.kind in "biuf":  # noqa: PLR2004 (a matrix)
        return _of_one_hot(labels, said)
    if labels.shape not in {(labels.size,), (labels.size, 1)}:
        raise DataError(f"{said}: has the shape {list(labels.shape)}; labels are [n], [n, 1] or one-hot [n, classes]")
    labels = labels.reshape(-1)
    if labels.dtype.kind == "f":
        return _of_floats(labels, said)
    if labels.dtype.kind == "S":
        try:
            return np.char.decode(labels, "utf-8")
        except UnicodeDecodeError as error:
            raise DataError(f"{said}: has bytes that are no UTF-8; save the labels as strings") from error
    return labels


def _of_one_hot(labels: NDArray[Any], said: str) -> NDArray[np.intp]:
    odd = np.flatnonzero(~(((labels == 0) | (labels == 1)).all(axis=1) & (labels.sum(axis=1) == 1)))
    if len(odd):
        raise DataError(
            f"{said}: has the shape {list(labels.shape)}, but row {odd[0]} is not one-hot: one 1, and 0 elsewhere"
        )
    columns: NDArray[np.intp] = np.argmax(labels, axis=1)
    return columns


def _of_floats(labels: NDArray[np.floating[Any]], said: str) -> NDArray[np.int64]:
    odd = np.flatnonzero(~((np.abs(labels) < LARGEST) & (labels == np.rint(labels))))
    if len(odd):
        raise DataError(
            f"{said}: holds {labels[odd[0]]} at [{odd[0]}]; labels are whole numbers, booleans or strings: "
            "this tool classifies"
        )
    return labels.astype(np.int64)
