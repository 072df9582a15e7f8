"""Images as [height, width] bytes, such as digits as [8, 8]: a small convolutional network."""

import keras
from keras import layers

BATCH_SIZE, EPOCHS = 64, 4

SPACE = {
    "filters": {"type": "int", "low": 4, "high": 32, "log": True},
    "kernel": {"type": "categorical", "choices": [3, 5]},
    "units": {"type": "int", "low": 16, "high": 128, "step": 16},
    "dropout": {"type": "float", "low": 0.0, "high": 0.6},
    "learning_rate": {"type": "float", "low": 1e-4, "high": 1e-2, "log": True},
    "batch_size": {"type": "categorical", "choices": [32, 64, 128]},
    "epochs": {"type": "int", "low": 2, "high": 8},
}


def build(*, filters=8, kernel=3, units=32, dropout=0.2, learning_rate=1e-3, input_shape, classes):
    model = keras.Sequential(
        [
            keras.Input(input_shape),
            layers.Rescaling(1 / 255),
            layers.Reshape((*input_shape, 1)),
            layers.Conv2D(filters, kernel, padding="same", activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(2 * filters, kernel, padding="same", activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(units, activation="relu"),
            layers.Dropout(dropout),
            layers.Dense(classes, activation="softmax"),
        ]
    )
    model.compile(keras.optimizers.Adam(learning_rate), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model
