"""`python -m search.studies`: a storage as a whole: backed up while it is used, and put back."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from search.errors import EXIT_DONE, UsageError
from search.terminal import streams
from search.terminal.arguments import Parser, add_storage_options, path
from search.terminal.signals import Interruptible


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit status."""
    options = _parse(arguments)
    with Interruptible() as signals, signals.raising():
        line, answer = COMMANDS[options.command](options)
        streams.answer(json.dumps(answer) if options.json else line)
    return EXIT_DONE


def _back_up(options: argparse.Namespace) -> tuple[str, dict[str, Any]]:
    """Back a storage up; return what is said of it, for people and for programs."""
    from search.storage.backup import back_up  # noqa: PLC0415 (a wrong option is answered before anything heavy is loaded)

    file = _file_of(options.storage)
    back_up(file, options.file)
    size = options.file.stat().st_size
    answer = {"storage": str(file), "backup": str(options.file), "bytes": size}
    return f"{file} as it is now: {options.file}, {size:,} bytes", answer


def _restore(options: argparse.Namespace) -> tuple[str, dict[str, Any]]:
    """Put a backup in its place; return likewise."""
    from search.storage.backup import restore  # noqa: PLC0415 (likewise)

    file = _file_of(options.storage)
    kept = restore(options.file, file)
    answer = {"storage": str(file), "backup": str(options.file), "replaced": str(kept) if kept else None}
    return f"{file} is as in {options.file}" + (f"; what it was: {kept}" if kept else ""), answer


COMMANDS = {"backup": _back_up, "restore": _restore}


def _file_of(url: str) -> Path:
    from search.storage.address import shown, sqlite_file  # noqa: PLC0415 (likewise)

    file = sqlite_file(url)
    if file is None:
        raise UsageError(f"--storage {shown(url)}: is on a server: pg_dump backs it up, and pg_restore puts it back")
    return file


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = Parser(
        prog="python -m search.studies",
        description="Look after the storage that studies are in.",
        epilog="Exit status: 0 done, 1 failed, 2 wrong usage, 130 interrupted, 143 terminated.",
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True, title="commands")
    backup = _add(
        commands, "backup", "copy the storage, as it is at one moment, into one file, also while a search writes it"
    )
    backup.add_argument("file", metavar="FILE", type=path, help="the copy to be made; nothing is overwritten")
    restore = _add(commands, "restore", "put such a copy in the place of the storage; what was there is kept beside it")
    restore.add_argument("file", metavar="FILE", type=path, help="the copy; it stays as it is")
    return parser.parse_args(arguments)


def _add(commands: Any, name: str, what: str) -> Parser:
    """Return the parser of a command, with the options that each has."""
    parser: Parser = commands.add_parser(name, help=what, description=f"{what[0].upper()}{what[1:]}. SQLite only.")
    add_storage_options(parser)
    parser.add_argument("--json", action="store_true", help="one JSON object to standard output")
    return parser


if __name__ == "__main__":
    sys.exit(streams.command(main))
