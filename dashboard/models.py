"""The files of models that searches may be started with: those of the folder that was named when the dashboard was."""

from pathlib import Path

from dashboard.options import Options
from search.errors import SearchError, UsageError
from search.study.program import place_of, program_in
from trainable.problem import ProblemSpec
from trainable.program import SUFFIX

MOST = 1000  # files that are offered


def offered(options: Options) -> list[str]:
    """Return the names of the files, in order; none where no folder was named, and no link to elsewhere.

    Raises:
        SearchError: The folder cannot be read.
    """
    if options.models is None:
        return []
    try:
        home = options.models.resolve()
        found = [each for each in home.iterdir() if each.suffix == SUFFIX and each.is_file()]
        return sorted(each.name for each in found if each.resolve().parent == home)[:MOST]
    except OSError as error:
        raise SearchError(f"--models {options.models}: {error.strerror}") from error


def arguments_for(options: Options, name: str | None, function: str = "") -> list[str]:
    """Return the option of `search.run` that names a file; nothing for the built-in network.

    Raises:
        UsageError: It is none of those that are offered.
    """
    if name is None:
        return []
    if options.models is None or name not in offered(options):
        raise UsageError(f"{name!r} is no file that this dashboard was given with --models")
    return [f"--model={options.models / name}{function and ':'}{function}"]


def check(options: Options, model: str | None) -> None:
    """Refuse a model that `search.run` would be told, unless it is one of those that are offered.

    Raises:
        UsageError: It lies elsewhere.
    """
    if model is None:
        return
    file = place_of(model)
    if options.models is None or file.parent != options.models or file.name not in offered(options):
        raise UsageError(f"--model {model}: is no file that this dashboard was given with --models")


def file_of(options: Options, problem: ProblemSpec) -> str | None:
    """Return which of the files a study was made with, told by its hash; None where it is none. Nothing is run."""
    for name in offered(options):
        try:
            program = program_in(str(Path(options.models or "", name)))
        except UsageError:
            continue  # some other program's, or one that is being written
        if program.sha256 == problem.code.get("sha256"):
            return name
    return None
