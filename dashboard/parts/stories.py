"""The stories of failures, read as text where the dashboard can see the driver's files."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from dashboard.model.kept import store_of
from dashboard.snapshot import Snapshot
from search.errors import SearchError
from search.trials.failures import FailureStore

LONGEST = 100_000  # characters; of a longer story the end is shown, where the exception is


@dataclass(frozen=True)
class Story:
    """Everything that is known of a failure.

    Attributes:
        text: A traceback, or what is known of the worker's end; None where there is none to read.
        where: A sentence that says where it stands, or why it is not there.
    """

    text: str | None
    where: str


def story_of(study: Snapshot, number: int) -> Story:
    """Return the story of a trial that failed."""
    return _story(study, lambda store: store.path(number), f"trial {number}")


def story_of_network(study: Snapshot, key: str) -> Story:
    """Return the story of a network of the confirmation that failed; `key` is the attribute of its result."""
    return _story(study, lambda store: store.path(key), "this network")


def stories_of(study: Snapshot) -> FailureStore:
    """Return where the stories of a study are.

    Raises:
        SearchError: As for `store_of`.
    """
    store_of(study)
    return FailureStore(study.runs, study.name)


def _story(study: Snapshot, place: Callable[[FailureStore], Path], whose: str) -> Story:
    try:
        file = place(stories_of(study))
    except SearchError as error:
        return Story(None, f"Its story cannot be read: {error}.")
    return _read(file, whose)


def _read(file: Path, whose: str) -> Story:
    """Return the story that a file holds; `whose` is what failed, e.g. "trial 3"."""
    try:
        text = file.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return Story(
            None,
            f"No story of {whose} is kept at {file}. A divergence has none: its reason says all. Otherwise the search "
            "ran with other --runs or on another machine, or the file was removed.",
        )
    except OSError as error:
        return Story(None, f"{file} cannot be read: {error.strerror}.")
    end = ", its end" if len(text) > LONGEST else ""
    return Story(text[-LONGEST:], f"The story of {whose}, from {file}{end}.")
