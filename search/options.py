"""The command line of `search.run`: every option, its default, its check."""

import argparse
import json
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn

from search.errors import EXIT_USAGE, UsageError
from trainable.config import LONGEST_SHOWN, MAX_SEED
from trainable.precision import PRECISIONS

SAMPLER_NAMES = ("tpe", "random", "qmc", "grid", "cmaes")
PRUNER_NAMES = ("asha", "hyperband", "median", "none")

MOST_WORKERS = 100_000
FINEST = 1e-4  # Ray counts resources in ten-thousandths
LONGEST_NAME = 255  # bytes; file systems have no longer names
LONGEST_PATH = 400  # bytes; SQLite opens no file of more than 512

_STUDY_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_DURATION = re.compile(r"(?:([0-9]{1,9})h)?(?:([0-9]{1,9})m)?(?:([0-9]{1,9})s?)?")
_ADDRESS = re.compile(r"\[?([^\[\]/\s]+)\]?:([0-9]{1,5})")
_QUOTED = str.maketrans({each: f"%{ord(each):02X}" for each in "%?{}"})  # URLs give these a meaning, or Optuna does
# What ends a line, steers the terminal, or stands for bytes that are not UTF-8.
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_PASSWORD = re.compile(r"(?<=://)([^:/@\s]*):\S+@")


@dataclass(frozen=True)
class Options:
    """What the person asked for, each value checked for itself."""

    trials: int
    study: str
    storage: str
    runs: Path
    data: Path | None
    space: Path | None
    sampler: str | None
    pruner: str | None
    seed: int | None
    enqueue: Path | None
    baseline: bool
    precision: str | None
    workers: int | None
    cpus_per_trial: float
    gpus_per_trial: float
    address: str | None
    timeout: float | None
    max_retries: int
    json: bool
    verbose: bool


class Parser(argparse.ArgumentParser):
    """An argument parser whose errors are one line."""

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Refuse `--OPTION=--` too, for which older Pythons store an empty list."""
        known, others = super().parse_known_args(args, namespace)
        for name, value in vars(known).items():
            if value == []:
                self.error(f"--{name.replace('_', '-')}: expected one argument")
        return known, others

    def error(self, message: str) -> NoReturn:
        """Say what is wrong and exit with status 2."""
        message = _PASSWORD.sub(r"\1:***@", message.removeprefix("argument "))
        self.exit(EXIT_USAGE, f"error: {one_line(message)}\n")


def one_line(text: str) -> str:
    """Return a text with its control characters escaped: one line."""
    return _UNPRINTABLE.sub(lambda found: repr(found[0])[1:-1], text)


def parse(arguments: list[str] | None = None) -> Options:
    """Read the command line and the environment; exit with status 2 where they are wrong."""
    parser = _parser()
    values = vars(parser.parse_args(arguments))
    values["study"] = values["study"] or f"mnist-{datetime.now(UTC):%Y%m%d-%H%M%S}"
    values["storage"] = values["storage"] or default_storage(values["runs"])
    return Options(**values)


def default_storage(runs: Path) -> str:
    """Return the address of the storage that a runs directory holds."""
    return f"sqlite:///{str(runs / 'studies.db').translate(_QUOTED)}"


def add_storage_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that say where studies are; `--storage` is None where it follows from `--runs`."""
    parser.add_argument(
        "--storage",
        metavar="URL",
        type=printable,
        default=os.environ.get("SEARCH_STORAGE") or None,
        help="Optuna storage; also SEARCH_STORAGE (default: sqlite:///RUNS/studies.db)",
    )
    parser.add_argument(
        "--runs",
        metavar="DIR",
        type=directory,
        default=os.environ.get("SEARCH_RUNS") or "runs",
        help="home of the default storage and of kept models; also SEARCH_RUNS (default: runs)",
    )


def add_data_option(parser: argparse.ArgumentParser) -> None:
    """Add the option that names a local copy of the data."""
    parser.add_argument(
        "--data",
        metavar="FILE",
        type=path,
        default=os.environ.get("SEARCH_DATA") or None,
        help="a local mnist.npz; also SEARCH_DATA (default: cached, downloaded on first use)",
    )


