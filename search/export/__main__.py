"""`python -m search.export`: take a kept model away, in one or several formats, each checked before it is announced."""

import argparse
import json
import re
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from search.errors import EXIT_DONE
from search.export.formats import FORMATS, KERAS
from search.export.latency import told
from search.terminal import streams
from search.terminal.arguments import Parser, add_data_option, add_model_option, add_storage_options
from search.terminal.signals import Interruptible
from trainable.problems import BUILT_IN

if TYPE_CHECKING:
    from search.export.bundle import Exported

ALL = "all"


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit status."""
    values = _parse(arguments)
    as_json = values.pop("json")
    with Interruptible() as signals, signals.raising():
        # Imported here: a wrong option is answered before anything heavy is loaded, and a signal finds its handler.
        from search.terminal.quiet import quiet  # noqa: PLC0415

        quiet(verbose=False)
        from search.export.bundle import Request, export  # noqa: PLC0415
        from search.storage.address import one_line_errors  # noqa: PLC0415

        with one_line_errors(values["storage"]):
            exported = export(Request(**values))
        _announce(exported, as_json=as_json)
    return EXIT_DONE


def _announce(exported: "Exported", *, as_json: bool) -> None:
    for check in exported.checks.values():
        ties = f", but for {check.ties:,} that have two as probable" if check.ties else ""
        print(
            f"{check.file}: the same classes with {check.runtime} on {check.images:,} validation {exported.examples}, "
            f"probabilities within {check.largest_difference:.2g}{ties}",
            file=sys.stderr,
        )
        if check.latencies:
            example = exported.examples.removesuffix("s")
            print(f"{check.file}: {', '.join(told(each, example) for each in check.latencies)}", file=sys.stderr)
    for name, reason in exported.left_out.items():
        print(f"{name}: left out: {reason}", file=sys.stderr)
    paths = [str(path) for path in exported.paths]
    if as_json:
        checks = {name: asdict(each) for name, each in exported.checks.items()}
        streams.answer(json.dumps({"paths": paths, "checks": checks, "left_out": dict(exported.left_out)}))
    else:
        print("\n".join(paths))


def _parse(arguments: list[str] | None) -> dict[str, Any]:
    parser = Parser(
        prog="python -m search.export",
        description="Export a kept model with a model card. Each file is loaded again in a process of its own, and has "
        "to classify the validation examples as the study's model does.",
        epilog="Exit status: 0 done, 1 failed, 2 wrong usage, 130 interrupted, 143 terminated. Only 0 leaves files.",
    )
    parser.add_argument("--study", metavar="NAME", help="(default: the most recent)")
    parser.add_argument(
        "--trial", metavar="winner|best|N", type=_trial,
        help="(default: the winner where the study has a verdict, else the best)",
    )  # fmt: skip
    parser.add_argument(
        "--format", metavar="FORMAT[,FORMAT...]", dest="formats", type=_formats, action="append",
        help=f"{', '.join(FORMATS)} or {ALL}; can be repeated; {ALL} leaves out, with a line, what a model of your own "
        "cannot be converted to (default: keras)",
    )  # fmt: skip
    parser.add_argument(
        "--with-preprocessing", dest="preprocessing", action="store_true",
        help=f"the model takes {BUILT_IN.examples} or other examples as they are stored, such as "
        f"{BUILT_IN.inputs.stored('batch')}, and scales and flattens itself",
    )  # fmt: skip
    parser.add_argument(
        "--time", dest="timed", action="store_true",
        help="measure how long each format takes to answer, alone in its process: one example, and 1,000 at once",
    )  # fmt: skip
    parser.add_argument("--output", metavar="DIR", type=Path, required=True, help="a new or empty folder")
    add_storage_options(parser)
    add_data_option(parser)
    add_model_option(parser, "your file of the models, as the search had it: where Keras cannot load them without it")
    parser.add_argument("--json", action="store_true", help="one JSON object of paths and checks to standard output")
    values = vars(parser.parse_args(arguments))
    named = {name for names in values["formats"] or [[KERAS.name]] for name in names}
    values["formats"] = [kind for kind in FORMATS.values() if named & {kind.name, ALL}]  # each once, in one order
    values["optional"] = frozenset(FORMATS) - named if ALL in named else frozenset()
    return values


def _trial(text: str) -> str:
    if text not in ("winner", "best") and not re.fullmatch("[0-9]{1,9}", text):
        raise argparse.ArgumentTypeError(f"must be 'winner', 'best' or the number of a trial, got {text!r}")
    return text


def _formats(text: str) -> list[str]:
    names = [name.strip() for name in text.split(",")]
    if unknown := [name for name in names if name not in (*FORMATS, ALL)]:
        raise argparse.ArgumentTypeError(f"must be of {', '.join(FORMATS)} or {ALL}, got {unknown[0]!r}")
    return names


if __name__ == "__main__":
    sys.exit(streams.command(main))
