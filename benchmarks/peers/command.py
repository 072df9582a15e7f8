"""The command line that all peers share, the lines that they print, and the end of their time."""

import argparse
import atexit
import json
import os
import signal
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from benchmarks.peers.space import MLP, SPACES
from search.terminal.arguments import Parser, whole
from trainable.parameter import MAX_SEED

LIST = "list"
SEARCH = "search"

START_TIME_FIELD = 19  # of /proc/self/stat, counted from the field after the command's name: ticks since the boot
AGAIN = 5.0  # seconds; an exception that a signal's handler raises can be lost in a destructor


@dataclass(frozen=True)
class Command:
    """What a peer is asked to do.

    Attributes:
        mode: `LIST` or `SEARCH`.
        configurations: With `LIST`, the parameters of each trial.
        network: What they are of; a search is of the built-in problem's.
        seconds: With `SEARCH`, from the start of the process.
        seed: With `SEARCH`, the sampler's.
        workers: Trials at once.
        started: Unix time.
        journal: A storage that other processes use too; only some peers have it.
    """

    mode: str
    configurations: list[dict[str, Any]]
    network: str
    seconds: float
    seed: int
    workers: int
    started: float
    journal: Path | None

    @property
    def seconds_left(self) -> float:
        """Seconds until a search ends; at least a little, for timers that take 0 as never."""
        return max(0.01, self.started + self.seconds - time.time())


class Answers:
    """The JSON lines on standard output; whatever else the process prints goes to standard error from now on."""

    def __init__(self, started: float) -> None:
        """Take over standard output.

        Args:
            started: Unix time from which seconds count.
        """
        self._started = started
        self._stream = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())

    def finished(self, val_accuracy: float, epochs: int, params: Mapping[str, Any]) -> None:
        """Print a trial that has ended, with its last val_accuracy and the number of epochs it ran."""
        seconds = round(time.time() - self._started, 3)
        line = {"seconds": seconds, "val_accuracy": float(val_accuracy), "epochs": epochs, "params": dict(params)}
        self._stream.write(json.dumps(line) + "\n")
        self._stream.flush()


def parse(tool: str, most_workers: int | None = None, *, journal: bool = False) -> Command:
    """Read the command line; exit with status 2 where it is wrong.

    Args:
        tool: The module's name.
        most_workers: As many as the tool can use.
        journal: Whether there is an option to share a storage with other processes.
    """
    parser = Parser(prog=f"python -m benchmarks.peers.{tool}")
    modes = parser.add_subparsers(dest="mode", required=True)
    given = modes.add_parser(LIST, help="train the configurations of a file")
    given.add_argument("configurations", metavar="FILE", type=_lines, help="JSON Lines")
    given.add_argument("--network", choices=SPACES, default=MLP, help=f"(default: {MLP})")
    searched = modes.add_parser(SEARCH, help="search the built-in space")
    searched.add_argument("--seconds", metavar="S", type=whole(1), required=True)
    searched.add_argument("--seed", metavar="K", type=whole(0, MAX_SEED), required=True)
    for mode in (given, searched):
        mode.add_argument("--workers", metavar="N", type=whole(1, most_workers), default=1)
        mode.add_argument("--started", metavar="UNIX_TIME", type=float, default=process_started())
        if journal:
            mode.add_argument("--journal", metavar="FILE", type=Path, help="be one of the processes that use it")
    defaults: dict[str, Any] = {"configurations": [], "network": MLP, "seconds": 0, "seed": 0, "journal": None}
    command = Command(**(defaults | vars(parser.parse_args())))
    try:
        for each in command.configurations:
            SPACES[command.network].check(each)
    except ValueError as error:
        parser.error(str(error))
    return command


def process_started() -> float:
    """Return when this process started, as Unix time."""
    fields = Path("/proc/self/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    age = time.clock_gettime(time.CLOCK_BOOTTIME) - int(fields[START_TIME_FIELD]) / os.sysconf("SC_CLK_TCK")
    return time.time() - age


def exit_after(seconds: float) -> None:
    """Let the process exit in this time, with status 0, whatever its main thread does then."""
    signal.signal(signal.SIGALRM, _exit)
    signal.setitimer(signal.ITIMER_REAL, seconds, AGAIN)
    atexit.register(signal.setitimer, signal.ITIMER_REAL, 0)  # from then on there is no handler, and it would be killed


def _exit(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)


def _lines(text: str) -> list[dict[str, Any]]:
    try:
        lines = Path(text).read_text(encoding="utf-8").splitlines()
        return [json.loads(line) for line in lines if line.strip()]
    except OSError as error:
        raise argparse.ArgumentTypeError(f"{text}: {error.strerror}") from error
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text}: {error}") from error
