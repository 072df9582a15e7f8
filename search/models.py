"""The folder of kept models: whole files only, written on the driver's side."""

import re
from pathlib import Path

from search.errors import SearchError
from trainable.data import whole_file

_NAME = re.compile(r"trial-(\d+)\.keras")


class ModelStore:
    """The models of one study, a `.keras` file a trial."""

    def __init__(self, runs: Path, study: str) -> None:
        """Name the folder; it is made with the first model."""
        self.folder = runs / study / "models"

    def path(self, number: int) -> Path | None:
        """Return the file of a trial's model, or None where it is not kept."""
        file = self._file(number)
        return file if file.exists() else None

    def kept(self) -> list[int]:
        """Return the numbers of the trials whose models are kept."""
        matches = (_NAME.fullmatch(file.name) for file in self.folder.glob("*.keras"))
        return sorted(int(match[1]) for match in matches if match)

    def write(self, number: int, content: bytes) -> None:
        """Keep a model: the file is whole and on disk when this returns.

        Raises:
            SearchError: It cannot be written.
        """
        file = self._file(number)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with whole_file(file) as temporary:
                temporary.write_bytes(content)
        except OSError as error:
            raise SearchError(f"{file}: the model cannot be kept: {error.strerror}") from error

    def remove_all_but(self, number: int) -> None:
        """Remove the models of all other trials."""
        for other in self.kept():
            if other != number:
                self._file(other).unlink()

    def _file(self, number: int) -> Path:
        return self.folder / f"trial-{number:05d}.keras"
