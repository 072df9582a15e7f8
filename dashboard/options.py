"""The dashboard's own command line, after Streamlit's `--`."""

from dataclasses import dataclass
from pathlib import Path

from search.options import Parser, add_storage_options, default_storage


@dataclass(frozen=True)
class DashboardOptions:
    """Where the studies and their files are."""

    storage: str
    runs: Path


def parse(arguments: list[str]) -> DashboardOptions:
    """Read the options; exit with status 2 where they are wrong."""
    parser = Parser(prog="streamlit run dashboard/app.py --", allow_abbrev=False, description="Watch a search.")
    add_storage_options(parser)
    values = parser.parse_args(arguments)
    return DashboardOptions(values.storage or default_storage(values.runs), values.runs)
