"""`python -m benchmarks.calibration`: how often an interval misses the truth on real networks of two configurations."""

import multiprocessing
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.command import make_parser
from benchmarks.results import record, spread, table
from search.confirmation.earlier import compare_pairs
from search.confirmation.extent import BASELINES, TWO_LOOKS
from search.confirmation.verdict import Estimate, compare
from search.terminal.arguments import whole
from search.terminal.quiet import quiet, quiet_import
from search.terminal.words import POINTS, describe
from trainable.data.dataset import Dataset, HeldOutSet
from trainable.mlp.scoring import wrong_examples
from trainable.mnist.source import load_dataset, load_held_out
from trainable.problems import BUILT_IN
from trainable.process import prepare_tensorflow

# Another network of about the baseline's accuracy: narrower, with other steps, trained for longer.
UNLIKE = {"hidden_units": 256, "learning_rate": 0.002, "batch_size": 256, "epochs": 7}
NETWORKS = 40  # of each configuration
COMPARISONS = 200
BOUNDS = (0.01, 0.075)  # shares of intervals that may miss the truth, of which 0.05 are meant to
FEWEST = TWO_LOOKS[-1]  # networks of each
SMOKE_IMAGES = 1000  # of either split

Right = NDArray[np.bool_]
"""Which network classifies which image right: bool [networks, images]."""


@dataclass(frozen=True)
class Method:
    """A way to make an interval.

    Attributes:
        name: What it is called.
        networks: Of the unlike configuration and of the baseline.
        is_earlier: Whether the networks are paired by seed, as they were before.
    """

    name: str
    networks: tuple[int, int]
    is_earlier: bool = False

    def interval(self, first: Sequence[Sequence[int]], second: Sequence[Sequence[int]], images: int) -> Estimate | None:
        """Return the difference with its 95 % interval."""
        return (compare_pairs if self.is_earlier else compare)(first, second, images).difference


METHODS = (
    Method("first look", (TWO_LOOKS[0], BASELINES)),
    Method("second look", (TWO_LOOKS[-1], BASELINES)),
    Method("before, paired", (FEWEST, FEWEST), is_earlier=True),
)

_worker: dict[str, Any] = {}  # in a process that trains: its engine and the test images


def main(arguments: list[str] | None = None) -> int:
    """Run the benchmark; return its exit status: 1 where an interval of today misses more or less than it may."""
    parser = make_parser("calibration", __doc__)
    parser.add_argument(
        "--networks", metavar="N", type=whole(FEWEST), default=NETWORKS, help=f"of each (default: {NETWORKS})"
    )
    parser.add_argument(
        "--comparisons", metavar="N", type=whole(1), default=COMPARISONS, help=f"(default: {COMPARISONS})"
    )
    parser.add_argument(
        "--smoke", action="store_true", help=f"train on {2 * SMOKE_IMAGES} images only, check no bounds"
    )
    options = parser.parse_args(arguments)
    quiet(verbose=False)
    data, held_out = load_dataset(), load_held_out()
    if options.smoke:
        data = first(data, SMOKE_IMAGES)
    pools = trained(data, held_out, options.networks)
    found = {each: missed(*pools, each, options.comparisons) for each in METHODS}
    body = report(pools, found, len(data.y_train) + len(data.y_val))
    print(body)
    record("calibration", "Two unlike configurations of about equal accuracy", body, options.results)
    wrong = [each.name for each, shares in found.items() if not (each.is_earlier or is_within(shares))]
    if wrong and not options.smoke:
        print(f"error: out of bounds: {', '.join(wrong)}", file=sys.stderr)
        return 1
    return 0


def trained(data: Dataset, held_out: HeldOutSet, networks: int) -> tuple[Right, Right]:
    """Train networks of both configurations, each with a seed of its own."""
    tasks = [(one, seed) for one in (UNLIKE, BUILT_IN.baseline) for seed in range(networks)]
    right = np.ones((len(tasks), len(held_out.y)), bool)
    with processes(data, held_out, len(tasks)) as pool:
        for place, wrong in enumerate(pool.imap(errors_of, tasks)):
            right[place, wrong] = False
            print(f"{place + 1}/{len(tasks)} networks", file=sys.stderr, flush=True)
    return right[:networks], right[networks:]


