"""How many workers one driver keeps busy: trials that only wait, on real workers, with a real study on SQLite."""

import argparse
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from optuna.trial import TrialState
from ray import tune

from benchmarks.results import table
from benchmarks.waiting import EPOCHS, TRIAL_SECONDS, Waiting
from search.runtime.local import ray_runtime
from search.runtime.resources import Resources
from search.runtime.tuning import run_trials
from search.storage.address import open_storage
from search.study.settings import Settings
from search.study.study import open_study
from search.terminal.arguments import whole
from search.trials.failures import FailureStore
from search.trials.lifecycle import Trials
from search.trials.live import LiveTrial, Observer
from search.trials.models import ModelStore

SAMPLERS = ("random", "tpe")
WINDOW = 60  # seconds measured
SETTLING = 2 * TRIAL_SECONDS  # from the gate to the window: by then every worker is past its first trial
# Ray would start all workers at once, and give up those that were not there after a minute.
STARTUP = {"RAY_worker_maximum_startup_concurrency": str(len(os.sched_getaffinity(0)))}
ENDLESS = 10**9  # trials
MIB = 2**20
WORKER_MEMORY = 112 * MIB  # of its own, once it waits: Ray, and what Tune imports
OTHER_MEMORY = 1500 * MIB  # the driver and Ray's own processes
MEMORY_INFO = Path("/proc/meminfo")


@dataclass
class Window:
    """What was seen in the measured time, or the clocks at one moment."""

    wall: float = 0.0
    cpu: float = 0.0  # of the driver's process, in seconds
    main_cpu: float = 0.0  # of its main thread, which runs Tune's loop
    waited: float = 0.0  # seconds of workers
    trials: int = 0


class Watch(Observer):
    """Opens the gate when all workers are there, and counts what is reported within the window."""

    def __init__(self, workers: int, gate: Path, seconds: float) -> None:
        """Wait for this many workers; then measure for so many seconds."""
        self._workers, self._gate, self._seconds = workers, gate, seconds
        self._started = 0
        self._opens = float("inf")
        self._before: Window | None = None
        self.seen = Window()
        self.over = False

    def started(self, live: LiveTrial) -> None:
        """Count the workers; each has one trial until the gate opens."""
        self._started += 1
        if self._started == self._workers:
            self._gate.touch()
            self._opens = time.perf_counter() + SETTLING

    def reported(self, live: LiveTrial) -> None:
        """Count the seconds of an epoch."""
        if self._measuring() and live.last is not None:
            self.seen.waited += live.last.seconds

    def finished(self, live: LiveTrial, state: TrialState, reason: str | None) -> None:
        """Count a trial."""
        self.seen.trials += self._measuring()

    def _measuring(self) -> bool:
        """Open and close the window; return whether it is open."""
        now = time.perf_counter()
        if self.over or now < self._opens:
            return False
        if self._before is None:
            self._before = _clocks()
        elif now - self._before.wall >= self._seconds:
            self._close(_clocks(), self._before)
        return not self.over

    def _close(self, after: Window, before: Window) -> None:
        self.seen.wall = after.wall - before.wall
        self.seen.cpu = after.cpu - before.cpu
        self.seen.main_cpu = after.main_cpu - before.main_cpu
        self.over = True


def _clocks() -> Window:
    return Window(time.perf_counter(), time.process_time(), time.thread_time())


def measure(sampler: str, folder: Path, resources: Resources, seconds: float) -> Window:
    """Keep the workers busy with a new study; return what was seen within the window."""
    folder = folder / f"{sampler}-{resources.workers}"
    settings = Settings(seed=1, sampler=sampler, baseline=False)
    study = open_study(sampler, open_storage(f"sqlite:///{folder / 'studies.db'}"), settings)
    gate = folder / "gate"
    watch = Watch(resources.workers, gate, seconds)
    trials = Trials(
        study,
        settings,
        goal=ENDLESS,
        models=ModelStore(folder, sampler),
        failures=FailureStore(folder, sampler),
        observer=watch,
        is_time_up=lambda: watch.over,
    )
    trials.take_stock()
    run_trials(tune.with_parameters(Waiting, gate=gate), trials, resources, check=lambda: None)
    return watch.seen


def measured(numbers: Sequence[int], seconds: float, folder: Path) -> Iterator[str]:
    """Measure each number of workers with each sampler; yield the section's text after each, with the rows so far."""
    os.environ.update(STARTUP)
    rows: list[list[str]] = []
    for number in numbers:
        with ray_runtime(None, Resources(number, 1, 0), verbose=False) as resources:
            for sampler in SAMPLERS:
                seen = measure(sampler, folder, resources, seconds)
                rows.append([str(number), sampler, *row(seen, number)])
                yield report(rows, seconds)


def row(seen: Window, workers: int) -> list[str]:
    """Return a table's figures: the share in use, the rate, the driver's cost of a trial and the limit that it sets."""
    share = seen.waited / (workers * seen.wall)
    cost = seen.cpu / max(seen.trials, 1)
    return [
        f"{share:.2f}",
        f"{share * workers:.0f}",
        f"{seen.trials / seen.wall:.1f}",
        f"{cost * 1e3:.0f}",
        f"{seen.main_cpu / seen.wall:.2f}",
        f"{1 / cost:.1f}",
        f"{TRIAL_SECONDS / cost:.0f}",
    ]


def report(rows: list[list[str]], seconds: float) -> str:
    """Return the section's text."""
    header = [
        "workers",
        "sampler",
        "share in use",
        "workers in use",
        "trials a second",
        "driver's CPU, ms a trial",
        "main thread's share of a core",
        "limit, trials a second",
        "limit, workers",
    ]
    return (
        f"Trials of {TRIAL_SECONDS:.0f} s, {EPOCHS} epochs that only wait; each worker is a process of Ray's on this "
        f"machine. All of them are there before the first trial goes on; {seconds:.0f} s are measured from "
        f"{SETTLING:.0f} s after that, and workers end only after the measured time. The share in use is the time "
        "waited in the epochs that were reported in the measured time, over workers times that time. The study is new, "
        "on SQLite; ASHA compares all trials and stops none, since they are equally good. The limit is where the "
        "driver's CPU time, of all its threads, would fill one core; it holds for that number of workers, and grows in "
        "proportion to the length of a trial that has as many epochs. An idle worker has "
        f"{WORKER_MEMORY // MIB} MiB of its own; more than the memory has room for are refused, since with swap the "
        "machine would be measured.\n\n" + table(header, rows)
    )


def numbers(text: str) -> list[int]:
    """Read numbers of workers with commas between them; refuse what this machine's memory cannot hold."""
    found = [whole(1)(part) for part in text.split(",")]
    room = (_free_memory() - OTHER_MEMORY) // WORKER_MEMORY
    if max(found) > room:
        each = WORKER_MEMORY // MIB
        raise argparse.ArgumentTypeError(
            f"the free memory holds {max(room, 0)} workers of {each} MiB, got {max(found)}"
        )
    return found


def _free_memory() -> int:
    """Return the bytes that programs can have without swapping (proc_meminfo(5))."""
    fields = dict(line.split(":") for line in MEMORY_INFO.read_text(encoding="ascii").splitlines())
    return int(fields["MemAvailable"].split()[0]) * 1024
