"""How probable each class is, computed without TensorFlow, so that a process need not load it to predict."""

import numpy as np
from numpy.typing import NDArray

from trainable.mlp.scoring import BATCH, PIXEL_MAX, Weights


def probabilities(weights: Weights, images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return float32 [n, classes]: the probability of each class; each row sums to 1.

    Args:
        weights: Of the network.
        images: uint8 [n, features], pixels 0 to 255.
    """
    starts = range(0, len(images), BATCH)
    batches = [_softmax(_logits(weights, images[start : start + BATCH])) for start in starts]
    return np.concatenate(batches) if batches else np.empty((0, len(weights[3])), np.float32)


def _logits(weights: Weights, images: NDArray[np.uint8]) -> NDArray[np.float32]:
    hidden_kernel, hidden_bias, output_kernel, output_bias = weights
    inputs = images.astype(np.float32) * np.float32(1 / PIXEL_MAX)
    hidden = np.maximum(inputs @ hidden_kernel + hidden_bias, np.float32(0))
    logits: NDArray[np.float32] = hidden @ output_kernel + output_bias
    return logits


def _softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))  # of 0 at most: none overflows
    shares: NDArray[np.float32] = powers / powers.sum(axis=1, keepdims=True)
    return shares
