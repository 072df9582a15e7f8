"""Where a person's own data are, as the command line says it. Without NumPy."""

from dataclasses import dataclass


@dataclass(frozen=True)
class DataSource:
    """What to read.

    Attributes:
        location: A file's path (.npz, .csv or .parquet), or `keras:NAME`.
        target: The column of labels in a table; None for arrays.
        test: Whether a test split is held out where the data have none.
    """

    location: str
    target: str | None = None
    test: bool = True
