"""`python -m benchmarks.memory`: resident sizes of the driver and its workers while many shapes are trained."""

import os
import tempfile
from dataclasses import replace
from pathlib import Path

from optuna.distributions import IntDistribution
from optuna.trial import TrialState

from benchmarks.command import make_parser
from benchmarks.results import record, table
from search.runtime.local import ray_runtime
from search.runtime.resources import Resources
from search.runtime.tuning import run_trials, trainable_of
from search.storage.address import open_storage
from search.study.settings import Settings
from search.study.space import Space
from search.study.study import open_study
from search.surroundings.guard import command_of, descendants
from search.terminal.arguments import whole
from search.terminal.quiet import quiet
from search.terminal.streams import leave
from search.trials.failures import FailureStore
from search.trials.lifecycle import Trials
from search.trials.live import LiveTrial, Observer
from search.trials.models import ModelStore
from trainable.data.dataset import Dataset
from trainable.mnist.source import load_dataset
from trainable.precision import FLOAT32
from trainable.problems import BUILT_IN, problem_of

TRIALS = 200
WORKERS = 2
AT_REST = 10  # trials after which every worker has trained and the first sizes are taken
GOAL = 10  # percent of growth at most
ONE_EPOCH = Space(
    {**Space.default(BUILT_IN).distributions, "epochs": IntDistribution(1, 1)}
)  # shapes matter here, not accuracy
TITLES = (b"ray::NetworkTrial", b"ray::ResourceTrainable")  # that Ray gives a worker: idle, and in a call
PAGE = os.sysconf("SC_PAGE_SIZE")
MIB = 2**20


class ResidentSizes(Observer):
    """Reads the resident sizes of this process and of its workers whenever a trial ends."""

    def __init__(self) -> None:
        """Start with no sample."""
        self.sizes: list[dict[int, float]] = []  # MiB by process id

    def finished(self, live: LiveTrial, state: TrialState, reason: str | None) -> None:
        """Take a sample."""
        self.sizes.append({process: resident(process) for process in [os.getpid(), *workers()]})


def resident(process: int) -> float:
    """Return the resident size of a process in MiB."""
    return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * PAGE / MIB


def workers() -> list[int]:
    """Return the ids of the trainables' processes that descend from this one."""
    return sorted(pid for pid in descendants(os.getpid()) if command_of(pid).startswith(TITLES))


def measure(number: int, data: Dataset) -> ResidentSizes:
    """Train that many networks of random shapes for an epoch each."""
    sizes = ResidentSizes()
    settings = replace(Settings(seed=1, sampler="random", pruner="none", baseline=False), space=ONE_EPOCH)
    with (
        tempfile.TemporaryDirectory() as name,
        ray_runtime(None, Resources(WORKERS, 1, 0), verbose=False) as resources,
    ):
        folder = Path(name)
        study = open_study("memory", open_storage(f"sqlite:///{folder / 'studies.db'}"), settings)
        models, failures = ModelStore(folder, "memory"), FailureStore(folder, "memory")
        trials = Trials(study, settings, goal=number, models=models, failures=failures, observer=sizes)
        trials.take_stock()
        run_trials(trainable_of(problem_of(BUILT_IN), data, FLOAT32), trials, resources, check=lambda: None)
    return sizes


def rows(sizes: list[dict[int, float]]) -> list[list[str]]:
    """Return a table's rows: each process at the sample `AT_REST`, at its last, at its largest, and the growth.

    Raises:
        ValueError: Not all workers were found.
    """
    at_rest = sizes[AT_REST - 1]
    if len(at_rest) != 1 + WORKERS:
        raise ValueError(f"expected the driver and {WORKERS} workers, found {len(at_rest)} processes")
    found = []
    for process, rest in at_rest.items():
        own = [sample[process] for sample in sizes if process in sample]
        name = "driver" if process == os.getpid() else "worker"
        found.append([name, f"{rest:.0f}", f"{own[-1]:.0f}", f"{max(own):.0f}", f"{(own[-1] / rest - 1) * 100:+.1f} %"])
    return found


def main(arguments: list[str] | None = None) -> int:
    """Run the benchmark; return its exit status."""
    parser = make_parser("memory", __doc__)
    parser.add_argument(
        "--trials", metavar="N", type=whole(AT_REST + WORKERS), default=TRIALS, help=f"(default: {TRIALS})"
    )
    options = parser.parse_args(arguments)
    quiet(verbose=False)
    found = rows(measure(options.trials, load_dataset()).sizes)
    times = [f"after {AT_REST} trials, MiB", f"after {options.trials} trials, MiB"]
    header = ["process", *times, "largest", f"growth (goal {GOAL} %)"]
    body = (
        f"Resident sizes while {options.trials} networks of random widths, batch sizes and learning rates were trained "
        f"for an epoch each, by {WORKERS} workers.\n\n{table(header, found)}"
    )
    print(body)
    record("memory", "Memory", body, options.results)
    return 0


if __name__ == "__main__":
    leave(main())
