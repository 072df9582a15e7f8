"""Trains the models that a person's file builds, one after another, at one graph call an epoch.

Keras's `fit` comes back to Python at each batch; here the batches of an epoch are a loop in the graph around the
model's own `train_step`. The numbers are those of `fit` on the same order of examples.
"""

import functools
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Literal

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from trainable.data.several import part_of
from trainable.errors import ProgramError, cause_of
from trainable.model_file.arrays import Batches, as_fed, as_tensors, labels_in, rows_of
from trainable.model_file.compiling import (
    ACCURACY,
    Shapes,
    check_model,
    compiled,
    has_step_of_keras,
    labels_form,
    threshold,
    unfit,
    with_accuracy,
)
from trainable.model_file.memory import Traces
from trainable.model_file.outputs import built, gives_logits
from trainable.model_file.predicting import BATCH, forward_of, predicted_classes
from trainable.model_file.saving import model_bytes
from trainable.parameter import SEED
from trainable.trainer import Epoch

# Each worker holds such tensors beside the arrays, which all workers of a machine share: of larger data only batches.
LARGEST_TENSORS = 2 << 30  # bytes
RUNNING = 1  # which numbers of a seed running the file draws: others than building does

Way = Literal["graph", "fit"]


def way_of(model: Any, dataset: Any) -> Way:
    """Return how a compiled model is trained on a data set: "graph", or "fit" where an epoch cannot be one graph call.

    That is so where `fit` is the person's own or they want every step run in Python, and where tensors of the data
    would take too much memory. A step that turns out not to be traceable is left to `fit`, too; see `KerasTrainer.way`.
    """
    if type(model).fit is not keras.Model.fit or model.run_eagerly:
        return "fit"
    return "graph" if dataset.nbytes <= LARGEST_TENSORS else "fit"


