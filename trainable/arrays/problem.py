"""Somebody's data as a problem: what loads them, trains networks of one hidden layer on them, and scores these."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from trainable.arrays.spec import spec_of
from trainable.arrays.splits import splits_of
from trainable.data.dataset import Dataset, HeldOutSet
from trainable.data.reading import file_of
from trainable.data.scaling import Standard
from trainable.data.source import DataSource, as_recorded
from trainable.errors import DataError
from trainable.mlp.scoring import SOURCES, WIDE_SOURCES, read_activation, read_standard, read_weights, wrong_examples
from trainable.mlp.wide import is_wide
from trainable.problem import ProblemSpec
from trainable.trainer import Trainer


class Prepared(NamedTuple):
    """Data that were read, and what a study about them records."""

    spec: ProblemSpec
    dataset: Dataset
    held_out: HeldOutSet | None


def prepared(source: DataSource) -> Prepared:
    """Read, check and split somebody's data; twice only where the file has changed.

    Raises:
        DataError: They are no data that a network can learn from.
    """
    file = file_of(source)
    try:
        known = file.stat()
    except OSError:
        return _prepared.__wrapped__(source, ())
    return _prepared(source, (known.st_ino, known.st_size, known.st_mtime_ns))


@lru_cache(maxsize=1)
def _prepared(source: DataSource, _stamp: tuple[int, ...]) -> Prepared:
    splits = splits_of(source)
    standard = None
    if splits.x_train.dtype.kind == "f":
        try:
            standard = Standard.of(splits.x_train, splits.columns)
        except DataError as error:
            raise DataError(f"{source.location}: {error}") from error
    dataset = Dataset(splits.x_train, splits.y_train, splits.x_val, splits.y_val, standard)
    held_out = None if splits.x_test is None or splits.y_test is None else HeldOutSet(splits.x_test, splits.y_test)
    return Prepared(spec_of(source, splits), dataset, held_out)


@dataclass(frozen=True)
class ArraysProblem:
    """The code of a problem of somebody's own data."""

    spec: ProblemSpec

    @property
    def sources(self) -> tuple[str, ...]:
        """The modules of `trainable` that decide a training's numbers."""
        return (*SOURCES, *(WIDE_SOURCES if is_wide(self.spec) else ()))

    def file(self, source: DataSource | None) -> Path:
        """Return where the data are on this machine."""
        return file_of(self._source(source))

    def load(self, source: DataSource | None) -> Dataset:
        """Load what trials see."""
        return self._found(source).dataset

    def load_held_out(self, source: DataSource | None) -> HeldOutSet:
        """Load the test examples."""
        found = self._found(source).held_out
        if found is None:
            raise DataError(f"{self.spec.name}: has no test {self.spec.examples}")
        return found

    def trainer(self, dataset: Dataset, precision: str) -> Trainer:
        """Return the engine."""
        from trainable.mlp.engines import engine_for  # noqa: PLC0415 (it needs TensorFlow, which only workers load)

        return engine_for(self.spec, dataset, precision)

    def wrong(self, model: bytes, examples: HeldOutSet) -> list[int]:
        """Return the positions of the examples that a model classifies wrong, computed with NumPy."""
        standard, activation = read_standard(model), read_activation(model)
        return wrong_examples(read_weights(model), examples.only, examples.y, standard, activation)

    def close(self) -> None:
        """Do nothing: scoring starts nothing."""

    def _source(self, source: DataSource | None) -> DataSource:
        if source is None:
            source = as_recorded(self.spec.source)
        if source is None:
            raise DataError(f"{self.spec.name}: the study has not recorded where its data are; --data says it")
        return source

    def _found(self, source: DataSource | None) -> Prepared:
        wanted = self._source(source)
        found = prepared(wanted)
        ours, theirs = self.spec.data, found.spec.data  # what has no recorded hash is not known to be the study's
        wrong = [name for name in {**ours, **theirs} if ours.get(name) != theirs.get(name)]
        wrong += ["names of classes"] if found.spec.labels != self.spec.labels else []
        wrong += ["names of columns"] if found.spec.inputs.columns != self.spec.inputs.columns else []
        if wrong:
            raise DataError(f"{wanted.location}: {', '.join(wrong)}: not what the study was made with")
        return found
