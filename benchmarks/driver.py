"""`python -m benchmarks.driver`: what a trial costs the driver, against the number of trials that the study has.

The trainable trains nothing, so all the time that a trial takes is the search's own: the sampler, the pruner, SQLite,
Tune's event loop and Ray's calls. With `--workers` it measures instead how many workers one driver keeps busy.
"""

import statistics
import tempfile
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

from optuna.trial import TrialState
from ray import tune

from benchmarks import fleet
from benchmarks.command import make_parser
from benchmarks.results import record, table
from search.runtime.local import ray_runtime
from search.runtime.resources import Resources
from search.runtime.tuning import run_trials
from search.storage.address import open_storage
from search.study.settings import Settings
from search.study.study import open_study
from search.terminal.arguments import whole
from search.terminal.quiet import quiet
from search.terminal.streams import leave
from search.trials.failures import FailureStore
from search.trials.lifecycle import Trials
from search.trials.live import LiveTrial, Observer
from search.trials.models import ModelStore
from trainable import keys

TRIALS = 2000
SAMPLERS = ("random", "tpe")
WINDOW = 100  # trials over which a cost is averaged
EPOCHS = 3  # reports of a trial: two to the scheduler and the pruner, the last to the searcher
WORKERS = 2
GOAL, GOAL_GROWTH = 50, 1.5  # milliseconds a trial; the last hundred against the first


class NoTraining(tune.Trainable):
    """Reports epochs at once, with an accuracy that the configuration decides."""

    def setup(self, config: dict[str, Any]) -> None:
        """Begin the first trial."""
        self.reset_config(config)

    def reset_config(self, new_config: dict[str, Any]) -> bool:
        """Begin the next trial."""
        self._epoch, self._accuracy = 0, 1 - new_config["learning_rate"]
        return True

    def step(self) -> dict[str, Any]:
        """Report an epoch."""
        self._epoch += 1
        done = self._epoch >= EPOCHS
        return {
            keys.EPOCH: self._epoch,
            keys.VAL_ACCURACY: self._accuracy,
            keys.TRAIN_ACCURACY: self._accuracy,
            keys.SECONDS: 0.0,
            keys.SAMPLES_PER_SECOND: 0.0,
            keys.HOST: "here",
            keys.PARAMETERS_COUNT: 0,
            keys.MODEL: b"a model" if done else None,
            tune.result.DONE: done,
        }


class Clock(Observer):
    """Notes when trials end."""

    def __init__(self) -> None:
        """Start with no trial."""
        self.ended: list[float] = []

    def finished(self, live: LiveTrial, state: TrialState, reason: str | None) -> None:
        """Note the time."""
        self.ended.append(time.perf_counter())


def measure(sampler: str, number: int, folder: Path, resources: Resources) -> list[float]:
    """Run trials that train nothing; return the milliseconds that each took after the one before it."""
    settings = Settings(seed=1, sampler=sampler, baseline=False)
    study = open_study(sampler, open_storage(f"sqlite:///{folder / sampler}.db"), settings)
    clock = Clock()
    models, failures = ModelStore(folder, sampler), FailureStore(folder, sampler)
    trials = Trials(study, settings, goal=number, models=models, failures=failures, observer=clock)
    trials.take_stock()
    run_trials(NoTraining, trials, resources, check=lambda: None)
    return [(after - before) * 1e3 for before, after in pairwise(clock.ended)]


def row(sampler: str, costs: list[float]) -> list[str]:
    """Return a table's row: the mean cost over the first and the last trials and over the steps in between."""
    size = window(len(costs))
    first, last = statistics.mean(costs[:size]), statistics.mean(costs[-size:])
    middle = (statistics.mean(costs[at - size // 2 : at + size // 2]) for at in _quarters(len(costs)))
    return [sampler, f"{first:.1f}", *(f"{cost:.1f}" for cost in middle), f"{last:.1f}", f"{last / first:.2f}"]


def window(number: int) -> int:
    """Return over how many of that many trials a figure is averaged."""
    return min(WINDOW, number // 2)


def _quarters(number: int) -> list[int]:
    return [number // 4, number // 2, number * 3 // 4]


def report(rows: list[list[str]], trials: int) -> str:
    """Return the section's text."""
    size = window(trials - 1)
    middle = [f"around {at}" for at in _quarters(trials)]
    header = ["sampler", f"first {size}", *middle, f"last {size}", "last / first"]
    return (
        f"Milliseconds from the end of a trial to the end of the next, with {WORKERS} workers that train nothing; one "
        f"run of {trials} trials, each figure the mean over {size} (goal: at most {GOAL}, and at the end at most "
        f"{GOAL_GROWTH} times that). The study is on SQLite; a trial reports up to {EPOCHS} epochs; ASHA prunes most "
        "after two.\n\n" + table(header, rows)
    )


def measure_costs(trials: int, results: Path) -> None:
    """Measure what a trial costs with each sampler."""
    rows: list[list[str]] = []
    with (
        tempfile.TemporaryDirectory() as folder,
        ray_runtime(None, Resources(WORKERS, 1, 0), verbose=False) as resources,
    ):
        for sampler in SAMPLERS:
            rows.append(row(sampler, measure(sampler, trials, Path(folder), resources)))
            body = report(rows, trials)  # written after each sampler: the next one may take minutes
            record("driver", "What a trial costs the driver", body, results)
    print(body)


def measure_fleet(workers: list[int], seconds: int, results: Path) -> None:
    """Measure how many workers are kept busy, for each number of them."""
    with tempfile.TemporaryDirectory() as folder:
        for body in fleet.measured(workers, seconds, Path(folder)):
            record("workers", "How many workers one driver keeps busy", body, results, command="driver")
    print(body)


def main(arguments: list[str] | None = None) -> int:
    """Run the benchmark; return its exit status."""
    parser = make_parser("driver", __doc__)
    parser.add_argument("--trials", metavar="N", type=whole(8), default=TRIALS, help=f"(default: {TRIALS})")
    parser.add_argument(
        "--workers", metavar="N,…", type=fleet.numbers, help="measure these numbers of workers, with trials that wait"
    )
    parser.add_argument(
        "--seconds", metavar="N", type=whole(1), default=fleet.WINDOW, help=f"of each (default: {fleet.WINDOW})"
    )
    options = parser.parse_args(arguments)
    quiet(verbose=False)
    if options.workers:
        measure_fleet(options.workers, options.seconds, options.results)
    else:
        measure_costs(options.trials, options.results)
    return 0


if __name__ == "__main__":
    leave(main())
