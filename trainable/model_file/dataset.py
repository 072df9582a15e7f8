"""Anyone's data as a model takes them: arrays of any shape and type, as they are, of one input or of several."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from trainable.arrays.division import Labels, divided, repeated
from trainable.data.dataset import HeldOutSet
from trainable.data.reading import read
from trainable.data.several import Taken, array_names, by_input, nbytes_of, sha256_of, together, type_of
from trainable.data.source import DataSource
from trainable.errors import DataError, one_line
from trainable.mnist import source as images
from trainable.mnist.spec import MNIST
from trainable.model_file.taking import examples_of

Shapes = tuple[int, ...] | dict[str, tuple[int, ...]]


@dataclass(frozen=True)
class ModelDataset:
    """What a trial of a person's model may see: the training and the validation split.

    Attributes:
        x_train: [n, ...] of any type, or of several inputs an array of each by its name.
        y_train: int32 [n], labels 0 to classes - 1.
        x_val: In the form of `x_train`.
        y_val: int32 [m].

    Raises:
        DataError: The splits do not fit together.
    """

    x_train: Taken
    y_train: Labels
    x_val: Taken
    y_val: Labels

    def __post_init__(self) -> None:
        """Refuse splits that do not fit together."""
        for name, x, labels in (("training", self.x_train, self.y_train), ("validation", self.x_val, self.y_val)):
            lengths = {len(array) for array in by_input(x).values()}
            if labels.ndim != 1 or not len(labels) or lengths != {len(labels)}:
                raise DataError(f"the {name} split has {sorted(lengths)} examples and labels {list(labels.shape)}")
        if (shapes_of(self.x_train), types_of(self.x_train)) != (shapes_of(self.x_val), types_of(self.x_val)):
            raise DataError("the validation split has examples of another form than the training split")

    @property
    def input_shape(self) -> Shapes:
        """Of one example, without the batch; of several inputs by their names."""
        return shapes_of(self.x_train)

    @property
    def classes(self) -> int:
        """Number of classes."""
        return int(self.y_train.max()) + 1

    @property
    def nbytes(self) -> int:
        """Bytes of the arrays, which is what a worker is sent."""
        return nbytes_of(self.x_train) + nbytes_of(self.x_val) + self.y_train.nbytes + self.y_val.nbytes


@dataclass(frozen=True)
class RawSplits:
    """A person's data as they are, ready to be trained on.

    Attributes:
        name: What people call the data.
        columns: Names of a table's features; () for arrays.
        labels: The classes' names, by class index.
        x_train: [n, ...] of the type that the data have, or of several inputs an array of each by its name.
        y_train: int32 [n], 0 to classes - 1.
        x_val: As x_train.
        y_val: As y_train.
        x_test: As x_train, or None where there is no test split.
        y_test: As y_train, or None.
        val: How the validation split came about: "the file's own", or how it was drawn.
        test: Likewise; "none" where there is none.
        repeated: How many examples of "val" and "test" are, bit for bit, in an earlier one of train, val and test.
    """

    name: str
    columns: tuple[str, ...]
    labels: tuple[str, ...]
    x_train: Taken
    y_train: Labels
    x_val: Taken
    y_val: Labels
    x_test: Taken | None
    y_test: Labels | None
    val: str
    test: str
    repeated: Mapping[str, int]

    @property
    def shapes(self) -> Shapes:
        """Of one example, without the batch; of several inputs by their names."""
        return shapes_of(self.x_train)

    @property
    def dtypes(self) -> str | dict[str, str]:
        """The type of the examples, such as "float64", or "string" of texts; of several inputs by their names."""
        return types_of(self.x_train)

    @property
    def dataset(self) -> ModelDataset:
        """What trials see."""
        return ModelDataset(self.x_train, self.y_train, self.x_val, self.y_val)

    @property
    def held_out(self) -> HeldOutSet | None:
        """The test examples; None where there are none."""
        return None if self.x_test is None or self.y_test is None else HeldOutSet(self.x_test, self.y_test)

    def hashes(self) -> dict[str, str]:
        """Return the SHA-256 of the bytes of each array: "x_train", of several inputs "x_train/NAME", and so on."""
        names = ("x_train", "y_train", "x_val", "y_val", "x_test", "y_test")
        there = {name: getattr(self, name) for name in names if getattr(self, name) is not None}
        arrays = {part: array for name, x in there.items() for part, array in array_names(name, x).items()}
        return {name: sha256_of(array) for name, array in arrays.items()}


def shapes_of(x: Taken) -> Shapes:
    """Return the shape of one example; of several inputs by their names."""
    shapes: Shapes = together({name: array.shape[1:] for name, array in by_input(x).items()})
    return shapes


def types_of(x: Taken) -> str | dict[str, str]:
    """Return the type of the examples; of several inputs by their names."""
    types: str | dict[str, str] = together({name: type_of(array) for name, array in by_input(x).items()})
    return types


def raw_of(source: DataSource | None) -> RawSplits:
    """Read data as splits, the examples as they are: of the same type and shape, but that [n] becomes [n, 1].

    Splits are drawn as `trainable.arrays.splits.splits_of` draws them. The built-in data, which are taken where no
    source is named, keep their own.

    Raises:
        DataError: The data are not there, or not such as can be classified, in one line that names the location, the
            array or column, and what is allowed.
    """
    if source is None or images.is_built_in(source):
        return _built_in(source)
    raw = read(source)
    x = examples_of(raw, one_line(source.location))
    return RawSplits(name=raw.name, columns=raw.columns, **divided(source, raw, x).parts)


def _built_in(source: DataSource | None) -> RawSplits:
    """Return the built-in data with the splits that its own networks have."""
    file = images.file_named(source)
    seen, held_out = images.load_dataset(file), images.load_held_out(file)
    x = {"train": seen.x_train, "val": seen.x_val, "test": held_out.only}
    x = {split: array.reshape(-1, *MNIST.inputs.shape) for split, array in x.items()}
    return RawSplits(
        name=MNIST.name,
        columns=MNIST.inputs.columns,
        labels=MNIST.labels,
        x_train=x["train"],
        y_train=seen.y_train.astype(np.int32),
        x_val=x["val"],
        y_val=seen.y_val.astype(np.int32),
        x_test=x["test"],
        y_test=held_out.y.astype(np.int32),
        val=MNIST.split,
        test=MNIST.test_split,
        repeated=repeated(x),
    )
