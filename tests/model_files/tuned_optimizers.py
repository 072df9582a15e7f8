"""Digits as [64] pixels from 0 to 16, 10 classes: optimizers with settings of their own, as conditional scopes."""

import keras
import keras_tuner as kt


def optimizer_of(hp):
    name = hp.Choice("optimizer", ["adam", "sgd", "rmsprop"])
    optimizer = keras.optimizers.Adam()
    with hp.conditional_scope("optimizer", ["adam"]):
        rate = hp.Float("lr", 1e-4, 1e-2, sampling="log", default=1e-3)
        if name == "adam":
            optimizer = keras.optimizers.Adam(rate)
    with hp.conditional_scope("optimizer", ["sgd"]):
        rate = hp.Float("lr", 1e-3, 1e-1, sampling="log", default=1e-2)
        nesterov = hp.Boolean("nesterov")
        momentum = hp.Float("momentum", 0, 0.9, step=0.3, parent_name="nesterov", parent_values=[True])
        if name == "sgd":
            optimizer = keras.optimizers.SGD(rate, momentum=momentum or 0.0, nesterov=nesterov)
    with hp.conditional_scope("optimizer", ["rmsprop"]):
        rho = hp.Float("rho", min_value=0.8, max_value=0.99, sampling="reverse_log")
        if name == "rmsprop":
            optimizer = keras.optimizers.RMSprop(rho=rho)
    return optimizer


def build_model(hp):
    model = keras.Sequential([keras.Input((64,)), keras.layers.Rescaling(1 / 16)])
    model.add(keras.layers.Dense(hp.Int("units", 16, 32, step=16), activation="relu"))
    model.add(keras.layers.Dense(10, activation="softmax"))
    model.compile(optimizer_of(hp), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


hp = kt.HyperParameters()
