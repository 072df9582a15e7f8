"""What tests share: the real data in small, one real search, and the rules that tests follow."""

import functools
import gc
import json
import os
import shutil
import subprocess
import sys
import tempfile
import uuid
from dataclasses import dataclass
from pathlib import Path

import alembic.util
import hypothesis
import pytest
import sqlalchemy as sa
from commands import QUICK_SPACE, ROOT, clean_environment, memory_folder, run_command
from damaged import damaged_search
from filelock import FileLock
from postgres import PostgresServer, server_binaries
from xdist.scheduler import LoadScopeScheduling

from search.storage.address import open_storage
from trainable.data.dataset import Dataset
from trainable.mnist.source import load_dataset

# How long an example takes depends on what else the machine does.
hypothesis.settings.register_profile("patient", deadline=None)
hypothesis.settings.load_profile("patient")

# Each storage that is opened loads all of Optuna's migrations, a new one three times. What Alembic runs is not kept.
load_anew = alembic.util.load_python_file
load_once = functools.cache(load_anew)
alembic.util.load_python_file = lambda folder, name: (load_anew if name == "env.py" else load_once)(folder, name)

# Where there are two processes, what promises something within seconds, or looks at a live search, is one group in one
# of them, in this order. The other files run beside it, each as a group of its own, the longest first.
TIMED = (
    "browser", "chaos", "cluster", "test_survival.py", "test_replay.py", "test_interrupted_confirmation.py",
    "test_nodes.py", "test_run.py", "test_control.py", "test_spot.py",
)  # fmt: skip
LONGEST = ("test_benchmarks.py", "test_export_formats.py", "test_export.py", "test_confirm.py", "test_reconnect.py")
# What these say of a study is the same on each kind of storage, whose statements other files test on both kinds.
ON_ANY_STORAGE = ("test_confirm.py", "test_trials.py")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config):
    """Keep the tests' folders in memory where there is room: waiting for a disk at each commit shows nothing more.

    Let Ray's workers have their share of a machine that is busy: by itself it gives them what others leave (nice 15),
    beside another program next to nothing.
    """
    os.environ.setdefault("RAY_worker_niceness", "0")
    wanted = config.option.basetemp is None and not hasattr(config, "workerinput")  # of two processes the first decides
    if wanted and (folder := memory_folder()) is not None:
        config.option.basetemp = tempfile.mkdtemp(prefix="tests-", dir=folder)
        config.add_cleanup(lambda: shutil.rmtree(config.option.basetemp, ignore_errors=True))


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Refuse a test that does not say which rule it checks; mark what is thorough; put what takes long first."""
    silent = [item.nodeid for item in items if not (item.obj.__doc__ or "").strip()]
    if silent:
        raise pytest.UsageError(f"tests without a docstring: {', '.join(silent)}")
    for item in items:
        given = item.callspec.params.values() if hasattr(item, "callspec") else ()
        if part_of(item.nodeid) in ON_ANY_STORAGE and "postgresql" in given:
            item.add_marker(pytest.mark.thorough)
    first = [*TIMED, *LONGEST]
    items.sort(key=lambda item: first.index(part) if (part := part_of(item.nodeid)) in first else len(first))


def pytest_collection_finish():
    """Spare the garbage collector what was imported, TensorFlow for one, through which it looks again and again."""
    gc.freeze()


def part_of(nodeid):
    """The folder or file of a test, right below the tests."""
    return nodeid.removeprefix("tests/").split("::")[0].split("/")[0]


class Turns(LoadScopeScheduling):
    """Tests of one group take turns in one process."""

    def _split_scope(self, nodeid):
        return "timed" if part_of(nodeid) in TIMED else nodeid.split("::")[0]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Name the groups; by a mark, as xdist 3.8 offers it, pytest 9.2 does not let it."""
    return Turns(config, log)


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
    return open_storage(storage_url)


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


def shared(tmp_path_factory, name):
    """A folder that is the same in all processes of the suite; who makes it holds the lock beside it."""
    home = tmp_path_factory.getbasetemp()
    return (home.parent if "PYTEST_XDIST_WORKER" in os.environ else home) / name


@pytest.fixture(scope="session")
def own_studies(tmp_path_factory):
    """A folder with three real studies of own data in `runs`, see `own_studies.py`; nobody changes it."""
    return made_once(tmp_path_factory, "own studies")


@pytest.fixture(scope="session")
def keras_files(tmp_path_factory):
    """A folder with tiny models of a person's file, see `keras_files.py`; nobody changes it."""
    return made_once(tmp_path_factory, "keras files")


@pytest.fixture(scope="session")
def model_studies(tmp_path_factory):
    """A folder with two real studies of a person's own models in `runs`, see `model_studies.py`; nobody changes it."""
    return made_once(tmp_path_factory, "model studies")


def made_once(tmp_path_factory, name):
    """The folder that the script of tests of this name fills, in a process of its own, once for all tests."""
    folder = shared(tmp_path_factory, name)
    with FileLock(folder.with_suffix(".lock")):
        if not folder.exists():
            folder.mkdir()
            command = [sys.executable, str(ROOT / "tests" / f"{name.replace(' ', '_')}.py"), str(folder)]
            made = subprocess.run(
                command, cwd=ROOT, env=clean_environment(), capture_output=True, text=True, check=False
            )
            (folder / "said.txt").write_text(made.stderr if made.returncode else "")
    assert (folder / "said.txt").read_text() == ""
    return folder


@pytest.fixture(scope="session")
def finished(dataset, tmp_path_factory):
    """A real search of six trials on the whole MNIST, with a verdict; the paths to Python and files have a space.

    It is run once, whatever the number of processes, so nobody changes it; and the images are there before it starts.
    """
    folder = shared(tmp_path_factory, "a search")
    space, runs, answer, progress = (folder / name for name in ("space.toml", "runs", "answer.json", "progress.txt"))
    with FileLock(folder.with_suffix(".lock")):
        if not folder.exists():
            folder.mkdir()
            space.write_text(QUICK_SPACE)
            environment = folder / "environment"
            environment.symlink_to(sys.prefix)
            result = run_command(
                "search.run", "--trials", 6, "--study", "s", "--runs", runs, "--space", space, "--json",
                "--seed", 7, "--confirm-top", 1, "--confirm-seeds", 2, python=environment / "bin" / "python",
                timeout=500,
            )  # fmt: skip
            progress.write_text(result.stderr)
            answer.write_text(result.stdout if result.returncode == 0 else "")
    assert answer.read_text(), progress.read_text()
    return Finished("s", runs, space, json.loads(answer.read_text()), progress.read_text())


@pytest.fixture(scope="session")
def damaged(dataset, tmp_path_factory):
    """The folder of a real search to which things happened, and what its command printed."""
    runs = tmp_path_factory.mktemp("damaged")
    return runs, damaged_search(runs)
