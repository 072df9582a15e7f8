"""The data of a problem as a command needs them: their errors are the command's."""

from collections.abc import Iterator
from contextlib import contextmanager

from search.errors import SearchError, UsageError
from trainable.data.dataset import Dataset, HeldOutSet
from trainable.data.source import DataSource
from trainable.errors import DataError
from trainable.problem import ProblemSpec
from trainable.problems import BUILT_IN, problem_of, spec_in


def found_in(source: DataSource | None) -> ProblemSpec:
    """Return the problem of the data that a command names; the built-in one where it names none.

    Raises:
        UsageError: No network can learn from them.
    """
    with _commands_errors(named=True):
        return spec_in(source)


def load(problem: ProblemSpec, data: str | None) -> Dataset:
    """Load what trials see, from what `--data` named, or else from where the study had it.

    Raises:
        UsageError: What was named holds other data.
        SearchError: No source could be reached.
    """
    with _commands_errors(problem, named=data is not None):
        return problem_of(problem).load(source_of(problem, data))


def load_held_out(problem: ProblemSpec, data: str | None) -> HeldOutSet:
    """Load the test examples; arguments and errors as for `load`."""
    with _commands_errors(problem, named=data is not None):
        return problem_of(problem).load_held_out(source_of(problem, data))


def source_of(problem: ProblemSpec, data: str | None) -> DataSource | None:
    """Return where the data of a study are: as it has recorded it, but for the place that `--data` names."""
    recorded = dict(problem.source)
    if data is not None:
        recorded["location"] = data
    return DataSource(**recorded) if recorded else None


@contextmanager
def _commands_errors(problem: ProblemSpec = BUILT_IN, *, named: bool) -> Iterator[None]:
    try:
        yield
    except DataError as error:
        if named:
            raise UsageError(f"--data {error}") from error
        elsewhere = "; --data says where the study's data are now" if problem.source else ""
        raise SearchError(f"{error}{elsewhere}") from error
