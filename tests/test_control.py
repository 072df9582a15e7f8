"""Searches that the dashboard starts and interrupts: real processes."""

import functools
import os
import signal
import stat
import subprocess
import sys
from dataclasses import replace

import pytest
from commands import SMALL_SPACE, study_of, wait_until

from dashboard import control, models
from dashboard.options import Options
from search.errors import SearchError, UsageError
from search.storage.address import open_storage
from search.storage.lease import Holder, holder_of
from search.study.study import count
from search.surroundings.guard import command_of, descendants, start_of
from search.terminal.arguments import default_storage
from trainable.problems import BUILT_IN

NO_BASELINE = ("--no-baseline", "--no-confirm", "--workers", "1")


@pytest.fixture
def options(tmp_path):
    """A dashboard that may start searches."""
    runs = tmp_path / "runs"
    return Options(storage=default_storage(runs), runs=runs, exports=tmp_path, data=None, allow_control=True)


@pytest.fixture
def space(tmp_path):
    """A space of small networks."""
    file = tmp_path / "space.toml"
    file.write_text(SMALL_SPACE)
    return str(file)


def wait_for_holder(options, launch, trials=1):
    """Wait until a search has its study and has finished some trials."""
    # Once: opened at each look they would cost a whole processor.
    opened = functools.cache(lambda: (open_storage(options.storage).engine, study_of(options.runs, launch.study)))

    def reached():
        assert launch.exit_status is None, control.tail(launch.log)
        try:
            engine, study = opened()
            holder, finished = holder_of(engine, launch.study), count(study.trials).finished
        except Exception:  # noqa: BLE001 (the file or its tables are not there yet)
            return None
        return holder if finished >= trials else None

    return wait_until(reached, 200, "the search has finished trials")


@pytest.fixture
def _ignoring_interrupts():
    """Ignore SIGINT as a process does that a shell started in the background; what it starts inherits that."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("_ignoring_interrupts")
def test_search_is_started_interrupted_and_resumed(options, space):
    """It runs in a session of its own, ends in good order on the button, and the same study goes on."""
    started = control.start(options, BUILT_IN, ["--study", "s", "--trials", "500", "--space", space, *NO_BASELINE])
    holder = wait_for_holder(options, started)
    assert (holder.pid, os.getsid(holder.pid)) == (started.process.pid, started.process.pid)
    family = descendants(holder.pid)
    with pytest.raises(SearchError, match="was started from here already"):
        control.start(options, BUILT_IN, ["--study", "s"])
    control.stop(options, holder)
    with pytest.raises(SearchError, match="interrupted already"):
        control.stop(options, holder)
    assert started.process.wait(20) == 130
    assert "SIGINT: stopped" in started.log.read_text()
    finished = count(study_of(options.runs, "s").trials).finished
    assert count(study_of(options.runs, "s").trials).running == 0
    with pytest.raises(SearchError, match="ended already"):
        control.stop(options, replace(holder, token="another"))
    more = ["--study", "s", "--trials", str(finished + 1), "--no-confirm", "--workers", "1"]
    resumed = control.start(options, BUILT_IN, more)
    assert resumed.process.wait(90) == 0
    assert count(study_of(options.runs, "s").trials).finished == finished + 1
    assert {pid for pid in family if start_of(pid)} == set()


def test_search_outlives_the_dashboard(options, tmp_path):
    """The dashboard's end is not the search's: it belongs to no terminal and to no one who has to wait for it."""
    script = (
        "from pathlib import Path; from dashboard import control; from dashboard.options import Options; "
        "from trainable.problems import BUILT_IN; "
        f"options = Options({options.storage!r}, Path({str(options.runs)!r}), Path('.'), None, True); "
        "launch = control.start(options, BUILT_IN, ['--study', 's', '--sampler', 'grid', '--trials', '99999999']); "
        "print(launch.process.pid)"
    )
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    [log] = (options.runs / "_logs" / "s").glob("*.log")
    pid = int(result.stdout)
    wait_until(lambda: start_of(pid) is None, 60, "the search ends")
    assert "the grid of this space has" in control.error_in(control.tail(log))


def test_early_end_says_why_and_leaves_no_zombie(options):
    """What the command finds wrong is the log's line of error; the process is waited for."""
    launch = control.start(options, BUILT_IN, ["--study", "s", "--sampler", "grid", "--trials", "99999999"])
    assert launch.process.wait(60) == 2
    assert control.error_in(control.tail(launch.log)).startswith("--trials 99999999: the grid of this space has")
    assert command_of(launch.process.pid) == b""


