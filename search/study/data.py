"""The data set as a command needs it: its errors are the command's."""

import functools
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from search.errors import SearchError, UsageError
from trainable.errors import DataError
from trainable.mnist.source import load_dataset, load_held_out

Data = TypeVar("Data")


def _with_own_errors(read: Callable[[Path | None], Data]) -> Callable[[Path | None], Data]:
    """Let a file that `--data` named and that is not MNIST be wrong usage, and a source out of reach a failure."""

    @functools.wraps(read)
    def load(file: Path | None) -> Data:
        try:
            return read(file)
        except DataError as error:
            raise (UsageError(f"--data {error}") if file else SearchError(str(error))) from error

    return load


load, load_test_images = _with_own_errors(load_dataset), _with_own_errors(load_held_out)
