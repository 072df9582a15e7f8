"""The systems that are compared: how each is run as a command of its own, and what its trials were."""

import contextlib
import json
import math
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any, Protocol

import optuna
from optuna.trial import FrozenTrial, TrialState

from benchmarks.peers.space import MLP
from search.storage.address import open_read_only
from search.terminal.arguments import default_storage
from search.trials.stops import Reason

ROOT = Path(__file__).parent.parent
STUDY = "benchmark"
GRACE = 10.0  # seconds that a search may take beyond its time before it is ended
PATIENCE = 30.0  # seconds from Ctrl-C to the end
LINES_SHOWN = 8  # of what a failed command wrote to standard error
MANY = 100_000  # trials: more than there is time for


class BenchmarkError(Exception):
    """A system failed, or did something else than was asked."""


@dataclass(frozen=True)
class Trial:
    """A trial that ended.

    Attributes:
        seconds: From the start of the command to the trial's end.
        val_accuracy: The last one, a share.
        epochs: How many it trained.
        params: The searched parameters.
    """

    seconds: float
    val_accuracy: float
    epochs: int
    params: Mapping[str, Any]


@dataclass(frozen=True)
class Run:
    """One command: its wall time in seconds, its trials, and the JSON object that it printed, if any."""

    seconds: float
    trials: Sequence[Trial]
    answer: Mapping[str, Any] = field(default_factory=dict)

    @property
    def best(self) -> float:
        """The best val_accuracy, or 0."""
        return max((trial.val_accuracy for trial in self.trials), default=0.0)

    @property
    def epochs(self) -> int:
        """Epochs trained in all."""
        return sum(trial.epochs for trial in self.trials)


class System(Protocol):
    """Something that searches."""

    @property
    def name(self) -> str:
        """What readers call it."""

    def train(self, configurations: Sequence[Mapping[str, Any]]) -> Run:
        """Train exactly these configurations."""

    def search(self, seconds: int, seed: int) -> Run:
        """Search the built-in space for a time."""


@dataclass(frozen=True)
class Own:
    """This project; `options` are further options of `search.run`."""

    name: str
    options: tuple[str, ...] = ()

    def train(self, configurations: Sequence[Mapping[str, Any]]) -> Run:
        """Train exactly these configurations."""
        with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
            first = _write_list(Path(folder), configurations)
            options = ["--trials", str(len(configurations)), "--enqueue", str(first), "--pruner", "none"]
            return self._run(Path(folder), [*options, "--no-baseline"])

    def search(self, seconds: int, seed: int) -> Run:
        """Search with the defaults; trials that run when time is up go on for `GRACE` at most."""
        with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
            options = ["--trials", str(MANY), "--timeout", str(seconds), "--seed", str(seed)]
            return self._run(Path(folder), options, limit=seconds + GRACE)

    def default(self, trials: int, seed: int) -> Run:
        """Search with the defaults until so many trials are finished."""
        with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
            return self._run(Path(folder), ["--trials", str(trials), "--seed", str(seed)])

    def _run(self, folder: Path, options: list[str], limit: float = math.inf) -> Run:
        runs = folder / "runs"
        command = [sys.executable, "-m", "search.run", "--no-confirm", *options, *self.options]
        command += ["--json", "--study", STUDY, "--runs", str(runs)]
        ended = run_command(command, folder, limit, gently=True, excused=had_no_time)
        answer = json.loads(ended.stdout) if ended.stdout.strip() else {}
        return Run(ended.seconds, _study_trials(runs, ended.started), answer)


@dataclass(frozen=True)
class Peer:
    """A module of `benchmarks.peers`, and the network that it trains."""

    name: str
    module: str
    workers: int
    network: str = MLP

    def train(self, configurations: Sequence[Mapping[str, Any]]) -> Run:
        """Train exactly these configurations."""
        with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
            file = _write_list(Path(folder), configurations)
            return self._run(Path(folder), ["list", str(file), "--network", self.network])

    def search(self, seconds: int, seed: int) -> Run:
        """Search in the tool's usual way."""
        with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
            options = ["search", "--seconds", str(seconds), "--seed", str(seed)]
            return self._run(Path(folder), options, limit=seconds + GRACE)

    def _run(self, folder: Path, arguments: list[str], limit: float = math.inf) -> Run:
        command = [sys.executable, "-m", f"benchmarks.peers.{self.module}", *arguments]
        command += ["--workers", str(self.workers), "--started", str(time.time())]
        ended = run_command(command, folder, limit)
        lines = ended.stdout.split("\n")[:-1]  # a command that was ended may have left a part of a line
        return Run(ended.seconds, [Trial(**json.loads(line)) for line in lines])


