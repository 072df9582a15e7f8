"""Score networks: the share of images classified right."""

from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from trainable.mlp.network import forward, scaled
from trainable.mlp.scoring import SCALE

BATCH = 1000  # images at once: large enough for fast matrix products, small enough to stay in cache


@tf.function(reduce_retracing=True, autograph=False)
def count_correct(images: Any, labels: Any, weights: Any) -> Any:
    """Return how many images are classified right, int32 [].

    Args:
        images: uint8 [n, features].
        labels: int32 [n].
        weights: Variables in the order of `scoring.Weights`.
    """
    total = tf.size(labels)

    def step(start: Any, correct: Any) -> tuple[Any, Any]:
        stop = tf.minimum(start + BATCH, total)
        _, logits = forward(scaled(images[start:stop]), weights)
        right = tf.equal(tf.argmax(logits, axis=1, output_type=tf.int32), labels[start:stop])
        return stop, correct + tf.reduce_sum(tf.cast(right, tf.int32))

    _, correct = tf.while_loop(lambda start, _: start < total, step, (tf.constant(0), tf.constant(0)))
    return correct


def keras_accuracy(model: Any, images: NDArray[np.uint8], labels: NDArray[np.uint8]) -> float:
    """Return the accuracy, a share, of a Keras model on uint8 images [n, features] and labels [n]."""
    inputs = images.astype(np.float32) * np.float32(1 / SCALE)
    predicted = model.predict(inputs, batch_size=BATCH, verbose=0).argmax(axis=1)
    return float(np.mean(predicted == labels))
