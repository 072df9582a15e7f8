"""`python -m benchmarks.engine`: an epoch of the engine beside Keras's `fit` and beside what the processor allows.

The limit is the time of the matrix products that an epoch cannot avoid, done back to back by the same library, and of
one pass over memory for what the optimizer has to read and write, both for the pixels that are not dark in every
image. The optimizer's arrays fit into the caches of many processors, so a second, harder limit takes the bandwidth of
arrays of their size.
"""

import os
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np

from benchmarks.command import make_parser
from benchmarks.results import record, spread, table
from search.terminal.arguments import whole
from search.terminal.quiet import quiet
from trainable.data.dataset import Dataset
from trainable.errors import ConfigError
from trainable.mnist.source import load_dataset
from trainable.precision import BFLOAT16, FLOAT32, check_precision
from trainable.process import prepare_tensorflow

SHAPES = ((512, 128), (512, 32), (64, 32), (64, 128), (1024, 512))  # hidden units, batch size
GOALS_FIT = {(512, 128): 2.0, (512, 32): 5.0, (64, 32): 6.0, (1024, 512): 2.0}  # times as fast as fit
GOALS_LIMIT = {(512, 128): 0.85, (512, 32): 0.80, (1024, 512): 0.85}  # share of the limit
ROUNDS = 2
EPOCHS = 5  # counted, after one that is not
PASSES = 15  # over memory, of which the median counts
BEYOND_CACHES = 64 * 2**20  # float32 numbers: 256 MiB
OPTIMIZER_STREAMS = 5  # reads weight, mean square and gradient; writes weight and mean square
ADD_STREAMS = 3  # of the addition that measures the bandwidth: reads two arrays, writes one
LEARNING_RATE = 0.001


@dataclass
class Times:
    """Seconds an epoch of one shape, every counted epoch of every round; the limit once a round."""

    fit: list[float] = field(default_factory=list)
    float32: list[float] = field(default_factory=list)
    bfloat16: list[float] = field(default_factory=list)
    products: list[float] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)
    cache: list[float] = field(default_factory=list)


def bind_to_one_core() -> None:
    """Keep this process on one core, before TensorFlow counts them."""
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    prepare_tensorflow(threads=1, gpu=False)


def engine_epochs(engine: Any, hidden_units: int, batch_size: int) -> list[float]:
    """Return the seconds of each epoch after the first."""
    params = {"hidden_units": hidden_units, "learning_rate": LEARNING_RATE, "batch_size": batch_size}
    engine.start(params, seed=0)
    return [_seconds(engine.train_epoch) for _ in range(EPOCHS + 1)][1:]


def fit_epochs(dataset: Dataset, hidden_units: int, batch_size: int) -> list[float]:
    """Return the seconds of each epoch of Keras's `fit` after the first, as Example 2.1 calls it."""
    import keras  # noqa: PLC0415 (after the core was chosen)

    from benchmarks.peers.network import build_mlp  # noqa: PLC0415 (as above)

    model = build_mlp(hidden_units, LEARNING_RATE)
    marks: list[float] = []
    ended = keras.callbacks.LambdaCallback(on_epoch_end=lambda *_: marks.append(time.perf_counter()))
    images = dataset.x_train.astype(np.float32) / 255
    model.fit(images, dataset.y_train, batch_size, epochs=EPOCHS + 1, verbose=0, callbacks=[ended])
    return [after - before for before, after in pairwise(marks)]


def product_seconds(samples: int, features: int, classes: int, hidden_units: int, batch_size: int) -> float:
    """Return the seconds of an epoch's five matrix products alone."""
    import tensorflow as tf  # noqa: PLC0415 (after the core was chosen)

    steps = samples // batch_size

    def matrix(*shape: int) -> Any:
        return tf.Variable(tf.random.normal(shape))

    images, hidden, gradient = (matrix(batch_size, size) for size in (features, hidden_units, classes))
    kernel, output_kernel = matrix(features, hidden_units), matrix(hidden_units, classes)
    products: list[tuple[Any, Callable[[], Any]]] = [
        (matrix(batch_size, hidden_units), lambda: tf.matmul(images, kernel)),
        (matrix(batch_size, classes), lambda: tf.matmul(hidden, output_kernel)),
        (matrix(batch_size, hidden_units), lambda: tf.matmul(gradient, output_kernel, transpose_b=True)),
        (matrix(hidden_units, classes), lambda: tf.matmul(hidden, gradient, transpose_a=True)),
        (matrix(features, hidden_units), lambda: tf.matmul(images, hidden, transpose_a=True)),
    ]

    def step(index: Any) -> tuple[Any]:
        for target, product in products:
            target.assign(product())  # moves the result, so that the graph has to compute it
        return (index + 1,)

    def loop() -> Any:
        return tf.while_loop(lambda index: index < steps, step, (tf.constant(0),), parallel_iterations=1)

    epoch = tf.function(loop, autograph=False)
    median = statistics.median([_seconds(epoch) for _ in range(EPOCHS + 1)][1:])
    return median * samples / (steps * batch_size)


