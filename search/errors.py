"""Errors that end a command with one line; each knows its exit status."""

EXIT_DONE = 0
EXIT_FAILED = 1
EXIT_USAGE = 2


class SearchError(Exception):
    """Something failed at run time; the message is one line for the person at the terminal."""

    exit_status = EXIT_FAILED


class UsageError(SearchError, ValueError):
    """An option, a file or an environment variable is wrong; nothing was started or changed."""

    exit_status = EXIT_USAGE
