"""The file of results: a section for each benchmark, replaced as a whole by the command that measured it."""

import os
import platform
import re
import shlex
import statistics
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

RESULTS = Path(__file__).parent / "RESULTS.md"
# In the order of the file.
SECTIONS = (
    "engine", "precision", "search", "model", "quality", "verdicts", "calibration", "stopping", "table", "defaults",
    "whole", "driver", "workers", "memory", "memory-model", "dashboard", "dashboard-memory",
)  # fmt: skip
PACKAGES = ("tensorflow", "keras", "numpy", "ray", "optuna")

CPU_INFO = Path("/proc/cpuinfo")
GENERIC_NAME = re.compile(r"AMD EPYC|Intel\(R\) Xeon\(R\) Processor|.*\b(?:Virtual|QEMU|KVM)\b.*")  # of hypervisors
VECTOR_FLAGS = ("avx512f", "avx512_bf16", "amx_bf16")
GIB = 2**30

INTRODUCTION = """\
# Measured results

Each section was written by the command that it names, on the machine and on the day that it names, and is replaced as
a whole when that command runs again. Seconds are wall time. Where a figure stands with a range, it is the median, with
the least and the greatest of the repetitions in brackets."""


def record(
    name: str,
    title: str,
    body: str,
    file: Path = RESULTS,
    *,
    packages: Sequence[str] = PACKAGES,
    command: str | None = None,
) -> None:
    """Write a section in place of the one of that name; the others stay as they are.

    Args:
        name: One of `SECTIONS`.
        title: The section's heading.
        body: Markdown.
        file: The file of results; made where there is none.
        packages: Distributions whose versions matter here.
        command: The module that measured it, where it is not of the section's name.

    Raises:
        ValueError: There is no such section.
    """
    if name not in SECTIONS:
        raise ValueError(f"a section is one of {', '.join(SECTIONS)}, got {name!r}")
    found = _read(file)
    found[name] = "\n\n".join([f"## {title}", _provenance(command or name, packages), body.strip()])
    sections = [f"{_begin(each)}\n{found[each]}\n{_end(each)}" for each in SECTIONS if each in found]
    _write(file, "\n\n".join([INTRODUCTION, *sections]) + "\n")


def table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Return a Markdown table; every column but the first is aligned to the right."""
    marks = ["---"] + ["---:"] * (len(header) - 1)
    return "\n".join(f"| {' | '.join(str(cell) for cell in row)} |" for row in [header, marks, *rows])


def spread(values: Sequence[float], digits: int = 2) -> str:
    """Return "median (least to greatest)", or the value alone where there is but one."""
    if len(values) == 1:
        return f"{values[0]:.{digits}f}"
    return f"{statistics.median(values):.{digits}f} ({min(values):.{digits}f} to {max(values):.{digits}f})"


def machine() -> str:
    """Return the processor, the number of its cores that may be used, the memory, the vector instructions."""
    cores = len(os.sched_getaffinity(0))
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / GIB
    fields = _cpu_fields()
    flags = [name.upper() for name in VECTOR_FLAGS if name in fields.get("flags", "").split()]
    parts = [_cpu_name(fields), f"{cores} core{'s' * (cores > 1)} used", f"{memory:.0f} GiB of memory"]
    return ", ".join([*parts, " and ".join(flags) or "no AVX512"])


def _provenance(name: str, packages: Sequence[str]) -> str:
    command = shlex.join(["python", "-m", f"benchmarks.{name}", *sys.argv[1:]])
    versions = [f"Python {platform.python_version()}", *(f"{name} {version(name)}" for name in packages)]
    return f"`{command}`\n\n{datetime.now(UTC):%Y-%m-%d %H:%M} UTC; {machine()}; {', '.join(versions)}."


def _cpu_fields() -> dict[str, str]:
    """Return what Linux says of the first processor."""
    lines = CPU_INFO.read_text(encoding="utf-8").split("\n\n")[0].splitlines()
    return {name.strip(): value.strip() for name, _, value in (line.partition(":") for line in lines)}


def _cpu_name(fields: dict[str, str]) -> str:
    """Return the processor's name, with its numbers where a hypervisor hides the model."""
    name = fields.get("model name", platform.machine())
    if not GENERIC_NAME.fullmatch(name):
        return name
    return f"{name} (family {fields.get('cpu family')}, model {fields.get('model')})"


def _read(file: Path) -> dict[str, str]:
    text = file.read_text(encoding="utf-8") if file.exists() else ""
    matches = {name: re.search(f"{_begin(name)}\n(.*?)\n{_end(name)}", text, re.DOTALL) for name in SECTIONS}
    return {name: match[1] for name, match in matches.items() if match}


def _write(file: Path, text: str) -> None:
    """Write beside the file and move into its place, so that it is never half written."""
    beside = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        beside.write_text(text, encoding="utf-8")
        beside.replace(file)
    finally:
        beside.unlink(missing_ok=True)


def _begin(name: str) -> str:
    return f"<!-- {name}: begin -->"


def _end(name: str) -> str:
    return f"<!-- {name}: end -->"
