"""MNIST as a problem: its figures, the network of Example 2.1 of Deep Learning with Python, and what trains it."""

from dataclasses import dataclass
from pathlib import Path

from trainable.data.dataset import Array, Dataset, HeldOutSet
from trainable.mlp.scoring import SOURCES, read_weights, wrong_examples
from trainable.mnist.drawing import like_mnist
from trainable.mnist.source import SHA256, VALIDATION_SIZE, cache_file, load_dataset, load_held_out
from trainable.problem import Inputs, Parameter, ProblemSpec, Reference, Trainer
from trainable.words import Words

# The limits are far beyond what makes sense, but small enough for 32-bit indices and float32. A study that does not
# say what it is about is about this one, so no value here may change: another one is another problem.
MNIST = ProblemSpec(
    kind="mnist",
    name="MNIST",
    parameters=(
        Parameter("hidden_units", "int", 1, 100_000, "units of the hidden layer"),
        Parameter("learning_rate", "float", 0, 1e30, "of RMSprop"),
        Parameter("batch_size", "int", 1, 1_000_000, "images a step"),
        Parameter("epochs", "int", 1, 10_000, "passes over the training images, where a trial is not stopped before"),
    ),
    space={
        "hidden_units": {"type": "int", "low": 128, "high": 2048, "log": True},
        "learning_rate": {"type": "float", "low": 2e-4, "high": 5e-3, "log": True},
        "batch_size": {"type": "categorical", "choices": [32, 64, 128, 256, 512, 1024]},
        "epochs": {"type": "int", "low": 4, "high": 24, "log": False},
    },
    # Example 2.1 of Deep Learning with Python (F. Chollet); learning_rate is RMSprop's default in Keras.
    baseline={"hidden_units": 512, "learning_rate": 0.001, "batch_size": 128, "epochs": 5},
    metric="val_accuracy",
    inputs=Inputs(shape=(28, 28), dtype="uint8", scale=255, name="images"),
    labels=tuple("0123456789"),
    sizes={"train": 60_000 - VALIDATION_SIZE, "val": VALIDATION_SIZE, "test": 10_000},
    data=SHA256,
    split=f"the last {VALIDATION_SIZE:,}",
    reference=Reference("the notebook", 0.9765),
    words=Words(
        title="MNIST search",
        network="an MNIST network",
        baseline="512-unit baseline",
        units="512 units",
        example="image",
        label="digit",
        file="mnist.npz",
        does="A network that says which digit a small image shows",
        layers="784 pixels, one hidden layer of {hidden_units} units with relu, 10 probabilities",
        training="RMSprop, categorical cross-entropy",
        limits=(
            """\
It knows MNIST's kind of image: one light digit on a dark ground, in 20 x 20 pixels, its centre of mass in the middle
  of 28 x 28. How it does on others, such as dark digits on paper or digits away from the middle, was not measured.""",
            """\
It has no answer for "no digit": whatever the image, the ten probabilities sum to 1. They were not calibrated.""",
        ),
        reading="""\
import numpy as np
from PIL import Image

image = Image.open("digit.png").convert("L").resize((28, 28))  # a light digit on a dark ground
images = np.asarray(image)[np.newaxis]  # uint8 [1, 28, 28]
""",
        packages="numpy pillow",
        values="0 where it is dark and 255 where it is light",
    ),
)


@dataclass(frozen=True)
class MnistProblem:
    """Loads the images, trains networks of one hidden layer on them, and scores these."""

    spec: ProblemSpec = MNIST
    sources: tuple[str, ...] = (*SOURCES, "mnist.source")

    @property
    def cache_file(self) -> Path:
        """Where the verified images are kept."""
        return cache_file()

    def load(self, file: Path | None) -> Dataset:
        """Load the training and validation splits, see `source.load_dataset`."""
        return load_dataset(file)

    def load_held_out(self, file: Path | None) -> HeldOutSet:
        """Load the test images, likewise."""
        return load_held_out(file)

    def trainer(self, dataset: Dataset, precision: str) -> Trainer:
        """Return the engine."""
        from trainable.mlp.engine import Engine  # noqa: PLC0415 (it needs TensorFlow, which only workers load)

        return Engine(dataset, precision)

    def wrong(self, model: bytes, examples: HeldOutSet) -> list[int]:
        """Return the positions of the images that a model classifies wrong, computed with NumPy."""
        return wrong_examples(read_weights(model), examples.x, examples.y)

    def from_drawing(self, drawing: Array) -> Array | None:
        """Return a drawing as an image of MNIST's kind, see `drawing.like_mnist`."""
        return like_mnist(drawing)
