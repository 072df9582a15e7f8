"""The network: one hidden layer with relu, one output layer; as plain arrays and as a Keras model, and their scores."""

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from trainable.data.dataset import Examples, Labels
from trainable.data.scaling import Standard
from trainable.keras_file import content_of
from trainable.mlp.scoring import BATCH, SCALE, STANDARD, Weights
from trainable.mlp.structure import GELU, RELU

ACTIVATED: Mapping[str, Callable[[Any], Any]] = {RELU: tf.nn.relu, GELU: tf.nn.gelu}


def initial_weights(features: int, hidden_units: Sequence[int], classes: int, seed: int) -> Weights:
    """Draw kernels from Glorot's uniform distribution and set biases to zero, as Keras's Dense layer does.

    Source: Glorot and Bengio, Understanding the difficulty of training deep feedforward neural networks, 2010.
    """
    random = np.random.default_rng(seed)
    weights: Weights = []
    for fan_in, fan_out in pairwise([features, *hidden_units, classes]):
        limit = np.float32(np.sqrt(6.0 / (fan_in + fan_out)))
        kernel = random.random((fan_in, fan_out), dtype=np.float32)
        weights += [(2 * kernel - 1) * limit, np.zeros(fan_out, np.float32)]
    return weights


def scaled(examples: Any) -> Any:
    """Turn uint8 into float32 in [0, 1], inside a graph; float32 is standardised, and stays as it is."""
    if examples.dtype != tf.uint8:
        return examples
    return tf.cast(examples, tf.float32) * np.float32(1 / SCALE)


def forward_through(
    examples: Any,
    weights: Sequence[Any],
    activation: str = RELU,
    product: Callable[[Any, Any], Any] = tf.matmul,
    after: Callable[[Any], Any] = lambda hidden: hidden,
) -> Any:
    """Return the logits [batch, classes] of a network of any number of hidden layers, inside a graph.

    Args:
        examples: float32 [batch, features], scaled.
        weights: In the order of `Weights`.
        activation: Of the hidden layers.
        product: Multiplies two float32 matrices.
        after: What becomes of the activations of each layer.
    """
    hidden, *layers = examples, *zip(weights[::2], weights[1::2], strict=True)
    for kernel, bias in layers[:-1]:
        hidden = after(ACTIVATED[activation](tf.nn.bias_add(product(hidden, kernel), bias)))
    kernel, bias = layers[-1]
    return tf.nn.bias_add(product(hidden, kernel), bias)


def forward(examples: Any, weights: Sequence[Any], product: Callable[[Any, Any], Any] = tf.matmul) -> tuple[Any, Any]:
    """Return the hidden activations [batch, hidden_units] and the logits [batch, classes], inside a graph.

    Args:
        examples: float32 [batch, features], scaled.
        weights: Tensors in the order of `Weights`.
        product: Multiplies two float32 matrices.
    """
    hidden_kernel, hidden_bias, output_kernel, output_bias = weights
    hidden = tf.nn.relu(tf.nn.bias_add(product(examples, hidden_kernel), hidden_bias))
    return hidden, tf.nn.bias_add(product(hidden, output_kernel), output_bias)


@tf.function(reduce_retracing=True, autograph=False)
def count_correct(examples: Any, labels: Any, weights: Any, activation: str = RELU) -> Any:
    """Return how many examples are classified right, int32 [].

    Args:
        examples: uint8, or float32 and standardised [n, features].
        labels: int32 [n].
        weights: Variables in the order of `Weights`.
        activation: Of the hidden layers.
    """
    total = tf.size(labels)

    def step(start: Any, correct: Any) -> tuple[Any, Any]:
        stop = tf.minimum(start + BATCH, total)
        logits = forward_through(scaled(examples[start:stop]), weights, activation)
        right = tf.equal(tf.argmax(logits, axis=1, output_type=tf.int32), labels[start:stop])
        return stop, correct + tf.reduce_sum(tf.cast(right, tf.int32))

    _, correct = tf.while_loop(lambda start, _: start < total, step, (tf.constant(0), tf.constant(0)))
    return correct


def keras_model(
    weights: Weights, standard: Standard | None = None, name: str = "images", activation: str = RELU
) -> Any:
    """Return an ordinary Keras model, not compiled: float32 [batch, features] to probabilities.

    Args:
        weights: Of the network.
        standard: How it standardises its input; None where that has to be in [0, 1].
        name: Of the input.
        activation: Of the hidden layers.
    """
    features, *widths = (len(weights[0]), *(len(bias) for bias in weights[1:-2:2]))
    titles = ["hidden", *(f"hidden_{layer}" for layer in range(2, len(widths) + 1))]
    first = [] if standard is None else [keras.layers.Normalization(**standard.to_json(), name=STANDARD)]
    model = keras.Sequential(
        [
            keras.Input((features,), name=name),
            *first,
            *(
                keras.layers.Dense(units, activation=activation, name=title)
                for units, title in zip(widths, titles, strict=True)
            ),
            keras.layers.Dense(len(weights[-1]), activation="softmax", name="output"),
        ],
        name="network",  # Keras's own names count the models that a process has made
    )
    model.set_weights(weights)
    return model


def keras_bytes(
    weights: Weights, standard: Standard | None = None, name: str = "images", activation: str = RELU
) -> bytes:
    """Return the content of a `.keras` file; arguments as for `keras_model`."""
    return content_of(keras_model(weights, standard, name, activation))


def keras_accuracy(model: Any, examples: Examples, labels: Labels) -> float:
    """Return the accuracy, a share, of a Keras model on examples [n, features], as they are stored, and labels [n]."""
    inputs = examples.astype(np.float32) * np.float32(1 / SCALE) if examples.dtype == np.uint8 else examples
    predicted = model.predict(inputs, batch_size=BATCH, verbose=0).argmax(axis=1)
    return float(np.mean(predicted == labels))
