"""MNIST as a value: its figures, and the network of Example 2.1 of Deep Learning with Python. Without NumPy."""

from trainable.inputs import Inputs
from trainable.parameter import Parameter
from trainable.problem import ProblemSpec, Reference
from trainable.words import Words

# SHA-256 of the raw uint8 bytes of each array of the official mnist.npz.
SHA256 = {
    "x_train": "741c988805d008ac6e4c904b69001ba184c24b2c540a4ef403f4c71b676cf757",
    "y_train": "1feba77c54802fa5339a11837ea4b2866434b83314ec45192930f1df69120c13",
    "x_test": "6d87418db22cc8025d05968bec9bd5c3932904b23485740db143a061a2c9d161",
    "y_test": "ddeff807876a9661a1110d45c266c86239a3a1b7d37da0c3716a7a683c852ff5",
}
KERAS = "keras:mnist"  # what `--data` may call it
VALIDATION_SIZE = 10_000  # the last images of the official training set

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
