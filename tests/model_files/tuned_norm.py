"""Wine as [13] numbers, 3 classes: with or without batch normalisation and dropout; no optimizer is said."""

import keras


def build_model(hp, input_shape, classes):
    inputs = keras.Input(input_shape)
    x = keras.layers.BatchNormalization()(inputs) if hp.Boolean("input_norm", default=True) else inputs
    x = keras.layers.Dense(hp.Int("units", 8, 24, 8), use_bias=not hp.Boolean("norm"))(x)
    if hp.get("norm"):
        x = keras.layers.BatchNormalization(momentum=hp.Choice("momentum", [0.9, 0.99]))(x)
    x = keras.layers.Activation("relu")(x)
    if hp.Boolean("dropout", default=False):
        x = keras.layers.Dropout(hp.Float("rate", 0.1, 0.4))(x)
    return keras.Model(inputs, keras.layers.Dense(classes, activation="softmax")(x))
