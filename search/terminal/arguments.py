"""How arguments are read and checked, one by one, and how a wrong one is answered."""

import argparse
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from search.errors import EXIT_USAGE
from search.folder import is_folder_name
from trainable.limits import LIMITS
from trainable.problems import BUILT_IN

NAME = "mnist-search"  # of the package
FINEST = 1e-4  # Ray counts resources in ten-thousandths
LONGEST_NAME = 255  # bytes; file systems have no longer names
LONGEST_PATH = 400  # bytes; SQLite opens no file of more than 512

_QUOTED = str.maketrans({each: f"%{ord(each):02X}" for each in "%?{}"})  # URLs give these a meaning, or Optuna does

_DURATION = re.compile(r"(?:([0-9]{1,9})h)?(?:([0-9]{1,9})m)?(?:([0-9]{1,9})s)?|([0-9]{1,9})")
_ADDRESS = re.compile(r"\[?([^\[\]/\s]+)\]?:([0-9]{1,5})")
# What ends a line, steers the terminal, or stands for bytes that are not UTF-8.
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_PASSWORD = re.compile(r"(?<=://)([^:/@\s]*):\S+@")


class Version(argparse.Action):
    """Say which version this is, and end."""

    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> None:
        """Look it up only here: that takes longer than to read a command line."""
        from importlib import metadata  # noqa: PLC0415

        try:
            print(NAME, metadata.version(NAME))
        except metadata.PackageNotFoundError:
            print(f"{NAME}, not installed: its version is not known")
        parser.exit()


class Parser(argparse.ArgumentParser):
    """An argument parser that wants whole names, and whose errors are one line."""

    def __init__(self, **options: Any) -> None:
        """Add the option that each command has."""
        super().__init__(allow_abbrev=False, **options)
        quiet = argparse.SUPPRESS  # it is no value
        self.add_argument("--version", action=Version, nargs=0, default=quiet, help="show the version and exit")

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Refuse `--OPTION=--` too, for which older Pythons store an empty list; fill in the default storage."""
        known, others = super().parse_known_args(args, namespace)
        for name, value in vars(known).items():
            if value == []:
                self.error(f"--{name.replace('_', '-')}: expected one argument")
        if "storage" in known and not known.storage:
            known.storage = default_storage(known.runs)
        return known, others

    def error(self, message: str) -> NoReturn:
        """Say what is wrong and exit with status 2."""
        message = _PASSWORD.sub(r"\1:***@", message.removeprefix("argument "))
        self.exit(EXIT_USAGE, f"error: {one_line(message)}\n")


def one_line(text: str) -> str:
    """Return a text with its control characters escaped: one line."""
    return _UNPRINTABLE.sub(lambda found: repr(found[0])[1:-1], text)


def whole(low: int, high: int | None = None) -> Callable[[str], int]:
    """Return a reader of whole numbers in a range."""
    allowed = f"of at least {low}" if high is None else f"from {low} to {high}"

    def read(text: str) -> int:
        if not re.fullmatch(r"[+-]?[0-9]{1,18}", text.strip()) or not low <= int(text) <= (high or int(text)):
            raise argparse.ArgumentTypeError(f"must be a whole number {allowed}, got {text!r}")
        return int(text)

    return read


def amount(*, above_zero: bool = False) -> Callable[[str], float]:
    """Return a reader of amounts of a resource: a whole number, or a fraction below 1 as Ray has it."""
    allowed = f"{'greater than 0' if above_zero else 'of at least 0'}, no fraction below {FINEST}, whole where above 1"

    def read(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = -1.0
        enough = FINEST <= value < 1e6 or (value == 0 and not above_zero)  # noqa: PLR2004 (no machine has a million CPUs)
        if not enough or (value > 1 and not value.is_integer()):
            raise argparse.ArgumentTypeError(f"must be a number {allowed}, got {text!r}")
        return value

    return read


def accuracy(text: str) -> float:
    """Read an accuracy, a share greater than 0 and at most 1."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 < value <= 1:
        raise argparse.ArgumentTypeError(f"must be a number greater than 0 and at most 1, such as 0.985, got {text!r}")
    return value


def limit(text: str) -> tuple[str, int]:
    """Read a limit such as parameters=100000; return its name and how many there may be."""
    name, _, number = text.partition("=")
    number = number.replace("_", "")
    if name not in LIMITS or not re.fullmatch("[0-9]{1,15}", number) or not int(number):
        names = " or ".join(LIMITS)
        raise argparse.ArgumentTypeError(f"must be {names} and how many, such as {LIMITS[0]}=100000, got {text!r}")
    return name, int(number)


