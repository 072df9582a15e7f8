"""Digits as [8, 8] pixels from 0 to 16, 10 classes: an encoder and a head in name scopes, scopes in scopes."""

import keras
from keras import layers


def dense_block(hp, x):
    with hp.name_scope("dense"):
        x = layers.Dense(hp.Int("units", 8, 32, step=8), activation=hp.Choice("activation", ["relu", "gelu"]))(x)
        with hp.name_scope("regularised"):
            if hp.Boolean("norm"):
                x = layers.BatchNormalization()(x)
            return layers.Dropout(hp.Float("rate", 0, 0.5, step=0.25))(x)


def build_model(hp):
    inputs = keras.Input((8, 8))
    x = layers.Flatten()(layers.Rescaling(1 / 16)(inputs))
    with hp.name_scope("encoder"):
        kind = hp.Choice("kind", ["plain", "wide"])
        with hp.conditional_scope("kind", ["wide"]):
            width = hp.Int("width", 32, 64, step=32)
            with hp.name_scope("second"):
                has_second = hp.Boolean("used")
                with hp.conditional_scope("used", True):
                    second = hp.Int("width", 16, 32, step=16)
        if kind == "wide":
            x = layers.Dense(width, activation="relu")(x)
            x = layers.Dense(second, activation="relu")(x) if has_second else x
        x = dense_block(hp, x)
    with hp.name_scope("head"):
        x = dense_block(hp, x)
    model = keras.Model(inputs, layers.Dense(10, activation="softmax")(x))
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model
