"""Digits as [8, 8] pixels from 0 to 16, 10 classes: preprocessing layers, whose strength is searched."""

import keras
import keras_tuner as kt
from keras import layers


class Augmented(kt.HyperModel):
    def __init__(self, name="augmented", *, tunable=True):
        super().__init__(name=name, tunable=tunable)

    def augment(self, hp, x):
        kind = hp.Choice("augment", ["none", "shift", "zoom"], default="shift")
        with hp.conditional_scope("augment", ["shift", "zoom"]):
            strength = hp.Float("strength", 0.05, 0.15, step=0.05)
        if kind == "shift":
            return layers.RandomTranslation(strength, strength)(x)
        return layers.RandomZoom(strength)(x) if kind == "zoom" else x

    def build(self, hp):
        inputs = keras.Input((8, 8))
        x = layers.Reshape((8, 8, 1))(inputs)
        x = layers.Rescaling(scale=hp.Choice("scale", [1 / 16, 1 / 8]))(x)
        x = self.augment(hp, x)
        x = layers.Conv2D(hp.Int("filters", 4, 8, step=4), 3, activation="relu")(x)
        outputs = layers.Dense(10, activation="softmax")(layers.Flatten()(x))
        model = keras.Model(inputs, outputs)
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        return model
