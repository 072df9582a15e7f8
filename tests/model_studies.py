"""Studies of a person's own models, searched without Ray: a small CNN, and a model of two inputs with its own layer.

`python tests/model_studies.py FOLDER` makes them in a process that computes as a worker does.
"""

import os
import sys
from pathlib import Path

import numpy as np
from own_data import arrays_of, npz_of
from own_studies import searched

from search.study.settings import Settings
from search.study.space import Space
from trainable.data.source import DataSource
from trainable.model_file.probe import EXAMPLES
from trainable.model_file.problem import ModelProblem, prepared
from trainable.model_file.spec import spec_of
from trainable.process import prepare_tensorflow
from trainable.program import read_program

PICTURES, PAIR = "pictures", "pair"  # the studies
FILES = {PICTURES: "cnn.py", PAIR: "pair.py"}
DATA = "data.py"
CNN = """\
import keras
from keras import layers

EPOCHS = 4
SPACE = {"filters": {"type": "int", "low": 2, "high": 4}}


def build(*, filters=3, activation="relu", input_shape, classes):
    return keras.Sequential(
        [
            keras.Input(input_shape),
            layers.Rescaling(1 / 255),
            layers.Reshape((*input_shape, 1)),
            layers.Conv2D(filters, 3, activation=activation),
            layers.Flatten(),
            layers.Dense(classes),
        ]
    )
"""
PAIR_MODEL = """\
import keras
from keras import layers

EPOCHS, BATCH_SIZE = 3, 16
SPACE = {"units": {"type": "int", "low": 2, "high": 8}, "learning_rate": {"type": "float", "low": 1e-3, "high": 1e-1}}


@keras.saving.register_keras_serializable()
class Centred(layers.Layer):
    def call(self, inputs):
        return inputs - keras.ops.mean(inputs, axis=-1, keepdims=True)


def build(*, units=4, learning_rate=0.01, input_shape, classes):
    small = keras.Input(input_shape["small"], name="small", dtype="uint8")
    numbers = keras.Input(input_shape["numbers"], name="numbers")
    both = layers.Concatenate()([layers.Flatten()(layers.Rescaling(1 / 255)(small)), Centred()(numbers)])
    hidden = layers.Dense(units, activation="relu")(both)
    return keras.Model({"small": small, "numbers": numbers}, layers.Dense(1, activation="sigmoid")(hidden))
"""
MAKES = """\
import numpy as np

with np.load({file!r}) as data:
    ARRAYS = dict(data)


def load():
    print("this is no part of an answer")
    x = {{"numbers": ARRAYS["numbers"], "small": ARRAYS["small"]}}
    return {{"x_train": x, "y_train": ARRAYS["labels"]}}
"""


def made(study, folder):
    """Write the files of a study into a folder; return where its data and its model's file are."""
    model = folder / FILES[study]
    if study == PICTURES:
        model.write_text(CNN)
        return DataSource(str(npz_of("digits", folder))), model
    model.write_text(PAIR_MODEL)
    arrays, file = arrays_of("breast_cancer"), folder / "cells.npz"
    x = (arrays["x_train"] - arrays["x_train"].mean(axis=0)) / arrays["x_train"].std(axis=0)
    small = np.clip(40 * x[:, :6] + 120, 0, 255).astype(np.uint8).reshape(-1, 2, 3)
    np.savez(file, numbers=x[:, 6:12], small=small, labels=arrays["y_train"])
    (folder / DATA).write_text(MAKES.format(file=str(file)))
    return DataSource(str(folder / DATA)), model


def search(study, folder, trials=2):
    """Make a study in `FOLDER/runs` and run its trials, the baseline first; their models are kept."""
    from trainable.model_file.trying import tried  # TensorFlow has to be set up before

    source, file = made(study, folder)
    program, splits = read_program(file), prepared(source)
    dataset = splits.dataset
    x = dataset.x_train
    first = {name: each[:EXAMPLES] for name, each in x.items()} if isinstance(x, dict) else x[:EXAMPLES]
    found = tried(program, first, dataset.y_train[:EXAMPLES], len(splits.labels), dataset.nbytes)
    spec = spec_of(program, file, source, splits, found)
    settings = Settings(Space.of(spec.space, spec, "its space: "), seed=1, sampler="random", pruner="none")
    searched(study, folder, settings, ModelProblem(settings.problem, program), dataset, trials=trials)


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    prepare_tensorflow(1, gpu=False)
    for name in (PICTURES, PAIR):
        search(name, Path(sys.argv[1]))
