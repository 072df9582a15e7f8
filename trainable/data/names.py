"""Names of columns, classes and arrays, which a study records and everybody shows."""

from collections.abc import Iterable

from trainable.errors import DataError, shown

LONGEST_NAME = 300  # characters


def check_names(names: Iterable[str], said: str, what: str) -> None:
    """Refuse names that are texts rather than names: a study that records one could not be read again.

    Args:
        names: At least one.
        said: What they are of, as the line begins.
        what: One of them is.

    Raises:
        DataError: One has more than 300 characters.
    """
    longest = max(names, key=len)
    if len(longest) > LONGEST_NAME:
        raise DataError(
            f"{said}: has the {what} '{shown(longest)}' of {len(longest):,} characters; "
            f"at most {LONGEST_NAME} are allowed"
        )


def is_of_test(array: str) -> bool:
    """Say whether an array belongs to the test split: "x_test", "y_test", or of several inputs "x_test/image"."""
    return array.partition("/")[0].endswith("_test")