def missed(unlike: Right, baseline: Right, method: Method, comparisons: int) -> list[tuple[bool, float]]:
    """Compare networks and images that are drawn from what there is, with replacement.

    What is drawn from is then the whole population, of which the true difference is known: the networks' seeds and the
    images are both new each time, as the interval takes them to be.

    Returns:
        For each comparison whether the interval misses the truth, and half of its width, a share.
    """
    random = np.random.default_rng(1)
    truth, images = unlike.mean() - baseline.mean(), unlike.shape[1]
    found = []
    for _ in range(comparisons):
        drawn = random.integers(images, size=images)
        sides = [
            list(_errors(pool[random.integers(len(pool), size=number)][:, drawn]))
            for pool, number in zip((unlike, baseline), method.networks, strict=True)
        ]
        difference = method.interval(sides[0], sides[1], images)
        if difference is not None:
            is_missed = not difference.low <= truth <= difference.high
            found.append((is_missed, (difference.high - difference.low) / 2))
    return found


def is_within(found: Sequence[tuple[bool, float]]) -> bool:
    """Say whether as many intervals miss the truth as may: too few are a fault, too, of power given away."""
    low, high = BOUNDS
    return low <= sum(is_missed for is_missed, _ in found) / len(found) <= high


def first(data: Dataset, images: int) -> Dataset:
    """Return the first images of either split."""
    return Dataset(data.x_train[:images], data.y_train[:images], data.x_val[:images], data.y_val[:images])


def processes(data: Dataset, held_out: HeldOutSet, most: int) -> Any:
    """Return a pool with a process a core, in each of which TensorFlow computes with one thread."""
    number = min(len(os.sched_getaffinity(0)), most)
    return multiprocessing.get_context("spawn").Pool(number, _prepare, (data, held_out))


def errors_of(task: tuple[Mapping[str, Any], int]) -> list[int]:
    """Train a network on all training images; return which test images it classifies wrong."""
    (params, seed), engine, held_out = task, _worker["engine"], _worker["held_out"]
    engine.start(params, seed, all_data=True)
    for _ in range(params["epochs"]):
        engine.train_epoch()
    return wrong_examples(engine.weights, held_out.x, held_out.y)


def report(pools: tuple[Right, Right], found: dict[Method, list[tuple[bool, float]]], trained_on: int) -> str:
    """Return the section's text, where networks were trained on so many images."""
    accuracies = [pool.mean(axis=1) for pool in pools]
    networks: list[list[object]] = [
        [name, describe(one), f"{each.mean():.5f}", f"{each.std(ddof=1):.5f}", spread(each.tolist(), 4)]
        for name, one, each in zip(("unlike", "baseline"), (UNLIKE, BUILT_IN.baseline), accuracies, strict=True)
    ]
    rows: list[list[object]] = []
    for method, comparisons in found.items():
        times = sum(is_missed for is_missed, _ in comparisons)
        ours, theirs = method.networks
        widths = spread([POINTS * width for _, width in comparisons])
        rows.append([method.name, f"{ours} and {theirs}", f"{times} of {len(comparisons)}", widths])
    return (
        f"{len(pools[0])} networks of each of two configurations, trained on {trained_on} images and scored on the "
        "test images, are all the networks there are, and the test images all images: so the true difference is known. "
        f"Networks and images are drawn from them with replacement, {len(next(iter(found.values())))} times for each "
        f"method, and a 95 % interval should miss the true difference in 5 %; it may in {POINTS * BOUNDS[0]:.0f} to "
        f"{POINTS * BOUNDS[1]:.1f} %.\n\n"
        + table(["", "configuration", "test accuracy", "standard deviation over seeds", "networks"], networks)
        + "\n\n"
        + table(["interval", "networks", "misses the truth", "half-width, points"], rows)
    )


def _errors(right: Right) -> Iterator[list[int]]:
    for each in right:
        yield np.flatnonzero(~each).tolist()


def _prepare(data: Dataset, held_out: HeldOutSet) -> None:
    """Set up a process that trains."""
    with quiet_import():
        prepare_tensorflow(threads=1, gpu=False)
        from trainable.mlp.engine import Engine  # noqa: PLC0415 (after the threads were chosen)

        _worker.update(engine=Engine(data), held_out=held_out)


if __name__ == "__main__":
    sys.exit(main())
