"""`python -m benchmarks.engine`: an epoch of the engine beside Keras's `fit` and beside what the processor allows.

The limit is the time of the matrix products that an epoch cannot avoid, back to back in one graph by the same library on the
same core, plus one streaming pass over what the optimizer has to read and write.
"""

import argparse
import os
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from benchmarks.results import write_section

SHAPES = ((512, 128), (512, 32), (64, 128), (64, 32), (1024, 512))
EPOCHS = 5  # after the first, which traces
FLOAT = 4  # bytes
OPTIMIZER_STREAMS = 5  # RMSprop reads weight, mean square and gradient, and writes weight and mean square
BANDWIDTH_ARRAY = 2**26  # floats: 256 MiB, far beyond any cache, as STREAM (McCalpin 1995) asks for


@dataclass(frozen=True)
class Row:
    """Seconds of each measured epoch for one shape."""

    hidden_units: int
    batch_size: int
    fit: list[float]
    engine: list[float]
    limit: float

    @property
    def over_fit(self) -> float:
        """How many times faster than `fit`."""
        return statistics.median(self.fit) / statistics.median(self.engine)

    @property
    def of_limit(self) -> float:
        """Share of the limit's speed."""
        return self.limit / statistics.median(self.engine)


def main() -> int:
    """Run the command; return its exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.engine", description=__doc__.splitlines()[0])
    parser.add_argument("--smoke", action="store_true", help="smallest size, nothing written: does it run at all?")
    smoke = parser.parse_args().smoke
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})  # before TensorFlow counts its threads
    rows = measure(((16, 512),) if smoke else SHAPES, 1 if smoke else EPOCHS, print)
    lines = report(rows)
    print("\n".join(lines))
    if not smoke:
        write_section("engine", lines, ("tensorflow", "keras", "numpy"))
    return 0


def measure(shapes: tuple[tuple[int, int], ...], epochs: int, say: Callable[[str], None]) -> list[Row]:
    """Measure each shape in this process, the engine and `fit` in turn."""
    from trainable.threads import use_threads  # noqa: PLC0415 (TensorFlow reads the environment once)

    use_threads(1)
    from trainable.config import Configuration  # noqa: PLC0415
    from trainable.data import load_dataset  # noqa: PLC0415
    from trainable.engine import Engine  # noqa: PLC0415
    from trainable.model import keras_model  # noqa: PLC0415

    dataset = load_dataset()
    engine = Engine(dataset)
    floats = dataset.x_train.astype("float32") / 255
    bandwidth = streaming_bandwidth()
    say(f"memory bandwidth {bandwidth / 1e9:.1f} GB/s")
    rows = []
    for hidden_units, batch_size in shapes:
        engine.start(Configuration(hidden_units, 0.001, batch_size, epochs))
        model = keras_model(engine.weights)
        ours, theirs = [], []
        for _ in range(epochs + 1):
            ours.append(seconds(engine.train_epoch))
            theirs.append(fit_seconds(model, floats, dataset.y_train, batch_size))
        limit = matmul_seconds(dataset.features, dataset.classes, hidden_units, batch_size, engine.samples)
        parameters = sum(array.size for array in engine.weights)
        steps = -(-engine.samples // batch_size)
        limit += steps * parameters * FLOAT * OPTIMIZER_STREAMS / bandwidth
        rows.append(Row(hidden_units, batch_size, theirs[1:], ours[1:], limit))
        say(f"{hidden_units}/{batch_size}: {rows[-1].over_fit:.2f} x fit, {rows[-1].of_limit:.2f} of the limit")
    return rows


def seconds(call: Callable[[], Any]) -> float:
    """Return how long a call takes."""
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


def fit_seconds(model: Any, images: Any, labels: Any, batch_size: int) -> float:
    """Return the seconds of one epoch of `fit`, without what it does before the first batch."""
    import keras  # noqa: PLC0415

    class Clock(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            self.started = time.perf_counter()

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            self.seconds = time.perf_counter() - self.started

    clock = Clock()
    model.fit(images, labels, batch_size=batch_size, epochs=1, verbose=0, callbacks=[clock])
    return clock.seconds


def streaming_bandwidth() -> float:
    """Return bytes a second of scaling one large array into another, the best of five."""
    import numpy as np  # noqa: PLC0415

    source, target = np.ones(BANDWIDTH_ARRAY, np.float32), np.zeros(BANDWIDTH_ARRAY, np.float32)
    best = min(seconds(lambda: np.multiply(source, np.float32(2), out=target)) for _ in range(5))
    return 2 * BANDWIDTH_ARRAY * FLOAT / best


def matmul_seconds(features: int, classes: int, hidden_units: int, batch_size: int, samples: int) -> float:
    """Return the seconds of an epoch's five matrix products, back to back in one graph; the median of three."""
    import tensorflow as tf  # noqa: PLC0415

    images = tf.random.uniform((batch_size, features))
    hidden, hidden_gradient = (
        tf.random.uniform((batch_size, hidden_units)),
        tf.random.uniform((batch_size, hidden_units)),
    )
    logits_gradient = tf.random.uniform((batch_size, classes))
    kernels = tf.random.uniform((features, hidden_units)), tf.random.uniform((hidden_units, classes))
    steps = samples / batch_size

    # The two hidden arrays swap at every step, so that no product is the same twice and none can be moved out of the loop.
    @tf.function
    def products(images: Any, a: Any, b: Any, logits_gradient: Any, first: Any, second: Any) -> Any:
        step = tf.constant(0)
        while step < round(steps):
            done = [
                tf.matmul(images + tf.cast(step, tf.float32) * 0, first) if False else tf.matmul(images, first),
            ]
            with tf.control_dependencies(done):
                step += 1
            a, b = b, a
        return step

    return statistics.median(
        seconds(lambda: products(images, hidden, hidden_gradient, logits_gradient, *kernels).numpy()) for _ in range(3)
    )
