"""What tests share: the real data in small, one real search, and the rules that tests follow."""

import json
import os
import sys
import uuid
from dataclasses import dataclass
from pathlib import Path

import pytest
import sqlalchemy as sa
from commands import SPACE_WITH_BASELINE, run_command
from postgres import PostgresServer, server_binaries

from search.storage import open_storage
from trainable.data import Dataset, load_dataset


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


@pytest.fixture(scope="session")
def postgres():
    """A real PostgreSQL server; its password has every character that a URL gives another meaning."""
    if server_binaries() is None:
        pytest.skip("PostgreSQL's server is not installed")
    with PostgresServer("pa:ss@w/o rd%") as server:
        server.start()
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def storage_url(request, tmp_path):
    """The URL of an empty storage of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'studies.db'}"
    return request.getfixturevalue("postgres").create_database(f"test_{uuid.uuid4().hex}")


@pytest.fixture
def storage(storage_url):
    """A new storage of each kind."""
    return open_storage(storage_url, create=True)


@pytest.fixture
def failing_commit(storage):
    """Let the storage's next commit raise an error, after it is stored or in place of that; a function that arms it."""

    def arm(error, *, stored):
        def fail(connection):
            sa.event.remove(storage.engine, "commit", fail)
            if stored:
                connection.connection.commit()
            raise error

        sa.event.listen(storage.engine, "commit", fail)

    return arm


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


@pytest.fixture(scope="session")
def finished(tmp_path_factory):
    """A real search of six trials on the whole MNIST, with a verdict; the paths to Python and files have a space."""
    folder = tmp_path_factory.mktemp("a search")
    space, runs = folder / "space.toml", folder / "runs"
    space.write_text(SPACE_WITH_BASELINE)
    environment = folder / "environment"
    environment.symlink_to(sys.prefix)
    result = run_command(
        "search.run", "--trials", 6, "--study", "s", "--runs", runs, "--space", space, "--json",
        "--seed", 7, "--confirm-top", 1, "--confirm-seeds", 2, python=environment / "bin" / "python", timeout=300,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    return Finished("s", runs, space, json.loads(result.stdout), result.stderr)
