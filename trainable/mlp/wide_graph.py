"""The graph that trains an epoch of any network of one structure, every value of which is an argument of it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf

from trainable.mlp.network import forward_through, scaled
from trainable.mlp.structure import COSINE, FARTHEST, MOST_LAYERS, USUAL, Structure
from trainable.mlp.updates import UPDATES, Step

MASKS = 2**30  # from here on are the seeds of masks and shifts; below, those of the orders of epochs
PARTS = MOST_LAYERS + 3  # seeds that a step may need


@dataclass(frozen=True)
class Graph:
    """What there is to train with.

    Attributes:
        structure: Of the networks.
        examples: uint8, or float32 and standardised [n, columns].
        labels: int32 [n].
        classes: How many there are.
        shape: Of an example that is an image: height, width, channels.
        variables: Kernel and bias of each layer by turns.
        slots: Two of each, for the optimizer.
        product: Multiplies two float32 matrices.
    """

    structure: Structure
    examples: Any
    labels: Any
    classes: int
    shape: Sequence[int]
    variables: Sequence[Any]
    slots: Sequence[Sequence[Any]]
    product: Callable[[Any, Any], Any]

    def traced(self) -> Any:
        """Return a function of a seed and the epoch's number, the batch size, the number of examples, and `values_of`.

        It trains an epoch, and returns the summed loss and the number of examples that were classified right.
        """
        signature = [
            tf.TensorSpec([2], tf.int32),
            tf.TensorSpec([], tf.int32),
            tf.TensorSpec([], tf.int32),
            tf.TensorSpec([len(USUAL)], tf.float32),
        ]
        return tf.function(self._epoch, input_signature=signature, autograph=False)

    def _epoch(self, seed: Any, batch_size: Any, samples: Any, values: Any) -> tuple[Any, Any]:
        order = tf.random.experimental.stateless_shuffle(tf.range(samples), seed)
        steps = (samples + batch_size - 1) // batch_size
        named = dict(zip(USUAL, tf.unstack(values, len(USUAL)), strict=True))
        before = (seed[1] - 1) * steps  # steps of the network so far

        def step(number: Any, loss: Any, correct: Any) -> tuple[Any, Any, Any]:
            batch = order[number * batch_size : tf.minimum((number + 1) * batch_size, samples)]
            done = before + number
            batch_loss, batch_correct = self._trained(batch, self._step(done, steps, named), Chance(seed[0], done))
            return number + 1, loss + batch_loss, correct + batch_correct

        _, loss, correct = tf.while_loop(
            lambda number, _loss, _correct: number < steps,
            step,
            (tf.constant(0), tf.constant(0.0), tf.constant(0)),
            parallel_iterations=1,
        )
        return loss, correct

    def _step(self, done: Any, steps: Any, named: Mapping[str, Any]) -> Step:
        """Return what the optimizer is given after so many steps, where an epoch has `steps`."""
        rate = named["learning_rate"]
        if self.structure.schedule == COSINE:
            progress = tf.cast(done, tf.float32) / (named["epochs"] * tf.cast(steps, tf.float32))
            rate *= 0.5 * (1 + tf.cos(np.float32(np.pi) * progress))
        return Step(rate, tf.cast(done + 1, tf.float32), named)

    def _trained(self, batch: Any, step: Step, chance: "Chance") -> tuple[Any, Any]:
        """Update the weights on one batch; return its summed loss and how many were classified right."""
        examples, labels = tf.gather(self.examples, batch), tf.gather(self.labels, batch)
        if self.structure.shifts:
            examples = shifted(examples, self.shape, step.values["shift"], chance)
        with tf.GradientTape() as tape:
            logits = self._logits(scaled(examples), step.values, chance)
            losses = self._losses(labels, logits, step.values)
            mean = tf.reduce_mean(losses)
        update = UPDATES[self.structure.optimizer]
        gradients = tape.gradient(mean, self.variables)
        for variable, slots, gradient in zip(self.variables, self.slots, gradients, strict=True):
            update(variable, slots, gradient, step)
        right = tf.equal(tf.argmax(logits, axis=1, output_type=tf.int32), labels)
        return tf.reduce_sum(losses), tf.reduce_sum(tf.cast(right, tf.int32))

    def _logits(self, examples: Any, values: Mapping[str, Any], chance: "Chance") -> Any:
        if self.structure.drops_inputs:
            examples = chance.dropped(examples, values["input_dropout"])

        def after(hidden: Any) -> Any:
            return chance.dropped(hidden, values["dropout"]) if self.structure.drops_units else hidden

        return forward_through(examples, self.variables, self.structure.activation, self.product, after)

    def _losses(self, labels: Any, logits: Any, values: Mapping[str, Any]) -> Any:
        """Return the cross-entropy of each example [batch]; smoothed labels are as Keras has them."""
        if not self.structure.smooths:
            return tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)
        smoothing = values["label_smoothing"]
        targets = tf.one_hot(labels, self.classes) * (1 - smoothing) + smoothing / self.classes
        return tf.nn.softmax_cross_entropy_with_logits(targets, logits)


class Chance:
    """What is random at a step: decided by the network's seed, the number of the step, and the order of asking."""

    def __init__(self, seed: Any, step: Any) -> None:
        """Take the network's seed and the number of its steps so far, int32 [] each."""
        self._seed, self._next, self._asked = seed, MASKS + step * PARTS, 0

    def uniform(self, shape: Any) -> Any:
        """Return numbers from 0 to 1."""
        seed = tf.stack([self._seed, self._next + self._asked])
        self._asked += 1
        return tf.random.stateless_uniform(shape, seed, alg="philox")

    def dropped(self, values: Any, rate: Any) -> Any:
        """Return values of which that share is 0; the others make up for it, as in Keras's Dropout."""
        keep = self.uniform(tf.shape(values)) >= rate
        return tf.where(keep, values / (1 - rate), tf.zeros_like(values))


def shifted(images: Any, shape: Sequence[int], most: Any, chance: Chance) -> Any:
    """Return each image moved by up to `most` pixels up or down and left or right; what comes in is 0.

    Args:
        images: [batch, features].
        shape: Height, width, channels.
        most: float32 [], whole.
        chance: Decides how far.
    """
    height, width, channels = shape
    row = (width + 2 * FARTHEST) * channels  # of an image with its margins
    padded = tf.pad(
        tf.reshape(images, [-1, height, width * channels]),
        [[0, 0], [FARTHEST, FARTHEST], [FARTHEST * channels, FARTHEST * channels]],
    )
    flat = tf.reshape(padded, [-1, (height + 2 * FARTHEST) * row])
    down, across = (
        FARTHEST + tf.cast(tf.floor(chance.uniform([tf.shape(images)[0]]) * (2 * most + 1)) - most, tf.int32)
        for _ in range(2)
    )
    places = np.add.outer(np.arange(height) * row, np.arange(width * channels)).reshape(-1).astype(np.int32)
    return tf.gather(flat, places + (down * row + across * channels)[:, tf.newaxis], batch_dims=1)
