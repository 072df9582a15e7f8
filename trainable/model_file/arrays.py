"""The examples of a data set for a Keras model, as tensors that a graph reads or in batches that `fit` is given."""

import math
from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from trainable.model_file.compiling import Form


def as_tensors(x_train: Any, x_val: Any) -> Any:
    """Return the training and then the validation examples as one tensor, or several by the names of the inputs."""
    if isinstance(x_train, Mapping):
        return {name: as_tensors(each, x_val[name]) for name, each in x_train.items()}
    return tf.constant(np.concatenate([as_fed(x_train), as_fed(x_val)]))


def as_fed(array: NDArray[Any]) -> NDArray[Any]:
    """Return an array as Keras's `fit` feeds it: floats of any size as float32, all others as they are."""
    return array.astype(np.float32, copy=False) if array.dtype.kind == "f" else array


def rows_of(x: Any, order: Any) -> Any:
    """Return the examples at some positions, inside a graph."""
    return tf.nest.map_structure(lambda each: tf.gather(each, order), x)


def labels_in(form: Form, y: Any, classes: int) -> Any:
    """Return labels, a tensor int32 [batch], in the form that a loss wants."""
    if form == "integers":
        return y
    return tf.cast(y, tf.float32)[:, tf.newaxis] if form == "binary" else tf.one_hot(y, classes)


class Batches(keras.utils.PyDataset):  # type: ignore[misc]  # Keras ships no types
    """Gives `fit` the examples of an epoch in an order of its own, batch by batch, so that no second copy is made."""

    def __init__(self, dataset: Any, labels: Any, order: NDArray[Any], batch_size: int) -> None:
        """Take the splits, what turns labels int32 [batch] into those of the loss, and the order of the positions."""
        super().__init__()
        self._dataset, self._labels, self._order, self._batch_size = dataset, labels, order, batch_size

    def __len__(self) -> int:
        """Return the number of batches."""
        return math.ceil(len(self._order) / self._batch_size)

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        """Return a batch."""
        return self.rows(self._order[index * self._batch_size : (index + 1) * self._batch_size])

    def rows(self, places: NDArray[Any]) -> tuple[Any, Any]:
        """Return examples and labels at some positions."""
        data = self._dataset
        labels = np.asarray(self._labels(_rows(data.y_train, data.y_val, places)))
        if isinstance(data.x_train, Mapping):
            x = {name: as_fed(_rows(each, data.x_val[name], places)) for name, each in data.x_train.items()}
            return x, labels
        return as_fed(_rows(data.x_train, data.x_val, places)), labels


def _rows(first: NDArray[Any], second: NDArray[Any], places: NDArray[Any]) -> NDArray[Any]:
    """Return the rows at some positions of two arrays, of which the second follows on the first."""
    beyond = places >= len(first)
    if not beyond.any():
        rows: NDArray[Any] = first[places]
        return rows
    rows = np.empty((len(places), *first.shape[1:]), np.result_type(first, second))
    rows[~beyond] = first[places[~beyond]]
    rows[beyond] = second[places[beyond] - len(first)]
    return rows
