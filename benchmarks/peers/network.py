"""The networks in Keras, and the images as each takes them; the same for every peer."""

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from benchmarks import cnn
from benchmarks.peers.space import CNN
from trainable.mnist.source import load_dataset

Split = tuple[NDArray[Any], NDArray[np.uint8]]
"""Images, float32 [n, 784] in [0, 1] or as they are stored, uint8 [n, 28, 28]; and labels."""

PIXEL_MAX = np.float32(255)
SIDE = 28
CLASSES = 10
TRAINING = ("batch_size", "epochs")  # parameters that are not the network's


def load_splits(network: str) -> tuple[Split, Split]:
    """Return the 50,000 training and the 10,000 validation images, prepared as the network's own example does."""
    data = load_dataset()
    return (_prepared(data.x_train, network), data.y_train), (_prepared(data.x_val, network), data.y_val)


def build_model(network: str, params: Mapping[str, Any]) -> Any:
    """Return the compiled model of a configuration; its batch size and epochs are for `fit`."""
    own = {name: value for name, value in params.items() if name not in TRAINING}
    return cnn.build(**own, input_shape=(SIDE, SIDE), classes=CLASSES) if network == CNN else build_mlp(**own)


def build_mlp(hidden_units: int, learning_rate: float) -> Any:
    """Return the compiled network of Example 2.1."""
    model = keras.Sequential(
        [
            keras.Input((SIDE * SIDE,)),
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


def _prepared(images: NDArray[np.uint8], network: str) -> NDArray[Any]:
    return images.reshape(-1, SIDE, SIDE) if network == CNN else images.astype(np.float32) / PIXEL_MAX
