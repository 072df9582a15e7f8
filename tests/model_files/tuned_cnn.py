"""Digits as [8, 8] pixels from 0 to 16, 10 classes: a small convolutional network with choices of filters."""

import tensorflow as tf
from keras_tuner import HyperParameters
from tensorflow import keras


def model_builder(hp):
    inputs = keras.Input(shape=(8, 8))
    x = keras.layers.Reshape((8, 8, 1))(inputs)
    x = keras.layers.Rescaling(1 / 16)(x)
    for block in range(hp.Int("conv_blocks", 1, 2, default=1)):
        filters = hp.Choice(f"filters_{block}", values=[4, 8, 16], ordered=True, default=8)
        kernel = hp.Choice(f"kernel_{block}", values=[3, 5])
        x = keras.layers.Conv2D(filters, kernel, padding="same", activation="relu")(x)
        if hp.Choice(f"pooling_{block}", ["avg", "max"]) == "max":
            x = keras.layers.MaxPooling2D()(x)
        else:
            x = keras.layers.AveragePooling2D(2)(x)
    x = keras.layers.Flatten()(x)
    x = keras.layers.Dense(hp.Int("dense_units", 8, 32, step=2, sampling="log", default=16), activation="relu")(x)
    outputs = keras.layers.Dense(10, activation="softmax")(x)
    model = keras.Model(inputs, outputs)
    rate = hp.Float("learning_rate", 1e-4, 1e-2, step=10, sampling="log", default=1e-3)
    model.compile(
        optimizer=tf.keras.optimizers.Adam(rate),
        loss=tf.keras.losses.SparseCategoricalCrossentropy(),
        metrics=["accuracy"],
    )
    return model


DEFAULTS = HyperParameters()
