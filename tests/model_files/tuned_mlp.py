"""Digits as [8, 8] pixels from 0 to 16, 10 classes: one hidden layer, with a search of its own for KerasTuner."""

import keras
import keras_tuner
from keras import layers


def build_model(hp):
    model = keras.Sequential()
    model.add(keras.Input((8, 8)))
    model.add(layers.Flatten())
    model.add(
        layers.Dense(
            units=hp.Int("units", min_value=16, max_value=64, step=16),
            activation=hp.Choice("activation", ["relu", "tanh"]),
        )
    )
    if hp.Boolean("dropout"):
        model.add(layers.Dropout(rate=0.25))
    model.add(layers.Dense(10, activation="softmax"))
    model.compile(
        optimizer=keras.optimizers.Adam(hp.Choice("learning_rate", [1e-2, 1e-3, 1e-4], default=1e-3)),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    return model


build_model(keras_tuner.HyperParameters())

if __name__ == "__main__":
    tuner = keras_tuner.RandomSearch(build_model, objective="val_accuracy", max_trials=5, directory="tuning")
    tuner.search_space_summary()
