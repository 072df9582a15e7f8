"""What the kernel counts on this machine: processes that it ended, and processes that it did not let start."""

from pathlib import Path

STATISTICS = Path("/proc/vmstat")
OWN_GROUPS = Path("/proc/self/cgroup")
GROUPS = Path("/sys/fs/cgroup")


def memory_kills() -> int:
    """Return how many processes the kernel has ended for want of memory, in control groups and without."""
    return _count(STATISTICS, "oom_kill")


def refused_processes() -> int:
    """Return how often this control group had as many processes and threads as it may, and one more was asked for."""
    return sum(_count(folder / "pids.events", "max") for folder in _groups())


def _groups() -> list[Path]:
    """Return the folders of this process's control groups, of the first version and of the second."""
    try:
        lines = OWN_GROUPS.read_text(encoding="utf-8").splitlines()
    except OSError:
        return []
    found = []
    for _, controllers, path in (line.split(":", 2) for line in lines):
        if controllers in ("", "pids"):
            found.append(GROUPS / controllers / path.lstrip("/"))
    return found


def _count(file: Path, name: str) -> int:
    """Return a number of a file of names and numbers; 0 where it has none, or there is no such file."""
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith(f"{name} ")), 0)
