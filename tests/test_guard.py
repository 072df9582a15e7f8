"""The guard: it ends what Ray leaves, and nothing else."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from commands import ROOT, clean_environment, wait_until

from search.surroundings.guard import Guard, members, start_of


@pytest.fixture
def agent(tmp_path):
    """The path of a program that is one of Ray's by its path, and that does not end by itself."""
    script = tmp_path / "ray" / "agent.py"
    script.parent.mkdir()
    script.write_text("import time\nprint('ready', flush=True)\ntime.sleep(60)")
    return script


def start(agent, *arguments):
    """Start the program and wait until it runs."""
    process = subprocess.Popen([sys.executable, agent, *arguments], stdout=subprocess.PIPE)
    process.stdout.readline()
    return process


def wait_for_a_look(guard):
    """Wait until a guard has looked at what there is now: it has gone to sleep twice, as it does between two looks."""

    def sleeps():
        """How often it did, where it does now; nothing while it runs (proc_pid_status(5))."""
        status = Path(f"/proc/{guard}/status").read_text()
        return int(re.search(r"^voluntary_ctxt_switches:\s(\d+)", status, re.MULTILINE)[1]) * ("\nState:\tS" in status)

    before = wait_until(sleeps, 60, "the guard sleeps")
    wait_until(lambda: sleeps() >= before + 2, 60, "the guard has looked")


def test_guard_ends_rays_processes_and_no_others(agent):
    """A child of the driver that is not Ray's is not touched."""
    guard = Guard()
    with start(agent) as lingering, subprocess.Popen(["sleep", "60"]) as other:
        wait_for_a_look(guard._process.pid)
        guard.close()
        assert lingering.wait(timeout=5) == -9
        assert other.poll() is None
        other.kill()


def test_killed_driver_leaves_nothing(agent):
    """The guard outlives the driver for as long as it needs, also where all processes were told to end before."""
    script = (
        "import subprocess, sys, time\n"
        "from search.surroundings.guard import Guard\n"
        "guard = Guard()\n"
        f"child = subprocess.Popen([sys.executable, {str(agent)!r}], stdout=subprocess.PIPE)\n"
        "child.stdout.readline()\n"
        "print(child.pid, guard._process.pid, flush=True)\n"
        "time.sleep(60)"
    )
    driver = subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, cwd=ROOT, env=clean_environment()
    )
    pids = [int(pid) for pid in driver.stdout.readline().split()]
    wait_for_a_look(pids[1])
    os.kill(pids[1], signal.SIGTERM)
    driver.kill()
    driver.wait()
    deadline = time.monotonic() + 5
    while any(map(start_of, pids)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert [start_of(pid) for pid in pids] == [None, None]


@pytest.mark.parametrize("option", ["--session-dir=/tmp/ray/", "--session_dir=/tmp/ray/", "--session-name="])
def test_young_process_is_known_by_its_session(option, agent):
    """Ray's agents and workers name the session that they belong to."""
    with start(agent, f"{option}session_2026-01-02_03-04-05_000006_7") as process:
        assert members({"session_2026-01-02_03-04-05_000006_7"}) == {process.pid}
        assert members({"session_2026"}) == set()
        process.kill()
