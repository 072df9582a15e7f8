"""What people write about a study and its trials, and which trials they pin: a file of its own beside the models.

A study has one writer, its driver, and the dashboard opens the storage read-only. So notes are no part of the study:
they stand in `notes.json` in its folder, which only its owner can read, and know the study by its identity. Two
dashboards may write at once: each change is made to what the file holds by then, under a lock, and the file is replaced
as a whole.
"""

import contextlib
import fcntl
import json
import os
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from stat import S_ISREG
from typing import Any

from dashboard.options import Options
from search.errors import SearchError, UsageError
from search.folder import folder_of
from trainable.files import whole_file

FILE, LOCK = "notes.json", ".notes.lock"
LONGEST = 2000  # characters of a note
MOST = 500  # trials with a note, and trials that are pinned
LARGEST = 2**24  # bytes of the file: as many of the longest notes, twelve bytes a character at most
PATIENCE, AGAIN = 5.0, 0.05  # seconds: for the lock in all, and between two looks at it


@dataclass(frozen=True)
class Notes:
    """What people wrote.

    Attributes:
        study: About the study; empty for nothing.
        trials: About trials, by number; none is empty.
        pinned: Numbers of trials.
    """

    study: str = ""
    trials: Mapping[int, str] = field(default_factory=dict)
    pinned: frozenset[int] = frozenset()

    def noted(self, number: int | None, text: str) -> "Notes":
        """Return them with another note on a trial, or on the study; an empty text takes a note away.

        Raises:
            UsageError: The text is too long, or too many trials would have one.
        """
        text = text.strip()
        if len(text) > LONGEST:
            raise UsageError(f"a note has {LONGEST:,} characters at most, and this one has {len(text):,}")
        if number is None:
            return replace(self, study=text)
        others = {other: note for other, note in self.trials.items() if other != number}
        if text and len(others) >= MOST:
            raise UsageError(f"{MOST} trials of a study can have a note, and so many have one")
        return replace(self, trials=others | ({number: text} if text else {}))

    def with_pins(self, numbers: Collection[int], *, pinned: bool) -> "Notes":
        """Return them with these trials pinned, or no longer.

        Raises:
            UsageError: Too many would be pinned.
        """
        found = self.pinned | set(numbers) if pinned else self.pinned - set(numbers)
        if len(found) > MOST:
            raise UsageError(f"{MOST} trials of a study can be pinned, and these would be {len(found):,}")
        return replace(self, pinned=found)


class NoteStore:
    """The notes of one study."""

    def __init__(self, options: Options, study: str, identity: str | None) -> None:
        """Name the file, which is made with the first note.

        Args:
            options: The dashboard's; notes are written only where it may start searches.
            study: The study's name.
            identity: What tells it from another study of this name.

        Raises:
            UsageError: The name is not that of a folder.
        """
        self.file = folder_of(options.runs, study) / FILE
        self.may_write, self._identity = options.allow_control, identity

    def read(self) -> Notes:
        """Return the notes.

        Raises:
            SearchError: The file cannot be read, holds something else, or is of another study of this name.
        """
        try:
            found = self.file.stat()
            if not S_ISREG(found.st_mode):  # another kind might never end
                raise SearchError(f"{self.file}: is no regular file")
            if found.st_size > LARGEST:
                raise SearchError(f"{self.file}: has {found.st_size:,} bytes, more than notes ever have")
            content = json.loads(self.file.read_bytes())
        except FileNotFoundError:
            return Notes()
        except OSError as error:
            raise SearchError(f"{self.file}: cannot be read: {error.strerror}") from error
        except (ValueError, RecursionError) as error:
            raise self._damaged() from error
        return self._checked(content)

    def change(self, change: Callable[[Notes], Notes]) -> Notes:
        """Write what a change makes of the notes that there are by then; return it.

        Raises:
            UsageError: The dashboard looks only, or the change cannot be made.
            SearchError: As for `read`, or the file cannot be written.
        """
        if not self.may_write:
            raise UsageError("this dashboard looks only; it was started without --allow-control")
        if self._identity is None:
            raise SearchError("The study has no identity, by which its notes would know it.")
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            with self._locked():
                notes = change(self.read())
                content = {"identity": self._identity, "study": notes.study, "pinned": sorted(notes.pinned)}
                trials = {str(number): text for number, text in sorted(notes.trials.items())}
                with whole_file(self.file) as temporary:  # which only this user can read
                    temporary.write_text(json.dumps(content | {"trials": trials}, indent=1), encoding="ascii")
        except OSError as error:
            raise SearchError(f"{self.file}: cannot be written: {error.strerror}") from error
        return notes

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        """Let nobody else write meanwhile, in this process or in another one; the lock ends with its process."""
        handle = os.open(self.file.with_name(LOCK), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            end = time.monotonic() + PATIENCE
            while not _is_taken(handle):
                if time.monotonic() > end:
                    raise SearchError(f"{self.file}: somebody else has been writing it for {PATIENCE:.0f} seconds")
                time.sleep(AGAIN)
            yield
        finally:
            os.close(handle)

    def _checked(self, content: Any) -> Notes:
        """Return what the file holds, if it is this study's."""
        if not isinstance(content, dict) or set(content) != {"identity", "study", "trials", "pinned"}:
            raise self._damaged()
        study, trials, pinned = content["study"], content["trials"], content["pinned"]
        texts = [study, *trials.values()] if isinstance(trials, dict) else [None]
        if (
            not all(isinstance(text, str) and len(text) <= LONGEST for text in texts)
            or not all(number.isascii() and number.isdecimal() for number in trials)
            or not isinstance(pinned, list)
            or not all(type(number) is int and number >= 0 for number in pinned)
            or max(len(trials), len(pinned)) > MOST
        ):
            raise self._damaged()
        if content["identity"] != self._identity:
            raise SearchError(
                f"{self.file}: holds the notes of another study of this name; move it away to write about this one"
            )
        return Notes(study, {int(number): text for number, text in trials.items()}, frozenset(pinned))

    def _damaged(self) -> SearchError:
        return SearchError(f"{self.file}: does not hold what is written there; move it away to begin anew")


def _is_taken(handle: int) -> bool:
    """Take the lock of an open file, unless another one has it; say whether it was taken."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
