"""The engine trains as Keras does, repeats itself, and keeps nothing of earlier networks."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from networks import network

from trainable.data.dataset import Dataset
from trainable.mlp.engine import VECTOR, Engine, lit_features
from trainable.mlp.network import initial_weights, keras_accuracy, keras_model
from trainable.precision import BFLOAT16


def compiled(weights):
    """A Keras model that is ready to fit, as the book compiles it."""
    model = keras_model(weights)
    model.compile(optimizer="rmsprop", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def trained(engine, configuration):
    """Train a whole configuration; return the last epoch."""
    engine.start(*configuration)
    return [engine.train_epoch() for _ in range(configuration[0]["epochs"])][-1]


@pytest.fixture(scope="module")
def engine(small):
    """One engine for all tests, as a worker has."""
    return Engine(small)


def test_only_pixels_that_some_image_lights_are_trained(small):
    """All lit columns are kept, few others, and their number fills the vector registers."""
    kept = lit_features(small)
    lit = small.x_train.any(axis=0) | small.x_val.any(axis=0)
    assert lit[kept].sum() == lit.sum()
    assert list(kept) == sorted(set(kept))
    assert len(kept) % VECTOR == 0
    assert len(kept) - lit.sum() < VECTOR


def test_images_without_dark_pixels_are_trained_whole(small):
    """Where there is nothing to leave out, every column stays."""
    bright = Dataset(small.x_train | 1, small.y_train, small.x_val, small.y_val)
    assert list(lit_features(bright)) == list(range(784))


def test_dark_pixels_keep_their_initial_weights(small, engine):
    """What has no gradient does not move, in Keras as here, and is in the model all the same."""
    engine.start(*network(16, 0.001, 128, 1, seed=2))
    before = engine.weights[0]
    engine.train_epoch()
    dark = np.setdiff1d(np.arange(784), lit_features(small))
    assert len(dark) > 0
    np.testing.assert_array_equal(engine.weights[0][dark], before[dark])
    assert not np.array_equal(engine.weights[0], before)


def test_bfloat16_learns_as_float32_does(small, monkeypatch):
    """The weights stay float32; five epochs arrive at nearly the same weights, accuracy and loss."""
    monkeypatch.setattr("trainable.mlp.engine.check_precision", lambda _: None)  # slow elsewhere, but right
    configuration = network(64, 0.002, 32, 5, seed=1)
    full, half = Engine(small), Engine(small, BFLOAT16)
    losses = [trained(engine, configuration).loss for engine in (full, half)]
    assert [array.dtype for array in half.weights] == [np.float32] * 4
    assert losses[1] != losses[0]
    assert losses[1] == pytest.approx(losses[0], rel=0.05)
    assert half.validate() == pytest.approx(full.validate(), abs=0.02)
    np.testing.assert_allclose(half.weights[2], full.weights[2], atol=0.1)


@pytest.mark.parametrize(("hidden_units", "batch_size"), [(32, 128), (100, 64), (17, 2030)])
def test_epoch_gives_the_weights_that_keras_fit_gives(small, engine, hidden_units, batch_size):
    """From the same weights, over the same batches (the partial last one too), both arrive at the same weights."""
    weights = initial_weights(small.features, [hidden_units], small.classes, seed=1)
    engine.start(*network(hidden_units, 0.001, batch_size, 1), weights)
    order = tf.range(engine.samples)
    tf.function(engine._train_in_order, autograph=False)(order, tf.constant(batch_size), tf.constant(0.001))
    model = compiled(weights)
    model.fit(small.x_train.astype("float32") / 255, small.y_train, batch_size=batch_size, shuffle=False, verbose=0)
    for ours, theirs in zip(engine.weights, model.get_weights(), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-3, atol=2e-5)


def test_all_images_are_those_of_both_splits_in_order(small, engine):
    """Trained on all images, a network is what it would be if the validation images stood at the end of the others."""
    images, labels = np.concatenate([small.x_train, small.x_val]), np.concatenate([small.y_train, small.y_val])
    whole, configuration = Engine(Dataset(images, labels, small.x_val, small.y_val)), network(16, 0.002, 64, 1)
    trained(whole, configuration)
    engine.start(*configuration, all_data=True)
    epoch = engine.train_epoch()
    assert engine.samples == len(labels)
    for ours, theirs in zip(engine.weights, whole.weights, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    trained(engine, configuration)
    assert engine.samples == len(small.y_train)
    assert not np.array_equal(engine.weights[0], whole.weights[0])
    assert 0 < epoch.accuracy < 1


def test_epoch_reports_what_it_saw(small, engine):
    """Loss and accuracy are means over the training images, taken as the weights moved."""
    engine.start(*network(16, 1e-12, 100, 1, seed=3))
    untrained = compiled(engine.weights)
    loss, accuracy = untrained.evaluate(small.x_train.astype("float32") / 255, small.y_train, verbose=0)
    epoch = engine.train_epoch()
    assert epoch.loss == pytest.approx(loss, rel=1e-4)
    assert epoch.accuracy == pytest.approx(accuracy, abs=1e-3)


def test_same_seed_gives_the_same_weights_to_the_last_bit(engine):
    """A configuration with its seed decides the result, whatever was trained before it."""
    configuration = network(24, 0.002, 64, 2, seed=5)
    trained(engine, configuration)
    first = engine.weights
    trained(engine, network(40, 0.01, 32, 1, seed=6))
    trained(engine, configuration)
    assert [array.tobytes() for array in engine.weights] == [array.tobytes() for array in first]


def test_seed_decides_both_weights_and_order(engine):
    """Two seeds start elsewhere, and go through the images in other orders even from the same weights."""
    weights, trained_weights = [], []
    for seed in (1, 2):
        configuration = network(24, 0.001, 64, 1, seed=seed)
        engine.start(*configuration)
        weights.append(engine.weights[0])
        engine.start(*configuration, initial_weights(784, [24], 10, seed=0))
        engine.train_epoch()
        trained_weights.append(engine.weights[0])
    assert not np.array_equal(*weights)
    assert not np.array_equal(*trained_weights)


def test_each_epoch_has_an_order_of_its_own(small):
    """From the same weights and seed, the first and the second epoch arrive at different weights."""
    engine = Engine(small)
    start, moved = initial_weights(784, [24], 10, seed=0), []
    for epochs_before in (0, 1):
        engine.start(*network(24, 0.05, 64, 2, seed=1), start)
        engine._epochs_run = epochs_before
        engine.train_epoch()
        moved.append(engine.weights[0])
    assert not np.array_equal(*moved)


def test_one_graph_serves_all_shapes(small):
    """Another width, batch size or rate does not trace again."""
    engine = Engine(small)
    for configuration in (
        network(8, 0.001, 64, 1),
        network(33, 0.01, 500, 1),
        network(100, 0.1, 7, 1),
    ):
        trained(engine, configuration)
        engine.validate()
    assert engine._train_shuffled.experimental_get_tracing_count() == 1


def test_training_learns(engine):
    """Five epochs over 2,000 images classify most of 500 others right."""
    trained(engine, network(64, 0.002, 32, 5, seed=1))
    assert engine.validate() > 0.85


def test_divergence_shows_in_the_loss(engine):
    """An absurd rate ends in a loss that is not finite, rather than in a number that looks like one."""
    assert not np.isfinite(trained(engine, network(16, 1e30, 128, 2)).loss)


def test_training_needs_a_start(small):
    """An engine without a network says so."""
    with pytest.raises(RuntimeError, match="before start"):
        Engine(small).train_epoch()
    with pytest.raises(RuntimeError, match="before start"):
        _ = Engine(small).weights


def test_kept_model_is_an_ordinary_keras_model_of_the_same_accuracy(small, engine, tmp_path):
    """The bytes are a .keras file that Keras loads and that scores what the engine measured."""
    trained(engine, network(32, 0.002, 64, 2, seed=4))
    file = tmp_path / "model.keras"
    file.write_bytes(engine.model_bytes())
    model = keras.models.load_model(file)
    assert [layer.__class__.__name__ for layer in model.layers] == ["Dense", "Dense"]
    assert keras_accuracy(model, small.x_val, small.y_val) == engine.validate()


def test_initial_weights_follow_glorot():
    """Kernels are uniform within the square root of 6 / (fan in + fan out), biases are zero."""
    kernel, bias, _, _ = initial_weights(784, [512], 10, seed=0)
    limit = np.sqrt(6 / (784 + 512))
    assert np.abs(kernel).max() <= limit
    assert kernel.std() == pytest.approx(limit / np.sqrt(3), rel=0.01)
    assert not bias.any()


def test_sizes_come_from_the_data(small):
    """Three classes of 100 pixels train as well as ten of 784: no size is written down."""
    keep = small.y_train < 3
    few = Dataset(small.x_train[keep][:, 300:400], small.y_train[keep], small.x_val[:, 300:400], small.y_val % 3)
    engine = Engine(few)
    trained(engine, network(8, 0.01, 50, 1))
    assert [array.shape for array in engine.weights] == [(100, 8), (8,), (8, 3), (3,)]
