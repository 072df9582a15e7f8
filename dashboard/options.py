"""The dashboard's own command line, after Streamlit's `--`."""

from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from search.errors import UsageError
from search.terminal.arguments import Parser, add_data_option, add_storage_options, directory


class RaisingParser(Parser):
    """A parser that raises its line for another program to show, and ends nothing."""

    def exit(self, _status: int = 0, message: str | None = None) -> NoReturn:
        """Raise what would be printed.

        Raises:
            UsageError: Always.
        """
        raise UsageError((message or "").removeprefix("error: ").rstrip())


@dataclass(frozen=True)
class Options:
    """What the person asked for.

    Attributes:
        storage: URL.
        runs: Home of the default storage, kept models and reports.
        exports: Home of exported models.
        data: A local copy of the data; None for the cached one.
        allow_control: Whether searches can be started and stopped from the page.
        models: Home of the files of models that these searches may be given; None for the built-in network alone.
    """

    storage: str
    runs: Path
    exports: Path
    data: str | None
    allow_control: bool
    models: Path | None = None


def parse(arguments: list[str]) -> Options:
    """Read the command line and the environment.

    Raises:
        UsageError: They are wrong. Streamlit reads its script when somebody looks, so the page has to say it.
    """
    parser = RaisingParser(prog="streamlit run dashboard/app.py --", description="Watch a search.")
    add_storage_options(parser)
    add_data_option(parser)
    parser.add_argument(
        "--exports", metavar="DIR", type=directory, default="exports",
        help="home of exported models, which the page offers (default: exports)",
    )  # fmt: skip
    parser.add_argument(
        "--allow-control", action="store_true", help="start and stop searches from the page (default: look only)"
    )
    parser.add_argument(
        "--models", metavar="DIR", type=directory,
        help="the page offers to search with the .py files in it, as --model of search.run (default: none)",
    )  # fmt: skip
    return Options(**vars(parser.parse_args(arguments)))
