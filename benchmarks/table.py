"""`python -m benchmarks.table`: train many configurations of the built-in space, and keep what each epoch gave.

A learning rate stays as it is from the first epoch to the last, so a network of few epochs is the beginning of one of
many: each is trained for as many as the space has, and stands for all shorter ones. A run that is interrupted, or that
asks for more, goes on where the file ends; the list of configurations begins the same however many there are. The file,
table.csv, is beside that of the results.
"""

import csv
import multiprocessing
import os
import statistics
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scipy.stats import qmc

from benchmarks.calibration import SMOKE_IMAGES, first
from benchmarks.command import make_parser
from benchmarks.networks import on_log_scale
from benchmarks.results import machine, record, spread, table
from search.terminal.arguments import whole
from search.terminal.quiet import quiet, quiet_import
from search.terminal.words import describe
from trainable.data.dataset import Dataset
from trainable.files import whole_file
from trainable.mnist.source import load_dataset
from trainable.problems import BUILT_IN
from trainable.process import prepare_tensorflow
from trainable.training import train

TABLE = Path(__file__).parent / "table.csv"
SEED = 20_260_101  # of the list; any would do, but it stays the same
CONFIGURATIONS, SEEDS = 200, 2
EPOCHS = BUILT_IN.space["epochs"]["high"]
COLUMNS = ("configuration", "hidden_units", "learning_rate", "batch_size", "seed", "unit", "accuracies", "seconds")
UNIT_EPOCHS = 3  # of the baseline, after one that is not counted

_worker: dict[str, Any] = {}  # in a process that trains: its engine, and the seconds of an epoch of the baseline


@dataclass(frozen=True)
class Row:
    """A network that was trained.

    Attributes:
        configuration: Its place in the list.
        params: Without epochs.
        seed: Of its weights and shuffles.
        unit: Seconds that an epoch of the baseline took on the core that trained it.
        accuracies: On the validation examples after each epoch, shares.
        seconds: Of each epoch.
    """

    configuration: int
    params: Mapping[str, Any]
    seed: int
    unit: float
    accuracies: Sequence[float]
    seconds: Sequence[float]

    def cells(self) -> list[object]:
        """Return it as a row of the file."""
        accuracies = " ".join(f"{each:.4f}" for each in self.accuracies)
        seconds = " ".join(f"{each:.3f}" for each in self.seconds)
        return [self.configuration, *self.params.values(), self.seed, f"{self.unit:.3f}", accuracies, seconds]


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit status."""
    parser = make_parser("table", __doc__)
    parser.add_argument(
        "--configurations", metavar="N", type=whole(1), default=CONFIGURATIONS, help=f"(default: {CONFIGURATIONS})"
    )
    parser.add_argument("--seeds", metavar="N", type=whole(1), default=SEEDS, help=f"of each (default: {SEEDS})")
    parser.add_argument("--smoke", action="store_true", help=f"train on {SMOKE_IMAGES} images only")
    options = parser.parse_args(arguments)
    quiet(verbose=False)
    data = load_dataset()
    if options.smoke:
        data = first(data, SMOKE_IMAGES)
    file = options.results.with_name(TABLE.name)
    extend(file, data, options.configurations, options.seeds)
    body = report(read(file))
    print(body)
    record("table", "A table of configurations", body, options.results)
    return 0


def drawn(count: int) -> list[dict[str, Any]]:
    """Return configurations without epochs, spread evenly over the built-in space, each prefix of the list, too."""
    units, rate, batch = (BUILT_IN.space[name] for name in ("hidden_units", "learning_rate", "batch_size"))
    return [
        {
            "hidden_units": round(on_log_scale(width, units["low"], units["high"])),
            "learning_rate": float(f"{on_log_scale(step, rate['low'], rate['high']):.4g}"),
            "batch_size": batch["choices"][int(size * len(batch["choices"]))],
        }
        for width, step, size in qmc.Halton(3, rng=SEED).random(count)
    ]


def extend(file: Path, data: Dataset, configurations: int, seeds: int) -> None:
    """Train what a file lacks of that many configurations, and write each network as it ends."""
    rows = read(file)
    known = {(row.configuration, row.seed) for row in rows}
    tasks = [
        (place, params, seed)
        for place, params in enumerate(drawn(configurations))
        for seed in range(seeds)
        if (place, seed) not in known
    ]
    if not tasks:
        return
    processes = min(len(os.sched_getaffinity(0)), len(tasks))
    with multiprocessing.get_context("spawn").Pool(processes, _prepare, (data,)) as pool:
        started = time.monotonic()
        for done, row in enumerate(pool.imap_unordered(_trained, tasks), 1):
            rows.append(row)
            _write(file, rows)
            left = (time.monotonic() - started) / done * (len(tasks) - done) / 60
            print(
                f"{done}/{len(tasks)} {describe(row.params)}: {row.accuracies[-1]:.4f}, {left:.0f} minutes left",
                file=sys.stderr, flush=True,
            )  # fmt: skip


def read(file: Path = TABLE) -> list[Row]:
    """Return the networks of a file, by configuration and seed; none where there is no file."""
    if not file.exists():
        return []
    with file.open(encoding="utf-8", newline="") as lines:
        return list(_rows(csv.DictReader(lines)))


def report(rows: Sequence[Row]) -> str:
    """Return the section's text."""
    best = sorted(means(rows), key=lambda each: -each[1])
    shown = [
        [f"{each.params['hidden_units']}, {each.params['learning_rate']:g}, {each.params['batch_size']}", epochs,
         f"{accuracy:.4f}", f"{statistics.median(each.seconds) / each.unit:.2f}"]
        for each, accuracy, epochs in best[:5]
    ]  # fmt: skip
    spent = sum(sum(row.seconds) for row in rows) / 3600
    return (
        f"{len(rows)} networks of {len(best)} configurations of the built-in space, {len(rows[0].accuracies)} epochs "
        f"each, in {spent:.1f} hours of cores of {machine()}. The best configurations, at the epoch at which the mean "
        "of their seeds is highest; seconds are a ratio to those of the baseline's epoch on the same core: "
        f"{spread([row.unit for row in rows])} s.\n\n"
        + table(
            ["hidden units, learning rate, batch size", "epochs", "validation accuracy, mean", "an epoch's time"], shown
        )
    )


