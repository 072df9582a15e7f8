"""What a network says of examples, computed without TensorFlow, so that a process need not load it to score.

Also how the weights of a network are read from its `.keras` file without Keras.
"""

import io
import json
import zipfile
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from trainable.data.dataset import Examples, Labels
from trainable.data.scaling import Standard
from trainable.errors import DataError
from trainable.keras_file import CONFIG, MEMBER

Weights = list[NDArray[np.float32]]
"""Hidden kernel [features, hidden_units] and bias, output kernel [hidden_units, classes] and bias; float32."""

# The modules that decide the numbers of a training of this network.
SOURCES = (
    "data.dataset",
    "data.scaling",
    "mlp.engine",
    "mlp.network",
    "mlp.scoring",
    "precision",
    "process",
    "training",
)

SCALE = 255.0  # of uint8
BATCH = 1000  # examples at once: large enough for fast matrix products, small enough for the cache and a wide network

# Where `MEMBER` has the arrays of a Sequential of two Dense layers, in the order of `Weights`.
PATHS = tuple(f"layers/{layer}/vars/{position}" for layer in ("dense", "dense_1") for position in (0, 1))
STANDARD = "standardised"  # the layer that has the numbers of a `Standard`, where there is one


def wrong_examples(weights: Weights, examples: Examples, labels: Labels, standard: Standard | None = None) -> list[int]:
    """Return the positions of the examples that a network classifies wrong, in ascending order.

    Args:
        weights: Of the network.
        examples: uint8 or float32 [n, features], as they are stored.
        labels: [n].
        standard: How float32 is standardised.
    """
    classes = [logits.argmax(axis=1) for logits in _logits(weights, examples, standard)]
    return [] if not classes else np.flatnonzero(np.concatenate(classes) != labels).tolist()


def probabilities(weights: Weights, examples: Examples, standard: Standard | None = None) -> NDArray[np.float32]:
    """Return float32 [n, classes], of arguments as for `wrong_examples`: each class's probability; a row sums to 1."""
    batches = [softmax(logits) for logits in _logits(weights, examples, standard)]
    return np.concatenate(batches) if batches else np.empty((0, len(weights[3])), np.float32)


def read_weights(content: bytes) -> Weights:
    """Return the weights that the content of a `.keras` file holds, as `network.keras_bytes` made it.

    Raises:
        DataError: It is not the file of such a network.
    """
    import h5py  # noqa: PLC0415 (a command that reads no model does not wait for it)

    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive, h5py.File(io.BytesIO(archive.read(MEMBER))) as arrays:
            return [np.asarray(arrays[path], np.float32) for path in PATHS]
    except (zipfile.BadZipFile, OSError, KeyError) as error:
        raise DataError(f"expected the content of a .keras file of a network with one hidden layer: {error}") from error


def read_standard(content: bytes) -> Standard | None:
    """Return how the network of a `.keras` file standardises its input; None where it takes numbers in [0, 1].

    Raises:
        DataError: It is not the file of such a network.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            layers = json.loads(archive.read(CONFIG))["config"]["layers"]
        found = [each["config"] for each in layers if each["config"]["name"] == STANDARD]
        return Standard.from_json(found[0]) if found else None
    except (zipfile.BadZipFile, OSError, KeyError, TypeError, ValueError) as error:
        raise DataError(f"expected the content of a .keras file of a network with one hidden layer: {error}") from error


def _logits(weights: Weights, examples: Examples, standard: Standard | None) -> Iterator[NDArray[np.float32]]:
    """Give the output before softmax, float32 [batch, classes], batch by batch."""
    hidden_kernel, hidden_bias, output_kernel, output_bias = weights
    for start in range(0, len(examples), BATCH):
        batch = examples[start : start + BATCH].astype(np.float32)
        inputs = batch * np.float32(1 / SCALE) if standard is None else standard.applied(batch)
        hidden = np.maximum(inputs @ hidden_kernel + hidden_bias, np.float32(0))
        yield hidden @ output_kernel + output_bias


def softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the probabilities float32 [n, classes] that an output before softmax [n, classes] means."""
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))  # of 0 at most: none overflows
    shares: NDArray[np.float32] = powers / powers.sum(axis=1, keepdims=True)
    return shares
