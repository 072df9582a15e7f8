"""`python -m benchmarks.whole`: the default search of 50 trials, and where its time goes."""

import json
import subprocess
import sys
import tempfile
from typing import Any

from benchmarks.command import make_parser
from benchmarks.results import record, spread, table
from search.options import whole

RUNS = 3
TRIALS = 50
WORKERS = 2
GOAL, GOAL_AFTER_STARTUP = 0.85, 0.93  # utilization


def search(trials: int, seed: int) -> dict[str, Any]:
    """Run a search as a person would; return its answer."""
    with tempfile.TemporaryDirectory() as folder:
        command = [
            sys.executable, "-m", "search.run", "--trials", str(trials), "--workers", str(WORKERS), "--seed", str(seed),
            "--study", "whole", "--runs", folder, "--json",
        ]  # fmt: skip
        result = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    answer: dict[str, Any] = json.loads(result.stdout)
    return answer


def after_startup(answer: dict[str, Any]) -> float:
    """Return the share of the workers' time after the first trial began that was spent training."""
    seconds = answer["seconds"]
    return float(seconds["training"] / ((seconds["wall"] - seconds["startup"]) * WORKERS))


def report(answers: list[dict[str, Any]]) -> str:
    """Return the table of several runs."""
    rows = [
        [f"utilization (goal {GOAL})", spread([each["utilization"] for each in answers], 3)],
        [f"after start-up (goal {GOAL_AFTER_STARTUP})", spread([after_startup(each) for each in answers], 3)],
        *([f"{name}, s", spread([each["seconds"][name] for each in answers], 1)] for name in answers[0]["seconds"]),
        *([f"{name} trials", spread([each["trials"][name] for each in answers], 0)] for name in answers[0]["trials"]),
        *([f"{name} val_accuracy", spread([each[name]["val_accuracy"] for each in answers], 4)]
          for name in ("best", "baseline")),
    ]  # fmt: skip
    return (
        f"{sum(answers[0]['trials'].values())} trials with {WORKERS} workers and the default sampler, pruner and "
        f"space; {len(answers)} runs with different seeds. Start-up is the time from the command to the first training "
        "step.\n\n" + table(["", "median (least to greatest)"], rows)
    )


def main(arguments: list[str] | None = None) -> int:
    """Run the benchmark; return its exit status."""
    parser = make_parser("whole", __doc__)
    parser.add_argument("--runs", metavar="N", type=whole(1), default=RUNS, help=f"(default: {RUNS})")
    parser.add_argument("--trials", metavar="N", type=whole(1), default=TRIALS, help=f"(default: {TRIALS})")
    options = parser.parse_args(arguments)
    body = report([search(options.trials, seed) for seed in range(options.runs)])
    print(body)
    record("whole", "The default search", body, options.results)
    return 0


if __name__ == "__main__":
    sys.exit(main())
