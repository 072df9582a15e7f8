"""`python -m benchmarks.defaults`: simulated searches of every sampler and pruner, by what their winners are worth.

Each strategy runs many whole searches with seeds of their own, with curves of a surrogate of the table, so that the
true accuracy of a winner's configuration is known; and a worker's time is counted in epochs of the baseline.
"""

import multiprocessing
import os
import sys
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import optuna
from optuna.pruners import BasePruner, HyperbandPruner, MedianPruner, NopPruner, SuccessiveHalvingPruner
from optuna.samplers import BaseSampler, RandomSampler, TPESampler

from benchmarks.command import make_parser
from benchmarks.results import record, table
from benchmarks.searches import Moment, search
from benchmarks.surrogate import Surrogate
from benchmarks.table import TABLE, means, read
from search.study.samplers import SAMPLERS
from search.study.settings import Settings
from search.study.space import Space
from search.terminal.arguments import whole
from search.terminal.quiet import quiet
from search.terminal.words import POINTS
from trainable.problems import BUILT_IN

SEARCHES, TRIALS, WORKERS = 60, 50, 2
BUDGETS = (100.0, 200.0, 400.0)  # epochs of the baseline, on the clock of all workers
SPACE = Space.default(BUILT_IN)
LONGEST = SPACE.max_epochs


@dataclass(frozen=True)
class Strategy:
    """A way to search.

    Attributes:
        name: What it is called.
        sampler: Makes one for a seed.
        pruner: Makes one.
    """

    name: str
    sampler: Callable[[int], BaseSampler]
    pruner: Callable[[], BasePruner]


def tpe(seed: int, startup: int = 10) -> BaseSampler:
    """Return Optuna's TPE with so many trials that are drawn at random first."""
    return TPESampler(seed=seed, n_startup_trials=startup)


def halving(rung: int, reduction: int) -> BasePruner:
    """Return asynchronous successive halving that compares trials after `rung` epochs first."""
    return SuccessiveHalvingPruner(min_resource=rung, reduction_factor=reduction)


def hyperband(rung: int, reduction: int) -> BasePruner:
    """Return Hyperband, likewise."""
    return HyperbandPruner(min_resource=rung, max_resource=LONGEST, reduction_factor=reduction)


def median(startup: int, warmup: int) -> BasePruner:
    """Return the rule of the median, after so many trials and epochs."""
    return MedianPruner(n_startup_trials=startup, n_warmup_steps=warmup)


def of_seed(seed: int) -> BaseSampler:
    """Return the sampler that draws at random."""
    return RandomSampler(seed=seed)


def ours(sampler: str, seed: int) -> BaseSampler:
    """Return a sampler as the project has it."""
    return SAMPLERS[sampler](SPACE, seed)


BEFORE = Strategy("tpe, halving from epoch 2, one in 3 (before)", tpe, partial(halving, 2, 3))
STRATEGIES = (
    BEFORE,
    *(Strategy(f"{name}, halving from epoch 2, one in 3", partial(ours, name), partial(halving, 2, 3))
      for name in ("random", "qmc", "cmaes")),
    *(Strategy(f"tpe after {number} at random", partial(tpe, startup=number), partial(halving, 2, 3))
      for number in (5, 20)),
    *(Strategy(f"tpe, halving from epoch {rung}, one in {reduction}", tpe, partial(halving, rung, reduction))
      for rung in (1, 2, 4) for reduction in (2, 3, 4) if (rung, reduction) != (2, 3)),
    Strategy("tpe, hyperband from epoch 2", tpe, partial(hyperband, 2, 3)),
    *(Strategy(f"tpe, median after 5 trials and {number} epochs", tpe, partial(median, 5, number))
      for number in (2, 4)),
    Strategy("tpe, none is pruned", tpe, NopPruner),
    Strategy("Optuna's defaults", tpe, MedianPruner),
    Strategy("ASHA as Ray Tune's examples have it", of_seed, partial(halving, 1, 4)),
    Strategy("Hyperband with random configurations", of_seed, partial(hyperband, 1, 3)),
)  # fmt: skip


def main(arguments: list[str] | None = None) -> int:
    """Run the benchmark; return its exit status."""
    parser = make_parser("defaults", __doc__)
    parser.add_argument(
        "--searches", metavar="N", type=whole(2), default=SEARCHES, help=f"of each (default: {SEARCHES})"
    )
    parser.add_argument("--trials", metavar="N", type=whole(2), default=TRIALS, help=f"(default: {TRIALS})")
    parser.add_argument("--workers", metavar="N", type=whole(1), default=WORKERS, help=f"(default: {WORKERS})")
    parser.add_argument("--only", metavar="TEXT", default="", help="strategies with this in their name (default: all)")
    options = parser.parse_args(arguments)
    quiet(verbose=False)
    rows = read(TABLE)
    best = max(accuracy for _, accuracy, _ in means(rows))
    chosen = [each for each in STRATEGIES if options.only in each.name]
    found = simulated(chosen, options.searches, options.trials, options.workers)
    body = report(found, best, options.trials)
    print(body)
    record("defaults", "Which sampler and pruner", body, options.results, packages=("optuna", "scikit-learn", "numpy"))
    return 0


_surrogate: list[Surrogate] = []  # in a process that simulates


def _prepare() -> None:
    quiet(verbose=False)
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    warnings.simplefilter("ignore")
    _surrogate.append(Surrogate.of(read(TABLE)))


def _searched(task: tuple[Strategy, int, int, int]) -> list[Moment]:
    strategy, seed, trials, workers = task
    settings = Settings(seed=seed)
    return search(_surrogate[0], strategy.sampler(seed), strategy.pruner(), settings, trials=trials, workers=workers)


def simulated(
    strategies: Sequence[Strategy], searches: int, trials: int, workers: int
) -> dict[str, list[list[Moment]]]:
    """Run searches of each strategy; return what each had as its trials ended, by the strategy's name."""
    found = {}
    with multiprocessing.get_context("spawn").Pool(len(os.sched_getaffinity(0)), _prepare) as pool:
        for strategy in strategies:
            tasks = [(strategy, seed, trials, workers) for seed in range(searches)]
            found[strategy.name] = list(pool.imap_unordered(_searched, tasks))
            print(f"{strategy.name}: done", file=sys.stderr, flush=True)
    return found


def report(found: dict[str, list[list[Moment]]], best: float, trials: int) -> str:
    """Return the section's text."""
    rows = []
    for name, searches in found.items():
        ends = [each[-1] for each in searches]
        lost = [POINTS * (best - each.accuracy) for each in ends]
        training = [each.training for each in ends]
        at = [[POINTS * (best - _at(each, budget)) for each in searches] for budget in BUDGETS]
        rows.append([name, _quartiles(lost), f"{np.median(training):.0f}", *map(_quartiles, at)])
    return table(["strategy", f"after {trials} trials", "training", *(f"after {each:.0f}" for each in BUDGETS)], rows)


def _at(moments: Sequence[Moment], time: float) -> float:
    """Return the accuracy of the winner at a time; that of no winner is chance's."""
    until = [each.accuracy for each in moments if each.time <= time and not np.isnan(each.accuracy)]
    return until[-1] if until else 0.1


def _quartiles(values: Sequence[float]) -> str:
    low, middle, high = np.quantile(values, [0.25, 0.5, 0.75])
    return f"{middle:.2f} ({low:.2f} to {high:.2f})"


if __name__ == "__main__":
    sys.exit(main())
