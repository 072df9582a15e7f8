"""How numbers of any size become such as a network learns from."""

import json
import tracemalloc

import keras
import numpy as np
import pytest

from trainable.data.dataset import Dataset
from trainable.data.scaling import Standard
from trainable.errors import DataError
from trainable.mlp.engine import Engine
from trainable.mlp.network import initial_weights, keras_accuracy, keras_bytes
from trainable.mlp.scoring import probabilities, read_standard, read_weights, wrong_examples

RANDOM = np.random.default_rng(3)
SCALES = np.array([1e-5, 1.0, 3e8, 0.2, 7.0], np.float32)


def examples(number):
    """Features of very different sizes, far from 0; the fourth is constant."""
    found = (RANDOM.normal(size=(number, 5)) * SCALES + 5 * SCALES).astype(np.float32)
    found[:, 3] = 0.7
    return found


@pytest.fixture(scope="module")
def dataset():
    """Two classes that the first two features tell apart."""
    x = examples(400)
    y = ((x / SCALES)[:, :2].sum(axis=1) > 10).astype(np.int32)
    return Dataset(x[:300], y[:300], x[300:], y[300:], Standard.of(x[:300]))


def test_features_have_mean_0_and_variance_1(dataset):
    """Over the examples that they were measured on; one that says nothing becomes 0, whatever its value elsewhere."""
    taken = dataset.standard.applied(dataset.x_train)
    assert taken.dtype == np.float32
    varied = [0, 1, 2, 4]
    np.testing.assert_allclose(taken[:, varied].mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(taken[:, varied].std(axis=0), 1, atol=1e-5)
    assert np.abs(dataset.standard.applied(dataset.x_train + 1000)[:, 3]).max() < 1e-12


@pytest.mark.parametrize(
    ("factor", "columns", "said"),
    [
        (1e-9, ("a", "mass"), "column 'mass': has a standard deviation of 1e-09, which has to be from 1e-06 to 1e"),
        (1e20, (), "feature 1 of x_train: has a standard deviation of 1e+20, which has to be from 1e-06 to 1e+15"),
    ],
)
def test_unit_that_keras_cannot_standardise_is_named(factor, columns, said):
    """It divides by no less than its epsilon, and the square has to be a float32."""
    x = np.array([[0, -1], [1, 1]], np.float32) * np.array([1, factor], np.float32)
    with pytest.raises(DataError) as error:
        Standard.of(x, columns)
    assert str(error.value).startswith(said)


def test_numbers_come_back_out_of_json(dataset):
    """To the last bit: they are in the file of each model."""
    found = Standard.from_json(json.loads(json.dumps(dataset.standard.to_json())))
    assert np.array_equal(found.mean, dataset.standard.mean)
    assert np.array_equal(found.variance, dataset.standard.variance)


def test_model_standardises_as_the_engine_and_numpy_do(dataset, tmp_path):
    """What was trained on standardised numbers takes them as they are stored, in Keras and without it."""
    engine = Engine(dataset, name="examples")
    engine.start({"hidden_units": 12, "learning_rate": 0.01, "batch_size": 16, "epochs": 3}, 1)
    for _ in range(3):
        engine.train_epoch()
    content = engine.model_bytes()
    file = tmp_path / "model.keras"
    file.write_bytes(content)
    model = keras.models.load_model(file)
    assert engine.validate() > 0.8
    assert keras_accuracy(model, dataset.x_val, dataset.y_val) == engine.validate()
    weights, standard = read_weights(content), read_standard(content)
    wrong = wrong_examples(weights, dataset.x_val, dataset.y_val, standard)
    assert 1 - len(wrong) / len(dataset.y_val) == pytest.approx(engine.validate())
    expected = model.predict(dataset.x_val, verbose=0)
    np.testing.assert_allclose(probabilities(weights, dataset.x_val, standard), expected, atol=1e-5)
    assert model.inputs[0].name == "examples"


def test_network_of_bytes_has_no_such_layer():
    """Those of before and of images: numbers in [0, 1]."""
    assert read_standard(keras_bytes(initial_weights(5, [3], 2, seed=1))) is None
    with pytest.raises(DataError, match=r"expected the content of a \.keras file"):
        read_standard(b"something else")


def test_standard_of_many_numbers_takes_little_memory_beside_them():
    """Reading is refused where the memory does not hold the numbers; what comes after must not take more than that."""
    examples = np.random.default_rng(0).normal(5, 3, (200_000, 50)).astype(np.float32)
    tracemalloc.start()
    try:
        standard = Standard.of(examples)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < examples.nbytes
    assert np.allclose(standard.variance, examples.var(axis=0, dtype=np.float64), rtol=1e-6)
