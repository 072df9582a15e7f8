"""`python -m search`: which commands there are; `python -m search COMMAND` is `python -m search.COMMAND`."""

import argparse
import os
import sys

from search.errors import EXIT_DONE
from search.terminal import streams
from search.terminal.arguments import Parser

COMMANDS = {
    "run": "make or continue a study, run its trials, print the answer",
    "report": "write what a study found as one page, HTML or Markdown",
    "export": "take a model away, as Keras, SavedModel, ONNX or LiteRT",
    "replay": "train a trial again, and compare it to the last bit",
    "studies": "back up the storage that studies are in, and put it back",
}


def become_command(arguments: list[str]) -> None:
    """Take the program of the command that is named in place of this one: so whoever looks for a command finds it."""
    if arguments and arguments[0] in COMMANDS:
        *before, module = sys.orig_argv[1 : -len(arguments)]
        os.execv(sys.executable, [sys.executable, *before, f"{module}.{arguments[0]}", *arguments[1:]])  # noqa: S606


def main() -> int:
    """Say which commands there are; return the exit status."""
    parser = Parser(
        prog="python -m search",
        usage="%(prog)s COMMAND [OPTION ...]",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description="commands:\n" + "\n".join(f"  {name:8}{what}" for name, what in COMMANDS.items()),
        epilog="python -m search COMMAND --help lists the options of a command.",
    )
    parser.add_argument("command", metavar="COMMAND", nargs="?", choices=COMMANDS, help=argparse.SUPPRESS)
    parser.parse_args()
    parser.print_help()
    return EXIT_DONE


if __name__ == "__main__":
    become_command(sys.argv[1:])
    sys.exit(streams.command(main))