@dataclass(frozen=True)
class Ended:
    """A command that ended: when it started, as Unix time; its wall time in seconds; its standard output."""

    started: float
    seconds: float
    stdout: str


def end_on_signals() -> None:
    """Let Ctrl-C and SIGTERM end this process as an exit does, so that the commands it started end too."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _exit)


def _exit(number: int, _frame: FrameType | None) -> None:
    sys.exit(128 + number)  # as a shell has it


def run_command(
    command: Sequence[str],
    folder: Path,
    limit: float = math.inf,
    *,
    gently: bool = False,
    excused: Callable[[str], bool] = lambda _: False,
) -> Ended:
    """Run a command in a session of its own, of which nothing is left afterwards.

    Args:
        command: The program and its arguments.
        folder: Where its output is kept meanwhile.
        limit: Seconds after which it is ended.
        gently: Whether it is first asked to end, as by Ctrl-C.
        excused: Whether the standard output of a command with another status than 0 makes it a result all the same.

    Raises:
        BenchmarkError: It failed before that.
    """
    stdout, stderr = folder / "stdout", folder / "stderr"
    with stdout.open("w") as out, stderr.open("w") as err:
        started, clock = time.time(), time.perf_counter()
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=out, stderr=err,
            start_new_session=True, env=_environment(), cwd=ROOT,
        )  # fmt: skip
        try:
            in_time = _ends_within(process, limit)
            if not in_time and gently:
                process.send_signal(signal.SIGINT)
                _ends_within(process, PATIENCE)
            seconds = time.perf_counter() - clock
        finally:
            _end_session(process)
    said = stdout.read_text()
    if in_time and process.returncode and not excused(said):
        last = "\n".join(stderr.read_text(errors="replace").splitlines()[-LINES_SHOWN:])
        raise BenchmarkError(f"{' '.join(command[1:4])} ended with status {process.returncode}:\n{last}")
    return Ended(started, seconds, said)


def had_no_time(answer: str) -> bool:
    """Whether a search says that its time was up: without a trial by then it ends with status 1, as it should."""
    return bool(answer.strip()) and json.loads(answer)["stopped"] == Reason.TIMEOUT


def _ends_within(process: subprocess.Popen[bytes], seconds: float) -> bool:
    try:
        process.wait(None if math.isinf(seconds) else seconds)
    except subprocess.TimeoutExpired:
        return False
    return True


def _end_session(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _environment() -> dict[str, str]:
    """Return the environment of all commands: without this project's own variables, and with little noise."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SEARCH_")}
    return kept | {"TF_CPP_MIN_LOG_LEVEL": "3", "RAY_USAGE_STATS_ENABLED": "0"}


def _write_list(folder: Path, configurations: Sequence[Mapping[str, Any]]) -> Path:
    file = folder / "configurations.jsonl"
    file.write_text("".join(json.dumps(dict(each)) + "\n" for each in configurations))
    return file


def _study_trials(runs: Path, started: float) -> list[Trial]:
    """Return what the study records of complete and pruned trials; `started` is Unix time."""
    storage = open_read_only(default_storage(runs))
    study = optuna.load_study(study_name=STUDY, storage=storage)
    trials = study.get_trials(states=(TrialState.COMPLETE, TrialState.PRUNED))
    return [_study_trial(trial, started) for trial in trials if trial.intermediate_values]


def _study_trial(trial: FrozenTrial, started: float) -> Trial:
    ended = trial.datetime_complete
    epochs = trial.last_step
    if ended is None or epochs is None:
        raise BenchmarkError(f"trial {trial.number} of the study is finished, but has no end")
    seconds = ended.timestamp() - started  # Optuna records local time
    return Trial(seconds, trial.intermediate_values[epochs], epochs, trial.params)
