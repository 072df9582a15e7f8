"""MNIST as a problem: what loads its images, trains networks of one hidden layer on them, and scores these."""

from dataclasses import dataclass
from pathlib import Path

from trainable.data.dataset import Dataset, HeldOutSet
from trainable.data.source import DataSource
from trainable.errors import DataError
from trainable.mlp.scoring import SOURCES, WIDE_SOURCES, read_activation, read_weights, wrong_examples
from trainable.mlp.wide import is_wide
from trainable.mnist import source as images
from trainable.mnist.drawing import like_mnist
from trainable.mnist.spec import MNIST
from trainable.problem import ProblemSpec
from trainable.trainer import Trainer


@dataclass(frozen=True)
class MnistProblem:
    """The built-in problem's code."""

    spec: ProblemSpec = MNIST
    from_drawing = staticmethod(like_mnist)

    @property
    def sources(self) -> tuple[str, ...]:
        """The modules of `trainable` that decide a training's numbers."""
        return (*SOURCES, *(WIDE_SOURCES if is_wide(self.spec) else ()), "mnist.source")

    def file(self, source: DataSource | None) -> Path:
        """Return where the images are on this machine, or would be once they were fetched."""
        return images.file_named(source) or images.cache_file()

    def load(self, source: DataSource | None) -> Dataset:
        """Load the training and validation splits."""
        if self.spec.trial_data != MNIST.trial_data:
            raise DataError(f"the study was made with other data ({self.spec.name}) than this version has")
        return images.load_dataset(images.file_named(source))

    def load_held_out(self, source: DataSource | None) -> HeldOutSet:
        """Load the test images."""
        return images.load_held_out(images.file_named(source))

    def trainer(self, dataset: Dataset, precision: str) -> Trainer:
        """Return the engine."""
        from trainable.mlp.engines import engine_for  # noqa: PLC0415 (it needs TensorFlow, which only workers load)

        return engine_for(self.spec, dataset, precision)

    def wrong(self, model: bytes, examples: HeldOutSet) -> list[int]:
        """Return the positions of the images that a model classifies wrong, computed with NumPy."""
        return wrong_examples(read_weights(model), examples.only, examples.y, None, read_activation(model))

    def close(self) -> None:
        """Do nothing: scoring starts nothing."""
