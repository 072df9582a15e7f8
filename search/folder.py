"""The folder that a study has below the runs, for its models, its report and the stories of its failures."""

import re
from pathlib import Path

from search.errors import UsageError

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


def is_folder_name(study: str) -> bool:
    """Say whether a study's name is that of a folder: a search takes no other, but other programs name studies, too."""
    return _NAME.fullmatch(study) is not None


def folder_of(runs: Path, study: str) -> Path:
    """Return the folder of a study.

    Raises:
        UsageError: It has none, since its name would lead elsewhere, as "..", "" and "a/b" do.
    """
    if not is_folder_name(study):
        raise UsageError(f"the study's name {study!r} is not that of a folder")
    return runs / study
