"""Where a command's data come from."""

from dataclasses import dataclass


@dataclass(frozen=True)
class DataSource:
    """What a person named.

    Attributes:
        location: The path of a file, or `keras:NAME`.
        target: The column of the labels, in a table.
        test: Whether examples are held out for a test where the data come without any.
    """

    location: str
    target: str | None = None
    test: bool = True
