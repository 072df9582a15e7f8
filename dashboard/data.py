"""Where the data of a study are read. A storage says it, which anyone may have written: only a file is opened."""

from pathlib import Path
from stat import S_ISREG

from search.errors import SearchError
from search.study.data import data_arguments, recorded_source, source_of
from trainable.data.source import DataSource
from trainable.errors import DataError, one_line
from trainable.problem import ProblemSpec
from trainable.problems import problem_of

MADE = "makes the study's data, and no page runs it; the dashboard's --data can name an .npz file of the same arrays"


def source_here(problem: ProblemSpec, data: str | None) -> DataSource | None:
    """Return where a page reads a study's data: where it has recorded them, or else what `--data` names.

    Raises:
        SearchError: The study has recorded no such place as there can be, or a person's file makes them.
    """
    source = named_source(problem, data)
    if source is not None and source.is_code:
        raise SearchError(f"{one_line(source.location)}: {MADE}")
    return source


def named_source(problem: ProblemSpec, data: str | None) -> DataSource | None:
    """Return where a search that is started here reads a study's data, a file that `--data` names among them.

    Raises:
        SearchError: The study has recorded no such place as there can be, or a file that `--data` does not name.
    """
    recorded = recorded_source(problem)
    is_there = recorded is not None and not recorded.is_code and is_file(file_of(problem, recorded))
    if data is not None and not is_there:
        return source_of(problem, data)
    if recorded is not None and recorded.is_code:
        raise SearchError(f"{one_line(recorded.location)}: {MADE}")
    return recorded


def file_of(problem: ProblemSpec, source: DataSource | None) -> Path:
    """Return the file of a study's data; nothing is opened.

    Raises:
        SearchError: There can be none.
    """
    try:
        return problem_of(problem).file(source)
    except DataError as error:
        raise SearchError(str(error)) from error


def is_file(file: Path) -> bool:
    """Say whether there is a regular file: another kind might never end."""
    try:
        return S_ISREG(file.stat().st_mode)
    except (OSError, ValueError):
        return False


def search_arguments(problem: ProblemSpec, data: str | None) -> list[str]:
    """Return the options of `search.run` that give a study's data and splits, for which there need be no study yet.

    Raises:
        SearchError: As for `named_source`.
    """
    source = named_source(problem, data)
    if source is None:
        return []
    column = [] if source.target is None else [f"--target={source.target}"]
    split = [] if source.test or problem.sizes["test"] else ["--no-test"]
    return [f"--data={source.location}", *column, *split]


def moved_arguments(problem: ProblemSpec, data: str | None) -> list[str]:
    """Return the option that tells a command about a study where its data are, if that is not where it looks itself.

    Raises:
        SearchError: As for `named_source`.
    """
    if data is None and data_arguments(problem):
        return data_arguments(problem)  # for a person to read, and to give
    source = named_source(problem, data)
    is_found = source is not None and source == recorded_source(problem) and not source.is_code
    return [] if source is None or is_found else [f"--data={source.location}"]
