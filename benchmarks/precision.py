"""`python -m benchmarks.precision`: what bfloat16 costs in accuracy and gains in time, for the baseline."""

import statistics
import sys
import time
from typing import Any

from benchmarks.command import make_parser
from benchmarks.engine import bind_to_one_core
from benchmarks.results import record, spread, table
from search.terminal.arguments import whole
from search.terminal.quiet import quiet
from search.terminal.words import POINTS
from trainable.errors import ConfigError
from trainable.mnist.source import load_dataset
from trainable.precision import BFLOAT16, PRECISIONS, check_precision
from trainable.problems import BUILT_IN

SEEDS = 10


def train(engine: Any, seed: int) -> tuple[float, float]:
    """Train the baseline; return its val_accuracy and the seconds that its epochs took."""
    engine.start(BUILT_IN.baseline, seed)
    started = time.perf_counter()
    for _ in range(BUILT_IN.baseline["epochs"]):
        engine.train_epoch()
    seconds = time.perf_counter() - started
    return engine.validate(), seconds


def main(arguments: list[str] | None = None) -> int:
    """Run the benchmark; return its exit status."""
    parser = make_parser("precision", __doc__)
    parser.add_argument("--seeds", metavar="N", type=whole(2), default=SEEDS, help=f"(default: {SEEDS})")
    options = parser.parse_args(arguments)
    try:
        check_precision(BFLOAT16)
    except ConfigError as error:
        parser.exit(2, f"error: {error}\n")
    quiet(verbose=False)
    bind_to_one_core()
    body = report(options.seeds)
    print(body)
    record("precision", "bfloat16", body, options.results)
    return 0


def report(seeds: int) -> str:
    """Train the baseline with every seed in both precisions, in turn, and compare them pair by pair."""
    from trainable.mlp.engine import Engine  # noqa: PLC0415 (after the core was chosen)

    data = load_dataset()
    engines = [Engine(data, precision) for precision in PRECISIONS]
    for engine in engines:
        train(engine, seeds)  # traces the graphs; not counted
    pairs = [[train(engine, seed) for engine in engines] for seed in range(seeds)]
    differences = [(half[0] - full[0]) * POINTS for full, half in pairs]
    error = statistics.stdev(differences) / seeds**0.5
    rows = [
        ["float32 val_accuracy", spread([full[0] for full, _ in pairs], 4)],
        ["bfloat16 val_accuracy", spread([half[0] for _, half in pairs], 4)],
        ["difference, points", spread(differences)],
        ["mean difference, points", f"{statistics.mean(differences):+.3f}, standard error {error:.3f}"],
        ["times as fast", spread([full[1] / half[1] for full, half in pairs])],
    ]
    return (
        f"The baseline with {seeds} seeds in both precisions, on one core: with the same initial weights and "
        "order of images.\n\n" + table(["", "median (least to greatest)"], rows)
    )


if __name__ == "__main__":
    sys.exit(main())
