"""Numbers or images of any shape: dense layers with batch normalisation and dropout; no optimizer is said."""

import keras

SPACE = {
    "layers": {"type": "int", "low": 1, "high": 3},
    "units": {"type": "int", "low": 16, "high": 256, "log": True},
    "norm": {"type": "categorical", "choices": [True, False]},
    "activation": {"type": "categorical", "choices": ["relu", "gelu", "tanh"]},
    "dropout": {"type": "float", "low": 0.0, "high": 0.5},
    "learning_rate": {"type": "float", "low": 1e-4, "high": 1e-2, "log": True},
    "epochs": {"type": "int", "low": 2, "high": 20},
}


def build(*, layers=1, units=64, norm=True, activation="relu", dropout=0.2, input_shape, classes):
    model = keras.Sequential([keras.Input(input_shape), keras.layers.Flatten(), keras.layers.BatchNormalization()])
    for _ in range(layers):
        model.add(keras.layers.Dense(units, use_bias=not norm))
        if norm:
            model.add(keras.layers.BatchNormalization())
        model.add(keras.layers.Activation(activation))
        model.add(keras.layers.Dropout(dropout))
    model.add(keras.layers.Dense(classes, activation="softmax"))
    return model
