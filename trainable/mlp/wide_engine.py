"""Train networks of several layers, with dropout and other optimizers, at one graph call an epoch.

A graph is traced for each structure, with every value an argument of it, and kept for the next network of that
structure. All of them share variables with open shapes, so that nothing of a finished network stays behind. Networks of
the usual structure are trained by the other engine, to the last bit.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from trainable.data.dataset import Dataset
from trainable.mlp.engine import Engine, open_variable, with_all_features
from trainable.mlp.network import count_correct, initial_weights, keras_bytes
from trainable.mlp.scoring import Weights
from trainable.mlp.structure import Structure, values_of, widths_of
from trainable.mlp.wide_graph import Graph
from trainable.parameter import SEED
from trainable.precision import FLOAT32
from trainable.trainer import Epoch


@dataclass(frozen=True)
class Examples:
    """What a network sees: the training examples before those of the validation split.

    Attributes:
        both: uint8, or float32 and standardised [n, columns].
        val: Of the validation split alone.
    """

    both: Any
    val: Any


class WideEngine:
    """Holds the data and the weights of the network in training; a `trainable.problem.Trainer`."""

    has_grown = False  # there are few structures

    def __init__(
        self, dataset: Dataset, precision: str = FLOAT32, name: str = "images", shape: Sequence[int] = ()
    ) -> None:
        """Prepare both engines.

        Args:
            dataset: What to train and validate on.
            precision: As of `Engine`.
            name: What the models call their input.
            shape: Of an example that is an image: height, width and, where there are several, channels.
        """
        self._narrow = Engine(dataset, precision, name)
        self._dataset, self._name = dataset, name
        self._shape = (*shape, 1)[:3]
        self._all: Examples | None = None  # with all columns; most structures do without the dark ones
        self._variables: list[Any] = []  # kernel and bias of each layer, as many as were needed so far
        self._slots: list[tuple[Any, Any]] = []
        self._epochs: dict[Structure, Any] = {}
        self._structure, self._params, self._seed = Structure(), dict[str, Any](), 0
        self._drawn_kernel: NDArray[np.float32] | None = None  # [features, hidden_units], as the network began
        self._samples, self._epochs_run = self._narrow.samples, 0

    @property
    def samples(self) -> int:
        """Number of examples that the network is trained on."""
        return self._samples

    @property
    def size(self) -> int:
        """Number of weights of the network in training."""
        return sum(array.size for array in self.weights)

    @property
    def weights(self) -> Weights:
        """The weights as they are now, those of dark features included.

        Raises:
            RuntimeError: No network was started.
        """
        if self._is_usual:
            return self._narrow.weights
        if self._drawn_kernel is None:
            raise RuntimeError("an engine has no weights before start")
        return with_all_features(self._of_network, self._drawn_kernel, self._columns)

    def start(self, params: Mapping[str, Any], seed: int, *, all_data: bool = False) -> None:
        """Begin a new network, see `Trainer.start`."""
        SEED.check(seed)
        self._structure, self._params, self._seed, self._epochs_run = Structure.of(params), dict(params), seed, 0
        self._samples = int(self._narrow.labels.shape[0]) if all_data else len(self._dataset.y_train)
        self._clear()
        if self._is_usual:
            self._narrow.start(params, seed, all_data=all_data)
            return
        weights = initial_weights(self._dataset.features, widths_of(params), self._dataset.classes, seed)
        self._drawn_kernel = weights[0]
        trained = [weights[0][self._columns], *weights[1:]]
        while len(self._variables) < len(trained):
            shape = (None, None) if len(self._variables) % 2 == 0 else (None,)
            self._variables.append(open_variable(shape, trainable=True))
            self._slots.append((open_variable(shape), open_variable(shape)))
        for variable, slots, value in zip(self._variables, self._slots, trained, strict=False):
            variable.assign(value)
            for slot in slots:
                slot.assign(tf.zeros_like(value))

    def train_epoch(self) -> Epoch:
        """Train on every example once, in an order that the seed and the epoch's number decide."""
        if self._is_usual:
            return self._narrow.train_epoch()
        self._epochs_run += 1
        loss, correct = self._epoch()(
            tf.constant([self._seed, self._epochs_run], tf.int32),
            tf.constant(self._params["batch_size"], tf.int32),
            tf.constant(self._samples, tf.int32),
            tf.constant([*values_of(self._params).values()], tf.float32),
        )
        return Epoch(loss=float(loss) / self._samples, accuracy=int(correct) / self._samples)

    def validate(self) -> float:
        """Return the accuracy, a share, on the validation split."""
        if self._is_usual:
            return self._narrow.validate()
        labels = self._narrow.val_labels
        correct = count_correct(self._examples.val, labels, self._of_network, self._structure.activation)
        return int(correct) / int(labels.shape[0])

    def model_bytes(self) -> bytes:
        """Return the content of a `.keras` file of the network as it is now."""
        return keras_bytes(self.weights, self._dataset.standard, self._name, self._structure.activation)

    @property
    def _is_usual(self) -> bool:
        return self._structure == Structure()

    @property
    def _columns(self) -> NDArray[np.intp]:
        """The features that are trained on."""
        return np.arange(self._dataset.features) if self._structure.needs_all_features else self._narrow.lit

    @property
    def _examples(self) -> Examples:
        if not self._structure.needs_all_features:
            return Examples(self._narrow.examples, self._narrow.val_examples)
        if self._all is None:
            standard, data = self._dataset.standard, self._dataset
            both = [each if standard is None else standard.applied(each) for each in (data.x_train, data.x_val)]
            self._all = Examples(tf.constant(np.concatenate(both)), tf.constant(both[1]))
        return self._all

    @property
    def _of_network(self) -> list[Any]:
        """The variables of the network in training."""
        return self._variables[: 2 * self._structure.layers + 2]

    def _clear(self) -> None:
        """Let go of the weights of the network before."""
        for variable in (*self._variables, *(slot for slots in self._slots for slot in slots)):
            variable.assign(tf.zeros([1] * len(variable.shape)))

    def _epoch(self) -> Any:
        """Return what trains an epoch of networks of this structure."""
        if self._structure not in self._epochs:
            graph = Graph(
                self._structure, self._examples.both, self._narrow.labels, self._dataset.classes, self._shape,
                self._of_network, self._slots[: len(self._of_network)], self._narrow.product,
            )  # fmt: skip
            self._epochs[self._structure] = graph.traced()
        return self._epochs[self._structure]
