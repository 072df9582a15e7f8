"""The engine of many structures trains as Keras does, repeats itself, and leaves the usual network to the other one."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from trainable.mlp.engine import Engine
from trainable.mlp.network import initial_weights, keras_model
from trainable.mlp.structure import widths_of
from trainable.mlp.wide_engine import WideEngine
from trainable.mlp.wide_graph import Chance, shifted

USUAL = {"hidden_units": 24, "learning_rate": 0.002, "batch_size": 64, "epochs": 2}
TWO = USUAL | {"layers": 2, "hidden_units_2": 17}
THREE = TWO | {"layers": 3, "hidden_units_3": 9, "activation": "gelu"}
STRUCTURES = {
    "rmsprop, gelu": USUAL | {"activation": "gelu"},
    "rmsprop, three layers": THREE | {"optimizer": "rmsprop"},
    "adam, two layers, smoothed": TWO | {"optimizer": "adam", "label_smoothing": 0.1},
    "adamw, cosine": USUAL | {"optimizer": "adamw", "weight_decay": 0.05, "schedule": "cosine"},
    "adamw as Keras has it": USUAL | {"optimizer": "adamw"},
    "sgd as Keras has it, layers of one width": USUAL | {"optimizer": "sgd", "layers": 3},
    "sgd, three layers, cosine": THREE
    | {"optimizer": "sgd", "momentum": 0.8, "sgd_learning_rate": 0.05, "schedule": "cosine"},
}
DROPPING = TWO | {"input_dropout": 0.1, "dropout": 0.3, "shift": 2}


@pytest.fixture(scope="module")
def engine(small):
    """One engine for all tests, as a worker has."""
    return WideEngine(small, shape=(28, 28))


def compiled(params, weights, steps):
    """A Keras model of such a configuration, ready to fit."""
    model = keras_model(weights, activation=params.get("activation", "relu"))

    def kept(name):
        return {name: params[name]} if name in params else {}

    rate = params["learning_rate"] if params.get("optimizer") != "sgd" else params.get("sgd_learning_rate", 0.01)
    if params.get("schedule") == "cosine":
        rate = keras.optimizers.schedules.CosineDecay(rate, params["epochs"] * steps)
    optimizer = {
        "rmsprop": keras.optimizers.RMSprop,
        "adam": keras.optimizers.Adam,
        "adamw": lambda rate: keras.optimizers.AdamW(rate, **kept("weight_decay")),
        "sgd": lambda rate: keras.optimizers.SGD(rate, **kept("momentum")),
    }[params.get("optimizer", "rmsprop")](rate)
    loss = keras.losses.CategoricalCrossentropy(label_smoothing=params.get("label_smoothing", 0))
    model.compile(optimizer=optimizer, loss=loss)
    return model


def trained(engine, params, seed=1, **options):
    """Train a whole network; return its last epoch."""
    engine.start(params, seed, **options)
    return [engine.train_epoch() for _ in range(params["epochs"])][-1]


@pytest.mark.parametrize("name", STRUCTURES)
def test_epochs_give_the_weights_that_keras_fit_gives(name, small, engine):
    """From the same weights, over the same batches, the last one of which is not full."""
    params, seed = STRUCTURES[name], 3
    trained(engine, params, seed)
    weights = initial_weights(small.features, widths_of(params), small.classes, seed)
    model = compiled(params, weights, -(-len(small.y_train) // params["batch_size"]))
    images, labels = small.x_train.astype("float32") / 255, keras.utils.to_categorical(small.y_train, 10)
    for epoch in (1, 2):
        order = tf.random.experimental.stateless_shuffle(tf.range(len(labels)), [seed, epoch]).numpy()
        model.fit(images[order], labels[order], batch_size=params["batch_size"], shuffle=False, verbose=0)
    for ours, theirs in zip(engine.weights, model.get_weights(), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=2e-3, atol=1e-4)
    assert engine.size == model.count_params()


def test_usual_network_is_trained_to_the_last_bit_as_before(small, engine):
    """Also after a network of another structure; accuracy, loss and file are the same."""
    usual = Engine(small)
    trained(engine, DROPPING)
    assert trained(engine, USUAL) == trained(usual, USUAL)
    assert [each.tobytes() for each in engine.weights] == [each.tobytes() for each in usual.weights]
    assert (engine.validate(), engine.size, engine.samples) == (usual.validate(), usual.size, usual.samples)
    assert len(engine.model_bytes()) == len(usual.model_bytes())


@pytest.mark.parametrize("params", [DROPPING, *STRUCTURES.values()])
def test_same_seed_gives_the_same_weights_to_the_last_bit(params, engine):
    """Whatever was trained before; another seed gives others."""
    trained(engine, params)
    first = engine.weights
    trained(engine, THREE, 2)
    trained(engine, params)
    assert [each.tobytes() for each in engine.weights] == [each.tobytes() for each in first]
    trained(engine, params, 2)
    assert not np.array_equal(engine.weights[0], first[0])


def test_one_graph_serves_all_networks_of_a_structure(small):
    """Widths, rates and sizes are arguments of it; all images are more of them."""
    engine = WideEngine(small)
    for units in (5, 8):
        params = TWO | {"hidden_units": units, "hidden_units_2": units + 1, "batch_size": 10 * units, "dropout": 0.1}
        trained(engine, params, all_data=units == 8)
        assert engine.samples == len(small.y_train) + (len(small.y_val) if units == 8 else 0)
    [graph] = engine._epochs.values()
    assert graph.experimental_get_tracing_count() == 1


def test_shares_that_are_dropped_are_as_they_are_asked_for():
    """The others make up for it; every step, layer and seed drops others."""
    chance, values = Chance(tf.constant(1), tf.constant(7)), tf.ones([200, 500])
    first, second = (chance.dropped(values, tf.constant(0.3)).numpy() for _ in range(2))
    assert (first == 0).mean() == pytest.approx(0.3, abs=0.01)
    assert first.mean() == pytest.approx(1, abs=0.01)
    assert set(np.unique(first)) == {np.float32(0), np.float32(1 / np.float32(0.7))}
    others = [Chance(tf.constant(seed), tf.constant(step)) for seed, step in ((1, 8), (2, 7))]
    for other in (second, *(each.dropped(values, tf.constant(0.3)).numpy() for each in others)):
        assert ((first == 0) == (other == 0)).mean() == pytest.approx(0.58, abs=0.01)


@pytest.mark.parametrize("channels", [1, 3])
def test_images_are_shifted_by_whole_pixels_and_keep_their_size(channels):
    """Each by its own distance, at most as far as is asked, in all directions; what comes in is dark."""
    image = np.arange(1, 1 + 6 * 5 * channels, dtype=np.uint8).reshape(6, 5, channels)
    batch = np.repeat(image.reshape(1, -1), 300, axis=0)
    moved = shifted(tf.constant(batch), (6, 5, channels), tf.constant(1.0), Chance(tf.constant(1), tf.constant(0)))
    padded = np.pad(image, [(1, 1), (1, 1), (0, 0)])
    windows = {padded[down : down + 6, across : across + 5].tobytes() for down in range(3) for across in range(3)}
    assert {each.tobytes() for each in moved.numpy()} == windows


def test_shifting_asks_for_no_more_than_is_given(engine):
    """A network that sees shifted images learns, too, and knows all pixels."""
    epoch = trained(engine, USUAL | {"shift": 1, "epochs": 4})
    assert epoch.accuracy > 0.5
    assert engine.validate() > 0.7


def test_network_before_start_has_no_weights(small):
    """Who asks for them too early is told so."""
    with pytest.raises(RuntimeError, match="no weights before start"):
        WideEngine(small).weights  # noqa: B018
