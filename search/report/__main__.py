"""`python -m search.report`: what a study found, how and where, as one page that needs nothing else."""

import argparse
import os
import sys
from pathlib import Path

import optuna

from search.confirmation.elsewhere import looks_elsewhere
from search.confirmation.goal import tell_gap
from search.errors import EXIT_DONE, SearchError
from search.report.findings import Found, candidates_section, method_section, verdict_section
from search.report.page import Page, to_html, to_markdown
from search.report.recipe import commands_section
from search.report.records import circumstances_section, curves_section, parameters_section, trials_section
from search.run.options import add_storage_options, default_storage
from search.storage.address import one_line_errors, open_read_only, shown
from search.study.study import load_study, settings_of
from search.terminal import streams
from search.terminal.arguments import Parser, path
from search.terminal.quiet import quiet
from search.terminal.signals import Interrupted, Interruptible
from trainable.mnist.source import whole_file

FORMATS = {".html": to_html, ".md": to_markdown}
MODE = 0o644  # a report is for others to read


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit status."""
    options = _parse(arguments)
    try:
        with Interruptible() as signals, signals.raising():
            quiet(verbose=False)
            with one_line_errors(options.storage):
                opened = open_read_only(options.storage)
                study = load_study(options.study, opened)
                tell_gap(study, opened.engine)
                elsewhere = looks_elsewhere(opened.engine, study.study_name, settings_of(study).data)
                write_report(study, options.storage, options.runs, options.output, elsewhere)
    except Interrupted as end:
        return end.exit_status
    except SearchError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_status
    print(options.output)
    return EXIT_DONE


def write_report(study: optuna.Study, storage: str, runs: Path, output: Path, elsewhere: int | None = None) -> None:
    """Write what a study holds at this moment; the study is only read.

    Args:
        study: Opened for reading at least.
        storage: Its URL; a password in it is not written.
        runs: Home of the default storage and of kept models.
        output: `.html` or `.md`; its folder is made, and the file is written whole or not at all.
        elsewhere: How often other studies of the storage have looked at the test images, where that is known.

    Raises:
        UsageError: The study was not made by this project.
        SearchError: The file cannot be written.
    """
    settings, trials = settings_of(study), study.get_trials(deepcopy=False)
    write(Found(study.study_name, shown(storage), runs, settings, study.user_attrs, trials, elsewhere), output)


def write(found: Found, output: Path) -> None:
    """Write what is known of a study; arguments and errors as for `write_report`."""
    text = FORMATS[output.suffix](page_of(found))
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(Path(os.path.realpath(output))) as temporary:  # a link stays one
            temporary.write_text(text, encoding="utf-8")
            temporary.chmod(MODE)
    except OSError as error:
        raise SearchError(f"{output}: the report cannot be written: {error.strerror}") from error


def page_of(found: Found) -> Page:
    """Return the report's page: the verdict first."""
    counts = found.counts
    subtitle = (
        f"Hyperparameter search for an MNIST network: {counts.complete} trials complete, {counts.pruned} pruned, "
        f"{counts.failed} failed, {counts.running} running"
    )
    sections = (
        verdict_section, method_section, candidates_section, curves_section, trials_section, parameters_section,
        circumstances_section, commands_section,
    )  # fmt: skip
    return Page(f"Study {found.name}", subtitle, [section(found) for section in sections])


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = Parser(
        prog="python -m search.report",
        allow_abbrev=False,
        description="Write what a study found, how and where, as one page: HTML that needs nothing else, or Markdown.",
        epilog="Exit status: 0 done, 1 failed, 2 wrong usage, 130 interrupted, 143 terminated.",
    )
    parser.add_argument("--study", metavar="NAME", help="(default: the most recent)")
    parser.add_argument("--output", metavar="FILE", type=_output, required=True, help="FILE.html or FILE.md; replaced")
    add_storage_options(parser)
    options = parser.parse_args(arguments)
    options.storage = options.storage or default_storage(options.runs)
    return options


def _output(text: str) -> Path:
    file = path(text)
    if file.suffix not in FORMATS:
        raise argparse.ArgumentTypeError(f"must end in .html or .md, got {text!r}")
    return file


if __name__ == "__main__":
    sys.exit(streams.command(main))
