"""The data set as a command needs it: its errors are the command's."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from search.errors import SearchError, UsageError
from trainable.errors import DataError
from trainable.mnist.source import Dataset, HeldOutSet, load_dataset, load_held_out


def load(file: Path | None) -> Dataset:
    """Load the training and validation images.

    Args:
        file: What `--data` named, or None.

    Raises:
        UsageError: The named file is not MNIST.
        SearchError: No source could be reached.
    """
    with _commands_errors(file):
        return load_dataset(file)


def load_test_images(file: Path | None) -> HeldOutSet:
    """Load the test images; arguments and errors as for `load`."""
    with _commands_errors(file):
        return load_held_out(file)


@contextmanager
def _commands_errors(file: Path | None) -> Iterator[None]:
    try:
        yield
    except DataError as error:
        raise (UsageError(f"--data {error}") if file else SearchError(str(error))) from error
