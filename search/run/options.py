"""The command line of `search.run`: every option, its default, its check."""

import json
import os
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from search.errors import UsageError
from search.study.names import DEFAULT_PRUNER, DEFAULT_SAMPLER, PRUNER_NAMES, SAMPLER_NAMES
from search.terminal import arguments
from search.terminal.arguments import (
    Parser,
    accuracy,
    address,
    amount,
    data_location,
    duration,
    limit,
    path,
    printable,
    study_name,
    whole,
)  # fmt: skip
from search.terminal.files import read_text
from trainable.limits import LIMITS
from trainable.parameter import LONGEST_SHOWN, MAX_SEED
from trainable.precision import PRECISIONS
from trainable.problems import BUILT_IN

LONGEST_ABOUT = 60  # characters
MOST_WORKERS, MOST_CANDIDATES, MOST_SEEDS = 100_000, 100, 100


@dataclass(frozen=True)
class Options:
    """What the person asked for, each value checked for itself."""

    trials: int
    study: str
    named: bool  # whether the person named the study; otherwise another name will do, too
    storage: str
    runs: Path
    data: str | None
    target: str | None
    model: str | None
    space: Path | None
    print_space: bool
    sampler: str | None
    pruner: str | None
    seed: int | None
    enqueue: Path | None
    baseline: bool
    precision: str | None
    at_most: dict[str, int] | None
    workers: int | None
    cpus_per_trial: float
    gpus_per_trial: float
    address: str | None
    timeout: float | None
    stop_at: float | None
    stop_when_settled: bool
    max_retries: int
    confirm_top: int | None
    confirm_seeds: int | None
    confirm: bool
    test: bool
    explain: bool
    json: bool
    verbose: bool


def parse(arguments: list[str] | None = None, kind: type[Parser] = Parser) -> Options:
    """Read the command line and the environment; exit with status 2 where they are wrong, unless `kind` raises."""
    parser = _parser(kind)
    values = vars(parser.parse_args(arguments))
    for option in ("confirm_seeds", "explain"):
        name = f"--{option.replace('_', '-')}"
        if values[option] and not values["confirm"]:
            parser.error(f"{name}: is for a confirmation, which --no-confirm leaves out")
        if values[option] and not values["test"]:
            parser.error(f"{name}: is for a verdict, which --no-test leaves out")
    values["at_most"] = dict(values["at_most"]) if values["at_most"] else None
    values["named"] = bool(values["study"])
    about = _about(values["model"] or values["data"])
    values["study"] = values["study"] or f"{about}-{datetime.now(UTC):%Y%m%d-%H%M%S}"
    return Options(**values)


def _about(what: str | None) -> str:
    """Return what a study is called that the person did not name, but for the time: by its model, or else its data."""
    if what is None:
        return BUILT_IN.kind
    name = re.sub("[^A-Za-z0-9]+", "-", Path(what.removeprefix("keras:")).stem).strip("-")
    return name[:LONGEST_ABOUT] or "data"


