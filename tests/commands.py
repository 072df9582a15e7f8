"""Run this project's commands as a person would."""

import contextlib
import functools
import importlib
import io
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from unittest import mock

import optuna
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import TrialState

from search.study.space import Space
from search.study.study import count
from search.surroundings.guard import command_of, descendants, start_of
from search.terminal import streams
from trainable.errors import ConfigError
from trainable.precision import BFLOAT16, check_precision

ROOT = Path(__file__).parent.parent
# Small networks that train in a second.
SMALL_SPACE = """
[hidden_units]
type = "int"
low = 8
high = 64
log = true
[learning_rate]
type = "float"
low = 1e-3
high = 1e-2
log = true
[batch_size]
type = "categorical"
choices = [256, 512]
[epochs]
type = "int"
low = 1
high = 3
"""


# With a baseline whose ten networks take seconds, where the usual one's take minutes.
QUICK_SPACE = """
hidden_units = {type = "categorical", choices = [8, 16, 32, 64], default = 32}
learning_rate = {type = "float", low = 1e-3, high = 1e-2, log = true}
batch_size = {type = "categorical", choices = [128, 512]}
epochs = {type = "int", low = 1, high = 3, default = 2}
"""


def run_command(module, *arguments, timeout=100, python=sys.executable, **kwargs):
    """Run a module of this project as a person would; return what it said."""
    command = [str(python), "-m", module, *map(str, arguments)]
    return subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
        cwd=ROOT,
        env=clean_environment(),
        **kwargs,
    )


def invoke(module, *arguments):
    """Run a command in this process, which has loaded its modules before; return what it said, as `run_command` does.

    For commands that end before they start anything: what a process of its own would add is the time of its imports.
    """
    said, handlers = (
        (io.StringIO(), io.StringIO()),
        {each: signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)},
    )
    try:
        with (
            mock.patch.dict(os.environ, clean_environment(), clear=True),
            contextlib.redirect_stdout(said[0]),
            contextlib.redirect_stderr(said[1]),
        ):
            found = importlib.import_module(f"{module}.__main__" if module.startswith("search.") else module)
            status = streams.status_of(lambda: found.main(list(map(str, arguments))))
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
    return subprocess.CompletedProcess([module, *arguments], status, *(each.getvalue() for each in said))


def memory_folder():
    """Return a folder that is kept in memory and has room for all that tests write, or None."""
    folder = Path("/dev/shm")
    return folder if folder.is_dir() and shutil.disk_usage(folder).free > 4 * 2**30 else None


# Wide enough for what tests make up.
WIDE_SPACE = Space(
    {
        "hidden_units": IntDistribution(32, 2048, log=True),
        "learning_rate": FloatDistribution(1e-4, 1e-2, log=True),
        "batch_size": CategoricalDistribution((32, 64, 128, 256, 512, 1024)),
        "epochs": IntDistribution(2, 20),
    }
)


def clean_environment():
    """The environment without this project's own variables."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("SEARCH_", "COV_CORE"))}


def bfloat16_is_here():
    """Whether this processor has it."""
    try:
        check_precision(BFLOAT16)
    except ConfigError:
        return False
    return True


def study_of(runs, name):
    """Open a study with nothing but Optuna, as anyone can."""
    return optuna.load_study(study_name=name, storage=f"sqlite:///{runs / 'studies.db'}")


def start(*arguments, program=("-m", "search.run"), **variables):
    """Start a search alone, without a confirmation after it; do not wait for it."""
    command = [sys.executable, *program, "--no-confirm", *map(str, arguments)]
    environment = clean_environment() | variables
    return subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def start_untrained(*arguments, **variables):
    """Start one whose workers are real, but train nothing and so load no TensorFlow: see `failing.py`."""
    program = (str(ROOT / "tests" / "failing.py"),)
    return start(*arguments, program=program, PYTHONPATH=str(ROOT), **variables)


def wait_until(condition, timeout, what, process=None):
    """Return the first true value; fail where none comes within some seconds, or the process for it has ended."""
    deadline = time.monotonic() + timeout
    while not (value := condition()):
        assert process is None or process.poll() is None, process.communicate()
        assert time.monotonic() < deadline, f"not within {timeout} s: {what}"
        time.sleep(0.1)
    return value


def wait_for_trials(process, runs, name, number):
    """Wait until a study has some finished trials while the driver runs."""
    _wait_for(process, runs, name, lambda trials: count(trials).finished >= number, f"the search has {number} trials")


def wait_for_training(process, runs, name):
    """Wait until a trial of a study has trained an epoch and goes on while the driver runs."""

    def one_trains(trials):
        return any(trial.intermediate_values for trial in trials if trial.state == TrialState.RUNNING)

    _wait_for(process, runs, name, one_trains, "a trial is in training")


def _wait_for(process, runs, name, condition, what):
    opened = functools.cache(study_of)  # to open a storage takes twenty times as long as to ask it

    def met():
        with contextlib.suppress(Exception):  # the file or its tables are not there yet
            return condition(opened(runs, name).trials)
        return False

    wait_until(met, 200, what, process)


def family_of(process):
    """What descends from a command, Ray's processes and the guard: the start of each by its id."""
    found = {pid: start_of(pid) for pid in descendants(process.pid)}
    return {pid: start for pid, start in found.items() if start is not None}


def victims(process, *names):
    """The processes that descend from a command and have one of these in their program's name or title."""
    titles = {pid: command_of(pid).split(b"\0")[0] for pid in descendants(process.pid)}
    return [pid for pid, title in titles.items() if any(name.encode() in title for name in names)]


def kill_workers(process):
    """Kill every worker of a search: beside the one that trains there may be one that ends after a trial's failure."""
    # They are titled by the class of their trainable or by Tune's wrapper around it.
    for worker in victims(process, "ray::NetworkTrial", "ray::Resource"):
        with contextlib.suppress(ProcessLookupError):
            os.kill(worker, signal.SIGKILL)


def left_of(family):
    """The id and the command line of each process of a command that has ended, of those not gone in five seconds."""
    deadline = time.monotonic() + 5
    while (left := [pid for pid, start in family.items() if start_of(pid) == start]) and time.monotonic() < deadline:
        time.sleep(0.1)
    return [(pid, command_of(pid)) for pid in left]


def assert_nothing_left(family):
    """Every process of a command that has ended is gone within five seconds."""
    left = left_of(family)
    assert not left, f"left behind: {left}"
