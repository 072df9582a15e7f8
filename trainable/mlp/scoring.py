"""What a network says of examples, computed without TensorFlow, so that a process need not load it to score.

Also how the weights of a network are read from its `.keras` file without Keras.
"""

import io
import json
import zipfile
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trainable.data.dataset import Examples, Labels
from trainable.data.scaling import Standard
from trainable.errors import DataError
from trainable.keras_file import CONFIG, MEMBER
from trainable.mlp.structure import ACTIVATIONS, RELU

Weights = list[NDArray[np.float32]]
"""Kernel [inputs, units] and bias [units] of each hidden layer, then of the output layer [units, classes]; float32."""

# The modules that decide the numbers of a training of this network.
SOURCES = (
    "data.dataset",
    "data.scaling",
    "mlp.engine",
    "mlp.network",
    "mlp.scoring",
    "mlp.structure",
    "precision",
    "process",
    "training",
)

WIDE_SOURCES = ("mlp.updates", "mlp.wide_engine", "mlp.wide_graph")  # of that of another structure, too

SCALE = 255.0  # of uint8
BATCH = 1000  # examples at once: large enough for fast matrix products, small enough for the cache and a wide network

STANDARD = "standardised"  # the layer that has the numbers of a `Standard`, where there is one
DENSE = "dense"  # what `MEMBER` calls the first layer of its kind; the next is dense_1
NO_NETWORK = "expected the content of a .keras file of a network with hidden layers"


def wrong_examples(
    weights: Weights, examples: Examples, labels: Labels, standard: Standard | None = None, activation: str = RELU
) -> list[int]:
    """Return the positions of the examples that a network classifies wrong, in ascending order.

    Args:
        weights: Of the network.
        examples: uint8 or float32 [n, features], as they are stored.
        labels: [n].
        standard: How float32 is standardised.
        activation: Of the hidden layers.
    """
    classes = [logits.argmax(axis=1) for logits in _logits(weights, examples, standard, activation)]
    return [] if not classes else np.flatnonzero(np.concatenate(classes) != labels).tolist()


def probabilities(
    weights: Weights, examples: Examples, standard: Standard | None = None, activation: str = RELU
) -> NDArray[np.float32]:
    """Return float32 [n, classes], of arguments as for `wrong_examples`: each class's probability; a row sums to 1."""
    batches = [softmax(logits) for logits in _logits(weights, examples, standard, activation)]
    return np.concatenate(batches) if batches else np.empty((0, len(weights[-1])), np.float32)


def read_weights(content: bytes) -> Weights:
    """Return the weights that the content of a `.keras` file holds, as `network.keras_bytes` made it.

    Raises:
        DataError: It is not the file of such a network.
    """
    import h5py  # noqa: PLC0415 (a command that reads no model does not wait for it)

    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive, h5py.File(io.BytesIO(archive.read(MEMBER))) as arrays:
            number = sum(name == DENSE or name.startswith(f"{DENSE}_") for name in arrays["layers"])
            layers = (DENSE, *(f"{DENSE}_{place}" for place in range(1, max(number, 2))))  # one hidden layer at least
            return [np.asarray(arrays[f"layers/{layer}/vars/{at}"], np.float32) for layer in layers for at in (0, 1)]
    except (zipfile.BadZipFile, OSError, KeyError) as error:
        raise DataError(f"{NO_NETWORK}: {error}") from error


def read_standard(content: bytes) -> Standard | None:
    """Return how the network of a `.keras` file standardises its input; None where it takes numbers in [0, 1].

    Raises:
        DataError: It is not the file of such a network.
    """
    try:
        found = [each["config"] for each in _layers(content) if each["config"]["name"] == STANDARD]
        return Standard.from_json(found[0]) if found else None
    except (zipfile.BadZipFile, OSError, KeyError, TypeError, ValueError) as error:
        raise DataError(f"{NO_NETWORK}: {error}") from error


def read_activation(content: bytes) -> str:
    """Return the activation of the hidden layers of the network of a `.keras` file.

    Raises:
        DataError: It is not the file of such a network, or its activation is none of `structure.ACTIVATIONS`.
    """
    try:
        dense = [each["config"]["activation"] for each in _layers(content) if each["class_name"] == "Dense"]
        return ACTIVATIONS[ACTIVATIONS.index(dense[0])]
    except (zipfile.BadZipFile, OSError, LookupError, TypeError, ValueError) as error:
        raise DataError(f"{NO_NETWORK}: {error}") from error


def _layers(content: bytes) -> Any:
    """Return what the configuration of a `.keras` file says of its layers."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return json.loads(archive.read(CONFIG))["config"]["layers"]


def _logits(
    weights: Weights, examples: Examples, standard: Standard | None, activation: str
) -> Iterator[NDArray[np.float32]]:
    """Give the output before softmax, float32 [batch, classes], batch by batch."""
    *hidden_layers, (output_kernel, output_bias) = zip(weights[::2], weights[1::2], strict=True)
    for start in range(0, len(examples), BATCH):
        batch = examples[start : start + BATCH].astype(np.float32)
        hidden: NDArray[np.float32] = batch * np.float32(1 / SCALE) if standard is None else standard.applied(batch)
        for kernel, bias in hidden_layers:
            hidden = _activated(hidden @ kernel + bias, activation)
        yield hidden @ output_kernel + output_bias


def _activated(values: NDArray[np.float32], activation: str) -> NDArray[np.float32]:
    if activation == RELU:
        return np.maximum(values, np.float32(0))
    from scipy.special import erf  # noqa: PLC0415 (seldom needed, and half a second of import)

    found: NDArray[np.float32] = np.float32(0.5) * values * (1 + erf(values * np.float32(0.5**0.5)))
    return found


def softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the probabilities float32 [n, classes] that an output before softmax [n, classes] means."""
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))  # of 0 at most: none overflows
    shares: NDArray[np.float32] = powers / powers.sum(axis=1, keepdims=True)
    return shares
