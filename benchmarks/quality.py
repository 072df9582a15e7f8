"""`python -m benchmarks.quality`: how long each system's usual search takes to reach a val_accuracy."""

import argparse
import math
import statistics
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from benchmarks.command import make_parser
from benchmarks.results import PACKAGES, record, spread, table
from benchmarks.systems import BenchmarkError, Own, Peer, Run, System, end_on_signals
from search.terminal.arguments import whole

WORKERS = 2  # of the peers that can have several, as the cores of the machine
SMOKE_SECONDS = 25
SMOKE_TARGETS = (0.9, 0.95)
CHART = "quality.png"
LOWEST_SHOWN = 0.96
STEP = 0.25  # seconds between the points of the chart

Runs = Mapping[str, Sequence[Run]]


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit status."""
    options = parse(arguments)
    end_on_signals()
    try:
        runs = run_seeds(systems(), options.seeds, options.seconds)
    except BenchmarkError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    draw(runs, options.seconds, options.results.with_name(CHART))
    body = report(runs, options.targets, options.seconds)
    print(body)
    record("quality", "Time to reach an accuracy", body, options.results, packages=(*PACKAGES, "keras-tuner"))
    return 0


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """Read the command line; exit with status 2 where it is wrong."""
    parser = make_parser("quality", __doc__)
    parser.add_argument("--seeds", metavar="N", type=whole(1), default=3, help="searches of each system (default: 3)")
    parser.add_argument("--seconds", metavar="S", type=whole(1), default=120, help="of a search (default: 120)")
    parser.add_argument(
        "--targets", metavar="A,B,...", type=targets, default=(0.975, 0.98, 0.983), help="(default: 0.975,0.98,0.983)"
    )
    parser.add_argument("--smoke", action="store_true", help=f"one seed, {SMOKE_SECONDS} seconds, low targets")
    options = parser.parse_args(arguments)
    if options.smoke:
        options.seeds, options.seconds, options.targets = 1, SMOKE_SECONDS, SMOKE_TARGETS
    return options


def targets(text: str) -> tuple[float, ...]:
    """Read accuracies separated by commas."""
    try:
        values = tuple(float(part) for part in text.split(","))
    except ValueError:
        values = (-1.0,)
    if not all(0 < value <= 1 for value in values):
        raise argparse.ArgumentTypeError(f"must be numbers from 0 to 1 separated by commas, got {text!r}")
    return values


def systems() -> list[System]:
    """Return what is compared."""
    return [
        Own("this project", ("--no-baseline", "--workers", str(WORKERS))),
        Peer("Ray Tune", "ray_tune", WORKERS),
        Peer("Optuna", "optuna_alone", WORKERS),
        Peer("KerasTuner", "keras_tuner", 1),
    ]


def run_seeds(compared: Sequence[System], seeds: int, seconds: int) -> Runs:
    """Let each system search once with each seed, in an order that turns from seed to seed.

    Raises:
        BenchmarkError: A system failed.
    """
    runs: dict[str, list[Run]] = {system.name: [] for system in compared}
    for seed in range(seeds):
        for system in compared if seed % 2 == 0 else reversed(compared):
            run = in_time(system.search(seconds, seed), seconds)
            runs[system.name].append(run)
            print(f"seed {seed}: {system.name} {len(run.trials)} trials, best {run.best:.4f}", file=sys.stderr)
    return runs


def in_time(run: Run, seconds: float) -> Run:
    """Leave out the trials that ended after the time."""
    trials = sorted((trial for trial in run.trials if trial.seconds <= seconds), key=lambda trial: trial.seconds)
    return Run(run.seconds, trials, run.answer)


def report(runs: Runs, wanted: Sequence[float], seconds: int) -> str:
    """Return the section's text."""
    seeds = len(next(iter(runs.values())))
    explanation = (
        f"Each system searches the built-in space in its usual way for {seconds} seconds, with {seeds} "
        f"seed{'s' * (seeds > 1)}. A trial counts when it has ended, complete or stopped early, with its last "
        "val_accuracy. Seconds run from the start of the command to the end of the first trial that reached the "
        f"val_accuracy; a search that did not in its time counts as slower than any. {WORKERS} trials run at once, "
        "with KerasTuner one on all cores. This project searches without the baseline, which other tools do not know."
    )
    chart = f"![Best val_accuracy over time, median and range over the seeds]({CHART})"
    return "\n\n".join([explanation, attainment(runs, wanted, seconds), chart])


def attainment(runs: Runs, wanted: Sequence[float], seconds: int) -> str:
    """Return the table of times to each target."""
    rows = [
        [
            name,
            *(time_cell([reached(run, target) for run in each], seconds) for target in wanted),
            spread([run.best for run in each], 4),
            spread([len(run.trials) for run in each], 0),
        ]
        for name, each in runs.items()
    ]
    return table(["system", *(f"seconds to {target:g}" for target in wanted), "best val_accuracy", "trials"], rows)


def reached(run: Run, target: float) -> float:
    """Return the seconds at which a trial first reached a val_accuracy, or infinity."""
    return next((trial.seconds for trial in run.trials if trial.val_accuracy >= target), math.inf)


def time_cell(times: Sequence[float], limit: int) -> str:
    """Return the median and the range of the times, infinite ones as more than the limit."""
    shown = [f"> {limit}" if math.isinf(time) else f"{time:.1f}" for time in sorted(times)]
    return f"{shown[len(shown) // 2]} ({shown[0]} to {shown[-1]})" if len(shown) > 1 else shown[0]


def draw(runs: Runs, seconds: int, file: Path) -> None:
    """Draw the best val_accuracy over time: the median of the searches, and their range as a band."""
    times = np.arange(0, seconds + STEP, STEP)
    figure = Figure(figsize=(8, 4.5), layout="constrained")  # without pyplot it needs no screen
    axes = figure.subplots()
    for name, each in runs.items():
        curves = np.array([best_by(run, times) for run in each])
        (line,) = axes.step(times, np.median(curves, axis=0), where="post", label=name, linewidth=2)
        low, high = curves.min(axis=0), curves.max(axis=0)
        axes.fill_between(times, low, high, step="post", color=line.get_color(), alpha=0.15, linewidth=0)
    highest = max(statistics.median(run.best for run in each) for each in runs.values())
    axes.set(
        xlim=(0, seconds),
        ylim=(LOWEST_SHOWN, max(highest, LOWEST_SHOWN) + 0.004),
        xlabel="time since the start of the command (seconds)",
        ylabel="best val_accuracy so far (share of 10,000 images)",
    )
    axes.grid(visible=True, alpha=0.3)
    axes.legend(loc="lower right")
    figure.savefig(file, dpi=150)


def best_by(run: Run, times: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the best val_accuracy that a search had at each time, 0 before its first trial ended."""
    ended = [trial.seconds for trial in run.trials]
    best = np.maximum.accumulate([0.0, *(trial.val_accuracy for trial in run.trials)])
    counts = np.searchsorted(ended, times, side="right")
    return np.asarray(best[counts], dtype=np.float64)


if __name__ == "__main__":
    sys.exit(main())
