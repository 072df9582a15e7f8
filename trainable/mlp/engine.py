"""Train networks, one after another, at one graph call an epoch.

The variables have open shapes, so a single traced graph serves every width, batch size and learning rate: a worker
traces once, and nothing of a finished network stays behind. Features that are dark, 0 in every example, are left
out: their weights have no gradient and stay as they were drawn.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from trainable.data.dataset import Dataset, Examples
from trainable.mlp.network import count_correct, forward, initial_weights, keras_bytes, scaled
from trainable.mlp.scoring import Weights
from trainable.parameter import SEED
from trainable.precision import FLOAT32, check_precision
from trainable.trainer import Epoch

# RMSprop as Keras 3 has it, with its defaults: the fused op puts epsilon inside the root too.
RHO = 0.9
MOMENTUM = 0.0
EPSILON = 1e-7

VECTOR = 16  # float32 numbers in the widest register of today's processors; matrix products are fastest in multiples


class Engine:
    """Holds the data and the weights of the network in training; a `trainable.problem.Trainer`."""

    has_grown = False  # one graph serves all networks

    def __init__(self, dataset: Dataset, precision: str = FLOAT32, name: str = "images") -> None:
        """Copy the splits to where TensorFlow computes.

        Args:
            dataset: What to train and validate on.
            precision: Of the matrix products while training; weights, softmax, loss and validation are float32.
            name: What the models call their input.

        Raises:
            ConfigError: The processor does not have this precision.
        """
        check_precision(precision)
        self._dtype = tf.as_dtype(precision)
        self._features, self._classes = dataset.features, dataset.classes
        self._standard, self._name = dataset.standard, name
        self.lit = lit_features(dataset)
        self._split = len(dataset.y_train)  # training examples come before those of the validation split
        self.examples = tf.constant(np.concatenate([self._taken(dataset.x_train), self._taken(dataset.x_val)]))
        self.labels = tf.constant(np.concatenate([dataset.y_train, dataset.y_val]).astype(np.int32))
        self.val_examples = tf.constant(self._taken(dataset.x_val))
        self.val_labels = tf.constant(dataset.y_val.astype(np.int32))
        shapes = [(len(self.lit), None), (None,), (None, self._classes), (self._classes,)]
        self._weights, self._mean_squares, self._momenta = (
            [open_variable(shape) for shape in shapes] for _ in range(3)
        )
        self._drawn_kernel: NDArray[np.float32] | None = None  # [features, hidden_units], as the network began
        self._params: Mapping[str, Any] = {}
        self._seed = 0
        self._samples, self._epochs_run = self._split, 0

    @property
    def samples(self) -> int:
        """Number of examples that the network is trained on."""
        return self._samples

    @property
    def weights(self) -> Weights:
        """The weights as they are now, those of dark features included.

        Raises:
            RuntimeError: No network was started.
        """
        if self._drawn_kernel is None:
            raise RuntimeError("an engine has no weights before start")
        return with_all_features(self._weights, self._drawn_kernel, self.lit)

    @property
    def size(self) -> int:
        """Number of weights of the network in training."""
        return sum(array.size for array in self.weights)

    def start(
        self, params: Mapping[str, Any], seed: int, weights: Weights | None = None, *, all_data: bool = False
    ) -> None:
        """Begin a new network, see `Trainer.start`; with these weights in place of those that the seed draws."""
        SEED.check(seed)
        if weights is None:
            weights = initial_weights(self._features, [params["hidden_units"]], self._classes, seed)
        self._drawn_kernel = weights[0]
        trained = [weights[0][self.lit], *weights[1:]]
        for variable, value in zip(self._weights, trained, strict=True):
            variable.assign(value)
        for slots in (self._mean_squares, self._momenta):
            for variable, value in zip(slots, trained, strict=True):
                variable.assign(tf.zeros_like(value))
        self._samples = int(self.labels.shape[0]) if all_data else self._split
        self._params, self._seed, self._epochs_run = params, seed, 0

    def train_epoch(self) -> Epoch:
        """Train on every example once, in an order that the seed and the epoch's number decide."""
        if not self._params:
            raise RuntimeError("train_epoch was called before start")
        self._epochs_run += 1
        params = self._params
        loss, correct = self._train_shuffled(
            tf.constant([self._seed, self._epochs_run], tf.int32),
            tf.constant(params["batch_size"], tf.int32),
            tf.constant(params["learning_rate"], tf.float32),
            tf.constant(self._samples, tf.int32),
        )
        return Epoch(loss=float(loss) / self.samples, accuracy=int(correct) / self.samples)

    def validate(self) -> float:
        """Return the accuracy, a share, on the validation split."""
        correct = count_correct(self.val_examples, self.val_labels, self._weights)
        return int(correct) / int(self.val_labels.shape[0])

    def model_bytes(self) -> bytes:
        """Return the content of a `.keras` file of the network as it is now."""
        return keras_bytes(self.weights, self._standard, self._name)

    def _taken(self, examples: Examples) -> Examples:
        """Return the lit columns, standardised where that is not for the graph to do: then all are lit."""
        return np.take(examples, self.lit, axis=1) if self._standard is None else self._standard.applied(examples)

    @tf.function(
        input_signature=[
            tf.TensorSpec([2], tf.int32),
            tf.TensorSpec([], tf.int32),
            tf.TensorSpec([], tf.float32),
            tf.TensorSpec([], tf.int32),
        ],
        autograph=False,
    )
    def _train_shuffled(self, seed: Any, batch_size: Any, learning_rate: Any, samples: Any) -> tuple[Any, Any]:
        order = tf.random.experimental.stateless_shuffle(tf.range(samples), seed)
        return self._train_in_order(order, batch_size, learning_rate)

    def _train_in_order(self, order: Any, batch_size: Any, learning_rate: Any) -> tuple[Any, Any]:
        """Step through the examples in the given order; return the summed loss and the number classified right."""
        samples = tf.size(order)

        def step(start: Any, loss: Any, correct: Any) -> tuple[Any, Any, Any]:
            batch = order[start : tf.minimum(start + batch_size, samples)]
            batch_loss, batch_correct = self._step(batch, learning_rate)
            return start + batch_size, loss + batch_loss, correct + batch_correct

        _, loss, correct = tf.while_loop(
            lambda start, _loss, _correct: start < samples,
            step,
            (tf.constant(0), tf.constant(0.0), tf.constant(0)),
            parallel_iterations=1,
        )
        return loss, correct

    def _step(self, batch: Any, learning_rate: Any) -> tuple[Any, Any]:
        """Update the weights on one batch; the gradients are written out, so no tape is kept."""
        examples, labels = scaled(tf.gather(self.examples, batch)), tf.gather(self.labels, batch)
        weights = [tf.convert_to_tensor(variable) for variable in self._weights]
        hidden, logits = forward(examples, weights, self.product)
        losses, gradient = tf.raw_ops.SparseSoftmaxCrossEntropyWithLogits(features=logits, labels=labels)
        gradient *= 1 / tf.cast(tf.size(batch), tf.float32)
        hidden_gradient = tf.raw_ops.ReluGrad(
            gradients=self.product(gradient, weights[2], transpose_b=True), features=hidden
        )
        gradients = [
            self.product(examples, hidden_gradient, transpose_a=True),
            tf.reduce_sum(hidden_gradient, axis=0),
            self.product(hidden, gradient, transpose_a=True),
            tf.reduce_sum(gradient, axis=0),
        ]
        self._apply_rmsprop(gradients, learning_rate)
        right = tf.equal(tf.argmax(logits, axis=1, output_type=tf.int32), labels)
        return tf.reduce_sum(losses), tf.reduce_sum(tf.cast(right, tf.int32))

    def product(self, left: Any, right: Any, **transposed: bool) -> Any:
        """Multiply float32 matrices in the engine's precision; in float32 the casts are none."""
        return tf.cast(tf.matmul(tf.cast(left, self._dtype), tf.cast(right, self._dtype), **transposed), tf.float32)

    def _apply_rmsprop(self, gradients: list[Any], learning_rate: Any) -> None:
        slots = zip(self._weights, self._mean_squares, self._momenta, gradients, strict=True)
        for weight, mean_square, momentum, gradient in slots:
            tf.raw_ops.ResourceApplyRMSProp(
                var=weight.handle,
                ms=mean_square.handle,
                mom=momentum.handle,
                lr=learning_rate,
                rho=RHO,
                momentum=MOMENTUM,
                epsilon=EPSILON,
                grad=gradient,
            )