def test_log_is_for_its_owner_only(options):
    """Nobody else of the machine can read it."""
    log = control._new_log(options.runs, "s")
    assert stat.S_IMODE(log.stat().st_mode) == 0o600
    assert stat.S_IMODE(log.parent.stat().st_mode) == 0o700


def test_password_stands_in_no_command_line(options):
    """It goes through the environment, which other users cannot read; what is shown hides it."""
    secret = replace(options, storage="postgresql+psycopg://me:hidden@127.0.0.1:1/none")
    launch = control.start(secret, BUILT_IN, ["--study", "s"])
    assert b"hidden" not in command_of(launch.process.pid)
    assert launch.process.wait(60) == 1
    assert "hidden" not in launch.log.read_text()
    assert "127.0.0.1:1" in launch.log.read_text()
    assert f"--storage 'postgresql+psycopg://me:***@127.0.0.1:1/none' --runs {options.runs}" in launch.command


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--trials", "0"], "--trials: must be a whole number of at least 1, got '0'"),
        (["--study", "a b"], "--study: must be 1 to 100 letters"),
        (["--study", "--json"], "--study: expected one argument"),
        (["--study", "s", "--space", "/nowhere.toml"], "--space /nowhere.toml: No such file or directory"),
        (["--study", "s", "--space", "/dev/zero"], "--space /dev/zero: is not a file"),
    ],
)
def test_wrong_values_start_nothing(options, arguments, message):
    """They are refused in the command's own words, before a log or a process is made."""
    with pytest.raises(UsageError, match=message):
        control.start(options, BUILT_IN, arguments)
    assert not options.runs.exists()


def test_a_dashboard_that_looks_only_starts_and_stops_nothing(options):
    """Also where a function is called past the page."""
    looking = replace(options, allow_control=False)
    for act in (lambda: control.start(looking, BUILT_IN, []), lambda: control.stop(looking, Holder.this_process())):
        with pytest.raises(UsageError, match="looks only"):
            act()
    assert not options.runs.exists()


def test_searches_elsewhere_are_left_alone(options):
    """What runs on another machine, or is no search, gets no signal; the page says what to do."""
    here = Holder.this_process()
    with pytest.raises(SearchError, match=rf"on another-host: kill -INT {here.pid}"):
        control.stop(options, replace(here, host="another-host", machine="another"))
    with pytest.raises(SearchError, match="driven by another program"):
        control.stop(options, here)


def test_a_process_that_took_the_id_of_an_ended_search_is_left_alone(options):
    """A lease that outlived its holder may name any later process."""
    code = "import sys; sys.stdin.read()  # search.run"
    other = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE)
    lease = replace(Holder.this_process(), pid=other.pid, process="1")
    with pytest.raises(SearchError, match="ended already"):
        control.stop(options, lease)
    other.communicate()
    assert other.returncode == 0


def test_tail_leaves_out_what_steers_a_terminal(tmp_path):
    """Colours and cursor movements are not for a page; what is not text is shown as such."""
    log = tmp_path / "log"
    log.write_bytes(b"first\n\x1b[31mred\x1b[0m \x1b[?25hdone\r\n\xff\n")
    assert control.tail(log, 2) == ["red done", "\N{REPLACEMENT CHARACTER}"]
    assert control.tail(tmp_path / "none") == []


@pytest.mark.parametrize("name", ["../secret.py", "link.py", "folder.py", "gone.py", "model.py:../x", "sub/model.py"])
def test_model_that_is_not_offered_is_not_started(name, tmp_path, monkeypatch):
    """Whatever a page sends: only the files of the folder that was named when the dashboard was started."""
    folder = tmp_path / "models"
    (folder / "sub").mkdir(parents=True)
    (folder / "folder.py").mkdir()
    for file in (tmp_path / "secret.py", folder / "model.py", folder / "sub" / "model.py"):
        file.write_text("")
    (folder / "link.py").symlink_to(tmp_path / "secret.py")
    options = Options("sqlite:///none.db", tmp_path, tmp_path, None, allow_control=True, models=folder)
    monkeypatch.setattr(control, "_spawn", lambda *_: pytest.fail("it was started"))
    with pytest.raises(UsageError, match="is no file that this dashboard was given with --models"):
        control.start(options, BUILT_IN, [f"--model={folder / name}"])
    with pytest.raises(UsageError, match="is no file that this dashboard was given with --models"):
        models.arguments_for(options, name)
    assert models.arguments_for(options, "model.py") == [f"--model={folder / 'model.py'}"]
    assert control.parsed(options, BUILT_IN, [f"--model={folder / 'model.py'}:build"]).model.endswith(":build")
