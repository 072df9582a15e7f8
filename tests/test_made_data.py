"""Data that a person's file makes: run in a process of its own, for a command that names it, and never otherwise."""

import os
import signal
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from commands import ROOT
from own_data import npz_of

from dashboard.data import moved_arguments, search_arguments, source_here
from search.errors import SearchError, UsageError
from search.report.recipe import export_command, replay_command
from search.study.data import found_in, load, load_held_out
from search.terminal.arguments import default_storage
from trainable.arrays.problem import _prepared
from trainable.arrays.splits import splits_of
from trainable.data.made import forget, read_made
from trainable.data.reading import bytes_needed
from trainable.data.source import DataSource
from trainable.errors import DataError
from trainable.model_file.dataset import raw_of
from trainable.problems import BUILT_IN, problem_of, spec_in

ARRAYS = """
from pathlib import Path
import numpy as np
import beside
HERE = Path(__file__).parent

def load():
    print("reading", end="")
    with (HERE / "runs").open("a") as runs:
        runs.write(".")
    found = np.load(HERE / "wine.npz")
    return beside.seen(found)
"""
BESIDE = "import sys\n\ndef seen(found):\n    sys.stdout.flush()\n    return found\n"
OTHERS = """
import collections
import os
import sys
import pandas as pd

def load():
    sys.stderr.write("x" * 3_000_000)
    os.system("echo something")
    frame = pd.DataFrame({"a": range(12), "b": [0.5, 1.5] * 6})
    names = pd.Series(["SEARCH_STORAGE" in os.environ, "tensorflow" in sys.modules] * 6)
    return ((frame, names), (collections.UserList([[1, 2.5], [3, 4.5]]), [False, True]))
"""


@pytest.fixture(autouse=True)
def forgotten():
    """What was made for one test is not kept for another."""
    yield
    forget()
    _prepared.cache_clear()


@pytest.fixture
def wine(tmp_path):
    """A file that makes the wine set of an archive beside it, with the help of a module beside it."""
    npz_of("wine", tmp_path)
    (tmp_path / "beside.py").write_text(BESIDE)
    file = tmp_path / "mine.py"
    file.write_text(ARRAYS)
    return file


def runs_of(file):
    """How often a file has made its data."""
    return len(file.with_name("runs").read_text()) if file.with_name("runs").exists() else 0


def recorded(file):
    """The problem that a study of a file's data has recorded."""
    found = spec_in(DataSource(str(file.with_name("wine.npz"))))
    return replace(found, source=asdict(DataSource(str(file))))


def test_made_data_are_as_those_of_a_file(wine):
    """Wherever the command runs: the file finds what is beside it."""
    made, saved = (splits_of(DataSource(str(wine.with_name(name)))) for name in ("mine.py", "wine.npz"))
    for name, array in vars(saved).items():
        if isinstance(array, np.ndarray):
            assert np.array_equal(getattr(made, name), array)
    assert (made.name, made.labels, made.val) == ("mine.py", saved.labels, saved.val)
    assert bytes_needed(DataSource(str(wine))) is None


def test_made_data_are_made_once_for_a_command(wine):
    """Asking what they are about, whether there is a test split, and loading them."""
    problem = found_in(DataSource(str(wine)))
    assert problem.source["location"] == str(wine)
    assert len(load(problem, str(wine)).y_train) == problem.sizes["train"]
    assert len(load_held_out(problem, str(wine)).y) == problem.sizes["test"]
    assert runs_of(wine) == 1
    raw_of(DataSource(str(wine)))
    assert runs_of(wine) == 2
    wine.write_text(ARRAYS.replace("beside.seen(found)", "{**found, 'x_train': found['x_train'] + 1}"))
    with pytest.raises(UsageError, match="x_train, x_val, x_test: not what the study was made with"):
        load(problem, str(wine))


def test_anything_that_is_an_array_is_one(tmp_path, monkeypatch):
    """Tables and lists, too, in the form of Keras; no secret and no TensorFlow is in the process that makes them."""
    monkeypatch.setenv("SEARCH_STORAGE", "postgresql://user:secret@host/name")
    file = tmp_path / "mine.py"
    file.write_text(OTHERS)
    made = read_made(file)
    assert list(made) == ["x_train", "y_train", "x_test", "y_test"]
    assert made["x_train"].tolist() == [[each, 0.5 + each % 2] for each in range(12)]
    assert made["x_test"].tolist() == [[1, 2.5], [3, 4.5]]
    assert made["y_train"].tolist() == [False] * 12
    assert made["y_test"].dtype == bool


