"""The report as a file: which sections it has, in which form, written whole or not at all."""

import os
from pathlib import Path

from search.confirmation.view import StudyView
from search.errors import SearchError
from search.report.findings import candidates_section, method_section, verdict_section
from search.report.page import Page, to_html, to_markdown
from search.report.recipe import commands_section
from search.report.records import (
    circumstances_section,
    curves_section,
    data_section,
    parameters_section,
    trials_section,
)
from trainable.files import whole_file

FORMATS = {".html": to_html, ".md": to_markdown}
MODE = 0o644  # a report is for others to read


def write(view: StudyView, output: Path) -> None:
    """Write what is known of a study into `.html` or `.md`: whole, or not at all. Its folder is made.

    Raises:
        SearchError: The file cannot be written.
    """
    text = FORMATS[output.suffix](page_of(view))
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(Path(os.path.realpath(output))) as temporary:  # a link stays one
            temporary.write_text(text, encoding="utf-8")
            temporary.chmod(MODE)
    except OSError as error:
        raise SearchError(f"{output}: the report cannot be written: {error.strerror}") from error


def page_of(view: StudyView) -> Page:
    """Return the report's page: the verdict first."""
    counts, network = view.counts, view.settings.problem.words.network
    subtitle = (
        f"Hyperparameter search for {network}: {counts.complete} trials complete, {counts.pruned} pruned, "
        f"{counts.failed} failed, {counts.running} running"
    )
    own = [data_section] if view.settings.problem.source else []
    sections = (
        verdict_section, method_section, candidates_section, curves_section, trials_section, parameters_section,
        *own, circumstances_section, commands_section,
    )  # fmt: skip
    return Page(f"Study {view.name}", subtitle, [section(view) for section in sections])
