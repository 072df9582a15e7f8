"""A small convolutional network for images, as somebody writes it who knows Keras and nothing of this project.

`python -m benchmarks.search --network cnn` lets every tool train it. To search it: `python -m search.run --model
benchmarks/cnn.py`.
"""

from typing import Any

import keras

SPACE = {
    "filters": {"type": "int", "low": 8, "high": 24, "log": True},
    "units": {"type": "int", "low": 32, "high": 128, "log": True},
    "learning_rate": {"type": "float", "low": 5e-4, "high": 5e-3, "log": True},
    "batch_size": {"type": "categorical", "choices": [64, 128, 256]},
    "epochs": {"type": "int", "low": 2, "high": 6},
}
BATCH_SIZE = 128
EPOCHS = 4


def build(
    *, filters: int = 16, units: int = 64, learning_rate: float = 1e-3, input_shape: tuple[int, ...], classes: int
) -> Any:
    """Return the compiled model of images uint8 [height, width]."""
    model = keras.Sequential(
        [
            keras.Input(input_shape),
            keras.layers.Rescaling(1 / 255),
            keras.layers.Reshape((*input_shape, 1)),
            keras.layers.Conv2D(filters, 3, activation="relu"),
            keras.layers.MaxPooling2D(),
            keras.layers.Conv2D(2 * filters, 3, activation="relu"),
            keras.layers.MaxPooling2D(),
            keras.layers.Flatten(),
            keras.layers.Dense(units, activation="relu"),
            keras.layers.Dense(classes, activation="softmax"),
        ]
    )
    model.compile(
        optimizer=keras.optimizers.Adam(learning_rate),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    return model
