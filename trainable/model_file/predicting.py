"""What a Keras model says of examples, and which classes that means."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from trainable.model_file.compiling import threshold
from trainable.model_file.outputs import gives_logits

BATCH = 256  # examples at once: the activations of a picture's first layers are many times its size

Examples = NDArray[Any] | Mapping[str, NDArray[Any]]


def raw_outputs(model: Any, x: Examples, batch: int = BATCH) -> NDArray[np.float32]:
    """Return a model's output for examples: float32 [n, classes or 1], probabilities or logits.

    Args:
        model: Built.
        x: Examples as they are stored, one array [n, ...] or several by the names of the inputs.
        batch: Examples at once.
    """
    forward = tf.function(forward_of(model), autograph=False, reduce_retracing=True)
    starts = range(0, count(x), batch)
    parts = [np.asarray(forward(part_of(x, slice(start, start + batch))), np.float32) for start in starts]
    return np.concatenate(parts)


def probabilities(model: Any, x: Examples, batch: int = BATCH) -> NDArray[np.float32]:
    """Return float32 [n, classes], each class's probability; of one output [n, 1], that of the second class.

    Logits are put through softmax, or sigmoid; arguments as for `raw_outputs`.
    """
    outputs = raw_outputs(model, x, batch)
    if not gives_logits(model):
        return outputs
    if outputs.shape[-1] == 1:
        return np.asarray(tf.sigmoid(outputs))
    return np.asarray(tf.nn.softmax(outputs))


def predicted(outputs: NDArray[Any], *, are_logits: bool = False) -> NDArray[np.int32]:
    """Return the classes int32 [n] that outputs [n, classes] mean, or [n, 1], whatever lies above a threshold.

    Args:
        outputs: Probabilities or logits.
        are_logits: Decides the threshold.
    """
    if outputs.shape[-1] == 1:
        return (outputs[:, 0] > threshold(are_logits=are_logits)).astype(np.int32)
    classes: NDArray[np.int32] = outputs.argmax(axis=-1).astype(np.int32)
    return classes


def predicted_classes(model: Any, x: Examples, batch: int = BATCH) -> NDArray[np.int32]:
    """Return the classes int32 [n] that a model predicts; arguments as for `raw_outputs`."""
    return predicted(raw_outputs(model, x, batch), are_logits=gives_logits(model))


def forward_of(model: Any) -> Any:
    """Return a function of a batch that gives what the model says of it when it does not learn."""
    if model._call_has_training_arg:  # noqa: SLF001 (as Keras's own steps ask)
        return lambda x: model(x, training=False)
    return model


def count(x: Any) -> int:
    """Return the number of examples of an array, or of several."""
    return len(next(iter(x.values())) if isinstance(x, Mapping) else x)


def part_of(x: Any, place: Any) -> Any:
    """Return some of the examples of an array, or of several."""
    return {name: each[place] for name, each in x.items()} if isinstance(x, Mapping) else x[place]
