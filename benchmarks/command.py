"""The command line that all benchmarks share."""

import argparse
from pathlib import Path

from benchmarks.results import RESULTS
from search.terminal.arguments import Parser


def make_parser(name: str, description: str | None) -> Parser:
    """Return a parser with the option that says where the figures go."""
    parser = Parser(prog=f"python -m benchmarks.{name}", description=description)
    parser.add_argument(
        "--results", metavar="FILE", type=_writable, default=RESULTS, help="(default: benchmarks/RESULTS.md)"
    )
    return parser


def _writable(text: str) -> Path:
    """Refuse, before anything is measured, a file that could not be written afterwards."""
    file = Path(text)
    if file.is_dir() or not file.parent.is_dir():
        raise argparse.ArgumentTypeError(f"must be a file in a folder that exists, got {text!r}")
    return file
