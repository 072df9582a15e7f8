"""The command line that all benchmarks share."""

from pathlib import Path

from benchmarks.results import RESULTS
from search.options import Parser


def make_parser(name: str, description: str | None) -> Parser:
    """Return a parser with the option that says where the figures go."""
    parser = Parser(prog=f"python -m benchmarks.{name}", description=description, allow_abbrev=False)
    parser.add_argument(
        "--results", metavar="FILE", type=Path, default=RESULTS, help="(default: benchmarks/RESULTS.md)"
    )
    return parser
