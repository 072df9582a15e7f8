"""RESULTS.md: one section a benchmark, each written by the benchmark itself."""

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
TITLE = "# Results\n\nWritten by the commands that each section names; nothing here was typed.\n"


def write_section(name: str, lines: Sequence[str], packages: Sequence[str], file: Path = RESULTS) -> None:
    """Write a benchmark's section, in the place of its last one.

    Args:
        name: Of the benchmark's module.
        lines: Markdown.
        packages: Whose versions matter here.
        file: The document.
    """
    begin, end = f"<!-- begin {name} -->", f"<!-- end {name} -->"
    section = "\n".join([begin, f"## {name}", "", provenance(name, packages), "", *lines, end])
    text = file.read_text(encoding="utf-8") if file.exists() else TITLE
    pattern = re.compile(re.escape(begin) + ".*?" + re.escape(end), re.DOTALL)
    text = pattern.sub(lambda _: section, text) if pattern.search(text) else f"{text}\n{section}\n"
    file.write_text(text, encoding="utf-8")


def provenance(name: str, packages: Sequence[str]) -> str:
    """Return what a figure needs beside it: command, date, machine, versions."""
    command = shlex.join(["python", "-m", f"benchmarks.{name}", *sys.argv[1:]])
    versions = ", ".join(f"{package} {version(package)}" for package in packages)
    return (
        f"`{command}` on {datetime.now(UTC):%Y-%m-%d}: {processor()}, {len(os.sched_getaffinity(0))} of "
        f"{os.cpu_count()} cores, Python {platform.python_version()}, {versions}."
    )


def processor() -> str:
    """Return the processor's name and its widest vector instructions."""
    text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    name = re.search(r"model name\s*: (.*)", text)
    flags = re.search(r"flags\s*: (.*)", text)
    known = flags[1].split() if flags else []
    widest = next((flag for flag in ("avx512_bf16", "avx512f", "avx2", "avx") if flag in known), "no AVX")
    return f"{name[1].strip() if name else platform.processor()} ({widest})"


def table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> list[str]:
    """Return a Markdown table."""
    lines = ["| " + " | ".join(header) + " |", "|" + " --- |" * len(header)]
    return lines + ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows]


def spread(values: Sequence[float], digits: int = 2) -> str:
    """Return the median with the smallest and the largest value."""
    return f"{statistics.median(values):.{digits}f} ({min(values):.{digits}f} to {max(values):.{digits}f})"
