"""Exported folders of a study's models, and the files that can be taken away from the page."""

import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from search.errors import SearchError
from search.export.card import CARD
from search.export.description import DESCRIPTION
from search.export.kept import Kept

PLACES = (DESCRIPTION, f"*/{DESCRIPTION}", f"*/*/{DESCRIPTION}")  # in the home of exports
MOST_FILES = 100  # that one page offers
LARGEST = 200 * 2**20  # bytes that pass through the page; a server's memory holds each that is taken

_FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^#", re.MULTILINE)


@dataclass(frozen=True)
class Export:
    """An exported model.

    Attributes:
        folder: Of its files.
        description: What its `model.json` says.
    """

    folder: Path
    description: Mapping[str, Any]

    def is_of(self, model: Kept) -> bool:
        """Say whether this is an export of a kept model, by parameters, seed and number of training examples."""
        said = self.description
        exported = said.get("params"), said.get("seed"), said.get("trained_on")
        return exported == (dict(model.configuration.params), model.seed, model.trained_on)

    @property
    def card(self) -> str | None:
        """The model card, its headings below the page's own; None where it is not there."""
        try:
            return lowered((self.folder / CARD).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None


def exports_of(home: Path, study: str) -> list[Export]:
    """Return the exports in a folder that name a study; what cannot be read is left out."""
    files = sorted({file for place in PLACES for file in home.glob(place)})
    found = (Export(file.parent, _description(file)) for file in files if _lies_in(file, home))
    return [each for each in found if each.description.get("study") == study]


def files_of(folder: Path) -> Iterator[Path]:
    """Yield the files of a folder and of those in it, in order; no links, which may lead anywhere."""
    for place, folders, names in os.walk(folder):
        folders.sort()
        files = (Path(place) / name for name in sorted(names))
        yield from (file for file in files if file.is_file() and not file.is_symlink())


def content_of(file: Path, home: Path) -> bytes:
    """Return the content of a file that was found in a folder.

    Raises:
        SearchError: It is gone, or is a link out of the folder by now.
    """
    try:
        if not _lies_in(file, home):
            raise SearchError(f"{file}: leads out of {home}")
        return file.read_bytes()
    except OSError as error:
        raise SearchError(f"{file}: cannot be read: {error.strerror}") from error


def lowered(markdown: str) -> str:
    """Return a text whose headings are two levels lower; code keeps its comments."""
    parts, start = [], 0
    for fence in _FENCE.finditer(markdown):
        parts += [_HEADING.sub("###", markdown[start : fence.start()]), fence[0]]
        start = fence.end()
    return "".join([*parts, _HEADING.sub("###", markdown[start:])])


def _description(file: Path) -> dict[str, Any]:
    try:
        said = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}


def _lies_in(file: Path, home: Path) -> bool:
    return file.resolve().is_relative_to(home.resolve())
