"""`python -m benchmarks.search`: seconds that this project and other tools take to train the same configurations."""

import argparse
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.command import make_parser
from benchmarks.networks import NETWORKS, Network
from benchmarks.peers.space import MLP
from benchmarks.results import PACKAGES, record, spread, table
from benchmarks.systems import BenchmarkError, Own, Peer, Run, System, end_on_signals
from search.terminal.arguments import whole
from trainable.errors import ConfigError
from trainable.precision import BFLOAT16, check_precision

Runs = Mapping[str, Sequence[Run]]


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit status."""
    options = parse(arguments)
    end_on_signals()
    network = NETWORKS[options.network]
    configurations = network.smoke if options.smoke else network.draw(options.configurations)
    compared = systems(network, options.workers, smoke=options.smoke)
    try:
        runs = run_rounds(network, compared, configurations, options.rounds)
    except BenchmarkError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    body = report(network, runs, configurations, options.workers)
    print(body)
    packages = (*PACKAGES, "keras-tuner")
    record(network.section, network.title, body, options.results, packages=packages, command="search")
    return 0


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """Read the command line; exit with status 2 where it is wrong."""
    parser = make_parser("search", __doc__)
    parser.add_argument("--network", choices=NETWORKS, default=MLP, help=f"(default: {MLP})")
    parser.add_argument("--configurations", metavar="N", type=whole(1, 1000), default=24, help="(default: 24)")
    parser.add_argument("--rounds", metavar="N", type=whole(1), default=2, help="of all systems (default: 2)")
    parser.add_argument("--workers", metavar="N", type=whole(1), default=2, help="trials at once (default: 2)")
    parser.add_argument("--smoke", action="store_true", help="two small configurations, one round, one at once")
    options = parser.parse_args(arguments)
    if options.smoke:
        options.rounds, options.workers = 1, 1
    return options


def systems(network: Network, workers: int, *, smoke: bool) -> list[System]:
    """Return what is compared, at the smallest size each tool in one form; this project is the first."""
    options = (*network.options, "--workers", str(workers))
    own: list[System] = [Own("this project", options)]
    try:
        check_precision(BFLOAT16)
    except ConfigError as error:
        print(f"without bfloat16: {error}", file=sys.stderr)
    else:
        own += [Own("this project, bfloat16", (*options, "--precision", BFLOAT16))] * network.has_precisions
    several = Peer(f"Optuna, {workers} processes", "optuna_alone", workers, network.name)
    return [
        *own[: 1 if smoke else None],
        Peer("Ray Tune", "ray_tune", workers, network.name),
        Peer("Optuna, one process", "optuna_alone", 1, network.name),
        *([] if smoke else [several]),
        Peer("KerasTuner", "keras_tuner", 1, network.name),
    ]


def run_rounds(
    network: Network, compared: Sequence[System], configurations: Sequence[Mapping[str, Any]], rounds: int
) -> Runs:
    """Run each system once a round, in an order that turns from round to round.

    Raises:
        BenchmarkError: A system failed, or trained something else.
    """
    runs: dict[str, list[Run]] = {system.name: [] for system in compared}
    for number in range(rounds):
        for system in compared if number % 2 == 0 else reversed(compared):
            run = system.train(configurations)
            check(network, system.name, run, configurations)
            runs[system.name].append(run)
            print(f"round {number + 1}: {system.name} {run.seconds:.1f} s, best {run.best:.4f}", file=sys.stderr)
    return runs


def check(network: Network, name: str, run: Run, configurations: Sequence[Mapping[str, Any]]) -> None:
    """Refuse a run in which not every configuration was trained once, for all of its epochs.

    Raises:
        BenchmarkError: It is such a run.
    """
    asked = Counter(network.key(each, each["epochs"]) for each in configurations)
    trained = Counter(network.key(trial.params, trial.epochs) for trial in run.trials)
    if trained != asked:
        epochs = sum(each["epochs"] for each in configurations)
        raise BenchmarkError(
            f"{name} trained {len(run.trials)} trials with {run.epochs} epochs, asked were {len(configurations)} "
            f"with {epochs}; missing {list((asked - trained).elements())}, "
            f"not asked {list((trained - asked).elements())}"
        )


def report(network: Network, runs: Runs, configurations: Sequence[Mapping[str, Any]], workers: int) -> str:
    """Return the section's text."""
    epochs = sum(each["epochs"] for each in configurations)
    rounds = len(next(iter(runs.values())))
    explanation = (
        f"Each system trains the same {len(configurations)} configurations, spread evenly over {network.described} but "
        f"with {network.epochs[0]} to {network.epochs[1]} epochs each so that a round takes minutes, {epochs} epochs "
        f"in all, without pruning, in a command of its own; {rounds} round{'s' * (rounds > 1)} in alternating order. "
        f"This project, Ray Tune and the second line of Optuna run {workers} trials at once. Checked for every run: "
        "each configuration was trained once, for all of its epochs. A best val_accuracy is that of one seed after "
        "few epochs, and differs by chance."
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


if __name__ == "__main__":
    sys.exit(main())
