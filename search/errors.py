"""Errors that end a command with one line; each knows its exit status."""

from collections.abc import Iterator
from contextlib import contextmanager

from trainable.errors import ConfigError

EXIT_DONE = 0
EXIT_FAILED = 1
EXIT_USAGE = 2


class SearchError(Exception):
    """Something failed at run time; the message is one line for the person at the terminal."""

    exit_status = EXIT_FAILED


class Abort(BaseException):
    """Carries an error out of Ray Tune's loop, which would take any `Exception` for the failure of a trial."""

    def __init__(self, cause: Exception) -> None:
        """Wrap what happened."""
        super().__init__(str(cause))
        self.cause = cause


class RuntimeLostError(SearchError):
    """Ray went away under the trials; the study goes on in another runtime."""


class StartError(SearchError):
    """Ray does not start on this machine."""


class HopelessError(SearchError):
    """Trials fail one after the other: the next ones would, too."""


class UsageError(SearchError, ValueError):
    """An option, a file or an environment variable is wrong; nothing was started or changed."""

    exit_status = EXIT_USAGE


@contextmanager
def refused_configuration(where: str) -> Iterator[None]:
    """Turn a value in a block that no network can be trained with into one line that says where it was given.

    Raises:
        UsageError: In the place of a `ConfigError`.
    """
    try:
        yield
    except ConfigError as error:
        raise UsageError(f"{where}: {error}") from error


def lines_of(error: object) -> list[str]:
    """Return the lines of an error's message, one at least: the error's kind, where it has no message."""
    return str(error).strip().splitlines() or [type(error).__name__]


def line_of(error: BaseException) -> str:
    """Return an error in one line; of an operating system's error the file that it is about, too."""
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return f"{type(error).__name__}: {(str(error).strip().splitlines() or ['no message'])[-1]}"
