"""The data set as a command needs it: its errors are the command's."""

from pathlib import Path

from search.errors import SearchError, UsageError
from trainable.data import Dataset, load_dataset
from trainable.errors import DataError


def load(file: Path | None) -> Dataset:
    """Load the training and validation images.

    Args:
        file: What `--data` named, or None.

    Raises:
        UsageError: The named file is not MNIST.
        SearchError: No source could be reached.
    """
    try:
        return load_dataset(file)
    except DataError as error:
        raise (UsageError(f"--data {error}") if file else SearchError(str(error))) from error
