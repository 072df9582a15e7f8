"""The trainer of anyone's Keras model: the numbers of `fit`, whatever the model, and what is refused."""

import gc
import io
import json
import zipfile
from types import SimpleNamespace

import keras
import numpy as np
import pytest
from keras import layers
from keras.src.saving import object_registration

from search.export.interface import as_probabilities
from trainable.errors import ConfigError, ProgramError, UnfitError
from trainable.model_file import memory
from trainable.model_file import trainer as trainers
from trainable.model_file.building import builder_of
from trainable.model_file.compiling import check_model, compiled, labels_form
from trainable.model_file.dataset import ModelDataset
from trainable.model_file.loading import loaded
from trainable.model_file.outputs import gives_logits
from trainable.model_file.predicting import predicted, predicted_classes, raw_outputs
from trainable.model_file.saving import REGISTER, check_loadable, model_bytes
from trainable.model_file.trainer import KerasTrainer, way_of
from trainable.model_file.trying import tried
from trainable.program import Program
from trainable.training import train

SHAPE, CLASSES = (6, 6, 1), 3
PARAMS = {"batch_size": 32, "epochs": 2}


def some_data(classes=CLASSES, dtype=np.uint8):
    """Pictures that are bright in one of their rows, of which the last batch of an epoch is not full."""
    random = np.random.default_rng(0)
    y = random.integers(0, classes, 150).astype(np.int32)
    x = random.integers(0, 120, (150, *SHAPE))
    x[np.arange(150), y] += 100
    x = x.astype(dtype)
    return ModelDataset(x[:110], y[:110], x[110:], y[110:])


@pytest.fixture(scope="module")
def data():
    """For all tests."""
    return some_data()


def trainer_of(build, data, classes=CLASSES, shape=SHAPE):
    """A trainer of the models that a function builds."""
    builder = SimpleNamespace(
        build=lambda _, input_shape, classes: build(input_shape, classes), defaults={}, appeared={}
    )
    return KerasTrainer(lambda: builder, data, classes, shape)


def cnn(shape, classes):
    """With what moves without a gradient, an optimizer with memory, and a compile of its own."""
    body = [layers.Conv2D(4, 3), layers.BatchNormalization(), layers.ReLU(), layers.Flatten()]
    model = keras.Sequential(
        [keras.Input(shape), layers.Rescaling(1 / 255), *body, layers.Dense(classes, activation="softmax")]
    )
    model.compile(keras.optimizers.Adam(0.01), "categorical_crossentropy", metrics=["accuracy", "mse"])
    return model


def mlp(shape, classes):
    """With chance in its training, and not compiled."""
    body = [layers.Flatten(), layers.Dense(16, activation="relu"), layers.Dropout(0.3)]
    return keras.Sequential([keras.Input(shape), layers.Rescaling(1 / 255), *body, layers.Dense(classes)])


class Stepping(keras.Model):
    """A model with a step of its own, which says something else than Keras's."""

    def __init__(self, classes):
        super().__init__()
        self.flat, self.out = layers.Flatten(), layers.Dense(classes, activation="softmax")

    def call(self, x):
        return self.out(self.flat(x))

    def train_step(self, data):
        x, y = data
        import tensorflow as tf

        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(keras.losses.sparse_categorical_crossentropy(y, self(x, training=True)))
        self.optimizer.apply_gradients(
            zip(tape.gradient(loss, self.trainable_variables), self.trainable_variables, strict=True)
        )
        return {"my_loss": loss}


class Untraceable(Stepping):
    """A model whose step needs numbers, which a graph does not have."""

    def train_step(self, data):
        x, y = data
        return {"loss": float(self.train_on_batch(x, y))}


def stepping(kind):
    """Build a model with a step of its own."""

    def build(shape, classes):
        model = kind(classes)
        model.compile("sgd", "sparse_categorical_crossentropy", run_eagerly=kind is Untraceable)
        return model

    return build


def trained(trainer, seed=5, params=PARAMS):
    """The figures of a training, and its model."""
    return [(each.loss, each.train_accuracy, each.val_accuracy) for each in train(trainer, params, seed)]


