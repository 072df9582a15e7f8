"""The data of a problem as a command needs them: their errors are the command's."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from search.errors import SearchError, UsageError
from search.study.program import place_of, program_in
from search.surroundings.capacity import Demand, capacity_here
from trainable.data.dataset import HeldOutSet, TrialData
from trainable.data.reading import bytes_needed, is_table
from trainable.data.source import DataSource, as_recorded
from trainable.errors import DataError, ProgramError
from trainable.problem import ProblemSpec
from trainable.problems import BUILT_IN, problem_of, spec_in


def found_in(source: DataSource | None, model: str | None = None) -> ProblemSpec:
    """Return the problem of the data, and of the person's file, that a command names; else the built-in one.

    Raises:
        UsageError: No network can learn from them, or the file builds none that can be trained on them.
        SearchError: None are named, and the built-in ones cannot be had.
    """
    with _commands_errors(named=source is not None):
        _check_size(source)
        if model is None:
            return spec_in(source)
        program = program_in(model)
        from trainable.model_file.problem import problem_in  # noqa: PLC0415 (who has no such file needs none of it)

        try:
            return problem_in(source, program, place_of(model))
        except ProgramError as error:
            raise UsageError(f"--model {error}") from error


def data_in(source: DataSource | None) -> dict[str, Any]:
    """Return what a study of a person's own model records of data: the fields `data` and `source` of its problem.

    Raises:
        UsageError: No model can learn from them.
        SearchError: None are named, and the built-in ones cannot be had.
    """
    from trainable.model_file.problem import recorded_of  # noqa: PLC0415 (as above)

    with _commands_errors(named=source is not None):
        _check_size(source)
        return recorded_of(source)


def load(problem: ProblemSpec, data: str | None) -> TrialData:
    """Load what trials see, from what `--data` named, or else from where the study had it.

    Raises:
        UsageError: What was named holds other data.
        SearchError: No source could be reached.
    """
    source = source_of(problem, data)
    with _commands_errors(problem, named=data is not None):
        _check_size(source)
        return problem_of(problem).load(source)


def load_held_out(problem: ProblemSpec, data: str | None) -> HeldOutSet:
    """Load the test examples; arguments and errors as for `load`."""
    with _commands_errors(problem, named=data is not None):
        return problem_of(problem).load_held_out(source_of(problem, data))


def source_of(problem: ProblemSpec, data: str | None, target: str | None = None) -> DataSource | None:
    """Return where the data of a study are: as it has recorded it, but for the place and the column that are named.

    Raises:
        UsageError: A column is named, but no table; or a file makes the data, which no command has named.
    """
    known = recorded_source(problem)
    if data is None:
        try:
            as_recorded(problem.source)
        except DataError as error:
            raise UsageError(str(error)) from error
    location = data or (known.location if known else None)
    if location is None:
        if target is not None:
            raise UsageError(f"--target {target}: is for a table that --data names")
        return None
    if known is None:
        return DataSource(location, target)
    return replace(known, location=location, target=target or (known.target if is_table(location) else None))


def recorded_source(problem: ProblemSpec) -> DataSource | None:
    """Return where a study says that its data are, which is not for reading them: anyone may have written it."""
    return DataSource(**problem.source) if problem.source else None


def data_arguments(problem: ProblemSpec) -> list[str]:
    """Return the option that names the file that makes a study's data, where one does: it is run only where named."""
    source = recorded_source(problem)
    return [f"--data={source.location}"] if source is not None and source.is_code else []


def check_memory(needed: int | None, what: str) -> None:
    """Refuse data that the free memory does not hold.

    Args:
        needed: Bytes of their arrays once read; None where that is not known.
        what: Which data, as the message begins.

    Raises:
        UsageError: They do not fit.
    """
    _check(needed or 0, f"{what}: takes", "once read")


def check_training_memory(demand: Demand, what: str) -> None:
    """Refuse large data on which not even one worker of this machine could train.

    Args:
        demand: Of the search.
        what: Which data, as the message begins.

    Raises:
        UsageError: They do not fit. Small data are tried in any case: smaller ones would bring nothing.
    """
    if demand.beyond:
        _check(demand.least, f"{what}: needs", "with 1 worker")


def _check_size(source: DataSource | None) -> None:
    if source is not None:
        check_memory(bytes_needed(source), f"--data {source.location}")


def _check(needed: int, what: str, when: str) -> None:
    free = capacity_here().memory
    if free is not None and needed > free:
        raise UsageError(
            f"{what} about {needed / 1e9:.1f} GB of memory {when}; {free / 1e9:.1f} GB are free: "
            "fewer features or examples, or a machine with more"
        )


@contextmanager
def _commands_errors(problem: ProblemSpec = BUILT_IN, *, named: bool) -> Iterator[None]:
    try:
        yield
    except DataError as error:
        if named:
            raise UsageError(f"--data {error}") from error
        elsewhere = "; --data says where the study's data are now" if problem.source else ""
        raise SearchError(f"{error}{elsewhere}") from error
