"""One command from its options to its end; Ray and Tune are stood in for, so that their moments can be chosen."""

import contextlib
import os
import signal
import sys
import time
from types import SimpleNamespace
from unittest import mock

import pytest

from search.errors import UsageError
from search.run import execution
from search.run.options import parse
from search.run.session import Session
from search.runtime.resources import Resources
from search.terminal import streams
from search.terminal.streams import UnwritableError


@pytest.fixture
def ended(monkeypatch, capsys):
    """What had been printed when Ray was told to end, once for each time."""
    found = []

    @contextlib.contextmanager
    def runtime(_address, _wanted, _demand, *, verbose):
        try:
            with contextlib.redirect_stdout(None):  # as the real one does, which drops what Ray prints
                yield Resources(2, 1.0, 0.0)
        finally:
            found.append(capsys.readouterr())

    monkeypatch.setattr(execution, "ray_runtime", runtime)
    return found


def run(monkeypatch, folder, run_trials, *arguments):
    """Run a search whose trials are run by a function; return the exit status."""
    tuning = SimpleNamespace(trainable_of=lambda *_: None, run_trials=run_trials)
    monkeypatch.setitem(sys.modules, "search.runtime.tuning", tuning)
    options = parse(["--trials", "3", "--study", "s", "--runs", str(folder), *arguments])
    return Session(options, time.monotonic()).run()


def signalled(_trainable, _work, _resources, *, check, **_):
    """Get a signal, and notice it."""
    os.kill(os.getpid(), signal.SIGTERM)
    check()


def test_answer_so_far_is_told_before_ray_ends(ended, monkeypatch, tmp_path):
    """Ray's end takes seconds on a busy machine: whoever ends the command does not wait for it to read the answer."""
    assert run(monkeypatch, tmp_path, signalled, "--json") == 143
    [(answer, lines)] = ended
    assert "SIGTERM: stopped; the same command with --study s goes on" in lines
    assert "report     " in lines
    assert answer.startswith('{"study": "s"')


def test_answer_that_nobody_takes_leaves_the_status_of_a_signal(ended, monkeypatch, tmp_path):
    """And is told beside it."""
    answer = mock.Mock(side_effect=UnwritableError("the answer cannot be written to standard output: Broken pipe"))
    monkeypatch.setattr(streams, "answer", answer)
    assert run(monkeypatch, tmp_path, signalled, "--json") == 143
    assert "the answer cannot be written to standard output: Broken pipe\n" in ended[0].err


def test_command_says_at_once_what_it_is_going_to_do(ended, monkeypatch, tmp_path):
    """The plan and what is waited for are told before the first trial ends, where the progress goes."""
    run(monkeypatch, tmp_path, signalled, "--json")
    [(_, lines)] = ended
    told = [line for line in lines.splitlines() if not line.startswith("[I ")]  # Optuna's own, which the command hides
    assert told[:3] == [
        "plan       3 trials, then up to 21 networks to confirm the best",
        "starting Ray",
        "starting 2 workers",
    ]


def test_file_is_no_terminal_whatever_the_environment_says(monkeypatch, tmp_path):
    """FORCE_COLOR, which CI systems set, would draw the live display into a log and break its lines."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    with (tmp_path / "log").open("w") as log, contextlib.redirect_stdout(log):
        assert not Session(parse([]), time.monotonic())._console.is_terminal


def test_gpu_that_nobody_sees_ends_the_command_before_it_begins(monkeypatch, tmp_path):
    """In one line that names the option; no study is made."""
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "-1")
    with pytest.raises(UsageError, match=r"^--gpus-per-trial: TensorFlow sees no GPU here: "):
        run(monkeypatch, tmp_path, None, "--gpus-per-trial", "1")
    assert not list(tmp_path.glob("*.db"))
