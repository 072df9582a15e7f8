"""`python -m search.report`: what a study found, how and where, as one page that needs nothing else."""

import argparse
import sys
from pathlib import Path

from search.confirmation.elsewhere import looks_elsewhere
from search.confirmation.goal import tell_gap
from search.confirmation.view import StudyView
from search.errors import EXIT_DONE
from search.report.document import FORMATS, write
from search.storage.address import one_line_errors, open_read_only, shown
from search.study.study import load_study, settings_of
from search.terminal import streams
from search.terminal.arguments import Parser, add_storage_options, path
from search.terminal.quiet import quiet
from search.terminal.signals import Interruptible


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit status."""
    options = _parse(arguments)
    with Interruptible() as signals, signals.raising():
        quiet(verbose=False)
        with one_line_errors(options.storage):
            opened = open_read_only(options.storage)
            study = load_study(options.study, opened)
            tell_gap(study, opened.engine)
            settings, name, trials = settings_of(study), study.study_name, study.get_trials(deepcopy=False)
            elsewhere = looks_elsewhere(opened.engine, name, settings.problem.data)
            place = shown(options.storage), options.runs
            write(StudyView(name, *place, settings, study.user_attrs, trials, elsewhere), options.output)
    print(options.output)
    return EXIT_DONE


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = Parser(
        prog="python -m search.report",
        description="Write what a study found, how and where, as one page: HTML that needs nothing else, or Markdown.",
        epilog="Exit status: 0 done, 1 failed, 2 wrong usage, 130 interrupted, 143 terminated.",
    )
    parser.add_argument("--study", metavar="NAME", help="(default: the most recent)")
    parser.add_argument("--output", metavar="FILE", type=_output, required=True, help="FILE.html or FILE.md; replaced")
    add_storage_options(parser)
    return parser.parse_args(arguments)


def _output(text: str) -> Path:
    file = path(text)
    if file.suffix not in FORMATS:
        raise argparse.ArgumentTypeError(f"must end in .html or .md, got {text!r}")
    return file


if __name__ == "__main__":
    sys.exit(streams.command(main))