def fitted(build, data, seed=5):
    """The figures and the model of `fit` on the same order."""
    keras.utils.clear_session()
    keras.utils.set_random_seed(seed)
    model = compiled(build(SHAPE, CLASSES), None, CLASSES)
    y = keras.utils.to_categorical(data.y_train) if build is cnn else data.y_train
    losses = []
    for epoch in range(PARAMS["epochs"]):
        order = np.random.default_rng([seed, epoch]).permutation(len(y))
        history = model.fit(data.x_train[order], y[order], batch_size=32, shuffle=False, verbose=0)
        losses += history.history["loss"]
    return losses, model


@pytest.mark.parametrize("build", [cnn, mlp])
def test_weights_are_those_of_fit(data, build, monkeypatch):
    """To the last bit, in a graph and by `fit`, batch normalisation, dropout and the optimizer's memory included."""
    losses, model = fitted(build, data)
    trainer = trainer_of(build, data)
    figures = trained(trainer)
    assert trainer.way == "graph"
    assert [loss for loss, _, _ in figures] == losses
    for ours, theirs in zip(trainer._model.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    content = trainer.model_bytes()
    monkeypatch.setattr(trainers, "LARGEST_TENSORS", 1)
    assert trained(trainer) == figures
    assert trainer.way == "fit"
    assert trainer.model_bytes() == content


def test_seed_decides_the_bytes(data):
    """Also after another training in between; the file says nothing of the time, and nothing of how it was trained."""
    trainer = trainer_of(cnn, data)
    first = trained(trainer), trainer.model_bytes()
    assert trained(trainer, 6) != first[0]
    assert (trained(trainer), trainer.model_bytes()) == first
    with zipfile.ZipFile(io.BytesIO(first[1])) as archive:
        assert "compile_config" not in json.loads(archive.read("config.json"))
        assert list(json.loads(archive.read("metadata.json"))) == ["keras_version", "gives_logits"]
    with pytest.raises(ConfigError, match="seed must be"):
        trainer.start(PARAMS, -1)


def test_file_predicts_what_was_validated(data, tmp_path):
    """Logits or not; and probabilities are such."""
    trainer = trainer_of(mlp, data)
    *_, (_, _, accuracy) = trained(trainer)
    check_loadable(content := trainer.model_bytes(), trainer._model, data.x_val[:5])
    (tmp_path / "m.keras").write_bytes(content)
    model = keras.saving.load_model(tmp_path / "m.keras")
    assert not model.compiled
    assert float(np.mean(predicted_classes(model, data.x_val) == data.y_val)) == accuracy
    outputs = raw_outputs(model, data.x_val)
    np.testing.assert_allclose(as_probabilities(outputs, are_logits=gives_logits(model)).sum(axis=1), 1, rtol=1e-5)


def test_examples_of_both_splits_are_trained_on(data, monkeypatch):
    """Where all data are asked for, in either way, with the same numbers."""
    trainer = trainer_of(mlp, data)
    list(train(trainer, PARAMS, 5, all_data=True))
    assert trainer.samples == 150
    content = trainer.model_bytes()
    monkeypatch.setattr(trainers, "LARGEST_TENSORS", 1)
    list(train(trainer, PARAMS, 5, all_data=True))
    assert trainer.model_bytes() == content
    trained(trainer)
    assert trainer.samples == 110


def test_step_of_the_persons_own_is_traced(data):
    """Its loss is taken by its name, and the accuracy is measured where it says none."""
    trainer = trainer_of(stepping(Stepping), data)
    figures = trained(trainer)
    assert trainer.way == "graph"
    assert figures[1][0] < figures[0][0]
    assert 0 < figures[1][1] <= 1


def test_what_no_graph_can_run_is_left_to_fit(data):
    """A `fit` of the person's own gets the arrays; one whose every step is Python's is not traced."""

    class Fitting(keras.Sequential):
        def fit(self, x, y, **options):
            self.seen = x.shape
            return super().fit(x, y, **options)

    def build(shape, classes):
        model = Fitting(mlp(shape, classes).layers)
        model.compile("sgd", "sparse_categorical_crossentropy", metrics=["acc"])
        return model

    trainer = trainer_of(build, data)
    assert all(np.isfinite(loss) and 0 <= accuracy <= 1 for loss, accuracy, _ in trained(trainer))
    assert (trainer.way, trainer._model.seen) == ("fit", (110, *SHAPE))
    model = stepping(Untraceable)(SHAPE, CLASSES)
    assert way_of(model, data) == "fit"


def test_two_classes_may_share_one_output():
    """With a sigmoid or without: the threshold is that of the last activation."""
    data = some_data(2)
    for activation, loss in (("sigmoid", "binary_crossentropy"), (None, None)):

        def build(shape, classes, activation=activation, loss=loss):
            model = keras.Sequential(
                [
                    keras.Input(shape),
                    layers.Flatten(),
                    layers.Rescaling(1 / 255),
                    layers.Dense(1, activation=activation),
                ]
            )
            if loss:
                model.compile(keras.optimizers.Adam(0.05), loss)
            return model

        trainer = trainer_of(build, data, 2)
        *_, (_, accuracy, validated) = trained(trainer, params={"batch_size": 8, "epochs": 12, "learning_rate": 0.02})
        assert accuracy > 0.8
        assert validated > 0.8
    assert predicted(np.array([[0.2], [0.6]])).tolist() == [0, 1]
    assert predicted(np.array([[-0.2], [0.2]]), are_logits=True).tolist() == [0, 1]


def test_several_inputs_are_taken_by_their_names():
    """Of different types and shapes; float64 is fed as `fit` feeds it."""
    one = some_data()
    random = np.random.default_rng(1)
    parts = {
        name: {"image": x, "more": random.random((len(x), 2))}
        for name, x in (("x_train", one.x_train), ("x_val", one.x_val))
    }
    data = ModelDataset(**parts, y_train=one.y_train, y_val=one.y_val)

    def build(shapes, classes):
        inputs = {name: keras.Input(shape, name=name) for name, shape in shapes.items()}
        joined = layers.Concatenate()([layers.Flatten()(inputs["image"]), inputs["more"]])
        return keras.Model(inputs, layers.Dense(classes, activation="softmax")(joined))

    shapes = {"image": SHAPE, "more": (2,)}
    trainer = trainer_of(build, data, shape=shapes)
    figures = trained(trainer)
    assert trainer.way == "graph"
    assert np.isfinite(figures[-1][0])
    check_loadable(trainer.model_bytes(), trainer._model, {name: x[:4] for name, x in data.x_val.items()})
    with pytest.raises(ProgramError, match=r"inputs are image, more; the data's are image, other"):
        check_model(trainer._model, CLASSES, {"image": SHAPE, "other": (2,)})


@pytest.mark.parametrize(
    ("model", "line"),
    [
        (lambda: keras.Sequential([keras.Input(SHAPE), layers.Flatten(), layers.Dense(4)]), r"\[batch, 4\]; for 3 cl"),
        (lambda: keras.Sequential([keras.Input((5,)), layers.Dense(3)]), r"input is \[batch, 5\]; the data's is \["),
        (lambda: keras.Sequential([keras.Input(SHAPE), layers.Lambda(lambda x: x)]), "a Lambda layer holds code"),
        (lambda: "none", "expected a keras.Model, got str"),
    ],
)
def test_models_that_cannot_be_searched_are_refused(model, line):
    """In one line that says what it should be."""
    with pytest.raises(ProgramError, match=line) as refused:
        check_model(model(), CLASSES, SHAPE)
    assert "\n" not in str(refused.value)


def test_forms_of_labels_follow_from_the_loss():
    """Sparse losses and unknown ones take integers, Keras's others one-hot labels."""
    expected = {
        "sparse_categorical_crossentropy": "integers",
        "categorical_crossentropy": "one-hot",
        "crossentropy": "integers",
        keras.losses.CategoricalFocalCrossentropy(): "one-hot",
        keras.losses.SparseCategoricalCrossentropy(): "integers",
        keras.losses.sparse_categorical_crossentropy: "integers",
        keras.losses.mean_squared_error: "one-hot",
        (lambda _, p: p): "integers",
    }
    model = mlp(SHAPE, CLASSES)
    assert gives_logits(model)
    found = {}
    for loss in expected:
        model.compile("sgd", loss)
        found[loss] = labels_form(model, CLASSES)
    assert found == expected


def test_files_that_only_this_process_could_load_are_refused():
    """A class or a function that is not registered, and a lambda."""

    class Own(layers.Layer):
        def call(self, x):
            return x

    def bare(x):
        return x

    for layer, line in (
        (Own(), f"Own: .*{REGISTER[:20]}"),
        (layers.Dense(2, activation=bare), "bare: only this file"),
        (layers.Dense(2, activation=lambda x: x), "a Lambda layer or a lambda"),
    ):
        with pytest.raises(ProgramError, match=line):
            model_bytes(keras.Sequential([keras.Input((2,)), layer]))


def test_nothing_of_a_finished_network_stays(data):
    """TensorFlow's register of gradients, for one, would keep each graph with its weights."""

    def graphs():
        gc.collect()
        return sum(type(each).__name__ == "FuncGraph" for each in gc.get_objects())

    trainer = trainer_of(cnn, data)
    trained(trainer)
    before = graphs()
    for seed in range(2):
        trained(trainer, seed)
    assert graphs() == before


def test_worker_has_grown_where_it_holds_more_than_its_first_networks_left(data, monkeypatch):
    """Within a margin, and not before it has trained some; asking leaves the network as it is."""
    first = [5 << 30, *[1 << 30] * (memory.SETTLED - 1)]
    most = (5 << 30) * (1 + memory.MARGIN)
    sizes = iter([*first, int(most), int(most) + 1])
    monkeypatch.setattr(memory, "resident", lambda: next(sizes))
    traces, found = memory.Traces(), []
    for _ in range(memory.SETTLED + 2):
        traces.begin()
        found.append(traces.have_grown)
    assert found == [False] * (memory.SETTLED + 1) + [True]
    monkeypatch.setattr(memory, "resident", lambda: 0)
    trainer = trainer_of(mlp, data)
    trainer.start(PARAMS, 0)
    assert not trainer.has_grown
    assert trainer.model is not None


STATE = """
import keras
from keras import layers
keras.config.set_dtype_policy("mixed_bfloat16")

@keras.saving.register_keras_serializable()
class Own(layers.Dense):
    pass

shared = Own(4, kernel_initializer=keras.initializers.RandomNormal())
augment = layers.RandomTranslation(0.2, 0.2)
optimizer = keras.optimizers.Adam(0.01)

def build(input_shape, classes, units=4):
    out = layers.Dense(classes, activation="softmax")
    model = keras.Sequential([keras.Input(input_shape), augment, layers.Flatten(), shared, layers.Dense(units), out])
    model.compile(optimizer, "sparse_categorical_crossentropy")
    return model
"""


def test_nothing_that_a_file_makes_goes_from_one_network_to_the_next(data):
    """Neither weights nor random numbers: the seed decides, whatever was trained before; the file's policy stays."""

    def another():
        return KerasTrainer(lambda: builder_of(Program("model.py", STATE)), data, CLASSES, SHAPE)

    def told(trainer, seed):
        return trained(trainer, seed, {"batch_size": 32, "epochs": 1}), trainer.model_bytes()

    trainer = another()
    first, second = told(trainer, 1), told(trainer, 2)
    assert first != second
    assert trainer.model.layers[-1].compute_dtype == "bfloat16"
    assert told(trainer, 1) == first
    assert told(another(), 2) == second
    own = [each for each in object_registration.GLOBAL_CUSTOM_NAMES if each.__module__.startswith("program_")]
    assert len(own) == 1  # of the last run
    keras.config.set_dtype_policy("float32")


def test_averages_of_weights_take_their_place_at_the_end_only(data, monkeypatch):
    """In either way: what is trained on is never the average."""

    def build(shape, classes):
        model = mlp(shape, classes)
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile(keras.optimizers.Adam(0.01, use_ema=True), loss)
        return model

    trainer = trainer_of(build, data)
    figures, content = trained(trainer), trainer.model_bytes()
    assert trainer.way == "graph"
    monkeypatch.setattr(trainers, "LARGEST_TENSORS", 1)
    assert trained(trainer) == figures
    assert trainer.way == "fit"
    assert trainer.model_bytes() == content


class Late(keras.Model):
    """A model whose last layer to be made is not the last to be called."""

    def __init__(self):
        super().__init__()
        self.out, self.drop = layers.Dense(1, activation="sigmoid"), layers.Dropout(0.1)

    def call(self, x):
        return self.out(self.drop(x))


def test_outputs_are_what_the_loss_or_the_layers_say():
    """The loss that the file compiled with decides; otherwise layers, through what keeps probabilities such."""
    x = keras.Input((2,))
    sigmoids = [layers.Dense(1, activation="sigmoid")(x) for _ in range(2)]
    late = Late()
    late(np.zeros((1, 2)))
    expected = {
        keras.Model(x, layers.Average()(sigmoids)): False,
        keras.Model(x, layers.Average()([sigmoids[0], layers.Dense(1)(x)])): True,
        late: False,
    }
    for activation, loss, are_logits in [
        (None, "binary_crossentropy", False),
        ("sigmoid", keras.losses.BinaryCrossentropy(from_logits=True), True),
        (None, keras.losses.BinaryFocalCrossentropy(), False),
        (None, "mse", False),
        ("tanh", "hinge", True),
        (None, lambda y, p: p - y, True),
    ]:
        model = keras.Model(x, layers.Dense(1, activation=activation)(x))
        model.compile("sgd", loss)
        expected[model] = are_logits
    assert {model: gives_logits(model) for model in expected} == expected


def test_file_says_what_its_outputs_are():
    """Its layers would say otherwise once nothing is compiled any more."""
    model = keras.Sequential([keras.Input((2,)), layers.Dense(1)])
    model.compile("sgd", "binary_crossentropy")
    model.set_weights([np.zeros((2, 1)), np.full(1, 0.3)])
    content = model_bytes(model)
    assert predicted_classes(loaded(content), np.zeros((1, 2))).tolist() == [0]
    model.compile("sgd", keras.losses.BinaryCrossentropy(from_logits=True))
    assert predicted_classes(loaded(model_bytes(model)), np.zeros((1, 2))).tolist() == [1]


VARIED = """
import keras

def build(*, units=8, num_classes=3, odd=True, learning_rate=0.01, input_shape):
    if not odd or units > 16:
        raise ValueError("too wide")
    return keras.Sequential([
        keras.Input(input_shape), keras.layers.Flatten(), keras.layers.Dense(units), keras.layers.Dense(num_classes)
    ])
"""


def test_ends_of_ranges_that_make_no_model_are_found(data):
    """One parameter at a time: an end that the function refuses, and one whose output does not fit the classes."""
    found = tried(Program("model.py", VARIED), data.x_train[:20], data.y_train[:20], CLASSES, 1000)
    assert {name: values for name, (values, _) in found.unfit.items()} == {
        "units": [32], "num_classes": [1, 12], "odd": [False]
    }  # fmt: skip
    assert found.unfit["units"][1] == "model.py: build: line 6: ValueError: too wide"
    assert "the model's output is [batch, 12]" in found.unfit["num_classes"][1]


@pytest.mark.parametrize(
    ("error", "cause", "kind"),
    [
        (ProgramError("model.py: build: line 3: no"), ValueError("no"), UnfitError),
        (ValueError("bad shape"), None, UnfitError),
        (ProgramError("model.py: build: line 3: no memory"), MemoryError(), ProgramError),
        (ImportError("not installed here"), None, ImportError),
    ],
)
def test_model_that_cannot_be_built_is_told_from_a_machine_that_lacks_something(data, error, cause, kind):
    """The first is the configuration's fault; the second may go well elsewhere."""

    def build(*_):
        raise error from cause

    with pytest.raises(kind) as refused:
        trainer_of(build, data).start(PARAMS, 1)
    assert type(refused.value) is kind


def test_learning_rate_that_nothing_takes_is_refused(data):
    """The file compiles the model itself, and its function has no such parameter."""
    text = STATE + "SPACE = {'learning_rate': {'type': 'float', 'low': 1e-4, 'high': 0.1}}"
    with pytest.raises(ProgramError, match=r"^model\.py: SPACE: nothing takes learning_rate"):
        tried(Program("model.py", text), data.x_train[:20], data.y_train[:20], CLASSES, 1000)
    keras.config.set_dtype_policy("float32")
