"""`python -m benchmarks.stopping`: where rules would have stopped recorded searches, and what that loses."""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import optuna

from benchmarks.command import make_parser
from benchmarks.results import record, table
from search.confirmation.stopping import FEWEST, LEAST_DEVIATION, deviation_of, ended_values, settled
from search.errors import UsageError
from search.storage.address import open_read_only
from search.study.study import load_study, settings_of
from search.terminal.words import POINTS

AX_WINDOW, AX_SHARE = 5, 0.1  # improvement over so many trials below this share of the interquartile range
FIXED = 25

Rule = Callable[[Sequence[float], float], bool]
"""Says of the values so far, and of the seeds' standard deviation, whether it stops."""


def main(arguments: list[str] | None = None) -> int:
    """Run the benchmark; return its exit status."""
    parser = make_parser("stopping", __doc__)
    parser.add_argument("storages", metavar="FILE", type=_storage, nargs="+", help="SQLite files of studies")
    options = parser.parse_args(arguments)
    body = report([row for file in options.storages for row in rows_of(file)])
    print(body)
    record("stopping", "Where a search may stop", body, options.results, packages=("optuna", "numpy"))
    return 0


def rows_of(file: Path) -> list[list[object]]:
    """Return a row for each study of a file and each rule."""
    storage = open_read_only(f"sqlite:///{file.absolute()}")
    rows: list[list[object]] = []
    for name in optuna.get_all_study_names(storage):
        study = load_study(name, storage)
        try:
            known = deviation_of(study.user_attrs, settings_of(study))
        except UsageError:  # another program's
            continue
        deviation = known or LEAST_DEVIATION
        values = ended_values(study.get_trials(deepcopy=False))
        if len(values) < FEWEST:
            continue
        for title, rule in RULES.items():
            end = next((n for n in range(FEWEST, len(values) + 1) if rule(values[:n], deviation)), len(values))
            saved, lost = len(values) - end, max(values) - max(values[:end])
            again = max(values[: 2 * end]) - max(values[:end])
            rows.append(
                [name, len(values), f"{POINTS * deviation:.2f}{'' if known else ' (least)'}", title, end,
                 f"{saved / len(values):.0%}", f"{POINTS * lost:.2f}", f"{POINTS * again:.2f}"]
            )  # fmt: skip
    return rows


def report(rows: list[list[object]]) -> str:
    """Return the section's text."""
    columns = [
        "study",
        "trials",
        "seeds' deviation, points",
        "rule",
        "stops at",
        "saved",
        "lost, points",
        "as many again bring",
    ]
    return (
        "Recorded searches, whose trials that ended with a value are counted in the order in which they ended. A rule "
        "sees them one by one; what it loses is the best value of the whole search less the best until it stops.\n\n"
        + table(columns, rows)
    )


def _settled(values: Sequence[float], deviation: float) -> bool:
    return settled(values, deviation).is_reached


def _ax(values: Sequence[float], _: float) -> bool:
    low, high = np.quantile(values, [0.25, 0.75])
    return bool(max(values) - max(values[:-AX_WINDOW]) < AX_SHARE * (high - low))


def _fixed(values: Sequence[float], _: float) -> bool:
    return len(values) >= FIXED


RULES = {"settled": _settled, f"Ax: {AX_WINDOW} trials, {AX_SHARE:g} of the IQR": _ax, f"{FIXED} trials": _fixed}


def _storage(text: str) -> Path:
    file = Path(text)
    if not file.is_file():
        raise argparse.ArgumentTypeError(f"must be the file of a storage, got {text!r}")
    return file


if __name__ == "__main__":
    sys.exit(main())
