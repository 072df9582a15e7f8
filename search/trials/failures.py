"""How an attempt at a trial can fail, and where the whole story of each failure is kept."""

import re
import textwrap
from dataclasses import dataclass
from pathlib import Path

from search.errors import SearchError
from search.folder import folder_of
from trainable.files import whole_file

# Reasons, as the study records them. What a worker finds wrong by itself, "diverged at epoch 3", is its own words.
CRASHED = "crashed"
OUT_OF_MEMORY = "out of memory"
LOST_NODE = "lost node"
ERROR = "error"  # followed by the exception, as in the last lines of its traceback
REASON_LENGTH = 200  # characters

# Of a network's key.
_NETWORK = re.compile(
    r"(confirmed|tested|explained)-((?:baseline|0|[1-9][0-9]*)(?:-[A-Za-z0-9_]+-of-[a-z0-9]+)?)-(0|[1-9][0-9]*)\.txt"
)


@dataclass(frozen=True)
class Failure:
    """Why an attempt at a trial gave no result.

    Attributes:
        reason: One line for the study.
        story: Everything that is known: a traceback, or what Ray says of the worker's end.
        retried: Whether another attempt may end otherwise.
        counted: Whether the attempt uses up one of `--max-retries`.
        remedy: What a person can do where the worker's machine lacked something; the trial is not to blame then.
    """

    reason: str
    story: str = ""
    retried: bool = False
    counted: bool = True
    remedy: str = ""

    def __post_init__(self) -> None:
        """Keep the reason to one line of a length that a table can show."""
        object.__setattr__(self, "reason", textwrap.shorten(self.reason, REASON_LENGTH))

    @property
    def is_want(self) -> bool:
        """Whether the worker's machine lacked something other than memory."""
        return bool(self.remedy)

    @property
    def advice(self) -> str:
        """The reason and what can be done about it."""
        return f"{self.reason}; {self.remedy}" if self.remedy else self.reason


class FailureStore:
    """The stories of what failed in a study, a text file each."""

    def __init__(self, runs: Path, study: str) -> None:
        """Name the folder; it is made with the first story. Errors are those of `folder_of`."""
        self.folder = folder_of(runs, study) / "failures"

    def path(self, what: int | str) -> Path:
        """Return where the story is, if there is one, of a trial by its number, or of a network by its result's key."""
        name = f"trial-{what:05d}" if isinstance(what, int) else what.replace(":", "-")
        return self.folder / f"{name}.txt"

    def networks(self) -> list[str]:
        """Return the keys of the networks of the confirmation that have a story."""
        matches = (_NETWORK.fullmatch(file.name) for file in sorted(self.folder.glob("*.txt")))
        return [":".join(match.groups()) for match in matches if match]

    def write(self, what: int | str, failure: Failure) -> None:
        """Keep the story of what `path` takes, readable by its owner only: a traceback may quote anything.

        Raises:
            SearchError: It cannot be written.
        """
        file = self.path(what)
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with whole_file(file) as temporary:
                temporary.write_text(f"{failure.reason}\n\n{failure.story.strip()}\n", encoding="utf-8")
        except OSError as error:
            raise SearchError(f"{file}: the story of a failure cannot be kept: {error.strerror}") from error
