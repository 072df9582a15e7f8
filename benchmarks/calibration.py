"""`python -m benchmarks.calibration`: how often the baseline is called better or worse than itself."""

import multiprocessing
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from benchmarks.command import make_parser
from benchmarks.results import record, spread, table
from search.arguments import whole
from search.noise import quiet, quiet_import
from search.study import POINTS
from search.verdict import Estimate, Verdict, Word, Wrong, compare
from trainable.config import BASELINE
from trainable.data import Dataset, HeldOutSet, load_dataset, load_held_out
from trainable.process import prepare_tensorflow
from trainable.scoring import wrong_images

REPETITIONS = 40
SEEDS = 5  # of each side, as the search's own default
ALLOWED = 0.075  # share of repetitions that may say better or worse; 0.05 are meant to
SMOKE_IMAGES = 1000  # of either split


@dataclass(frozen=True)
class Repetition:
    """The errors of two sides, by seed, and the verdict on them."""

    sides: tuple[Wrong, Wrong]
    verdict: Verdict


_worker: dict[str, Any] = {}  # in a process that trains: its engine and the test images


def main(arguments: list[str] | None = None) -> int:
    """Run the benchmark; return its exit status."""
    parser = make_parser("calibration", __doc__)
    parser.add_argument(
        "--repetitions", metavar="N", type=whole(1), default=REPETITIONS, help=f"(default: {REPETITIONS})"
    )
    parser.add_argument("--smoke", action="store_true", help=f"train on {2 * SMOKE_IMAGES} images only")
    options = parser.parse_args(arguments)
    quiet(verbose=False)
    data, held_out = load_dataset(), load_held_out()
    if options.smoke:
        data = Dataset(*(each[:SMOKE_IMAGES] for each in (data.x_train, data.y_train, data.x_val, data.y_val)))
    found = list(repetitions(data, held_out, options.repetitions))
    body = report(found, len(data.y_train) + len(data.y_val), len(held_out.y))
    print(body)
    record("calibration", "The baseline against itself", body, options.results)
    return 0


def repetitions(data: Dataset, held_out: HeldOutSet, number: int) -> Iterator[Repetition]:
    """Train two sides of networks for each repetition and compare them; no network is in two repetitions."""
    with processes(data, held_out, 2 * SEEDS * number) as pool:
        errors = pool.imap(errors_of, range(2 * SEEDS * number))
        for repetition in range(1, number + 1):
            first, second = ([next(errors) for _ in range(SEEDS)] for _ in range(2))
            verdict = compare(first, second, len(held_out.y))
            print(f"{repetition}/{number}: {verdict.word}{points(verdict.difference)}", file=sys.stderr, flush=True)
            yield Repetition((first, second), verdict)


def processes(data: Dataset, held_out: HeldOutSet, most: int) -> Any:
    """Return a pool with a process a core, in each of which TensorFlow computes with one thread."""
    number = min(len(os.sched_getaffinity(0)), most)
    return multiprocessing.get_context("spawn").Pool(number, _prepare, (data, held_out))


def errors_of(seed: int) -> list[int]:
    """Train a baseline on all training images; return which test images it classifies wrong."""
    engine, held_out = _worker["engine"], _worker["held_out"]
    engine.start(replace(BASELINE, seed=seed), all_images=True)
    for _ in range(BASELINE.epochs):
        engine.train_epoch()
    return wrong_images(engine.weights, held_out.x, held_out.y)


def report(found: Sequence[Repetition], trained_on: int, scored_on: int) -> str:
    """Return the section's text, where networks were trained and scored on these numbers of images."""
    number, networks = len(found), 2 * SEEDS * len(found)
    words = [each.verdict.word for each in found]
    intervals = [each.verdict.difference for each in found if each.verdict.difference is not None]
    accuracies = [[1 - len(wrong) / scored_on for wrong in side] for each in found for side in each.sides]
    rows: list[list[object]] = [
        *([f"*{word}*", words.count(word)] for word in Word),
        ["*better* or *worse* (goal: at most)", f"{number - words.count(Word.NO_DIFFERENCE)} ({ALLOWED * number:.0f})"],
        ["difference, points", spread([POINTS * each.mean for each in intervals])],
        ["half-width of its interval, points", spread([POINTS * (each.high - each.low) / 2 for each in intervals])],
        ["test accuracy of a network", spread(np.ravel(accuracies).tolist(), 4)],
        ["its mean", f"{np.mean(accuracies):.5f}"],
        ["its standard deviation over seeds", f"{np.std(accuracies, ddof=1):.5f}"],
    ]
    return (
        f"{number} times, {SEEDS} networks of the baseline are compared with {SEEDS} others as a search compares its "
        f"winner with the baseline: trained on {trained_on} images, scored once on the test images. They differ by "
        f"their seeds alone, 0 to {networks - 1}, so *better* and *worse* are errors, which at most 5 % shall be. "
        "Where a figure stands with a range, it is over the repetitions, or over the networks.\n\n"
        + table(["", "baseline against itself"], rows)
    )


def points(difference: Estimate | None) -> str:
    """Return a difference with its interval; nothing where there is none."""
    if difference is None:
        return ""
    mean, low, high = (f"{POINTS * each:+.2f}" for each in (difference.mean, difference.low, difference.high))
    return f", {mean} ({low} to {high}) points"


def _prepare(data: Dataset, held_out: HeldOutSet) -> None:
    """Set up a process that trains."""
    with quiet_import():
        prepare_tensorflow(threads=1, gpu=False)
        from trainable.engine import Engine  # noqa: PLC0415 (after the threads were chosen)

        _worker.update(engine=Engine(data), held_out=held_out)


if __name__ == "__main__":
    sys.exit(main())
