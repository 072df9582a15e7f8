"""Scoring without TensorFlow: the classes that Keras predicts, and the weights that Keras wrote."""

import io
import subprocess
import sys
import zipfile

import numpy as np
import pytest
from commands import ROOT

from trainable.errors import DataError
from trainable.mlp.engine import Engine
from trainable.mlp.network import keras_bytes, keras_model
from trainable.mlp.scoring import SCALE, probabilities, read_weights, wrong_examples
from trainable.problems import BUILT_IN


@pytest.fixture(scope="module")
def weights(small):
    """A network of 64 units that has seen the small training split once."""
    engine = Engine(small)
    engine.start(BUILT_IN.baseline | {"hidden_units": 64}, 0)
    engine.train_epoch()
    return engine.weights


def test_classes_are_those_that_keras_predicts(weights, dataset):
    """An image is wrong here exactly where Keras's own prediction is; 10,000 validation images."""
    inputs = dataset.x_val.astype(np.float32) * np.float32(1 / SCALE)
    predicted = keras_model(weights).predict(inputs, batch_size=1000, verbose=0).argmax(axis=1)
    wrong = wrong_examples(weights, dataset.x_val, dataset.y_val)
    assert 500 < len(wrong) < 5000
    assert wrong == np.flatnonzero(predicted != dataset.y_val).tolist()


def test_last_batch_may_be_partial(weights, dataset):
    """Positions count through all batches, whatever the number of images."""
    images, labels = dataset.x_val[:2345], dataset.y_val[:2345]
    whole = [each for each in wrong_examples(weights, dataset.x_val, dataset.y_val) if each < 2345]
    assert wrong_examples(weights, images, labels) == whole
    assert all(type(each) is int for each in whole)
    assert wrong_examples(weights, images[:0], labels[:0]) == []


def test_weights_come_back_out_of_a_keras_file(weights):
    """The arrays are the same bit by bit, whichever number Keras gave the layers of this process."""
    for _ in range(2):
        found = read_weights(keras_bytes(weights))
        assert len(found) == 4
        for ours, theirs in zip(found, weights, strict=True):
            np.testing.assert_array_equal(ours, theirs, strict=True)


def test_other_content_is_refused(weights):
    """Neither a torn file nor an archive of something else passes for a network."""
    content = keras_bytes(weights)
    for other in (b"", b"no archive", content[: len(content) // 2], _archive({"else.txt": b"x"}),
                  _archive({"model.weights.h5": b"x"})):  # fmt: skip
        with pytest.raises(DataError, match=r"^expected the content of a \.keras file"):
            read_weights(other)


def test_scoring_loads_no_tensorflow(weights, tmp_path):
    """The driver scores networks, and TensorFlow would cost it seconds and memory."""
    (tmp_path / "model.keras").write_bytes(keras_bytes(weights))
    script = (
        "import sys, pathlib, numpy as np; from trainable.mlp.scoring import SCALE, read_weights, wrong_examples\n"
        "weights = read_weights(pathlib.Path(sys.argv[1]).read_bytes())\n"
        "wrong_examples(weights, np.zeros((3, 784), np.uint8), np.zeros(3, np.uint8))\n"
        "print(sorted({'tensorflow', 'keras'} & set(sys.modules)))"
    )
    command = [sys.executable, "-c", script, tmp_path / "model.keras"]
    result = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    assert result.stdout.strip() == "[]"


@pytest.fixture
def any_weights():
    """A network of 6 hidden units and any weights."""
    random = np.random.default_rng(1)
    return [random.normal(size=shape).astype(np.float32) for shape in ((784, 6), (6,), (6, 10), (10,))]


@pytest.mark.parametrize("number", [1, 999, 1000, 1001])
def test_probabilities_are_keras_own(number, any_weights, dataset):
    """The same as the Keras model's, in batches of any length."""
    images = dataset.x_val[:number]
    expected = keras_model(any_weights).predict(images.astype(np.float32) / 255, verbose=0)
    np.testing.assert_allclose(probabilities(any_weights, images), expected, atol=1e-5)


def test_most_probable_class_is_the_one_that_scoring_counts(any_weights, dataset):
    """What scoring calls wrong is what is predicted wrong."""
    images, labels = dataset.x_val[:2000], dataset.y_val[:2000]
    predicted = probabilities(any_weights, images).argmax(axis=1)
    assert np.flatnonzero(predicted != labels).tolist() == wrong_examples(any_weights, images, labels)


def test_probabilities_sum_to_one_however_large_the_weights(any_weights, dataset):
    """Large logits overflow nothing."""
    large = [each * 1000 for each in any_weights]
    np.testing.assert_allclose(probabilities(large, dataset.x_val[:100]).sum(axis=1), 1, atol=1e-5)


def test_no_image_has_no_probabilities(any_weights):
    """An empty array is answered by an empty one."""
    assert probabilities(any_weights, np.empty((0, 784), np.uint8)).shape == (0, 10)


def _archive(members):
    """An archive with these members."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return stream.getvalue()
