"""One command's trials: which workers they had, and how many a cluster is asked for."""

import contextlib
import io
import re
from types import SimpleNamespace

import numpy as np
import pytest
from rich.console import Console

from search.confirmation.record import CONFIRMATION
from search.errors import RuntimeLostError, SearchError
from search.run import execution
from search.run.execution import Execution
from search.run.options import parse
from search.run.plan import Plan
from search.study.settings import Settings
from search.trials import wants
from search.trials.failures import OUT_OF_MEMORY, Failure
from trainable.data.dataset import Dataset


class Clock:
    """A clock that goes on when it is told to."""

    now = 100.0

    def monotonic(self):
        """As `time.monotonic`."""
        return self.now


@pytest.fixture
def clock(monkeypatch):
    """The clock of the module under test."""
    monkeypatch.setattr(execution, "time", Clock())
    return execution.time


def made(*arguments, attributes=None):
    """An execution that has begun at 100 s, and what it prints."""
    plan = Plan(Settings(seed=1), [], [], attributes or {}, continued=attributes is not None)
    console = Console(file=io.StringIO())
    examples, labels = np.zeros((2, 1), np.uint8), np.zeros(2, np.uint8)
    dataset = Dataset(examples, labels, examples, labels)
    return Execution(parse([*arguments]), plan, dataset, console, 100.0), console.file


@pytest.mark.parametrize(
    ("workers", "expected"),
    [
        ([2, 2, 2], 60.0),
        ([2, 3, 1], 60.0),
        ([0, 0, 4], 40.0),
        ([4, 0, 4], 80.0),
        ([4, 0, 0], 40.0),
        ([], 0.0),
    ],
    ids=["as many", "others", "none at first", "none in between", "none at last", "not known yet"],
)
def test_workers_are_offered_for_as_long_as_they_are_there(clock, workers, expected):
    """The first ones from the command's start on; no time without workers counts, whenever it was."""
    command, _ = made()
    for number in workers:
        command._count_workers(number)
        clock.now += 10
    assert command.times.offered == expected


def test_change_of_workers_is_said(clock):
    """Whoever waits for nodes sees them come, and sees that the last one has gone."""
    command, said = made()
    for number in (0, 4, 0, 1):
        command._count_workers(number)
    assert said.getvalue().split("\n")[:-1] == ["4 workers", "0 workers", "1 worker"]


def test_worker_that_memory_does_not_hold_is_taken_away_and_said(clock):
    """One line says so; from then on the others alone are offered."""
    command, said = made("--workers", "3")
    command._crew.available = lambda _: 3
    command._count_workers(command._crew.number())
    for key in "abc":
        command._crew.begin(key)
    clock.now += 10
    command._crew.weigh("a", Failure(OUT_OF_MEMORY, ""))
    clock.now += 10
    assert said.getvalue() == "2 workers: memory does not hold 3\n"
    assert command.times.offered == 3 * 10 + 2 * 10


@pytest.mark.parametrize(
    ("enough", "message"),
    [(2**62, "the raylet ended: the disk is full: /.*; make room there; .*"), (0, "the raylet ended")],
    ids=["full", "not full"],
)
def test_ray_is_not_started_again_on_a_full_disk(monkeypatch, enough, message):
    """It would not start for a minute; with room there it is tried, three times in a row."""
    started = []

    @contextlib.contextmanager
    def starting(*_, **__):
        started.append(1)
        yield

    def lost(*_):
        raise RuntimeLostError("the raylet ended")

    monkeypatch.setattr(execution, "ray_runtime", starting)
    monkeypatch.setattr(execution, "imported_ahead", contextlib.nullcontext)
    monkeypatch.setattr(wants, "ENOUGH", enough)
    monkeypatch.setattr(wants, "SHARE", 2.0)
    command, _ = made()
    monkeypatch.setattr(command, "_run_trials", lost)
    signals = SimpleNamespace(raising=contextlib.nullcontext, received=None)
    with contextlib.ExitStack() as held, pytest.raises(SearchError) as stopped:
        command._run(signals, held, held)
    assert re.fullmatch(message, str(stopped.value))
    assert len(started) == (1 if enough else 3)


RECORDED = {
    CONFIRMATION: {
        "candidates": [{"trial": 1, "params": {}}] * 4,
        "seeds": [1] * 2,
        "final_seeds": [1] * 10,
        "sizes": [6],
        "baselines": 10,
    }
}


@pytest.mark.parametrize(
    ("arguments", "attributes", "expected"),
    [
        (["--trials", "10", "--confirm-top", "10", "--confirm-seeds", "10"], None, 30),
        (["--trials", "10"], None, 16),
        (["--trials", "10", "--confirm-top", "1", "--confirm-seeds", "2"], None, 10),
        (["--trials", "10", "--confirm-top", "10", "--no-confirm"], None, 10),
        (["--trials", "10", "--confirm-top", "2"], RECORDED, 18),
    ],
)
def test_cluster_is_asked_for_what_trials_or_confirmation_need(arguments, attributes, expected):
    """Of a new study by the command's options, of another one also by what it has: it is confirmed no less."""
    assert made(*arguments, attributes=attributes)[0]._lacking() == expected
