"""Tiny models of a person's file as `.keras` files, with what Keras says of some examples.

`python tests/keras_files.py FOLDER` makes them in a process of its own.
"""

import json
import sys
from pathlib import Path

import numpy as np

from trainable.model_file.stand_in import run_persons_file
from trainable.program import Program

TEXT = """\
import keras
import keras_tuner


@keras.saving.register_keras_serializable()
class Doubled(keras.layers.Layer):
    def call(self, inputs):
        return 2 * inputs


@keras.saving.register_keras_serializable()
class Rare(keras.layers.Layer):
    def call(self, inputs):
        return keras.ops.erfinv(keras.ops.tanh(inputs))


def build(*, units=4, input_shape, classes):
    return keras.Sequential([keras.Input(input_shape), Doubled(), keras.layers.Dense(classes, activation="softmax")])
"""
PROGRAM = Program("model.py", TEXT)
EXAMPLES, CLASSES = 60, 3


def arrays_of(name):
    """The examples of a model: uint8 pictures, numbers, or both by the names of its inputs."""
    random = np.random.default_rng(5)
    image = random.integers(0, 256, (EXAMPLES, 6, 5), np.uint8)
    numbers = random.normal(size=(EXAMPLES, 4))
    return {
        "one": image, "several": {"image": image, "numbers": numbers}, "binary": numbers, "custom": numbers,
        "logits": numbers, "logit": numbers, "rare": numbers,
    }[name]  # fmt: skip


def made(name):
    """The model of a name, of weights that are not trained."""
    import keras
    from keras import layers

    keras.utils.set_random_seed(3)
    numbers = keras.Input((4,), name="numbers")
    if name == "one":
        return keras.Sequential(
            [
                keras.Input((6, 5), name="picture"), layers.Rescaling(1 / 255), layers.Reshape((6, 5, 1)),
                layers.Conv2D(3, 3, activation="relu"), layers.BatchNormalization(), layers.Flatten(),
                layers.Dense(CLASSES, activation="softmax"),
            ]
        )  # fmt: skip
    if name == "several":
        image = keras.Input((6, 5), name="image", dtype="uint8")
        flat = layers.Flatten()(layers.Rescaling(1 / 255)(image))
        both = layers.Concatenate()([layers.Dense(4, activation="relu")(flat), numbers])
        return keras.Model({"image": image, "numbers": numbers}, layers.Dense(CLASSES, activation="softmax")(both))
    if name == "rare":  # no other format than TensorFlow's has such an operation
        rare = run_persons_file(PROGRAM).Rare()(numbers)
        return keras.Model(numbers, layers.Dense(CLASSES, activation="softmax")(rare))
    if name == "custom":
        return run_persons_file(PROGRAM).build(input_shape=(4,), classes=CLASSES)
    units, activation = {"binary": (1, "sigmoid"), "logit": (1, None), "logits": (CLASSES, None)}[name]
    return keras.Model(numbers, layers.Dense(units, activation=activation)(numbers))


def networks(folder):
    """By name: the content of a model's file, and the class that Keras gives each example, int32 [n]."""
    said = json.loads((folder / "said.json").read_text())
    return {name: ((folder / f"{name}.keras").read_bytes(), np.array(each, np.int32)) for name, each in said.items()}


def make(folder):
    """Write the models, and what they say."""
    said = {}
    for name in ("one", "several", "binary", "custom", "logits", "logit", "rare"):
        model = made(name)
        model.save(folder / f"{name}.keras")
        outputs = model.predict(arrays_of(name), verbose=0)
        middle = 0 if name == "logit" else 0.5
        classes = outputs[:, 0] > middle if outputs.shape[1] == 1 else outputs.argmax(axis=1)
        said[name] = classes.astype(int).tolist()
    (folder / "said.json").write_text(json.dumps(said))


if __name__ == "__main__":
    from trainable.process import prepare_tensorflow

    prepare_tensorflow(1, gpu=False)
    make(Path(sys.argv[1]))
