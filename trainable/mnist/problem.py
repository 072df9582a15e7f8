"""MNIST as a problem: what loads its images, trains networks of one hidden layer on them, and scores these."""

from dataclasses import dataclass

from trainable.data.dataset import Dataset, HeldOutSet
from trainable.mlp.scoring import SOURCES, read_weights, wrong_examples
from trainable.mnist import source
from trainable.mnist.drawing import like_mnist
from trainable.mnist.spec import MNIST
from trainable.problem import ProblemSpec, Trainer


@dataclass(frozen=True)
class MnistProblem:
    """The built-in problem's code."""

    spec: ProblemSpec = MNIST
    sources: tuple[str, ...] = (*SOURCES, "mnist.source")

    cache_file = staticmethod(source.cache_file)
    load = staticmethod(source.load_dataset)
    load_held_out = staticmethod(source.load_held_out)
    from_drawing = staticmethod(like_mnist)

    def trainer(self, dataset: Dataset, precision: str) -> Trainer:
        """Return the engine."""
        from trainable.mlp.engine import Engine  # noqa: PLC0415 (it needs TensorFlow, which only workers load)

        return Engine(dataset, precision)

    def wrong(self, model: bytes, examples: HeldOutSet) -> list[int]:
        """Return the positions of the images that a model classifies wrong, computed with NumPy."""
        return wrong_examples(read_weights(model), examples.x, examples.y)