class KerasTrainer:
    """Trains models of a person's file; a `trainable.trainer.Trainer`."""

    def __init__(self, builders: Callable[[], Any], dataset: Any, classes: int, input_shape: Shapes) -> None:
        """Take what runs the file, and the data.

        Args:
            builders: Runs the person's file and returns a `building.Builder`; asked anew for each network, so that
                nothing that the file makes when it is run, such as a layer, goes from one network to the next.
            dataset: `x_train` and `x_val`, arrays [n, ...] or dicts of such, `y_train` and `y_val`, int32 [n].
            classes: Number of classes.
            input_shape: Of one example; of several inputs by their names.
        """
        self._builders, self._dataset, self._classes, self._input_shape = builders, dataset, classes, input_shape
        self._builder: Any = None
        self._model: Any = None
        self._train: Any = None
        self._validate: Any = None
        self._logs: dict[str, Any] = {}  # variables: what a step of the person's own returned last
        self._traces = Traces()
        self.samples = len(dataset.y_train)
        self.way: Way = "graph"
        self.was_compiled = False  # by the person's file

    @property
    def model(self) -> Any:
        """The network in training."""
        return self._model

    @property
    def size(self) -> int:
        """Number of weights of the network in training."""
        return int(self._model.count_params())

    @property
    def has_grown(self) -> bool:
        """Whether this process holds much more memory between two networks than it did after its first ones."""
        return self._traces.have_grown

    @property
    def appeared(self) -> dict[str, dict[str, Any]]:
        """Tables of the hyperparameters that the network in training has met first."""
        return dict(self._builder.appeared) if self._builder else {}

    def start(self, params: Mapping[str, Any], seed: int, *, all_data: bool = False) -> None:
        """Begin a new network of checked parameters.

        Raises:
            ConfigError: It is no seed.
            UnfitError: The file cannot build it, or it is none that can be trained here.
            ProgramError: The file cannot be run, or this machine lacks something that it needs.
        """
        SEED.check(seed)
        self._seed, self._epoch, self._epochs = seed, 0, params["epochs"]
        self._batch_size = params["batch_size"]
        self.samples = len(self._dataset.y_train) + (len(self._dataset.y_val) if all_data else 0)
        self._forget()
        self._traces.begin()
        self._begin(params)
        self.way = way_of(self._model, self._dataset)
        if self.way == "graph":
            try:
                self._trace()
            except Exception:  # noqa: BLE001 (whatever a person's code does in a graph; what is wrong in itself `fit` says)
                self._forget()
                self._begin(params)  # as if nothing had been tried
                self.way = "fit"

    def refused(self, params: Mapping[str, Any]) -> str:
        """Return why the file makes no model of checked parameters here, in a line; nothing where it makes one."""
        self._seed = 0
        self._forget()
        try:
            self._begin(params)
        except Exception as error:  # noqa: BLE001 (whatever a person's code does at these values)
            return cause_of(error)
        finally:
            self._forget()
        return ""

    def _begin(self, params: Mapping[str, Any]) -> None:
        """Build and compile a model that only the parameters and the seed decide."""
        keras.utils.set_random_seed(int(np.random.SeedSequence([self._seed, RUNNING]).generate_state(1)[0]))
        self._builder = self._builders()
        keras.utils.set_random_seed(self._seed)  # whatever running the file, or what it imports first, has drawn
        with unfit():
            model = self._builder.build(params, self._input_shape, self._classes)
            check_model(built(model, self._rows(slice(0, 1))), self._classes, self._input_shape)
        rate = params.get("learning_rate", self._builder.defaults.get("learning_rate"))
        self.was_compiled = bool(model.compiled)
        model = compiled(model, rate, self._classes)
        self._form = labels_form(model, self._classes)
        self._labels = functools.partial(labels_in, self._form, classes=self._classes)
        self._model = with_accuracy(model, self._form)
        if self._model.optimizer is not None:
            self._model.optimizer.build(self._model.trainable_variables)

    def _forget(self) -> None:
        """Give the memory of the model before to the system: graphs first, then what Keras and the allocator keep."""
        self._model = self._train = self._validate = self._builder = None
        self._logs = {}
        self._traces.forget()

    def _rows(self, place: slice) -> Any:
        """Return some of the training examples as Keras is fed them."""
        rows = part_of(self._dataset.x_train, place)
        return tf.nest.map_structure(lambda each: tf.constant(as_fed(each)), rows)

    @functools.cached_property
    def _tensors(self) -> tuple[Any, Any]:
        """The examples and labels of both splits, the training split first."""
        data = self._dataset
        return as_tensors(data.x_train, data.x_val), tf.constant(np.concatenate([data.y_train, data.y_val]), tf.int32)

    def _trace(self) -> None:
        """Make the graphs of an epoch and of a validation.

        The first one by an epoch of no examples: TensorFlow never frees a graph that it was asked for otherwise.
        """
        self._tensors  # noqa: B018 (made outside of a graph)
        signature = [tf.TensorSpec([None], tf.int32), tf.TensorSpec([], tf.int32)]
        self._train = tf.function(self._train_in_order, autograph=False, input_signature=signature)
        self._validate = tf.function(self._count_correct, autograph=False, input_signature=[])
        self._train(tf.zeros([0], tf.int32), tf.constant(self._batch_size))

    def _train_in_order(self, order: Any, batch_size: Any) -> None:
        """Step through the examples in the given order."""
        x, y = self._tensors
        samples = tf.size(order)
        train, logs = self._model.train_step, None if has_step_of_keras(self._model) else self._logs
        if self._model.jit_compile:
            train = tf.function(train, autograph=False, jit_compile=True, reduce_retracing=True)

        def step(start: Any) -> Any:
            batch = order[start : tf.minimum(start + batch_size, samples)]
            returned = train((rows_of(x, batch), self._labels(y=tf.gather(y, batch))))
            if logs is not None:
                _keep(returned, logs)
            return start + batch_size

        tf.while_loop(lambda start: start < samples, step, [tf.constant(0)], parallel_iterations=1)

    def _count_correct(self) -> Any:
        """Return how many validation examples are classified right, int32 []."""
        x, y = self._tensors
        forward, are_logits = forward_of(self._model), gives_logits(self._model)
        first, total = len(self._dataset.y_train), tf.size(y)

        def step(start: Any, correct: Any) -> tuple[Any, Any]:
            stop = tf.minimum(start + BATCH, total)
            outputs = forward(tf.nest.map_structure(lambda each: each[start:stop], x))
            if outputs.shape[-1] == 1:
                classes = tf.cast(outputs[:, 0] > threshold(are_logits=are_logits), tf.int32)
            else:
                classes = tf.argmax(outputs, axis=-1, output_type=tf.int32)
            return stop, correct + tf.reduce_sum(tf.cast(tf.equal(classes, y[start:stop]), tf.int32))

        begin = (tf.constant(first), tf.constant(0))
        return tf.while_loop(lambda start, _: start < total, step, begin, parallel_iterations=1)[1]

    def train_epoch(self) -> Epoch:
        """Train on every example once, in an order that the seed and the epoch's number decide.

        Raises:
            ProgramError: The model's own step says nothing of the loss.
        """
        order = np.random.default_rng([self._seed, self._epoch]).permutation(self.samples).astype(np.int32)
        self._epoch += 1
        logs = self._train_by_graph(order) if self.way == "graph" else self._train_by_fit(order)
        loss = _named(logs, "loss")
        if loss is None:
            raise ProgramError("train_step returns no `loss`: whether the training goes well cannot be known")
        accuracy = _named(logs, ACCURACY)
        return Epoch(loss, self._accuracy_on_training_split() if accuracy is None else accuracy)

    def _train_by_graph(self, order: NDArray[np.int32]) -> Mapping[str, Any]:
        self._model.reset_metrics()
        self._train(tf.constant(order), tf.constant(self._batch_size))
        if self._epoch == self._epochs and self._model.optimizer is not None:
            self._model.optimizer.finalize_variable_values(self._model.trainable_weights)  # as `fit` ends
        results: Mapping[str, Any] = self._model.get_metrics_result()
        logs = {name: each.numpy() for name, each in self._logs.items()}
        return results if not logs or logs.keys() == results.keys() else logs  # as `fit` has it

    def _train_by_fit(self, order: NDArray[np.int32]) -> Mapping[str, Any]:
        options = {"epochs": self._epoch, "initial_epoch": self._epoch - 1, "shuffle": False, "verbose": 0}
        batches = Batches(self._dataset, self._labels, order, self._batch_size)
        with self._finalized_last():
            if type(self._model).fit is keras.Model.fit:
                history = self._model.fit(batches, **options)
            else:  # it may do with arrays what it likes
                history = self._model.fit(*batches.rows(order), batch_size=self._batch_size, **options)
        return {name: values[-1] for name, values in getattr(history, "history", {}).items() if values}

    @contextmanager
    def _finalized_last(self) -> Iterator[None]:
        """Let `fit`, which is called for each epoch, put averaged weights in the model's place after the last only."""
        optimizer = self._model.optimizer
        if optimizer is None or self._epoch == self._epochs:
            yield
            return
        optimizer.finalize_variable_values = lambda _: None
        try:
            yield
        finally:
            del optimizer.finalize_variable_values

    def _accuracy_on_training_split(self) -> float:
        """Measure what the model's own step does not say, with the weights at the epoch's end."""
        return self._share_right(self._dataset.x_train, self._dataset.y_train)

    def validate(self) -> float:
        """Return the accuracy, a share, on the validation split."""
        data = self._dataset
        if self._validate is None:
            return self._share_right(data.x_val, data.y_val)
        return int(self._validate()) / len(data.y_val)

    def _share_right(self, x: Any, y: NDArray[Any]) -> float:
        return float(np.mean(predicted_classes(self._model, x) == y))

    def model_bytes(self) -> bytes:
        """Return the content of a `.keras` file of the network as it is now."""
        return model_bytes(self._model)


def _keep(returned: Any, logs: dict[str, Any]) -> None:
    """Assign what a step returned to variables, which are made when its graph is."""
    for name, value in returned.items() if isinstance(returned, Mapping) else ():
        if name not in logs:
            with tf.init_scope():
                logs[name] = tf.Variable(0.0, trainable=False)
        logs[name].assign(tf.reduce_mean(tf.cast(value, tf.float32)))


def _named(logs: Mapping[str, Any], name: str) -> float | None:
    """Return the figure of that name, or else the first of which it is a part; None where there is none."""
    found = [key for key in sorted(logs, key=lambda key: key != name) if name in key]
    return float(np.mean(logs[found[0]])) if found else None
