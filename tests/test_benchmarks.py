"""Every benchmark runs at its smallest size, and writes its section and no other. No figure is asserted."""

import subprocess
import sys

import pytest
from commands import ROOT, bfloat16_is_here, clean_environment

from benchmarks import results

SMALLEST = {
    "engine": ["--images", "2000", "--rounds", "1"],
    "precision": ["--seeds", "2"],
    "search": ["--smoke"],
    "quality": ["--smoke"],
    "whole": ["--runs", "1", "--trials", "2"],
    "driver": ["--trials", "8"],
    "memory": ["--trials", "3"],
}


def run_benchmark(name, *arguments):
    """Run a benchmark as a person would."""
    return subprocess.run(
        [sys.executable, "-m", f"benchmarks.{name}", *arguments],
        capture_output=True, text=True, check=False, cwd=ROOT, env=clean_environment(),
    )  # fmt: skip


@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", SMALLEST)
def test_benchmark_runs_at_its_smallest_size(name, tmp_path):
    """The section has a title, the command, the machine, the versions and a table."""
    file = tmp_path / "RESULTS.md"
    result = run_benchmark(name, *SMALLEST[name], "--results", str(file))
    if name == "precision" and not bfloat16_is_here():
        assert result.returncode == 2
        assert result.stderr.startswith("error: bfloat16 needs a processor")
        return
    assert result.returncode == 0, result.stderr
    text = file.read_text()
    assert text.count(": begin -->") == 1
    assert f"<!-- {name}: begin -->\n## " in text
    assert f"`python -m benchmarks.{name}" in text
    assert "tensorflow 2." in text
    assert "| ---" in text
    assert "nan" not in text


@pytest.mark.parametrize("name", SMALLEST)
def test_wrong_option_is_one_line(name):
    """As for every command of this project."""
    result = run_benchmark(name, "--results")
    assert result.returncode == 2
    assert result.stderr == "error: --results: expected one argument\n"


def test_section_is_replaced_and_the_others_stay(tmp_path):
    """Sections keep their order, whatever the order in which they were measured."""
    file = tmp_path / "RESULTS.md"
    for name, body in (("driver", "old"), ("engine", "first"), ("driver", "new")):
        results.record(name, name.title(), body, file)
    text = file.read_text()
    assert "old" not in text
    assert text.index("## Engine") < text.index("first") < text.index("## Driver") < text.index("new")
    with pytest.raises(ValueError, match="a section is one of"):
        results.record("other", "Other", "", file)


def test_spread_and_table_are_markdown():
    """The median with its range, and columns of figures to the right."""
    assert results.spread([3.0, 1.0, 2.0], 1) == "2.0 (1.0 to 3.0)"
    assert results.spread([3.0], 1) == "3.0"
    assert results.table(["a", "b"], [[1, 2]]) == "| a | b |\n| --- | ---: |\n| 1 | 2 |"
