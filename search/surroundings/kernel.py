"""What the kernel says of this process: its control groups, and what it counts of them and of the machine."""

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path("/")


def memory_kills() -> int:
    """Return how many processes the kernel has ended for want of memory, in control groups and without."""
    return sum(numbers_in(ROOT / "proc/vmstat", "oom_kill"))


def refused_processes() -> int:
    """Return how often a control group had as many processes and threads as it may, and one more was asked for."""
    return sum(sum(numbers_in(folder / "pids.events", "max")) for folder in groups(ROOT, "pids"))


def groups(root: Path, controller: str) -> Iterator[Path]:
    """Yield the folders of this process's control group and of those around it, in either version of the interface.

    They are those of a controller such as memory; `root` is where `proc` is, and what it names.
    """
    own = dict[str, str]()  # path by controller; that of version 2 has no name
    for line in lines_in(root / "proc/self/cgroup"):
        _, names, path = line.split(":", 2)
        own |= dict.fromkeys(names.split(","), path)
    for line in lines_in(root / "proc/self/mountinfo"):
        mount, _, system = line.partition(" - ")
        kind, _, options = system.split()[:3]
        name = "" if kind == "cgroup2" else controller
        if kind not in ("cgroup", "cgroup2") or name not in own or name not in ["", *options.split(",")]:
            continue
        base, place = (re.sub(r"\\([0-7]{3})", lambda code: chr(int(code[1], 8)), part) for part in mount.split()[3:5])
        folder = top = root / place.lstrip("/")
        if own[name] != base and (own[name] + "/").startswith(base.rstrip("/") + "/"):
            folder = top / own[name].removeprefix(base).lstrip("/")
        yield from (each for each in (folder, *folder.parents) if each == top or top in each.parents)


def numbers_in(file: Path, name: str) -> list[int]:
    """Return the number, or the bytes, of a line "name value" or "name: value kB", in a list: empty without one."""
    found = [line.replace(":", " ").split() for line in lines_in(file)]
    return [int(words[1]) * (1024 if words[-1] == "kB" else 1) for words in found if words[0] == name]


def lines_in(file: Path) -> list[str]:
    """Return the lines of a file, none where it is not there: not on Linux, or in another version of the interface."""
    try:
        return file.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
