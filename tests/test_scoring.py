"""Scoring without TensorFlow: the classes that Keras predicts, and the weights that Keras wrote."""

import io
import subprocess
import sys
import zipfile
from dataclasses import replace

import numpy as np
import pytest
from commands import ROOT

from trainable.config import BASELINE
from trainable.errors import DataError
from trainable.mlp.engine import Engine
from trainable.mlp.network import keras_bytes, keras_model
from trainable.mlp.scoring import PIXEL_MAX, read_weights, wrong_images


@pytest.fixture(scope="module")
def weights(small):
    """A network of 64 units that has seen the small training split once."""
    engine = Engine(small)
    engine.start(replace(BASELINE, hidden_units=64))
    engine.train_epoch()
    return engine.weights


def test_classes_are_those_that_keras_predicts(weights, dataset):
    """An image is wrong here exactly where Keras's own prediction is; 10,000 validation images."""
    inputs = dataset.x_val.astype(np.float32) * np.float32(1 / PIXEL_MAX)
    predicted = keras_model(weights).predict(inputs, batch_size=1000, verbose=0).argmax(axis=1)
    wrong = wrong_images(weights, dataset.x_val, dataset.y_val)
    assert 500 < len(wrong) < 5000
    assert wrong == np.flatnonzero(predicted != dataset.y_val).tolist()


def test_last_batch_may_be_partial(weights, dataset):
    """Positions count through all batches, whatever the number of images."""
    images, labels = dataset.x_val[:2345], dataset.y_val[:2345]
    whole = [each for each in wrong_images(weights, dataset.x_val, dataset.y_val) if each < 2345]
    assert wrong_images(weights, images, labels) == whole
    assert all(type(each) is int for each in whole)
    assert wrong_images(weights, images[:0], labels[:0]) == []


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
        "import sys, pathlib, numpy as np; from trainable.mlp.scoring import PIXEL_MAX, read_weights, wrong_images\n"
        "weights = read_weights(pathlib.Path(sys.argv[1]).read_bytes())\n"
        "wrong_images(weights, np.zeros((3, 784), np.uint8), np.zeros(3, np.uint8))\n"
        "print(sorted({'tensorflow', 'keras'} & set(sys.modules)))"
    )
    command = [sys.executable, "-c", script, tmp_path / "model.keras"]
    result = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    assert result.stdout.strip() == "[]"


def _archive(members):
    """An archive with these members."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return stream.getvalue()
