"""Limits of a process under which Ray would not start."""

import resource
import subprocess
import sys

import pytest
from commands import ROOT

from search.surroundings.limits import check_limits

REFUSED = """
import resource
from search.errors import UsageError
from search.surroundings.limits import check_limits
resource.setrlimit(resource.RLIMIT_{0}, ({1}, {1}))
try:
    check_limits()
except UsageError as error:
    print(error)
"""


@pytest.mark.parametrize(
    ("limit", "value", "line"),
    [
        ("NOFILE", 40, "the limit of 40 open files is too low for Ray (ulimit -n): 128 at least"),
        ("FSIZE", 10**8, "the limit of 100000000 bytes a file is too low for Ray (ulimit -f): 700000000 at least"),
        (
            "AS",
            10**9,
            "the limit of 1000000000 bytes of virtual memory is too low for Ray (ulimit -v): 6000000000 at least",
        ),
        ("AS", 10**10, ""),
    ],
)
def test_limit_that_is_too_low_is_refused(limit, value, line):
    """Ray would wait for a minute and say that it timed out; a limit that leaves enough is none."""
    command = [sys.executable, "-c", REFUSED.format(limit, value)]
    assert subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT).stdout.strip() == line


def test_limit_that_can_be_raised_is():
    """The soft limit is this process's own to raise."""
    kept = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (100, kept[1]))
    try:
        check_limits()
        assert resource.getrlimit(resource.RLIMIT_NOFILE) == (min(kept[1], 65_536), kept[1])
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, kept)


def test_processes_of_a_user_are_counted(monkeypatch):
    """Where the user's other processes have used up the limit, it is said how many are left."""
    monkeypatch.setattr("os.geteuid", lambda: 65_533)
    monkeypatch.setattr("search.surroundings.limits._threads", lambda _: 450)
    monkeypatch.setattr(resource, "getrlimit", lambda which: (500, 500) if which == resource.RLIMIT_NPROC else (-1, -1))
    message = r"^the limit of 500 processes and threads \(ulimit -u\) leaves 50, and Ray needs 200$"
    with pytest.raises(ValueError, match=message):
        check_limits()
