"""A person's model on some data as a problem: what loads the data, trains what the file builds, and scores it."""

from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trainable.data.dataset import HeldOutSet
from trainable.data.reading import file_of
from trainable.data.source import DataSource, as_recorded
from trainable.errors import DataError, ProgramError
from trainable.mnist.problem import MnistProblem
from trainable.model_file import OPEN
from trainable.model_file.dataset import ModelDataset, RawSplits, raw_of
from trainable.model_file.probe import probe
from trainable.model_file.spec import inputs_of, recorded_source, spec_of
from trainable.problem import ProblemSpec
from trainable.program import Program
from trainable.trainer import Trainer

if TYPE_CHECKING:
    from trainable.model_file.scoring import Scorer

SOURCES = (
    "model_file.building",
    "model_file.compiling",
    "model_file.hyperparameters",
    "model_file.outputs",
    "model_file.predicting",
    "model_file.trainer",
    "process",
    "training",
)  # the modules that decide the numbers of a training, besides the person's file


def problem_in(source: DataSource | None, program: Program, place: Path) -> ProblemSpec:
    """Return the problem that a person's file is on some data, found out in a process of its own.

    Args:
        source: Where the data are; None for the built-in ones.
        program: The file.
        place: Where it is.

    Raises:
        DataError: They are no data that a model can learn from.
        ProgramError: The file builds no model that can be trained on them.
    """
    splits = prepared(source)
    found = probe(program, splits.x_train, splits.y_train, len(splits.labels), splits.dataset.nbytes)
    return spec_of(program, place, source, splits, found)


def recorded_of(source: DataSource | None) -> dict[str, Any]:
    """Return what a study records of data and of where they are: fields of a `ProblemSpec`."""
    return {"data": prepared(source).hashes(), "source": recorded_source(source)}


def prepared(source: DataSource | None) -> RawSplits:
    """Read, check and split data; twice only where the file has changed.

    Raises:
        DataError: They are no data that a model can learn from.
    """
    try:
        known = (MnistProblem().file(None) if source is None else file_of(source)).stat()
    except OSError:
        return raw_of(source)
    return _prepared(source, (known.st_ino, known.st_size, known.st_mtime_ns))


@lru_cache(maxsize=1)
def _prepared(source: DataSource | None, _stamp: tuple[int, ...]) -> RawSplits:
    return raw_of(source)


@dataclass(frozen=True)
class ModelProblem:
    """The code of a problem of a person's own model.

    Attributes:
        program: The file that builds it; None for who only reads.
    """

    spec: ProblemSpec
    program: Program | None = None
    sources: tuple[str, ...] = SOURCES

    def file(self, source: DataSource | None) -> Path:
        """Return where the data are on this machine."""
        wanted = self._source(source)
        return MnistProblem().file(None) if wanted is None else file_of(wanted)

    def load(self, source: DataSource | None) -> ModelDataset:
        """Load what trials see."""
        return self._found(source).dataset

    def load_held_out(self, source: DataSource | None) -> HeldOutSet:
        """Load the test examples."""
        held_out = self._found(source).held_out
        if held_out is None:
            raise DataError(f"{self.spec.name}: has no test {self.spec.examples}")
        return held_out

    def trainer(self, dataset: ModelDataset, precision: str) -> Trainer:  # noqa: ARG002 (a person's model has its own)
        """Return what trains the models that the file builds."""
        from trainable.model_file.building import builder_of  # noqa: PLC0415 (it runs the file)
        from trainable.model_file.trainer import KerasTrainer  # noqa: PLC0415 (it needs TensorFlow)

        tables = self.spec.space if self.spec.code["form"] == OPEN else None
        program, classes = self._needed, len(self.spec.labels)
        return KerasTrainer(lambda: builder_of(program, tables), dataset, classes, dataset.input_shape)

    def wrong(self, model: bytes, examples: HeldOutSet) -> list[int]:
        """Return the positions of the examples that a model classifies wrong, found out in a process of its own."""
        return self._scorer.wrong(model, examples)

    def close(self) -> None:
        """End the process that scores, where there is one."""
        if "_scorer" in vars(self):
            self._scorer.close()

    def __reduce__(self) -> tuple[Any, ...]:
        """Go to the workers without the process that scores."""
        return type(self), (self.spec, self.program)

    @cached_property
    def _scorer(self) -> "Scorer":
        from trainable.model_file.scoring import Scorer  # noqa: PLC0415 (only who scores needs it)

        return Scorer(self._needed)

    @property
    def _needed(self) -> Program:
        if self.program is None:
            raise ProgramError(f"{self.spec.code['name']}: is needed for this; it has to be given")
        return self.program

    def _source(self, source: DataSource | None) -> DataSource | None:
        return source or as_recorded(self.spec.source)

    def _found(self, source: DataSource | None) -> RawSplits:
        wanted = self._source(source)
        found = prepared(wanted)
        ours, theirs = self.spec.data, found.hashes()
        wrong = [name for name in {**ours, **theirs} if ours.get(name) != theirs.get(name)]
        inputs, given = self.spec.inputs, inputs_of(found, list(self.spec.inputs.several))
        is_alike = (inputs.shape, inputs.dtype, inputs.several) == (given.shape, given.dtype, given.several)
        wrong += [] if is_alike else ["shapes or types"]  # the same bytes may be other numbers
        wrong += ["names of classes"] if found.labels != self.spec.labels else []
        wrong += ["names of columns"] if found.columns != self.spec.inputs.columns else []
        if wrong:
            where = wanted.location if wanted else self.spec.name
            raise DataError(f"{where}: {', '.join(wrong)}: not what the study was made with")
        return found
