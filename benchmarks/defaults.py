"""`python -m benchmarks.defaults`: simulated searches of every sampler and pruner, by what their winners are worth.

Each strategy runs many whole searches with seeds of their own, with curves of a surrogate of the table, so that the
true accuracy of a winner's configuration is known; and a worker's time is counted in epochs of the baseline.
"""

import multiprocessing
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import optuna
from optuna.pruners import BasePruner, HyperbandPruner, MedianPruner, NopPruner, SuccessiveHalvingPruner
from optuna.samplers import BaseSampler, RandomSampler, TPESampler
from optuna.trial import FrozenTrial

from benchmarks.command import make_parser
from benchmarks.results import record, table
from benchmarks.searches import Moment, search
from benchmarks.surrogate import Surrogate
from benchmarks.table import TABLE, Row, by_configuration, read
from search.study.halving import ShareHalving
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
SPARED = 2 / 3  # of a trial's epochs
HELD_OUT = 5  # every such configuration of the table, to see how well the others predict it


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


def by_share(first: float, reduction: int) -> BasePruner:
    """Return halving at equal shares of each trial's own epochs."""
    return ShareHalving(first, reduction, LONGEST)


class Sparing(BasePruner):
    """Leaves alone what has come so far: a trial in its last third costs little more."""

    def __init__(self, inner: BasePruner) -> None:
        """Ask another pruner about the rest."""
        self._inner = inner

    def prune(self, study: optuna.Study, trial: FrozenTrial) -> bool:
        """Say whether a trial is to end."""
        is_late = (trial.last_step or 0) > SPARED * trial.params["epochs"]
        return self._inner.prune(study, trial) and not is_late  # it is asked in any case, since it may take notes


def sparing(rung: int, reduction: int) -> BasePruner:
    """Return halving that leaves alone trials in their last third."""
    return Sparing(halving(rung, reduction))


def of_seed(seed: int) -> BaseSampler:
    """Return the sampler that draws at random."""
    return RandomSampler(seed=seed)


def ours(sampler: str, seed: int) -> BaseSampler:
    """Return a sampler as the project has it."""
    return SAMPLERS[sampler](SPACE, seed)


STRATEGIES = (
    Strategy("tpe, halving from epoch 2, one in 3 (before)", tpe, partial(halving, 2, 3)),
    *(Strategy(f"{name}, halving from epoch 2, one in 3", partial(ours, name), partial(halving, 2, 3))
      for name in ("random", "qmc", "cmaes")),
    *(Strategy(f"tpe after {number} at random", partial(tpe, startup=number), partial(halving, 2, 3))
      for number in (5, 20)),
    *(Strategy(f"tpe, halving from epoch {rung}, one in {reduction}", tpe, partial(halving, rung, reduction))
      for rung in (1, 2, 4) for reduction in (2, 3, 4) if (rung, reduction) != (2, 3)),
    *(Strategy(f"tpe, halving from epoch {rung}, one in {reduction}, not in the last third", tpe,
               partial(sparing, rung, reduction)) for rung, reduction in ((2, 3), (2, 4), (4, 4))),
    *(Strategy(f"tpe, halving from {first:.2f} of the epochs, one in {reduction}", tpe,
               partial(by_share, first, reduction))
      for first, reduction in ((1 / 12, 3), (1 / 6, 3), (1 / 12, 4))),
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
    rows = complete(read(TABLE))
    chosen = [each for each in STRATEGIES if options.only in each.name]
    surrogate = Surrogate.of(rows)
    found = simulated(surrogate, chosen, options.searches, options.trials, options.workers)
    body = report(found, surrogate, rows, options.trials, options.workers)
    print(body)
    record("defaults", "Which sampler and pruner", body, options.results, packages=("optuna", "scikit-learn", "numpy"))
    return 0


def complete(rows: Sequence[Row]) -> list[Row]:
    """Return the networks of those configurations of a table that have all their seeds."""
    seeds = len({row.seed for row in rows})
    return [row for those in by_configuration(rows).values() if len(those) == seeds for row in those]


def prediction_error(rows: Sequence[Row]) -> float:
    """Return how far the accuracies of configurations lie from what the others predict, a share, in the median."""
    surrogate = Surrogate.of([row for row in rows if row.configuration % HELD_OUT])
    errors = []
    for configuration, own in by_configuration(rows).items():
        if configuration % HELD_OUT:
            continue
        mean = np.mean([row.accuracies for row in own], axis=0)
        errors += list(np.abs(mean - surrogate.curve(own[0].params))[SPACE.problem.space["epochs"]["low"] :])
    return float(np.median(errors))


_surrogate: list[Surrogate] = []  # in a process that simulates


def _prepare(surrogate: Surrogate) -> None:
    quiet(verbose=False)
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    _surrogate.append(surrogate)


def _searched(task: tuple[Strategy, int, int, int]) -> list[Moment]:
    strategy, seed, trials, workers = task
    settings = Settings(seed=seed)
    return search(_surrogate[0], strategy.sampler(seed), strategy.pruner(), settings, trials=trials, workers=workers)


def simulated(
    surrogate: Surrogate, strategies: Sequence[Strategy], searches: int, trials: int, workers: int
) -> dict[str, list[list[Moment]]]:
    """Run searches of each strategy; return what each had as its trials ended, by the strategy's name."""
    found = {}
    with multiprocessing.get_context("spawn").Pool(len(os.sched_getaffinity(0)), _prepare, (surrogate,)) as pool:
        for strategy in strategies:
            tasks = [(strategy, seed, trials, workers) for seed in range(searches)]
            found[strategy.name] = list(pool.imap_unordered(_searched, tasks))
            print(f"{strategy.name}: done", file=sys.stderr, flush=True)
    return found


def report(
    found: dict[str, list[list[Moment]]], surrogate: Surrogate, table_rows: Sequence[Row], trials: int, workers: int
) -> str:
    """Return the section's text."""
    best = max(float(surrogate.curve(row.params).max()) for row in table_rows)
    rows = []
    for name, searches in found.items():
        ends = [each[-1] for each in searches]
        lost = [POINTS * (best - each.accuracy) for each in ends]
        training = [each.training for each in ends]
        at = [[POINTS * (best - _at(each, budget)) for each in searches] for budget in BUDGETS]
        rows.append([name, _quartiles(lost), _quartiles(training, 0), *map(_quartiles, at)])
    number = len(by_configuration(table_rows))
    return (
        f"{len(next(iter(found.values())))} simulated searches of {trials} trials by each strategy, {workers} workers. "
        "By how many points the true accuracy of the winner's configuration is below that of the best configuration of "
        f"the table ({best:.4f}), after all trials and after some time; the median, with the quartiles. Time and "
        f"training are counted in epochs of the baseline. Curves are of a surrogate of {number} configurations; of "
        f"every {HELD_OUT}th one it knows nothing of, it is {POINTS * prediction_error(table_rows):.2f} points off in "
        "the median.\n\n"
        + table(
            ["strategy", f"lost after {trials} trials", "training", *(f"lost after {each:.0f}" for each in BUDGETS)],
            rows,
        )
    )


def _at(moments: Sequence[Moment], time: float) -> float:
    """Return the accuracy of the winner at a time; that of no winner is chance's."""
    until = [each.accuracy for each in moments if each.time <= time and not np.isnan(each.accuracy)]
    return until[-1] if until else 0.1


def _quartiles(values: Sequence[float], digits: int = 2) -> str:
    low, middle, high = np.quantile(values, [0.25, 0.5, 0.75])
    return f"{middle:.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"


if __name__ == "__main__":
    sys.exit(main())
