"""The dashboard's own command line, after Streamlit's `--`."""

from search.arguments import Parser
from search.options import add_storage_options, default_storage


def storage_url(arguments: list[str]) -> str:
    """Return the storage that the options name; exit with status 2 where they are wrong."""
    parser = Parser(prog="streamlit run dashboard/app.py --", allow_abbrev=False, description="Watch a search.")
    add_storage_options(parser)
    values = parser.parse_args(arguments)
    return str(values.storage or default_storage(values.runs))
