"""`python -m benchmarks.verdicts`: simulated confirmations of today and as they were: errors, power, cost."""

import sys
from collections.abc import Sequence

import numpy as np

from benchmarks.command import make_parser
from benchmarks.results import record, table
from benchmarks.simulated import LIKE_BASELINE, STEADY, UNSTEADY, Outcome, confirmations, earlier
from search.confirmation.verdict import Word
from search.terminal.arguments import whole
from search.terminal.words import POINTS

SEARCHES = 1500
STUDIES = 400  # of several verdicts
VERDICTS = 6
WINNERS = {"steady": STEADY, "like the baseline": LIKE_BASELINE, "unsteady": UNSTEADY}
GAINS = ((0.0, 0.0, 0.0), (0.002, 0.002, 0.002), (0.003, 0.001, 0.0), (0.005, 0.002, 0.0))
PACKAGES = ("numpy", "scipy")


def main(arguments: list[str] | None = None) -> int:
    """Run the benchmark; return its exit status."""
    parser = make_parser("verdicts", __doc__)
    parser.add_argument(
        "--searches", metavar="N", type=whole(50), default=SEARCHES, help=f"a row (default: {SEARCHES})"
    )
    parser.add_argument(
        "--studies", metavar="N", type=whole(50), default=STUDIES,
        help=f"of {VERDICTS} verdicts in a row (default: {STUDIES})",
    )  # fmt: skip
    options = parser.parse_args(arguments)
    body = f"{compared(options.searches)}\n\n{repeated(options.studies)}"
    print(body)
    record("verdicts", "Simulated verdicts", body, options.results, packages=PACKAGES)
    return 0


def compared(searches: int) -> str:
    """Return a table of whole confirmations, today's and the earlier ones."""
    rows: list[list[object]] = []
    for name, deviation in WINNERS.items():
        for gains in GAINS:
            now = [one for one, *_ in confirmations(gains, searches, _random(1), deviation=deviation)]
            before = list(earlier(gains, searches, _random(2), deviation=deviation))
            points = ", ".join(f"{POINTS * gain:g}" for gain in gains)
            rows.append([name, points, *_figures(before), *_figures(now)])
            print(" ".join(map(str, rows[-1])), file=sys.stderr, flush=True)
    measured = ["better / worse, %", "covered, %", "half-width", "networks", "seconds"]
    columns = [
        "winner's seeds",
        "true gains",
        *(f"{each}, before" for each in measured),
        *(f"{each}, now" for each in measured),
    ]
    return (
        f"{searches} simulated confirmations a row, each way: three candidates with these true gains in points over "
        "the baseline, chosen on simulated validation images, and compared by the code that makes verdicts. Seconds "
        "are those of undisturbed networks on 2 cores, summed. Where nothing is gained, *better* and *worse* are "
        "mistakes.\n\n" + table(columns, rows)
    )


def repeated(studies: int) -> str:
    """Return a table of verdicts in a row on the same test images."""
    found = list(confirmations(GAINS[0], studies, _random(3), verdicts=VERDICTS))
    by_verdict = [
        f"{POINTS * np.mean([any(each.word.is_clear for each in study[:number]) for study in found]):.1f}"
        for number in range(1, VERDICTS + 1)
    ]
    return (
        f"{studies} studies of {VERDICTS} verdicts in a row, with new candidates each time of which none is better, on "
        "the same test images and against the baseline's same networks: percent of which a verdict up to this one was "
        "*better* or *worse* by mistake.\n\n"
        + table([f"verdict {number}" for number in range(1, VERDICTS + 1)], [list(by_verdict)])
    )


def _figures(found: Sequence[Outcome]) -> list[str]:
    words = [each.word for each in found]
    widths = [
        (each.verdict.difference.high - each.verdict.difference.low) / 2
        for each in found
        if each.verdict is not None and each.verdict.difference is not None
    ]
    return [
        f"{POINTS * words.count(Word.BETTER) / len(words):.1f} / {POINTS * words.count(Word.WORSE) / len(words):.1f}",
        f"{POINTS * np.mean([each.covers for each in found]):.1f}",
        f"{POINTS * np.mean(widths):.2f}" if widths else "-",
        f"{np.mean([each.networks for each in found]):.1f}",
        f"{np.mean([each.seconds for each in found]):.0f}",
    ]


def _random(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


if __name__ == "__main__":
    sys.exit(main())
