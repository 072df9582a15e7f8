"""Digits as [8, 8] pixels from 0 to 16, 10 classes: a frozen base, and a head of which some values are fixed."""

import keras
from keras_tuner.engine.hyperparameters import HyperParameters


def base(seed):
    keras.utils.set_random_seed(seed)
    model = keras.Sequential(
        [keras.Input((8, 8)), keras.layers.Flatten(), keras.layers.Dense(32, activation="relu")], name="base"
    )
    model.trainable = False
    return model


def build_model(hp: HyperParameters):
    frozen = base(hp.Fixed("base_seed", 7))
    inputs = keras.Input((8, 8))
    x = keras.layers.Rescaling(1.0 / hp.Fixed("largest", 16.0))(inputs)
    x = frozen(x, training=False)
    head = hp.Choice("head", ["linear", "hidden"])
    if head == "hidden":
        x = keras.layers.Dense(
            hp.Int("head_units", 8, 32, step=8, parent_name="head", parent_values=["hidden"]), activation="relu"
        )(x)
    outputs = keras.layers.Dense(10, activation=hp.Fixed("last", "softmax"))(x)
    model = keras.Model(inputs, outputs)
    model.compile(
        keras.optimizers.Adam(hp.Float("learning_rate", 1e-3, 1e-1, sampling="log", default=1e-2)),
        "sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    return model
