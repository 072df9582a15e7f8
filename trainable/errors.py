"""Errors that this package raises on purpose, and how what a person named is shown in their lines."""

import re
from collections.abc import Sequence

ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")  # colours of a terminal
WHERE = re.compile(
    r"Exception encountered when calling |Graph execution error|in user code:|File \"|Traceback |Detected at node |"
    r"Arguments received by |Stack trace for op"
)  # begins lines that say where, not what
LONGEST = 60  # characters of a name or a value that a line shows


class DataError(ValueError):
    """The data set cannot be had, or is not the one that it should be."""


class ProgramError(ValueError):
    """A person's file cannot be run, or does not do what such a file is for."""


class UnfitError(ProgramError):
    """A person's file makes no model of one configuration that can be trained; of others it may."""


class ModelError(ProgramError):
    """One model of a person's file cannot be scored; others may be."""


class ProgramRefused(Exception):  # noqa: N818 (a person's file is refused; it has not failed)
    """What a person's file does is not for here; `trainable.program` adds the file and the line at which it does so."""


class ConfigError(ValueError):
    """A configuration names a value that no network can be trained with."""


def shown(text: object) -> str:
    """Return a name or a value of a person's as it fits into a line: without line breaks, and not too long."""
    said = one_line(str(text))
    return said if len(said) <= LONGEST else f"{said[: LONGEST - 3]}..."


def cause_of(error: BaseException) -> str:
    """Return the first line of an error's message that says something: not where Keras or TensorFlow came to it."""
    lines = [ANSI.sub("", line).strip() for line in str(error).splitlines()]
    lines = [line for line in lines if line]
    saying = (line for line in lines if not WHERE.match(line))
    return one_line(next(saying, lines[0] if lines else "no message"))


def one_line(text: str) -> str:
    """Return a text with its control characters, and what is no character at all, written as escapes."""
    return "".join(each if each.isprintable() else repr(each)[1:-1] for each in text)


def some(names: Sequence[str], most: int = 8) -> str:
    """Return the first names of a list, and how many more there are."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(shown(name) for name in names[:most]) + more
