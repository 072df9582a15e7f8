"""Which images a network classifies wrong, computed without TensorFlow, so that a process need not load it to score.

Also how the weights of a network are read from its `.keras` file without Keras.
"""

import io
import zipfile

import numpy as np
from numpy.typing import NDArray

from trainable.errors import DataError
from trainable.keras_file import MEMBER

Weights = list[NDArray[np.float32]]
"""Hidden kernel [features, hidden_units] and bias, output kernel [hidden_units, classes] and bias; float32."""

PIXEL_MAX = 255.0
BATCH = 1000  # images at once: large enough for fast matrix products, small enough for the memory of a wide network

# Where `MEMBER` has the arrays of a Sequential of two Dense layers, in the order of `Weights`.
PATHS = tuple(f"layers/{layer}/vars/{position}" for layer in ("dense", "dense_1") for position in (0, 1))


def wrong_images(weights: Weights, images: NDArray[np.uint8], labels: NDArray[np.uint8]) -> list[int]:
    """Return the positions of the images that a network classifies wrong, in ascending order.

    Args:
        weights: Of the network.
        images: uint8 [n, features], pixels 0 to 255.
        labels: uint8 [n].
    """
    wrong: list[int] = []
    for start in range(0, len(labels), BATCH):
        predicted = _classes(weights, images[start : start + BATCH])
        wrong += (start + np.flatnonzero(predicted != labels[start : start + BATCH])).tolist()
    return wrong


def read_weights(content: bytes) -> Weights:
    """Return the weights that the content of a `.keras` file holds, as `model.keras_bytes` made it.

    Raises:
        DataError: It is not the file of such a network.
    """
    import h5py  # noqa: PLC0415 (a command that reads no model does not wait for it)

    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive, h5py.File(io.BytesIO(archive.read(MEMBER))) as arrays:
            return [np.asarray(arrays[path], np.float32) for path in PATHS]
    except (zipfile.BadZipFile, OSError, KeyError) as error:
        raise DataError(f"expected the content of a .keras file of a network with one hidden layer: {error}") from error


def _classes(weights: Weights, images: NDArray[np.uint8]) -> NDArray[np.intp]:
    hidden_kernel, hidden_bias, output_kernel, output_bias = weights
    inputs = images.astype(np.float32) * np.float32(1 / PIXEL_MAX)
    hidden = np.maximum(inputs @ hidden_kernel + hidden_bias, np.float32(0))
    classes: NDArray[np.intp] = (hidden @ output_kernel + output_bias).argmax(axis=1)
    return classes
