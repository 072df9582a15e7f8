"""The folder of kept models: whole files only, written on the driver's side."""

import re
from collections.abc import Collection
from pathlib import Path

from search.errors import SearchError, UsageError
from search.folder import folder_of
from trainable.files import whole_file

# The names that are written here, and no others: what else is in the folder is not ours to count or to remove.
_TRIAL = re.compile(r"trial-([0-9]{5}|[1-9][0-9]{5,})\.keras")
_FINAL = re.compile(r"final-(baseline|0|[1-9][0-9]*)\.keras")


class ModelStore:
    """The models of one study, a `.keras` file each: of its best trials, and of its finalists of all examples."""

    def __init__(self, runs: Path, study: str) -> None:
        """Name the folder; it is made with the first model. Errors are those of `folder_of`."""
        home = folder_of(runs, study)
        self.folder, self._owner = home / "models", home / "study.id"

    @property
    def owner(self) -> str | None:
        """The identity of the study that the folder belongs to, or None where it belongs to none yet.

        Raises:
            SearchError: It cannot be read.
        """
        try:
            return self._owner.read_text(encoding="ascii").strip()
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            raise SearchError(f"{self._owner}: cannot be read: {error}") from error

    def check_owner(self, identity: str | None) -> None:
        """Refuse a folder that holds the models of another study.

        Raises:
            UsageError: It does.
        """
        if self.owner not in (None, identity):
            raise UsageError(
                f"--study {self.folder.parent.name}: {self.folder.parent} holds the models of another study of this "
                "name; give another --study or --runs"
            )

    def claim(self, identity: str) -> None:
        """Make the folder the study's, unless it is already.

        Raises:
            UsageError: It is another one's.
            SearchError: It cannot be written.
        """
        if self.owner is None:
            _write(self._owner, identity.encode("ascii"))
        self.check_owner(identity)

    def path(self, number: int) -> Path | None:
        """Return the file of a trial's model, or None where it is not kept."""
        file = self._file(number)
        return file if file.is_file() else None

    def final(self, name: str) -> Path | None:
        """Return the file of a finalist (`candidates.Candidate.name`), or None where it is not kept."""
        file = self._final(name)
        return file if _FINAL.fullmatch(file.name) and file.is_file() else None

    def kept(self) -> list[int]:
        """Return the numbers of the trials whose models are kept."""
        return sorted(int(name) for name in self._written(_TRIAL))

    def write(self, number: int, content: bytes) -> None:
        """Keep a trial's model: the file is whole and on disk when this returns.

        Raises:
            SearchError: It cannot be written.
        """
        _write(self._file(number), content)

    def write_final(self, name: str, content: bytes) -> None:
        """Keep a finalist's model, likewise."""
        _write(self._final(name), content)

    def keep_only(self, numbers: Collection[int]) -> None:
        """Remove the models of all other trials."""
        for other in self.kept():
            if other not in numbers:
                self._file(other).unlink(missing_ok=True)

    def keep_only_final(self, names: Collection[str]) -> None:
        """Remove the models of all other finalists."""
        for other in self._written(_FINAL):
            if other not in names:
                self._final(other).unlink(missing_ok=True)

    def _written(self, pattern: re.Pattern[str]) -> list[str]:
        """Return what stands for a trial or finalist in the names of the files that have such a name."""
        matches = [pattern.fullmatch(file.name) for file in self.folder.glob("*.keras") if file.is_file()]
        return [match[1] for match in matches if match]

    def _file(self, number: int) -> Path:
        return self.folder / f"trial-{number:05d}.keras"

    def _final(self, name: str) -> Path:
        return self.folder / f"final-{name}.keras"


def _write(file: Path, content: bytes) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(file) as temporary:
            temporary.write_bytes(content)
    except OSError as error:
        raise SearchError(f"{file}: cannot be written: {error.strerror}") from error
