"""`python -m benchmarks.search`: seconds that this project and other tools take to train the same configurations."""

import argparse
import math
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from scipy.stats import qmc

from benchmarks.command import make_parser
from benchmarks.peers import space
from benchmarks.results import PACKAGES, record, spread, table
from benchmarks.systems import BenchmarkError, Own, Peer, Run, System, end_on_signals
from search.terminal.arguments import whole
from trainable.errors import ConfigError
from trainable.precision import BFLOAT16, check_precision

SEED = 20_240_601  # of the list; any would do, but it stays the same
EPOCHS = (4, 5)  # the fewest that the space has, so that a round takes minutes
SMOKE = (
    {"hidden_units": 128, "learning_rate": 0.001, "batch_size": 1024, "epochs": 4},
    {"hidden_units": 160, "learning_rate": 0.002, "batch_size": 1024, "epochs": 4},
)
Runs = Mapping[str, Sequence[Run]]


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit status."""
    options = parse(arguments)
    end_on_signals()
    configurations, rounds = (SMOKE, 1) if options.smoke else (draw(options.configurations), options.rounds)
    try:
        runs = run_rounds(systems(options.workers), configurations, rounds)
    except BenchmarkError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    body = report(runs, configurations, options.workers)
    print(body)
    title = "The same configurations with other tools"
    record("search", title, body, options.results, packages=(*PACKAGES, "keras-tuner"))
    return 0


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """Read the command line; exit with status 2 where it is wrong."""
    parser = make_parser("search", __doc__)
    parser.add_argument("--configurations", metavar="N", type=whole(1, 1000), default=24, help="(default: 24)")
    parser.add_argument("--rounds", metavar="N", type=whole(1), default=2, help="of all systems (default: 2)")
    parser.add_argument("--workers", metavar="N", type=whole(1), default=2, help="trials at once (default: 2)")
    parser.add_argument("--smoke", action="store_true", help="two small configurations, one round")
    return parser.parse_args(arguments)


def draw(count: int) -> list[dict[str, Any]]:
    """Return the same quasi-random configurations each time, spread evenly over the built-in space."""
    points = qmc.Halton(4, rng=SEED).random(count)
    return [
        {
            "hidden_units": round(_on_log_scale(width, *space.HIDDEN_UNITS)),
            "learning_rate": float(f"{_on_log_scale(rate, *space.LEARNING_RATE):.4g}"),
            "batch_size": space.BATCH_SIZES[int(batch * len(space.BATCH_SIZES))],
            "epochs": EPOCHS[0] + int(length * (EPOCHS[1] - EPOCHS[0] + 1)),
        }
        for width, rate, batch, length in points
    ]


def systems(workers: int) -> list[System]:
    """Return what is compared; this project is the first."""
    own: list[System] = [Own("this project", ("--workers", str(workers)))]
    try:
        check_precision(BFLOAT16)
    except ConfigError as error:
        print(f"without bfloat16: {error}", file=sys.stderr)
    else:
        own.append(Own("this project, bfloat16", ("--workers", str(workers), "--precision", BFLOAT16)))
    return [
        *own,
        Peer("Ray Tune", "ray_tune", workers),
        Peer("Optuna, one process", "optuna_alone", 1),
        Peer(f"Optuna, {workers} processes", "optuna_alone", workers),
        Peer("KerasTuner", "keras_tuner", 1),
    ]


def run_rounds(compared: Sequence[System], configurations: Sequence[Mapping[str, Any]], rounds: int) -> Runs:
    """Run each system once a round, in an order that turns from round to round.

    Raises:
        BenchmarkError: A system failed, or trained something else.
    """
    runs: dict[str, list[Run]] = {system.name: [] for system in compared}
    for number in range(rounds):
        for system in compared if number % 2 == 0 else reversed(compared):
            run = system.train(configurations)
            check(system.name, run, configurations)
            runs[system.name].append(run)
            print(f"round {number + 1}: {system.name} {run.seconds:.1f} s, best {run.best:.4f}", file=sys.stderr)
    return runs


def check(name: str, run: Run, configurations: Sequence[Mapping[str, Any]]) -> None:
    """Refuse a run in which not every configuration was trained once, for all of its epochs.

    Raises:
        BenchmarkError: It is such a run.
    """
    asked = Counter(_key(each, each["epochs"]) for each in configurations)
    trained = Counter(_key(trial.params, trial.epochs) for trial in run.trials)
    if trained != asked:
        epochs = sum(each["epochs"] for each in configurations)
        raise BenchmarkError(
            f"{name} trained {len(run.trials)} trials with {run.epochs} epochs, asked were {len(configurations)} "
            f"with {epochs}; missing {list((asked - trained).elements())}, "
            f"not asked {list((trained - asked).elements())}"
        )


def report(runs: Runs, configurations: Sequence[Mapping[str, Any]], workers: int) -> str:
    """Return the section's text."""
    epochs = sum(each["epochs"] for each in configurations)
    rounds = len(next(iter(runs.values())))
    explanation = (
        f"Each system trains the same {len(configurations)} configurations, spread evenly over the built-in space but "
        f"with {EPOCHS[0]} to {EPOCHS[1]} epochs each so that a round takes minutes, {epochs} epochs in all, without "
        f"pruning, in a command of its own; {rounds} round{'s' * (rounds > 1)} in alternating order. This project, Ray "
        f"Tune and the second line of Optuna run {workers} trials at once. Checked for every run: each configuration "
        "was trained once, for all of its epochs. A best val_accuracy is that of one seed after few epochs, "
        "and differs by chance."
    )
    return "\n\n".join([explanation, comparison(runs), "Of this project's seconds:", own_times(runs)])


def comparison(runs: Runs) -> str:
    """Return the table of all systems."""
    own = next(iter(runs.values()))
    rows = [
        [name, spread([run.seconds for run in each], 1), spread(_ratios(each, own)), spread([r.best for r in each], 4)]
        for name, each in runs.items()
    ]
    return table(["system", "seconds", "times this project's, within rounds", "best val_accuracy"], rows)


def own_times(runs: Runs) -> str:
    """Return the table of what this project says of its own time."""
    rows = []
    for name, each in runs.items():
        answers = [run.answer for run in each if run.answer]
        if answers:
            seconds = [[answer["seconds"][part] for answer in answers] for part in ("startup", "training")]
            utilization = [answer["utilization"] for answer in answers]
            rows.append([name, *(spread(part, 1) for part in seconds), spread(utilization)])
    return table(["system", "until the first trial", "training, sum of workers", "utilization"], rows)


def _ratios(runs: Sequence[Run], own: Sequence[Run]) -> list[float]:
    return [run.seconds / mine.seconds for run, mine in zip(runs, own, strict=True)]


def _key(params: Mapping[str, Any], epochs: int) -> tuple[int, str, int, int]:
    return params["hidden_units"], f"{params['learning_rate']:.6g}", params["batch_size"], epochs


def _on_log_scale(share: float, low: float, high: float) -> float:
    return math.exp(math.log(low) + share * (math.log(high) - math.log(low)))


if __name__ == "__main__":
    sys.exit(main())
