"""What tests share: the real data in small, one real search, and the rules that tests follow."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from trainable.data import Dataset, load_dataset

ROOT = Path(__file__).parent.parent
SMALL_SPACE = """
[hidden_units]
type = "int"
low = 8
high = 64
log = true
[learning_rate]
type = "float"
low = 1e-3
high = 1e-2
log = true
[batch_size]
type = "categorical"
choices = [256, 512]
[epochs]
type = "int"
low = 1
high = 3
"""


def pytest_collection_modifyitems(items):
    """Refuse a test that does not say which rule it checks."""
    silent = [item.nodeid for item in items if not (item.obj.__doc__ or "").strip()]
    if silent:
        raise pytest.UsageError(f"tests without a docstring: {', '.join(silent)}")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """In CI nothing may be skipped: what a test needs has to be installed there."""
    report = yield
    if report.skipped and os.environ.get("CI") and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped in CI: {report.longrepr}"
    return report


@pytest.fixture(scope="session")
def dataset():
    """The whole MNIST training set, split."""
    return load_dataset()


@pytest.fixture(scope="session")
def small(dataset):
    """The first 2,030 training and 500 validation images: enough to learn from, and a last batch that is partial."""
    return Dataset(dataset.x_train[:2030], dataset.y_train[:2030], dataset.x_val[:500], dataset.y_val[:500])


@dataclass(frozen=True)
class Finished:
    """A search that was run by its command."""

    study: str
    runs: Path
    space: Path
    answer: dict
    stderr: str

    @property
    def storage(self):
        """Its storage's URL."""
        return f"sqlite:///{self.runs / 'studies.db'}"


def run_command(module, *arguments, timeout=100, **kwargs):
    """Run a module of this project as a person would; return what it said."""
    command = [sys.executable, "-m", module, *map(str, arguments)]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=timeout, check=False, cwd=ROOT, env=clean_environment(), **kwargs
    )


def clean_environment():
    """The environment without this project's own variables."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("SEARCH_", "COV_CORE"))}


@pytest.fixture(scope="session")
def finished(tmp_path_factory):
    """A real search of six small trials, on the whole MNIST, in a directory with a space in its name."""
    folder = tmp_path_factory.mktemp("a search")
    space, runs = folder / "space.toml", folder / "runs"
    space.write_text(SMALL_SPACE)
    result = run_command(
        "search.run", "--trials", 6, "--study", "s", "--runs", runs, "--space", space, "--no-baseline", "--json",
        "--seed", 7,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    return Finished("s", runs, space, json.loads(result.stdout), result.stderr)
