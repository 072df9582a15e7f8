"""What a Keras model says of examples, and which classes that means."""

from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from trainable.data.several import Taken, length_of, part_of
from trainable.model_file.compiling import threshold
from trainable.model_file.outputs import gives_logits

BATCH = 256  # examples at once: the activations of a picture's first layers are many times its size


def raw_outputs(model: Any, x: Taken, batch: int = BATCH) -> NDArray[np.float32]:
    """Return a model's output for examples: float32 [n, classes or 1], probabilities or logits.

    Args:
        model: Built.
        x: Taken as they are stored, one array [n, ...] or several by the names of the inputs.
        batch: Examples at once.
    """
    forward = tf.function(forward_of(model), autograph=False, reduce_retracing=True)
    starts = range(0, length_of(x), batch)
    parts = [np.asarray(forward(part_of(x, slice(start, start + batch))), np.float32) for start in starts]
    return np.concatenate(parts)


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


def predicted_classes(model: Any, x: Taken, batch: int = BATCH) -> NDArray[np.int32]:
    """Return the classes int32 [n] that a model predicts; arguments as for `raw_outputs`."""
    return predicted(raw_outputs(model, x, batch), are_logits=gives_logits(model))


def forward_of(model: Any) -> Any:
    """Return a function of a batch that gives what the model says of it when it does not learn."""
    if model._call_has_training_arg:  # noqa: SLF001 (as Keras's own steps ask)
        return lambda x: model(x, training=False)
    return model