def lit_features(dataset: Dataset) -> NDArray[np.intp]:
    """Return the sorted columns in which any training or validation example is not 0, of those to be standardised all.

    Dark columns are added where they make the number of columns a multiple of `VECTOR`.
    """
    if dataset.standard is not None:
        return np.arange(dataset.features)
    lit = dataset.x_train.any(axis=0) | dataset.x_val.any(axis=0)
    dark = np.flatnonzero(~lit)
    filling = dark[: -int(lit.sum()) % VECTOR]
    return np.sort(np.concatenate([np.flatnonzero(lit), filling]))


def with_all_features(
    variables: Sequence[Any], drawn_kernel: NDArray[np.float32], columns: NDArray[np.intp]
) -> Weights:
    """Return a network's weights, where some features have none that are trained.

    Args:
        variables: The weights as they are now, of the trained features.
        drawn_kernel: The first kernel as the network began [features, hidden_units].
        columns: Which features are trained, sorted.
    """
    trained, *others = (variable.numpy() for variable in variables)
    kernel = drawn_kernel.copy()
    kernel[columns] = trained
    return [kernel, *others]


def open_variable(shape: tuple[int | None, ...], *, trainable: bool = False) -> Any:
    """Return a variable that can be assigned values of any size where the shape says None."""
    initial = tf.zeros([1 if size is None else size for size in shape])
    return tf.Variable(initial, shape=tf.TensorShape(shape), trainable=trainable)