def duration(text: str) -> float:
    """Read a duration such as 90s, 30m, 1h30m or 5400; return seconds. Only a number alone needs no unit."""
    match = _DURATION.fullmatch(text.strip())
    hours, minutes, seconds, alone = (int(part or 0) for part in match.groups()) if match else (0, 0, 0, 0)
    total = 3600 * hours + 60 * minutes + seconds + alone
    if total <= 0:
        raise argparse.ArgumentTypeError(f"must be a duration such as 90s, 30m, 1h30m or 5400 (seconds), got {text!r}")
    return float(total)


def address(text: str) -> str:
    """Check the address of a cluster."""
    match = _ADDRESS.fullmatch(text)
    try:
        known = text == "auto" or (match and match[1].encode("idna") and 1 <= int(match[2]) <= 65535)  # noqa: PLR2004 (ports)
    except UnicodeError:  # an empty or too long part of the name
        known = False
    if not known:
        raise argparse.ArgumentTypeError(
            f"must be auto or HOST:PORT, got {text!r}: run the search on the cluster's head, with --address auto"
        )
    return text


def printable(text: str) -> str:
    """Refuse what would break a message that names it; the text, which may hold a password, is not repeated."""
    if _UNPRINTABLE.search(text):
        encoding = sys.getfilesystemencoding()
        remedy = "" if encoding == "utf-8" else f"; this locale has {encoding} names: set LC_ALL=C.UTF-8"
        raise argparse.ArgumentTypeError(f"must be UTF-8 without control characters such as line breaks{remedy}")
    return text


def path(text: str) -> Path:
    """Check the path of a file."""
    return Path(printable(text))


def data_location(text: str) -> str:
    """Check the path of a file of data, or the name of a set that Keras has."""
    if not text:
        raise argparse.ArgumentTypeError("must name a file, or a set of Keras as keras:NAME")
    return printable(text)


def directory(text: str) -> Path:
    """Check the path of a directory that is there or can be made."""
    if not text:
        raise argparse.ArgumentTypeError("must name a directory; . is the current one")
    found = path(text)
    try:
        whole = found.absolute()
        nearest = next(each for each in (whole, *whole.parents) if os.path.lexists(each))
    except OSError as error:
        raise argparse.ArgumentTypeError(f"{error.strerror}: {text!r}") from error
    if not nearest.exists():
        raise argparse.ArgumentTypeError(
            f"must be a directory, or a new one, but {str(nearest)!r} is a link to nothing"
        )
    if not nearest.is_dir():
        raise argparse.ArgumentTypeError(f"must be a directory, or a new one, but {str(nearest)!r} is a file")
    if len(os.fsencode(whole)) > LONGEST_PATH or max(len(os.fsencode(name)) for name in whole.parts) > LONGEST_NAME:
        raise argparse.ArgumentTypeError(f"must have at most {LONGEST_PATH} bytes, {LONGEST_NAME} a name, got {text!r}")
    if text.startswith("file:"):
        raise argparse.ArgumentTypeError(f"must not begin with file:, which SQLite takes for a URL, got {text!r}")
    return found


def study_name(text: str) -> str:
    """Check the name of a study, which is also the name of its folder."""
    if not is_folder_name(text):
        raise argparse.ArgumentTypeError(
            f"must be 1 to 100 letters, digits, '.', '-' or '_' and begin with a letter or digit, got {text!r}"
        )
    return text


def add_storage_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that say where studies are."""
    parser.add_argument(
        "--storage",
        metavar="URL",
        type=printable,
        default=os.environ.get("SEARCH_STORAGE") or None,
        help="Optuna storage; also SEARCH_STORAGE (default: sqlite:///RUNS/studies.db)",
    )
    parser.add_argument(
        "--runs", metavar="DIR", type=directory, default=os.environ.get("SEARCH_RUNS") or "runs",
        help="home of the default storage and of kept models; also SEARCH_RUNS (default: runs)",
    )  # fmt: skip


def add_data_option(parser: argparse.ArgumentParser) -> None:
    """Add the option that says where the data of a study are."""
    parser.add_argument(
        "--data", metavar="WHAT", type=data_location, default=os.environ.get("SEARCH_DATA") or None,
        help="where the study's data are now; also SEARCH_DATA (default: where they were; a FILE.py has to be named; "
        f"{BUILT_IN.name}: cached, downloaded on first use)",
    )  # fmt: skip


def add_model_option(parser: argparse.ArgumentParser, use: str) -> None:
    """Add the option that names a person's file of models, of which the help says what it is for here."""
    parser.add_argument("--model", metavar="FILE.py[:FUNCTION]", type=printable, help=use)


def default_storage(runs: Path) -> str:
    """Return the address of the storage that a runs directory holds."""
    return f"sqlite:///{str(runs / 'studies.db').translate(_QUOTED)}"
