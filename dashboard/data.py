"""Where the data of a study are read. A storage says it, which anyone may have written: only a file is opened."""

from pathlib import Path
from stat import S_ISREG

from search.errors import SearchError
from search.study.data import source_of
from trainable.data.source import DataSource
from trainable.errors import DataError
from trainable.problem import ProblemSpec
from trainable.problems import problem_of


def source_here(problem: ProblemSpec, data: str | None) -> DataSource | None:
    """Return where a study's data are read: where it has recorded them, or else what `--data` names.

    Raises:
        SearchError: The study has recorded no such place as there can be.
    """
    recorded = source_of(problem, None)
    if data is None or (recorded is not None and is_file(file_of(problem, recorded))):
        return recorded
    return source_of(problem, data)


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
        SearchError: As for `source_here`.
    """
    source = source_here(problem, data)
    if source is None:
        return []
    column = [] if source.target is None else [f"--target={source.target}"]
    split = [] if source.test or problem.sizes["test"] else ["--no-test"]
    return [f"--data={source.location}", *column, *split]


def moved_arguments(problem: ProblemSpec, data: str | None) -> list[str]:
    """Return the option that tells a command about a study where its data are, if that is not where it looks itself.

    Raises:
        SearchError: As for `source_here`.
    """
    source = source_here(problem, data)
    return [] if source is None or source == source_of(problem, None) else [f"--data={source.location}"]
