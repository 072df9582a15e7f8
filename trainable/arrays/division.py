"""How a person's data become splits: labels numbered, examples counted, and drawn where a split is missing."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trainable.arrays.drawing import SEED, SHARE, stratified
from trainable.arrays.labels import numbered
from trainable.data.reading import Raw
from trainable.data.several import TEXTS, Taken, by_input, length_of, part_of
from trainable.data.source import DataSource
from trainable.errors import DataError, one_line, shown

Labels = NDArray[np.int32]

SPLITS = ("train", "val", "test")
DIGEST = 16  # bytes: no two examples that differ share one
DRAWN = f"{100 * SHARE:.0f} % of the {{of}}, stratified, seed {SEED}"


@dataclass(frozen=True)
class Division:
    """Splits, by their names: train, val, and test where there is one.

    Attributes:
        labels: The classes' names, by class index: integers in their order, strings by their text.
        x: The examples; their order is that of the source.
        y: int32 [n], 0 to classes - 1; a drawn split has each class.
        came: How a split came about: "the file's own", or how it was drawn.
        repeated: How many examples of "val" and "test" are, bit for bit, in an earlier one of train, val and test.
    """

    labels: tuple[str, ...]
    x: dict[str, Any]
    y: dict[str, Labels]
    came: dict[str, str]
    repeated: dict[str, int]

    @property
    def parts(self) -> dict[str, Any]:
        """What holds the splits of some data has of them, by its fields."""
        return {
            "labels": self.labels,
            **{f"x_{split}": self.x.get(split) for split in SPLITS},
            **{f"y_{split}": self.y.get(split) for split in SPLITS},
            "val": self.came["val"],
            "test": self.came.get("test", "none"),
            "repeated": self.repeated,
        }


def divided(source: DataSource, raw: Raw, x: dict[str, Any]) -> Division:
    """Number the labels, and draw the splits that are missing.

    A test split is drawn first, unless `source.test` is false, then a validation split of the rest.

    Args:
        source: Where the data are, for the messages, and whether a test split is drawn.
        raw: What was read of it; only its labels are looked at.
        x: The examples that it has of each split. "train" is taken out, so that no more than two copies are held.

    Raises:
        DataError: The labels are not such as can be classified, a class has too few, or all examples are the same.
    """
    location = one_line(source.location)
    said = {split: f"{location}: y_{split}" for split in x} | {"train": f"{location}: {raw.labels}"}
    names, y = numbered({split: raw.arrays[f"y_{split}"] for split in x}, said)
    for split, examples in x.items():
        if length_of(examples) != len(y[split]):
            raise DataError(f"{said[split]}: has {len(y[split]):,} labels for the {length_of(examples):,} of x_{split}")
    missing = [split for split in ("test", "val") if split not in x and (split == "val" or source.test)]
    _check_counts(y["train"], names, missing, said["train"])
    came = dict.fromkeys(x, raw.whose)
    for split in missing:
        came[split] = DRAWN.format(of="rest" if split == "val" and "test" in missing else "training examples")
    rows = _drawn(y["train"], len(names), missing)
    y |= {split: y["train"][chosen] for split, chosen in rows.items()}
    if rows:
        x |= _parted(x.pop("train"), rows)
    if all(map(_is_constant, by_input(x["train"]).values())):
        raise DataError(f"{location}: all training examples are the same; features have to differ between examples")
    return Division(names, x, y, came, repeated(x))


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


def _drawn(labels: Labels, classes: int, missing: list[str]) -> dict[str, NDArray[np.intp]]:
    """Return which of the training examples each missing split gets, and which are left; nothing where none is."""
    rows, left = {}, np.arange(len(labels))
    for split in missing:
        chosen = stratified(labels[left], classes)
        rows[split], left = left[chosen], left[~chosen]
    return rows | {"train": left} if missing else rows


def _parted(x: Taken, rows: Mapping[str, NDArray[np.intp]]) -> dict[str, Any]:
    """Return the examples of each split."""
    return {split: part_of(x, chosen) for split, chosen in rows.items()}


def _is_constant(examples: NDArray[Any]) -> bool:
    """Say whether no feature has two values."""
    if examples.dtype.kind in TEXTS:
        return bool((examples == examples[:1]).all())
    return bool((examples.min(axis=0) == examples.max(axis=0)).all())


def repeated(x: Mapping[str, Taken]) -> dict[str, int]:
    """Count the examples of each later split that are in an earlier one, with all their inputs."""
    seen, found = set(_digests(x["train"])), {}
    for split in (each for each in ("val", "test") if each in x):
        own = _digests(x[split])
        found[split] = sum(each in seen for each in own)
        seen.update(own)
    return found


def _digests(x: Taken) -> list[bytes]:
    arrays = [array for _, array in sorted(by_input(x).items())]
    return [_digest(example) for example in zip(*arrays, strict=True)]


def _digest(example: tuple[Any, ...]) -> bytes:
    found = hashlib.blake2b(digest_size=DIGEST)
    for part in example:
        found.update(part.tobytes())
    return found.digest()
