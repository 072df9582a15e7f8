"""Scoring the models of a person's file: in another process, which is told them once and ends with this one."""

import os
import signal
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from commands import ROOT, clean_environment, wait_until
from keras_files import PROGRAM, arrays_of, networks

from search.surroundings.guard import start_of
from trainable.data.dataset import HeldOutSet
from trainable.errors import DataError, ModelError, ProgramError
from trainable.model_file import scoring
from trainable.model_file.pipes import send
from trainable.model_file.scoring import Scorer
from trainable.program import Program


@pytest.fixture(scope="module")
def scorer():
    """One process for the tests that leave it as it is."""
    made = Scorer(PROGRAM)
    yield made
    made.close()


@pytest.mark.parametrize("name", ["one", "several", "binary", "custom"])
def test_wrong_examples_are_those_that_keras_takes_for_another_class(scorer, keras_files, name):
    """Whatever a model takes, of one input or several, with layers of the person's own, and with one output."""
    content, said = networks(keras_files)[name]
    examples = arrays_of(name)
    labels = said.copy()
    labels[[2, 5]] = (labels[[2, 5]] + 1) % 2
    assert scorer.wrong(content, HeldOutSet(examples, labels)) == [2, 5]


def test_examples_are_sent_once(scorer, keras_files, monkeypatch):
    """Of the same arrays only the first model makes the process wait for them; the two sets of a search stay there."""
    content, said = networks(keras_files)["one"]
    wishes, sets = [], [HeldOutSet(arrays_of("one"), said) for _ in range(3)]
    monkeypatch.setattr(scoring, "send", lambda to, *given: wishes.append(next(iter(given[0]))) or send(to, *given))
    assert [scorer.wrong(content, each) for each in [*sets[:2], *sets[:2]]] == [[], [], [], []]
    others = [each for each in wishes if each != "forget"]  # which others have asked for before
    assert others == ["hold", "classify", "hold", "classify", "classify", "classify"]
    assert scorer.wrong(content, sets[2]) == []
    assert wishes[-3:] == ["forget", "hold", "classify"]


@pytest.mark.parametrize(
    ("content", "kind", "says"),
    [
        (b"something else", DataError, "expected the content of a .keras file: "),
        ("cut", DataError, "expected the content of a .keras file: "),
        ("several", ProgramError, "model.py: a model that was trained cannot be asked: "),
    ],
    ids=["bytes", "cut", "other inputs"],
)
def test_what_is_no_model_of_the_examples_is_refused(scorer, keras_files, content, kind, says):
    """In one line, and the process goes on."""
    models = networks(keras_files)
    good, said = models["one"]
    given = content if isinstance(content, bytes) else good[:500] if content == "cut" else models[content][0]
    with pytest.raises(kind) as caught:
        scorer.wrong(given, HeldOutSet(arrays_of("one"), said))
    assert str(caught.value).startswith(says)
    assert "\n" not in str(caught.value)
    before = scorer._process.pid
    assert scorer.wrong(good, HeldOutSet(arrays_of("one"), said)) == []
    assert scorer._process.pid == before


@pytest.mark.thorough  # a further process with TensorFlow, as below
def test_layers_of_the_persons_own_need_the_file(keras_files):
    """Another file, which does not register them, cannot load such a model: the line says so."""
    content, said = networks(keras_files)["custom"]
    other = Scorer(Program("other.py", "print('x' * 100_000, flush=True); import sys; sys.stdin.read()"))
    with pytest.raises(
        ProgramError,
        match=r"^other\.py: a model that was trained cannot be loaded: TypeError: the class Doubled is not known",
    ):
        other.wrong(content, HeldOutSet(arrays_of("custom"), said))
    other.close()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("import os\nraise ValueError(' '.join(os.environ.values()))", "model.py: line 2: ValueError: "),
        pytest.param(
            "import os\nos._exit(7)", "model.py: scoring: its process ended with status 7", marks=pytest.mark.thorough
        ),
        pytest.param(
            "import os\nos.kill(os.getpid(), 9)", "model.py: scoring: its process ended by signal 9",
            marks=pytest.mark.thorough,
        ),
    ],
    ids=["raises", "ends", "killed"],
)  # fmt: skip
def test_file_that_cannot_be_run_is_named(text, says, monkeypatch):
    """In one line, which no password can be in; no process is left."""
    monkeypatch.setenv("SEARCH_STORAGE", "postgresql://u:secret@h/d")
    monkeypatch.setenv("PGPASSWORD", "secret")
    scorer = Scorer(replace(PROGRAM, text=text))
    with pytest.raises(ProgramError) as caught:
        scorer.wrong(b"", HeldOutSet(np.zeros((1, 2)), np.zeros(1, np.int32)))
    assert str(caught.value).startswith(says)
    assert "secret" not in str(caught.value)
    assert ("ValueError" in says) == (os.environ["PATH"] in str(caught.value))
    assert scorer._process is None


@pytest.mark.thorough
def test_process_that_was_killed_between_two_models_has_a_successor(keras_files):
    """Which gets the examples anew."""
    content, said = networks(keras_files)["one"]
    examples, scorer = HeldOutSet(arrays_of("one"), said), Scorer(PROGRAM)
    assert scorer.wrong(content, examples) == []
    os.kill(scorer._process.pid, signal.SIGKILL)
    scorer._process.wait()
    assert scorer.wrong(content, examples) == []
    scorer.close()


def test_process_ends_with_the_driver():
    """Also where that is killed, and has no time to say anything; it never loads TensorFlow itself."""
    code = (
        "import sys, time, numpy as np\n"
        "from trainable.model_file.scoring import Scorer\n"
        "from trainable.program import Program\n"
        "scorer = Scorer(Program('m.py', ''))\n"
        "with scorer._exchange(): pass\n"
        "print(scorer._process.pid, 'tensorflow' in sys.modules or 'keras' in sys.modules, flush=True)\n"
        "time.sleep(600)\n"
    )
    driver = subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, env=clean_environment(), stdout=subprocess.PIPE, text=True
    )
    pid, has_tensorflow = driver.stdout.readline().split()
    assert has_tensorflow == "False"
    start = start_of(int(pid))
    assert start is not None
    driver.kill()
    driver.wait()
    driver.stdout.close()
    wait_until(lambda: start_of(int(pid)) != start, 30, "the process is gone")


def test_arrays_of_objects_are_not_sent(scorer, keras_files):
    """They would have to be pickled; the process goes on with others."""
    content, said = networks(keras_files)["one"]
    with pytest.raises(DataError, match="arrays that another process cannot be given: "):
        scorer.wrong(content, HeldOutSet(np.array([None] * len(said)), said))
    assert scorer.wrong(content, HeldOutSet(arrays_of("one"), said)) == []


def test_process_that_died_is_started_anew_once(monkeypatch):
    """Then the model is to blame, and the error is one of that model only."""
    given = iter([scoring.ScorerDiedError("once"), np.zeros(1, np.int32), *[scoring.ScorerDiedError("twice")] * 2])

    def classes(*_):
        if isinstance(said := next(given), Exception):
            raise said
        return said

    scorer, examples = Scorer(PROGRAM), HeldOutSet(np.zeros((1, 2)), np.zeros(1, np.int32))
    monkeypatch.setattr(scorer, "_classes", classes)
    assert scorer.wrong(b"", examples) == []
    with pytest.raises(ModelError, match="twice"):
        scorer.wrong(b"", examples)
