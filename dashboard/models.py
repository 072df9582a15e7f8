"""The files of models that searches may be started with: those of the folder that was named when the dashboard was."""

import codecs
import hashlib
from functools import lru_cache
from pathlib import Path

from dashboard.options import Options
from search.errors import SearchError, UsageError
from search.study.program import place_of
from trainable.problem import ProblemSpec
from trainable.program import LARGEST, SUFFIX

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


def arguments_for(options: Options, name: str | None) -> list[str]:
    """Return the option of `search.run` that names a file; nothing for the built-in network.

    It never names a function of the file: which one a study has run anyone may have written.

    Raises:
        UsageError: It is none of those that are offered.
    """
    if name is None:
        return []
    if options.models is None or name not in offered(options):
        raise UsageError(f"{name!r} is no file that this dashboard was given with --models")
    return [f"--model={options.models / name}"]


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
    wanted = problem.code.get("sha256")
    names = offered(options) if wanted else []
    return next((name for name in names if _sha256(Path(options.models or "", name)) == wanted), None)


def _sha256(file: Path) -> str | None:
    """Return the hash that a study records of a file; None where it cannot be read, or is too large for one."""
    try:
        found = file.stat()
        return _hashed(file, (found.st_ino, found.st_size, found.st_mtime_ns)) if found.st_size <= LARGEST else None
    except OSError:
        return None


@lru_cache(maxsize=MOST)
def _hashed(file: Path, _stamp: tuple[int, ...]) -> str:
    return hashlib.sha256(file.read_bytes().removeprefix(codecs.BOM_UTF8)).hexdigest()
