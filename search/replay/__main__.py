"""`python -m search.replay`: train a trial again, and say whether the study's numbers come again to the last bit."""

import json
import sys
from typing import Any

from search.errors import EXIT_DONE, EXIT_FAILED
from search.terminal import streams
from search.terminal.arguments import Parser, add_data_option, add_model_option, add_storage_options


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit status."""
    options = _parse(arguments)
    # Imported here: a wrong option is answered before anything heavy is loaded.
    from search.terminal.quiet import quiet  # noqa: PLC0415

    quiet(verbose=False)
    from search.replay.training import reproduce  # noqa: PLC0415

    output = sys.stderr if options.pop("json") else sys.stdout
    comparison = reproduce(**options, output=output)
    if output is sys.stderr:
        streams.answer(json.dumps(comparison.to_json()))
    return EXIT_DONE if comparison.identical else EXIT_FAILED


def _parse(arguments: list[str] | None) -> dict[str, Any]:
    parser = Parser(
        prog="python -m search.replay",
        description="Train a trial again, from what its study holds, and compare every epoch bit for bit. Nothing is "
        "written. Exit status: 0 identical, 1 different or failed, 2 wrong usage, 130 interrupted.",
    )
    parser.add_argument("--study", metavar="NAME", help="(default: the most recent)")
    parser.add_argument("--trial", metavar="best|N", required=True, help="which one to train again")
    add_storage_options(parser)
    add_data_option(parser)
    add_model_option(parser, "your file that builds the models, as the search had it; a study of such models needs it")
    parser.add_argument(
        "--json", action="store_true", help="progress to standard error, one JSON object to standard output"
    )
    values = vars(parser.parse_args(arguments))
    del values["runs"]  # which has said where the storage is
    return values


if __name__ == "__main__":
    sys.exit(streams.command(main))
