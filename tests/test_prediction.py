"""Probabilities without TensorFlow."""

import numpy as np
import pytest

from trainable.mlp.prediction import probabilities
from trainable.mlp.scoring import wrong_images


@pytest.fixture
def weights():
    """A network of 6 hidden units and any weights."""
    random = np.random.default_rng(1)
    return [random.normal(size=shape).astype(np.float32) for shape in ((784, 6), (6,), (6, 10), (10,))]


@pytest.mark.parametrize("number", [1, 999, 1000, 1001])
def test_probabilities_are_keras_own(number, weights, dataset):
    """The same as the Keras model's, in batches of any length."""
    from trainable.mlp.network import keras_model

    images = dataset.x_val[:number]
    expected = keras_model(weights).predict(images.astype(np.float32) / 255, verbose=0)
    np.testing.assert_allclose(probabilities(weights, images), expected, atol=1e-5)


def test_most_probable_class_is_the_one_that_scoring_counts(weights, dataset):
    """What scoring calls wrong is what is predicted wrong."""
    images, labels = dataset.x_val[:2000], dataset.y_val[:2000]
    predicted = probabilities(weights, images).argmax(axis=1)
    assert np.flatnonzero(predicted != labels).tolist() == wrong_images(weights, images, labels)


def test_probabilities_sum_to_one_however_large_the_weights(weights, dataset):
    """Large logits overflow nothing."""
    large = [each * 1000 for each in weights]
    np.testing.assert_allclose(probabilities(large, dataset.x_val[:100]).sum(axis=1), 1, atol=1e-5)


def test_no_image_has_no_probabilities(weights):
    """An empty array is answered by an empty one."""
    assert probabilities(weights, np.empty((0, 784), np.uint8)).shape == (0, 10)