def _parser() -> Parser:
    parser = Parser(
        prog="python -m search.run",
        allow_abbrev=False,
        description="Search for a better network than the 512-unit baseline, and keep the best model.",
        epilog="A command that names its study can always be run again: --trials counts what the study has, so after "
        "an interruption it completes the rest. Exit status: 0 done, 1 failed, 2 wrong usage, "
        "130 interrupted, 143 terminated.",
    )
    study = parser.add_argument_group("study")
    study.add_argument(
        "--trials", metavar="N", type=whole(1), default=50,
        help="trials that the study shall have finished in the end (default: 50)",
    )  # fmt: skip
    study.add_argument("--study", metavar="NAME", type=study_name, help="new or continued (default: mnist-<UTC time>)")
    add_storage_options(study)  # type: ignore[arg-type]
    add_data_option(study)  # type: ignore[arg-type]

    what = parser.add_argument_group("what is searched, and how (a continued study keeps its own)")
    what.add_argument("--space", metavar="FILE", type=path, help="TOML, a table per parameter (default: built in)")
    what.add_argument("--sampler", choices=SAMPLER_NAMES, help="(default: tpe)")
    what.add_argument("--pruner", choices=PRUNER_NAMES, help="(default: asha)")
    what.add_argument(
        "--seed", metavar="N", type=whole(0, MAX_SEED),
        help="seeds the sampler and every trial (default: random, recorded)",
    )  # fmt: skip
    what.add_argument("--enqueue", metavar="FILE", type=path, help="JSON Lines of configurations to try first")
    what.add_argument("--no-baseline", dest="baseline", action="store_false", help="leave trial 0 out")
    what.add_argument(
        "--precision", choices=PRECISIONS,
        help="of matrix products in training; bfloat16 is faster on processors that have it (default: float32)",
    )  # fmt: skip

    where = parser.add_argument_group("where and how long")
    where.add_argument(
        "--workers", metavar="N", type=whole(1, MOST_WORKERS), help="trials at once (default: the CPUs there are)"
    )
    where.add_argument("--cpus-per-trial", metavar="N", type=amount(above_zero=True), default=1.0, help="(default: 1)")
    where.add_argument("--gpus-per-trial", metavar="N", type=amount(), default=0.0, help="(default: 0)")
    where.add_argument(
        "--address", metavar="ADDR", type=address, help="an existing Ray cluster, e.g. auto (default: this machine)"
    )
    where.add_argument(
        "--timeout", metavar="DURATION", type=duration, help="stop starting trials after, e.g. 90s, 30m, 1h30m"
    )
    where.add_argument(
        "--max-retries", metavar="N", type=whole(0), default=2,
        help="further attempts after a lost worker or node (default: 2)",
    )  # fmt: skip

    shown = parser.add_argument_group("output")
    shown.add_argument(
        "--json", action="store_true", help="progress to standard error, one JSON object to standard output"
    )
    shown.add_argument("--verbose", action="store_true", help="show what Ray, Optuna and TensorFlow say")
    return parser


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


def duration(text: str) -> float:
    """Read a duration such as 45, 90s, 30m or 1h30m; return seconds."""
    match = _DURATION.fullmatch(text.strip())
    hours, minutes, seconds = (int(part or 0) for part in match.groups()) if match else (0, 0, 0)
    total = 3600 * hours + 60 * minutes + seconds
    if total <= 0:
        raise argparse.ArgumentTypeError(f"must be a duration such as 90s, 30m or 1h30m, got {text!r}")
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
        raise argparse.ArgumentTypeError("must be UTF-8 without control characters such as line breaks")
    return text


def path(text: str) -> Path:
    """Check the path of a file."""
    return Path(printable(text))


def directory(text: str) -> Path:
    """Check the path of a directory that is there or can be made."""
    found = path(text)
    try:
        whole = found.absolute()
        nearest = next(each for each in (whole, *whole.parents) if each.exists())
    except OSError as error:
        raise argparse.ArgumentTypeError(f"{error.strerror}: {text!r}") from error
    if not nearest.is_dir():
        raise argparse.ArgumentTypeError(f"must be a directory, or a new one, but {str(nearest)!r} is a file")
    if len(os.fsencode(whole)) > LONGEST_PATH or max(len(os.fsencode(name)) for name in whole.parts) > LONGEST_NAME:
        raise argparse.ArgumentTypeError(f"must have at most {LONGEST_PATH} bytes, {LONGEST_NAME} a name, got {text!r}")
    if text.startswith("file:"):
        raise argparse.ArgumentTypeError(f"must not begin with file:, which SQLite takes for a URL, got {text!r}")
    return found


def study_name(text: str) -> str:
    """Check the name of a study, which is also the name of its folder."""
    if not _STUDY_NAME.fullmatch(text):
        raise argparse.ArgumentTypeError(
            f"must be 1 to 100 letters, digits, '.', '-' or '_' and begin with a letter or digit, got {text!r}"
        )
    return text


def read_configurations(file: Path) -> list[tuple[str, dict[str, Any]]]:
    """Read JSON Lines of configurations; return each with where it stands.

    Raises:
        UsageError: The file cannot be read or a line is not a JSON object.
    """
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise UsageError(f"--enqueue {file}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"--enqueue {file}: not a text file: {error}") from error
    found = []
    for number, line in enumerate(lines, start=1):
        if line.strip():
            where = f"--enqueue {file}: line {number}"
            try:
                value = json.loads(line)
            except (ValueError, RecursionError) as error:
                raise UsageError(f"{where}: not JSON: {error}") from error
            if not isinstance(value, dict):
                wanted = 'a JSON object such as {"hidden_units": 64, ...}'
                raise UsageError(f"{where}: must be {wanted}, got {line[:LONGEST_SHOWN]!r}")
            found.append((where, value))
    return found
