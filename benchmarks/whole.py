"""`python -m benchmarks.whole`: the default search, and where its time goes."""

import sys
from collections.abc import Sequence

from benchmarks.command import make_parser
from benchmarks.results import record, spread, table
from benchmarks.systems import BenchmarkError, Own, Run, end_on_signals
from search.terminal.arguments import whole

RUNS = 3
TRIALS = 50
WORKERS = 2
SECONDS = ("wall", "startup", "training")
STATES = ("complete", "pruned", "failed")
GOAL, GOAL_AFTER_STARTUP = 0.85, 0.93  # utilization


def busy(run: Run, *, after_startup: bool) -> float:
    """Return the share of the workers' time, from the command's start to its very end, that was spent training."""
    seconds = run.answer["seconds"]
    available = run.seconds - (seconds["startup"] if after_startup else 0)
    return float(seconds["training"] / (available * WORKERS))


def report(runs: Sequence[Run]) -> str:
    """Return the table of several runs."""
    answers = [run.answer for run in runs]
    rows = [
        ["the whole command, s", spread([run.seconds for run in runs], 1)],
        [f"utilization of it (goal {GOAL})", spread([busy(run, after_startup=False) for run in runs], 3)],
        [
            f"utilization after start-up (goal {GOAL_AFTER_STARTUP})",
            spread([busy(run, after_startup=True) for run in runs], 3),
        ],
        *(
            [f"`seconds.{name}`", spread([each["seconds"][name] for each in answers], 1)]
            for name in answers[0]["seconds"]
        ),
        *([f"{name} trials", spread([each["trials"][name] for each in answers], 0)] for name in answers[0]["trials"]),
        ["best val_accuracy", spread([each["best"]["val_accuracy"] for each in answers], 4)],
        ["baseline's val_accuracy", spread([each["baseline"]["val_accuracy"] for each in answers], 4)],
    ]
    return (
        f"{sum(answers[0]['trials'].values())} trials with {WORKERS} workers and the default sampler, pruner and "
        f"space; {len(runs)} run{'s' * (len(runs) > 1)}, a seed each, timed from outside. Rows in code are what the "
        "command itself says: start-up lasts until the first training step, wall until the last trial's end.\n\n"
        + table(["", "median (least to greatest)"], rows)
    )


def main(arguments: list[str] | None = None) -> int:
    """Run the benchmark; return its exit status."""
    parser = make_parser("whole", __doc__)
    parser.add_argument("--runs", metavar="N", type=whole(1), default=RUNS, help=f"(default: {RUNS})")
    parser.add_argument("--trials", metavar="N", type=whole(1), default=TRIALS, help=f"(default: {TRIALS})")
    options = parser.parse_args(arguments)
    end_on_signals()
    own = Own("this project", ("--workers", str(WORKERS)))
    try:
        body = report([own.default(options.trials, seed) for seed in range(options.runs)])
    except BenchmarkError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(body)
    record("whole", "The default search", body, options.results)
    return 0


if __name__ == "__main__":
    sys.exit(main())
