"""The network of Example 2.1 in Keras, and the images as the example prepares them; the same for every peer."""

from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from trainable.mnist.source import load_dataset

Split = tuple[NDArray[np.float32], NDArray[np.uint8]]
"""Images float32 [n, 784] in [0, 1], and labels."""

PIXEL_MAX = np.float32(255)
CLASSES = 10


def load_splits() -> tuple[Split, Split]:
    """Return the 50,000 training and the 10,000 validation images."""
    data = load_dataset()
    training = data.x_train.astype(np.float32) / PIXEL_MAX, data.y_train
    validation = data.x_val.astype(np.float32) / PIXEL_MAX, data.y_val
    return training, validation


def build_model(hidden_units: int, learning_rate: float) -> Any:
    """Return the compiled model."""
    model = keras.Sequential(
        [
            keras.Input((28 * 28,)),
            keras.layers.Dense(hidden_units, activation="relu"),
            keras.layers.Dense(CLASSES, activation="softmax"),
        ]
    )
    model.compile(
        optimizer=keras.optimizers.RMSprop(learning_rate),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    return model