def stream_seconds(weights: int, steps: float, array: int) -> float:
    """Return the seconds that the optimizer of an epoch needs to read and write.

    Args:
        weights: How many numbers it updates at each step.
        steps: Of an epoch.
        array: Size of the arrays at whose bandwidth it does so: how many float32 numbers.
    """
    target, addend = np.ones(array, np.float32), np.ones(array, np.float32)
    one_pass = statistics.median(_seconds(lambda: np.add(target, addend, out=target)) for _ in range(PASSES))
    return one_pass / (ADD_STREAMS * array) * OPTIMIZER_STREAMS * weights * steps


def _seconds(call: Callable[[], Any]) -> float:
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


def measure(dataset: Dataset, rounds: int) -> dict[tuple[int, int], Times]:
    """Measure every shape; within a shape the contenders take turns."""
    from trainable.mlp.engine import Engine, lit_features  # noqa: PLC0415 (after the core was chosen)

    engines = {FLOAT32: Engine(dataset)}
    try:
        check_precision(BFLOAT16)
        engines[BFLOAT16] = Engine(dataset, BFLOAT16)
    except ConfigError as error:
        print(error, file=sys.stderr)
    found = {shape: Times() for shape in SHAPES}
    for _ in range(rounds):
        for shape, times in found.items():
            add_limit(times, dataset, len(lit_features(dataset)), *shape)
            for precision, engine in engines.items():
                getattr(times, precision).extend(engine_epochs(engine, *shape))
            times.fit += fit_epochs(dataset, *shape)
            print(" | ".join(_row(shape, times)), file=sys.stderr)
    return found


def add_limit(times: Times, dataset: Dataset, features: int, hidden_units: int, batch_size: int) -> None:
    """Measure what one shape cannot avoid, for that many of the pixels."""
    samples, classes = len(dataset.y_train), dataset.classes
    weights = (features + 1) * hidden_units + (hidden_units + 1) * classes
    times.products.append(product_seconds(samples, features, classes, hidden_units, batch_size))
    times.memory.append(stream_seconds(weights, samples / batch_size, BEYOND_CACHES))
    times.cache.append(stream_seconds(weights, samples / batch_size, weights))


def _row(shape: tuple[int, int], times: Times) -> list[str]:
    ours, fit, products, memory, cache = map(
        statistics.median, (times.float32, times.fit, times.products, times.memory, times.cache)
    )
    half = f"{ours / statistics.median(times.bfloat16):.2f}" if times.bfloat16 else "not here"
    return [
        f"{shape[0]}, {shape[1]}",
        f"{fit / ours:.2f}{_goal(GOALS_FIT, shape)}",
        f"{(products + memory) / ours:.2f}{_goal(GOALS_LIMIT, shape)}",
        f"{(products + cache) / ours:.2f}",
        f"{fit / (products + memory):.2f}",
        half,
        spread(times.float32, 3),
        spread(times.fit, 3),
        f"{products:.3f} + {memory:.3f} ({cache:.3f})",
    ]


def _goal(goals: dict[tuple[int, int], float], shape: tuple[int, int]) -> str:
    return f" (goal {goals[shape]})" if shape in goals else ""


HEADER = [
    "hidden, batch", "times as fast as `fit`", "share of the limit", "of the harder one", "the limit against `fit`",
    "bfloat16 against float32", "engine, s", "`fit`, s", "limit: products + optimizer (harder), s",
]  # fmt: skip


def main(arguments: list[str] | None = None) -> int:
    """Run the benchmark; return its exit status."""
    parser = make_parser("engine", __doc__)
    parser.add_argument("--rounds", metavar="N", type=whole(1), default=ROUNDS, help=f"(default: {ROUNDS})")
    parser.add_argument("--images", metavar="N", type=whole(1024), help="training images, the first (default: all)")
    options = parser.parse_args(arguments)
    quiet(verbose=False)
    bind_to_one_core()
    data = load_dataset()
    data = Dataset(data.x_train[: options.images], data.y_train[: options.images], data.x_val, data.y_val)
    found = measure(data, options.rounds)
    body = (
        f"Seconds an epoch of {len(data.y_train)} images on one core, {EPOCHS} epochs after the first in each of "
        f"{options.rounds} rounds, in one process. `fit` multiplies all pixels; the engine and the "
        "limits leave out those that are dark in every image. The harder limit streams the optimizer's arrays at the "
        "bandwidth of arrays of their size, which fit into the caches, the other at that of memory.\n\n"
        + table(HEADER, [_row(shape, times) for shape, times in found.items()])
    )
    print(body)
    record("engine", "The engine", body, options.results)
    return 0


if __name__ == "__main__":
    sys.exit(main())
