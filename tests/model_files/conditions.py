"""Wine as [13] numbers, 3 classes, or other numbers: parameters that are there only with some values of others."""

import keras

BATCH_SIZE, EPOCHS = 16, 8

SPACE = {
    "optimizer": {"type": "categorical", "choices": ["adam", "sgd"]},
    "momentum": {"type": "float", "low": 0.0, "high": 0.95, "when": {"optimizer": ["sgd"]}},
    "nesterov": {"type": "categorical", "choices": [True, False], "when": {"optimizer": ["sgd"]}},
    "beta": {"type": "float", "low": 0.8, "high": 0.99, "when": {"optimizer": ["adam"]}},
    "depth": {"type": "int", "low": 1, "high": 2},
    "units": {"type": "int", "low": 8, "high": 32, "step": 8},
    "second": {"type": "int", "low": 8, "high": 32, "step": 8, "when": {"depth": [2]}},
    "learning_rate": {"type": "float", "low": 1e-3, "high": 1e-1, "log": True},
}


def build(
    *, optimizer="sgd", momentum=0.9, nesterov=True, beta=0.9, depth=1, units=16, second=16, learning_rate=1e-2,
    input_shape, classes,
):  # fmt: skip
    model = keras.Sequential([keras.Input(input_shape), keras.layers.BatchNormalization()])
    for width in (units, second)[:depth]:
        model.add(keras.layers.Dense(width, activation="relu"))
    model.add(keras.layers.Dense(classes, activation="softmax"))
    if optimizer == "sgd":
        chosen = keras.optimizers.SGD(learning_rate, momentum=momentum, nesterov=nesterov)
    else:
        chosen = keras.optimizers.Adam(learning_rate, beta_1=beta)
    model.compile(chosen, "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model
