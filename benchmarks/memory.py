"""`python -m benchmarks.memory`: resident sizes of the driver and its workers while many shapes are trained."""

import os
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from optuna.distributions import IntDistribution
from optuna.trial import TrialState

from benchmarks.command import make_parser
from benchmarks.results import record, table
from search.runtime.local import ray_runtime
from search.runtime.resources import Resources
from search.runtime.tuning import run_trials, trainable_of
from search.storage.address import open_storage
from search.study.data import found_in
from search.study.program import program_in
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
from trainable.data.dataset import TrialData
from trainable.model_file.dataset import ModelDataset
from trainable.precision import FLOAT32
from trainable.problem import Problem
from trainable.problems import BUILT_IN, problem_of

TRIALS = 500
WORKERS = 2
AT_REST = 10  # trials after which every worker has trained and the first sizes are taken
GOAL = 10  # percent of growth at most
MODEL = "benchmarks/cnn.py"
EXAMPLES = 1000  # of each split for the model of that file: shapes matter here, not accuracy
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


def built_in() -> tuple[Problem, TrialData]:
    """Return the built-in problem and its data."""
    problem = problem_of(BUILT_IN)
    return problem, problem.load(None)


def own_model() -> tuple[Problem, TrialData]:
    """Return the problem of a person's file, and a part of its data."""
    program = program_in(MODEL)
    problem = problem_of(found_in(None, MODEL), program)
    whole: Any = problem.load(None)
    parts = (getattr(whole, name)[:EXAMPLES] for name in ("x_train", "y_train", "x_val", "y_val"))
    return problem, ModelDataset(*parts)


NETWORKS = {
    "mlp": ("memory", "Memory", built_in, "networks of random widths, batch sizes and learning rates"),
    "cnn": ("memory-model", "Memory, a model in a file", own_model, f"models of {MODEL} of random shapes"),
}


def measure(number: int, problem: Problem, data: TrialData) -> ResidentSizes:
    """Train that many networks of random shapes for an epoch each."""
    sizes = ResidentSizes()
    distributions = {**Space.default(problem.spec).distributions, "epochs": IntDistribution(1, 1)}
    space = Space(distributions, problem.spec)
    settings = replace(Settings(seed=1, sampler="random", pruner="none", baseline=False), space=space)
    with (
        tempfile.TemporaryDirectory() as name,
        ray_runtime(None, Resources(WORKERS, 1, 0), verbose=False) as resources,
    ):
        folder = Path(name)
        study = open_study("memory", open_storage(f"sqlite:///{folder / 'studies.db'}"), settings)
        models, failures = ModelStore(folder, "memory"), FailureStore(folder, "memory")
        trials = Trials(study, settings, goal=number, models=models, failures=failures, observer=sizes)
        trials.take_stock()
        run_trials(trainable_of(problem, data, FLOAT32), trials, resources, check=lambda: None)
    return sizes


def rows(sizes: list[dict[int, float]]) -> list[list[str]]:
    """Return a table's rows: each process at the sample `AT_REST`, at its last, at its largest, and the growth.

    A worker that was renewed is followed until then; those in its place are in the last row, the largest of all.

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
    if new := {process for sample in sizes for process in sample} - at_rest.keys():
        largest = max(size for sample in sizes for process, size in sample.items() if process in new)
        found.append([f"{len(new)} workers that came later", "", "", f"{largest:.0f}", ""])
    return found


def main(arguments: list[str] | None = None) -> int:
    """Run the benchmark; return its exit status."""
    parser = make_parser("memory", __doc__)
    parser.add_argument(
        "--trials", metavar="N", type=whole(AT_REST + WORKERS), default=TRIALS, help=f"(default: {TRIALS})"
    )
    parser.add_argument("--network", choices=NETWORKS, default="mlp", help="(default: mlp)")
    options = parser.parse_args(arguments)
    quiet(verbose=False)
    section, title, problem_and_data, what = NETWORKS[options.network]
    found = rows(measure(options.trials, *problem_and_data()).sizes)
    times = [f"after {AT_REST} trials, MiB", f"after {options.trials} trials, MiB"]
    header = ["process", *times, "largest", f"growth (goal {GOAL} %)"]
    body = (
        f"Resident sizes while {options.trials} {what} were trained for an epoch each, by {WORKERS} workers."
        f"\n\n{table(header, found)}"
    )
    print(body)
    record(section, title, body, options.results, command="memory")
    return 0


if __name__ == "__main__":
    leave(main())
