"""Digits as [8, 8] pixels from 0 to 16, 10 classes: a loss for labels that are one-hot."""

import keras
import keras_tuner
from keras import layers


class OneHotHyperModel(keras_tuner.HyperModel):
    def build(self, hp):
        model = keras.Sequential()
        model.add(layers.Flatten())
        model.add(layers.Dense(units=hp.Int("units", min_value=16, max_value=48, step=16), activation="relu"))
        model.add(layers.Dense(10, activation="softmax"))
        smoothing = hp.Float("smoothing", 0.0, 0.2, step=0.1)
        model.compile(
            optimizer=keras.optimizers.get(hp.Choice("optimizer", ["adam", "rmsprop"])),
            loss=keras.losses.CategoricalCrossentropy(label_smoothing=smoothing),
            metrics=["accuracy"],
        )
        return model
