"""The data of a problem as a command needs them: their errors are the command's."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from search.errors import SearchError, UsageError
from trainable.data.dataset import Dataset, HeldOutSet
from trainable.errors import DataError
from trainable.problem import ProblemSpec
from trainable.problems import problem_of


def load(problem: ProblemSpec, file: Path | None) -> Dataset:
    """Load what trials see, from the file that `--data` named, or else from where it is by default.

    Raises:
        UsageError: The named file holds other data.
        SearchError: No source could be reached.
    """
    with _commands_errors(file):
        return problem_of(problem).load(file)


def load_held_out(problem: ProblemSpec, file: Path | None) -> HeldOutSet:
    """Load the test examples; arguments and errors as for `load`."""
    with _commands_errors(file):
        return problem_of(problem).load_held_out(file)


@contextmanager
def _commands_errors(file: Path | None) -> Iterator[None]:
    try:
        yield
    except DataError as error:
        raise (UsageError(f"--data {error}") if file else SearchError(str(error))) from error