def by_configuration(rows: Sequence[Row]) -> dict[int, list[Row]]:
    """Return the networks of each configuration."""
    found: dict[int, list[Row]] = {}
    for row in rows:
        found.setdefault(row.configuration, []).append(row)
    return found


def means(rows: Sequence[Row]) -> Iterator[tuple[Row, float, int]]:
    """Give of each configuration a network, the highest mean accuracy over its seeds, and after how many epochs."""
    for those in by_configuration(rows).values():
        curve = [statistics.fmean(at) for at in zip(*(row.accuracies for row in those), strict=True)]
        yield those[0], max(curve), curve.index(max(curve)) + 1


def _rows(lines: Iterator[Mapping[str, str]]) -> Iterator[Row]:
    for line in lines:
        params = {
            "hidden_units": int(line["hidden_units"]),
            "learning_rate": float(line["learning_rate"]),
            "batch_size": int(line["batch_size"]),
        }
        accuracies, seconds = ([float(each) for each in line[name].split()] for name in ("accuracies", "seconds"))
        yield Row(int(line["configuration"]), params, int(line["seed"]), float(line["unit"]), accuracies, seconds)


def _write(file: Path, rows: Sequence[Row]) -> None:
    with whole_file(file) as beside, beside.open("w", encoding="utf-8", newline="") as out:
        lines = csv.writer(out, lineterminator="\n")
        lines.writerow(COLUMNS)
        lines.writerows(row.cells() for row in sorted(rows, key=lambda row: (row.configuration, row.seed)))


def _prepare(data: Dataset) -> None:
    """Begin a process that trains."""
    quiet(verbose=False)
    with quiet_import():
        prepare_tensorflow(threads=1, gpu=False)
        from trainable.mlp.engine import Engine  # noqa: PLC0415 (after the threads were set)

    _worker["engine"] = Engine(data)
    _, *seconds = (each.seconds for each in _epochs(BUILT_IN.baseline, 0, 1 + UNIT_EPOCHS))
    _worker["unit"] = statistics.median(seconds)


def _trained(task: tuple[int, Mapping[str, Any], int]) -> Row:
    """Train a network."""
    place, params, seed = task
    epochs = list(_epochs(params, seed, EPOCHS))
    accuracies, seconds = [each.val_accuracy for each in epochs], [each.seconds for each in epochs]
    return Row(place, params, seed, _worker["unit"], accuracies, seconds)


def _epochs(params: Mapping[str, Any], seed: int, epochs: int) -> Any:
    return train(_worker["engine"], {**params, "epochs": epochs}, seed)


if __name__ == "__main__":
    sys.exit(main())