def test_built_in_data_that_a_file_makes_are_known(dataset, tmp_path):
    """By their hashes, as in any other file; the study is about the built-in data then."""
    x, y = np.concatenate([dataset.x_train, dataset.x_val]), np.concatenate([dataset.y_train, dataset.y_val])
    held_out = problem_of(BUILT_IN).load_held_out(None)
    np.savez(tmp_path / "all.npz", x=x, y=y, x_test=held_out.x, y_test=held_out.y)
    file = tmp_path / "mine.py"
    file.write_text(
        "import numpy as np\nfrom pathlib import Path\nfound = np.load(Path(__file__).parent / 'all.npz')\n"
        "def load():\n    return (found['x'], found['y']), (found['x_test'], found['y_test'])\n"
    )
    source = DataSource(str(file))
    assert found_in(source) == BUILT_IN
    assert np.array_equal(load(BUILT_IN, str(file)).x_val, dataset.x_val)
    assert np.array_equal(load_held_out(BUILT_IN, str(file)).y, held_out.y)
    assert raw_of(source).shapes == BUILT_IN.inputs.shape


@pytest.mark.parametrize("form", ["{'x_train': x, 'y_train': y}", "((x, y), (x[:6], y[:6]))"])
def test_code_that_reads_an_example_again_is_right(form, tmp_path):
    """It stands in the card of an exported model, for either form of what the file returns."""
    file = tmp_path / "mine.py"
    file.write_text(f"x, y = [[each, each + 0.5] for each in range(12)], [0, 1] * 6\ndef load():\n    return {form}\n")
    problem, found = spec_in(DataSource(str(file))), {}
    exec(problem.said(problem.words.reading, file=repr(str(file)), stored=problem.inputs.stored("1")), found)
    assert found[problem.inputs.name].dtype == problem.inputs.dtype
    assert found[problem.inputs.name].tolist() == [[0, 0.5]]


def test_no_code_is_run_because_a_study_says_so(wine):
    """Whoever may write into a storage could have put it there: the person has to name the file."""
    problem = recorded(wine)
    line = f"{wine}: makes the study's data; it is run only where the command names it: --data {wine}"
    for read in (load, load_held_out):
        with pytest.raises(UsageError) as caught:
            read(problem, None)
        assert str(caught.value) == line
    for asked in (problem_of(problem).load, problem_of(problem).load_held_out, problem_of(problem).file):
        with pytest.raises(DataError) as refused:
            asked(None)
        assert str(refused.value) == line
    assert runs_of(wine) == 0
    assert len(load(problem, str(wine)).y_val) == problem.sizes["val"]
    assert len(load(problem, str(wine.with_name("wine.npz"))).y_val) == problem.sizes["val"]


def test_commands_that_are_offered_name_the_file(wine, tmp_path):
    """As they do not run it otherwise; of data in another file they know where that is."""
    problem = recorded(wine)
    for view_of, options in ((problem, f"--data={wine} "), (spec_in(DataSource(str(wine.with_name("wine.npz")))), "")):
        view = SimpleNamespace(
            name="s", storage=default_storage(tmp_path), runs=tmp_path, settings=SimpleNamespace(problem=view_of)
        )
        place = f"--study s --runs {tmp_path} {options}"
        assert f"search.export {place}--output" in export_command(view)
        assert f"search.replay {place}--trial 0" in replay_command(view, 0)


def test_page_runs_no_code(wine):
    """Whoever names it; a search that is started from a page runs what the person gave to the dashboard."""
    problem, other = recorded(wine), str(wine.with_name("wine.npz"))
    for data in (None, str(wine)):
        with pytest.raises(SearchError, match=f"{wine}: makes the study's data, and no page runs it; the dashboard's"):
            source_here(problem, data)
    assert source_here(problem, other) == DataSource(other)
    with pytest.raises(SearchError, match="no page runs it"):
        search_arguments(problem, None)
    assert search_arguments(problem, str(wine)) == [f"--data={wine}"]
    assert search_arguments(problem, other) == moved_arguments(problem, other) == [f"--data={other}"]
    assert moved_arguments(problem, None) == moved_arguments(problem, str(wine)) == [f"--data={wine}"]
    with pytest.raises(SearchError, match="no page runs it"):
        source_here(BUILT_IN, str(wine))
    assert runs_of(wine) == 0


def test_process_ends_with_the_command(tmp_path):
    """However that ends, and whatever load() does: nothing goes on without anybody who waits for it."""
    pipe, file = tmp_path / "pipe", tmp_path / "mine.py"
    os.mkfifo(pipe)
    file.write_text(
        "import signal, time\nfrom pathlib import Path\n"
        "def load():\n"
        "    signal.signal(signal.SIGINT, signal.SIG_IGN)\n"
        "    stream = (Path(__file__).parent / 'pipe').open('w')\n"
        "    stream.write('begun\\n')\n    stream.flush()\n"
        "    while True:\n        print('on')\n"
    )
    script = (
        "import sys; from pathlib import Path; from trainable.data.made import read_made; read_made(Path(sys.argv[1]))"
    )
    with subprocess.Popen([sys.executable, "-c", script, str(file)], cwd=ROOT) as command, Path(pipe).open() as stream:
        assert stream.readline() == "begun\n"
        command.send_signal(signal.SIGKILL)
        assert stream.read() == ""  # once the last process that has it open has ended
