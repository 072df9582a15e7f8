"""Anyone's data for classification as splits: read, checked, and drawn where they have none."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trainable.arrays.drawing import SEED, SHARE, stratified
from trainable.arrays.labels import numbered
from trainable.data.numbers import Place, as_float32
from trainable.data.reading import Raw, read
from trainable.data.source import DataSource
from trainable.errors import DataError, one_line, shown

Features = NDArray[np.uint8] | NDArray[np.float32]
Labels = NDArray[np.int32]

KINDS = {"b": "booleans", "i": "integers", "u": "integers", "f": "floats"}
DIGEST = 16  # bytes: no two examples that differ share one
DRAWN = f"{100 * SHARE:.0f} % of the {{of}}, stratified, seed {SEED}"


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
    raw, location = read(source), one_line(source.location)
    shape, x = _features(raw, location)
    said = {split: f"{location}: y_{split}" for split in x} | {"train": f"{location}: {raw.labels}"}
    names, y = numbered({split: raw.arrays[f"y_{split}"] for split in x}, said)
    for split in x:
        if len(x[split]) != len(y[split]):
            raise DataError(f"{said[split]}: has {len(y[split]):,} labels for the {len(x[split]):,} of x_{split}")
    came = dict.fromkeys(x, raw.whose)
    missing = [split for split in ("test", "val") if split not in x and (split == "val" or source.test)]
    _check_counts(y["train"], names, missing, said["train"])
    for split in missing:
        came[split] = DRAWN.format(of="rest" if split == "val" and "test" in missing else "training examples")
        chosen = stratified(y["train"], len(names))
        x[split], x["train"] = x["train"][chosen], x["train"][~chosen]
        y[split], y["train"] = y["train"][chosen], y["train"][~chosen]
    if (x["train"].min(axis=0) == x["train"].max(axis=0)).all():
        raise DataError(f"{location}: all training examples are the same; features have to differ between examples")
    return Splits(
        name=raw.name,
        columns=raw.columns,
        shape=shape,
        labels=names,
        x_train=x["train"],
        y_train=y["train"],
        x_val=x["val"],
        y_val=y["val"],
        x_test=x.get("test"),
        y_test=y.get("test"),
        val=came["val"],
        test=came.get("test", "none"),
        repeated=_repeated(x),
    )


def _features(raw: Raw, location: str) -> tuple[tuple[int, ...], dict[str, Any]]:
    """Take the features: the shape of an example, and by split the examples as uint8 or float32 [n, features]."""
    given = {name.removeprefix("x_"): array for name, array in raw.arrays.items() if name.startswith("x_")}
    first = given["train"]
    for split, array in given.items():
        said = f"{location}: x_{split}"
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


def _check_counts(labels: Labels, names: tuple[str, ...], missing: list[str], said: str) -> None:
    """Refuse a class that has too few examples to be in each split."""
    counts = np.bincount(labels, minlength=len(names))
    fewest, needed = int(counts.argmin()), 1 + len(missing)
    if counts[fewest] < needed:
        drawn = ", ".join(("train", *missing))
        raise DataError(
            f"{said}: the class '{shown(names[fewest])}' has too few examples, {counts[fewest]}; {needed} are needed, "
            f"one for each of {drawn}"
        )


def _repeated(x: Mapping[str, Features]) -> dict[str, int]:
    """Count the examples of each later split that are in an earlier one."""
    seen, found = set(_digests(x["train"])), {}
    for split in (each for each in ("val", "test") if each in x):
        own = _digests(x[split])
        found[split] = sum(each in seen for each in own)
        seen.update(own)
    return found


def _digests(x: Features) -> list[bytes]:
    return [hashlib.blake2b(example, digest_size=DIGEST).digest() for example in x]
