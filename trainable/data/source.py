"""Where a person's own data are, as the command line says it. Without NumPy."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trainable.errors import DataError, one_line

PREFIX = "keras:"  # of the data sets that Keras has
CODE = ".py"  # ends the name of a file whose `load()` makes the data


@dataclass(frozen=True)
class DataSource:
    """What to read.

    Attributes:
        location: A file's path (.npz, .csv, .parquet or .py), or `keras:NAME`.
        target: The column of labels in a table; None for arrays.
        test: Whether a test split is held out where the data have none.
    """

    location: str
    target: str | None = None
    test: bool = True

    @property
    def is_code(self) -> bool:
        """Whether reading it runs a person's file."""
        return not self.location.startswith(PREFIX) and Path(self.location).suffix.lower() == CODE


def as_recorded(values: Mapping[str, Any]) -> DataSource | None:
    """Return where a study has its data, of the fields that it has recorded, to read them without another word.

    Raises:
        DataError: A file makes them. Code is never run because a storage says so, which anyone may have written.
    """
    source = DataSource(**values) if values else None
    if source is not None and source.is_code:
        raise DataError(
            f"{one_line(source.location)}: makes the study's data; it is run only where the command names it: "
            f"--data {one_line(source.location)}"
        )
    return source
