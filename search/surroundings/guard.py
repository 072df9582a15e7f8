"""A small process beside the driver that ends Ray's processes once the driver is gone, however it went.

Ray's own processes follow a killed driver within seconds, but its agents look for their server for a minute. The guard
knows them from looking, while the driver lives, at which processes of Ray descend from it; those that are too young to
have been seen name Ray's session in their command line. It runs as a script with nothing but the standard library, in a
session of its own and with SIGTERM blocked, so that what a terminal or the system's shutdown sends to all processes
does not end it before the driver. On other systems than Linux there is none.
"""

import contextlib
import os
import re
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

SOON, LATER = 0.25, 2.0  # seconds between two looks: while Ray starts, and after
LOOKS_SOON = 80
GRACE = 1.0  # seconds that processes get to follow the driver by themselves
PAUSE = 0.05


class Guard:
    """The driver's end of it: close it, or die, and what descends from this process ends."""

    def __init__(self) -> None:
        """Start to watch this process."""
        self._process: subprocess.Popen[bytes] | None = None
        if sys.platform == "linux":
            before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})  # which the guard inherits
            try:
                self._process = subprocess.Popen(
                    [sys.executable, "-I", "-S", __file__, str(os.getpid())],
                    stdin=subprocess.PIPE,
                    start_new_session=True,
                    env={},  # it needs nothing of it, and there may be a password in it
                )
            finally:
                signal.pthread_sigmask(signal.SIG_SETMASK, before)

    def close(self) -> None:
        """End what is left, and the guard."""
        if self._process is not None:
            self._process.communicate()


def start_of(pid: int) -> str | None:
    """Return when a process started, in ticks since boot, or None where it does not run (proc_pid_stat(5))."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    state, *rest = stat.rpartition(")")[2].split()
    return None if state in "ZX" else rest[18]


def descendants(pid: int) -> set[int]:
    """Return the ids of the processes that descend from one."""
    found, left = set[int](), [pid]
    while left:
        children = _children(left.pop()) - found
        left += children
        found |= children
    return found


def _children(pid: int) -> set[int]:
    found = set[int]()
    with contextlib.suppress(OSError):  # it ended meanwhile
        for task in os.listdir(f"/proc/{pid}/task"):  # noqa: PTH208 (each is only a name)
            found.update(map(int, Path(f"/proc/{pid}/task/{task}/children").read_text(encoding="ascii").split()))
    return found


def command_of(pid: int) -> bytes:
    """Return a process's command line or title; nothing where it has ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def is_ray(pid: int) -> bool:
    """Say whether a process is one of Ray's: by its title, or by the path of its program."""
    return re.search(rb"^ray::|/ray/", command_of(pid)) is not None


def session_of(pid: int) -> str | None:
    """Return the Ray session that a process was started for, where its command line says so."""
    found = re.search(rb"--session[_-](?:dir=[^\0]*/|name=)(session_[0-9_-]+)", command_of(pid))
    return found[1].decode() if found else None


def members(sessions: set[str]) -> set[int]:
    """Return the ids of Ray's processes that were started for one of these sessions, or write its logs."""
    pids = filter(is_ray, (int(name) for name in os.listdir("/proc") if name.isdecimal()))  # noqa: PTH208
    return {pid for pid in pids if session_of(pid) in sessions or not sessions.isdisjoint(_open_sessions(pid))}


def _open_sessions(pid: int) -> set[str]:
    """Return the sessions in whose folders a process has files open: it may have put a title over its command line."""
    found = set[str]()
    with contextlib.suppress(OSError):  # it ended meanwhile
        for name in os.listdir(f"/proc/{pid}/fd"):  # noqa: PTH208
            found.update(re.findall(r"/(session_[0-9_-]+)/", os.readlink(f"/proc/{pid}/fd/{name}")))  # noqa: PTH115
    return found


def watch(driver: int) -> None:
    """Look until the driver is gone or has closed its end; then end what it left."""
    known: dict[int, str] = {}
    sessions = set[str]()
    looks = 0
    while not select.select([sys.stdin], [], [], SOON if looks < LOOKS_SOON else LATER)[0]:
        looks += 1
        for pid in filter(is_ray, descendants(driver)):
            if (start := start_of(pid)) is not None:
                known[pid] = start
                sessions |= {session_of(pid) or ""} - {""}
    deadline = time.monotonic() + GRACE
    while (left := _left(known, sessions)) and time.monotonic() < deadline:
        time.sleep(PAUSE)
    for pid in left:
        with contextlib.suppress(OSError):  # it has ended, or is not ours
            os.kill(pid, signal.SIGKILL)


def _left(known: dict[int, str], sessions: set[str]) -> set[int]:
    """Return the ids of the processes that still run."""
    return {pid for pid, start in known.items() if start_of(pid) == start} | {
        pid for pid in members(sessions) if start_of(pid) is not None
    }


if __name__ == "__main__":
    watch(int(sys.argv[1]))