def _parser(kind: type[Parser] = Parser) -> Parser:
    parser = kind(
        prog="python -m search.run",
        description=f"Search for a better network than the {BUILT_IN.words.baseline}, and keep the best model.",
        epilog="A command that names its study can always be run again: --trials counts what the study has, so after "
        "an interruption it completes the rest. Exit status: 0 done, 1 failed, 2 wrong usage, "
        "130 interrupted, 143 terminated.",
    )
    study = parser.add_argument_group("study")
    study.add_argument(
        "--trials", metavar="N", type=whole(1), default=50,
        help="trials that the study shall have finished in the end (default: 50)",
    )  # fmt: skip
    usual = f"{BUILT_IN.kind}-<UTC time>, or the name of the model or the data"
    study.add_argument("--study", metavar="NAME", type=study_name, help=f"new or continued (default: {usual})")
    arguments.add_storage_options(study)  # type: ignore[arg-type]
    study.add_argument(
        "--data", metavar="WHAT", type=data_location, default=os.environ.get("SEARCH_DATA") or None,
        help="FILE.npz with x_train and y_train, FILE.csv or FILE.parquet with --target, FILE.py whose load() returns "
        f"arrays, or keras:NAME; also SEARCH_DATA (default: {BUILT_IN.name}, cached, downloaded on first use)",
    )  # fmt: skip
    study.add_argument("--target", metavar="COLUMN", type=printable, help="the labels in a table that --data names")
    arguments.add_model_option(
        study,  # type: ignore[arg-type]
        "a function of yours that builds a Keras model: build(*, units=..., input_shape, classes), whose defaults are "
        f"the baseline, or KerasTuner's build_model(hp) (default: the network of the {BUILT_IN.words.baseline})",
    )

    what = parser.add_argument_group("what is searched, and how (a continued study keeps its own)")
    what.add_argument(
        "--space",
        metavar="FILE|wide",
        type=path,
        help="TOML, a table per parameter, or wide: depth, optimizers, dropout and more (default: built in)",
    )
    what.add_argument("--print-space", action="store_true", help="print the built-in space as such a file, and end")
    what.add_argument("--sampler", choices=SAMPLER_NAMES, help=f"(default: {DEFAULT_SAMPLER})")
    what.add_argument("--pruner", choices=PRUNER_NAMES, help=f"(default: {DEFAULT_PRUNER})")
    what.add_argument(
        "--seed", metavar="N", type=whole(0, MAX_SEED),
        help="seeds the sampler and every trial; the search repeats to the last digit with --workers 1 only "
        "(default: random, recorded)",
    )  # fmt: skip
    what.add_argument("--enqueue", metavar="FILE", type=path, help="JSON Lines of configurations to try first")
    what.add_argument(
        "--no-baseline", dest="baseline", action="store_false",
        help="leave trial 0 out; the verdict compares with the baseline all the same",
    )  # fmt: skip
    what.add_argument(
        "--precision", choices=PRECISIONS,
        help="of matrix products in training; bfloat16 is faster on processors that have it (default: float32)",
    )  # fmt: skip
    what.add_argument(
        "--at-most", metavar="NAME=N", type=limit, action="append",
        help=f"leave untrained what has more: {', '.join(LIMITS)}; e.g. parameters=100000; can be repeated",
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
        "--timeout", metavar="DURATION", type=duration, help="stop starting trials after, e.g. 90s, 30m, 1h30m or 5400"
    )
    where.add_argument(
        "--stop-at", metavar="ACCURACY", type=accuracy,
        help="stop starting trials once one has reached this validation accuracy, e.g. 0.985",
    )  # fmt: skip
    where.add_argument(
        "--stop-when-settled", action="store_true",
        help="stop starting trials once as many again would hardly bring anything, 20 at the earliest",
    )  # fmt: skip
    where.add_argument(
        "--max-retries", metavar="N", type=whole(0), default=2,
        help="further attempts after a lost worker or node (default: 2)",
    )  # fmt: skip

    confirmation = parser.add_argument_group(
        "the verdict (the best and the baseline are trained again, with fresh seeds)"
    )
    confirmation.add_argument(
        "--confirm-top", metavar="K", type=whole(1, MOST_CANDIDATES),
        help="how many configurations are chosen from, and how many trials' models are kept (default: 3, or as the "
        "study's last command; never fewer than its verdict has)",
    )  # fmt: skip
    confirmation.add_argument(
        "--confirm-seeds", metavar="R", type=whole(2, MOST_SEEDS),
        help="how many networks of the winner, all at once (default: 3, and 2 more where these do not tell, or as "
        "the study's last command; never fewer than its verdict has)",
    )  # fmt: skip
    confirmation.add_argument(
        "--explain", action="store_true",
        help="train further networks that say which parameter the gain goes with, and whether epochs alone bring it",
    )  # fmt: skip
    confirmation.add_argument("--no-confirm", dest="confirm", action="store_false", help="search only")
    confirmation.add_argument(
        "--no-test", dest="test", action="store_false",
        help="choose the best with fresh seeds, but score nothing on test examples: no verdict, until a later command; "
        "a new study of data without x_test holds none out, for good",
    )  # fmt: skip

    shown = parser.add_argument_group("output")
    shown.add_argument(
        "--json", action="store_true", help="progress to standard error, one JSON object to standard output"
    )
    shown.add_argument("--verbose", action="store_true", help="show what Ray, Optuna and TensorFlow say")
    return parser


def how_to_go_on(options: Options) -> str:
    """Return what a person does to continue."""
    return f"the same command with --study {options.study} goes on"


def read_configurations(file: Path) -> list[tuple[str, dict[str, Any]]]:
    """Read JSON Lines of configurations; return each with where it stands.

    Raises:
        UsageError: The file cannot be read or a line is not a JSON object.
    """
    found = []
    for number, line in enumerate(read_text(file, "--enqueue").split("\n"), start=1):
        if line.strip():
            where = f"--enqueue {file}: line {number}"
            try:
                value = json.loads(line, object_pairs_hook=_without_repetition)
            except (ValueError, RecursionError) as error:
                raise UsageError(f"{where}: not JSON: {error}") from error
            if not isinstance(value, dict):
                wanted = f'a JSON object such as {{"{BUILT_IN.names[0]}": 64, ...}}'
                raise UsageError(f"{where}: must be {wanted}, got {line[:LONGEST_SHOWN]!r}")
            found.append((where, value))
    return found


def _without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse an object that has a key twice, of which Python would take the last."""
    value = dict(pairs)
    if len(value) < len(pairs):
        raise ValueError("a key is there more than once")
    return value
