"""`python -m benchmarks.memory`: resident sizes of the driver and its workers while many shapes are trained."""

import os
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from optuna.distributions import IntDistribution
from optuna.trial import TrialState
from ray import tune

from benchmarks.command import make_parser
from benchmarks.results import record, table
from search.models import ModelStore
from search.noise import quiet
from search.options import whole
from search.runtime import Resources, ray_runtime
from search.space import BUILT_IN, Space
from search.storage import open_storage
from search.study import Wishes, open_study
from search.trials import LiveTrial, Observer, Trials
from search.tuning import run_trials
from trainable.data import Dataset, load_dataset
from trainable.trial import MnistTrial

TRIALS = 200
WORKERS = 2
ONE_EPOCH = Space({**BUILT_IN.distributions, "epochs": IntDistribution(1, 1)})  # shapes matter here, not accuracy
WORKER = "ray::ResourceTrainable"  # the title that Ray gives the process of a Tune trainable
PAGE = os.sysconf("SC_PAGE_SIZE")
MIB = 2**20


class Sampler(Observer):
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
    parents, titles = {}, {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parents[int(folder.name)] = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            titles[int(folder.name)] = (folder / "cmdline").read_bytes().decode(errors="replace")
        except OSError:
            continue  # it has ended
    return sorted(process for process, title in titles.items() if title.startswith(WORKER) and _mine(process, parents))


def _mine(process: int, parents: dict[int, int]) -> bool:
    while process in parents:
        process = parents[process]
        if process == os.getpid():
            return True
    return False


def measure(number: int, data: Dataset) -> Sampler:
    """Train that many networks of random shapes for an epoch each."""
    sampler = Sampler()
    settings = replace(Wishes(seed=1, sampler="random", pruner="none", baseline=False).settings({}), space=ONE_EPOCH)
    with (
        tempfile.TemporaryDirectory() as name,
        ray_runtime(None, Resources(WORKERS, 1, 0, 0), verbose=False) as resources,
    ):
        folder = Path(name)
        study = open_study("memory", open_storage(f"sqlite:///{folder / 'studies.db'}", create=True), settings)
        trials = Trials(study, settings, budget=number, models=ModelStore(folder, "memory"), observer=sampler)
        trainable = tune.with_parameters(MnistTrial, data=data)
        run_trials(trainable, trials, resources, ended=lambda: False, check=lambda: None)
    return sampler


def rows(sizes: list[dict[int, float]]) -> list[list[str]]:
    """Return a table's rows: each process at its first sample, at its last, at its largest, and the growth."""
    found = []
    for process in {process: None for sample in sizes for process in sample}:  # in the order of appearance
        own = [sample[process] for sample in sizes if process in sample]
        name = "driver" if process == os.getpid() else "worker"
        growth = f"{(own[-1] / own[0] - 1) * 100:+.1f} %"
        found.append([name, f"{own[0]:.0f}", f"{own[-1]:.0f}", f"{max(own):.0f}", growth])
    return found


def main(arguments: list[str] | None = None) -> int:
    """Run the benchmark; return its exit status."""
    parser = make_parser("memory", __doc__)
    parser.add_argument("--trials", metavar="N", type=whole(1), default=TRIALS, help=f"(default: {TRIALS})")
    options = parser.parse_args(arguments)
    quiet(verbose=False)
    found = rows(measure(options.trials, load_dataset()).sizes)
    header = ["process", "after the first trial, MiB", f"after {options.trials} trials", "largest", "growth"]
    body = (
        f"Resident sizes while {options.trials} networks of random widths, batch sizes and learning rates were trained "
        f"for an epoch each, by {WORKERS} workers.\n\n{table(header, found)}"
    )
    print(body)
    record("memory", "Memory", body, options.results)
    return 0


if __name__ == "__main__":
    sys.exit(main())
