"""The `.keras` file: made in memory, and without what only later versions of Keras know."""

import io
import json
import tempfile
import zipfile

import keras
import numpy as np
import pytest

from trainable.data.scaling import Standard
from trainable.keras_file import CONFIG, content_of, portable
from trainable.mlp.network import initial_weights, keras_bytes, keras_model
from trainable.mlp.scoring import probabilities, read_standard, read_weights


@pytest.fixture(scope="module")
def weights():
    """Of a small network."""
    return initial_weights(784, [8], 10, seed=1)


def config_of(content):
    """What a file says of its layers."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return json.loads(archive.read(CONFIG))


def keys_and_values(value):
    """Every key of a configuration with its value."""
    for name, each in value.items() if isinstance(value, dict) else enumerate(value):
        yield name, each
        if isinstance(each, (dict, list)):
            yield from keys_and_values(each)


def test_file_says_only_what_every_keras_3_knows(weights):
    """No key without a value, no policy but its name, no address; the sizes of batches stay open."""
    found = list(keys_and_values(config_of(keras_bytes(weights))))
    assert [name for name, value in found if value is None and isinstance(name, str)] == []
    assert {value for name, value in found if name == "dtype"} == {"float32"}
    assert ("batch_shape", [None, 784]) in found
    assert "shared_object_id" not in dict(found)


def test_file_says_how_numbers_are_standardised(weights, tmp_path):
    """To the last bit, in what every Keras 3 knows; read back with Keras or without it."""
    examples = np.random.default_rng(0).normal(1e3, 3, (50, 784)).astype(np.float32)
    standard = Standard.of(examples)
    content = keras_bytes(weights, standard, "examples")
    assert portable(content) == content
    assert [
        name for name, value in keys_and_values(config_of(content)) if value is None and isinstance(name, str)
    ] == []
    found = read_standard(content)
    assert np.array_equal(found.mean, standard.mean)
    assert np.array_equal(found.variance, standard.variance)
    (file := tmp_path / "model.keras").write_bytes(content)
    predicted = keras.models.load_model(file).predict(examples, verbose=0)
    assert np.abs(predicted - probabilities(weights, examples, standard)).max() < 1e-6


def test_file_of_before_is_the_same_model_afterwards(weights, tmp_path):
    """What Keras itself writes has more in it; without that, layers and weights are the same, and stay so."""
    file = tmp_path / "model.keras"
    model = keras_model(weights)
    model.save(file)
    of_before = portable(file.read_bytes())
    assert of_before != file.read_bytes()
    for content in (of_before, keras_bytes(weights)):
        assert portable(content) == content
        file.write_bytes(content)
        loaded = keras.models.load_model(file)
        configs = [[layer.get_config() for layer in each.layers] for each in (loaded, model)]
        assert configs[0] == configs[1]
        for found in (loaded.get_weights(), read_weights(content)):
            assert all(np.array_equal(each, given) for each, given in zip(found, weights, strict=True))


def test_no_file_is_needed_to_make_one(weights, monkeypatch):
    """A full or missing temporary folder costs no trial its model, which is the same to the last byte each time."""
    content = content_of(keras_model(weights))
    for name in ("TemporaryDirectory", "NamedTemporaryFile", "mkdtemp", "mkstemp"):
        monkeypatch.setattr(tempfile, name, None)
    assert keras_bytes(weights) == content
