"""A person's own model from its file to an answer: probed, searched, continued, replayed, refused."""

import json
import os
import signal

import numpy as np
import pytest
from commands import ROOT, assert_nothing_left, family_of, invoke, run_command, start, study_of, wait_for_trials
from optuna.trial import TrialState
from own_data import npz_of

from search.errors import UsageError
from search.storage.address import open_storage
from search.study.program import program_in
from search.study.settings import PROGRAM, Settings
from search.study.study import count, open_study, settings_of
from search.trials.models import ModelStore
from trainable.errors import ProgramError
from trainable.keras_file import CONFIG
from trainable.model_file.trying import tried
from trainable.program import Program

MODELS = ROOT / "tests" / "model_files"
QUICK = """
import keras

BATCH_SIZE, EPOCHS = 256, 2
SPACE = {
    "units": {"type": "int", "low": 8, "high": 32},
    "optimizer": {"type": "categorical", "choices": ["adam", "sgd"]},
    "momentum": {"type": "float", "low": 0.0, "high": 0.9, "when": {"optimizer": ["sgd"]}},
    "epochs": {"type": "int", "low": 1, "high": 3},
}


def build(*, units=16, optimizer="adam", momentum=0.5, learning_rate=0.01, input_shape, classes):
    if units == 13:
        raise ValueError("no thirteen")
    model = keras.Sequential([
        keras.Input(input_shape), keras.layers.Flatten(), keras.layers.Rescaling(1 / 255),
        keras.layers.Dense(units, "relu"), keras.layers.Dense(classes, "softmax"),
    ])
    chosen = keras.optimizers.Adam(learning_rate)
    if optimizer == "sgd":
        chosen = keras.optimizers.SGD(learning_rate, momentum=momentum)
    model.compile(chosen, "sparse_categorical_crossentropy")
    return model
"""
UNLUCKY = {"units": 13, "optimizer": "adam", "epochs": 2}
GROWING = """
import keras

BATCH_SIZE, EPOCHS = 256, 1
SPACE = {"batch_size": {"type": "categorical", "choices": [256]}, "epochs": {"type": "int", "low": 1, "high": 1}}


def build_model(hp):
    depth = hp.Int("depth", 1, 3)
    layers = [keras.layers.Flatten(), keras.layers.Rescaling(1 / 255)]
    if depth == 2:  # neither end of the range
        layers.append(keras.layers.Dense(hp.Int("middle", 4, 8), "relu"))
    model = keras.Sequential([keras.Input((8, 8)), *layers, keras.layers.Dense(10, "softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy")
    return model
"""


def create(runs):
    """Make a study of the built-in network beside those of a person's file."""
    open_study("n", open_storage(f"sqlite:///{runs / 'studies.db'}"), Settings())


def write(folder, text, name="model.py"):
    """Write a file of a person's; return it."""
    file = folder / name
    file.write_text(text)
    return file


@pytest.fixture(scope="module")
def searched(tmp_path_factory):
    """A search of a function with a condition on digits: the runs, the file, and what it printed.

    One configuration is asked for of which the function makes no model. It takes fifteen seconds, most of them for
    TensorFlow's imports in the probe and the worker. With one worker the seed decides that trials of both optimizers
    are among them.
    """
    folder = tmp_path_factory.mktemp("model")
    model, data = write(folder, QUICK), npz_of("digits", folder)
    first = write(folder, f"{json.dumps(UNLUCKY)}\n", "first.jsonl")
    options = (
        "--enqueue",
        first,
        "--trials",
        5,
        "--seed",
        5,
        "--workers",
        1,
        "--pruner",
        "none",
        "--no-confirm",
        "--json",
    )
    given = ("--model", model, "--data", data, "--study", "m", "--runs", folder / "runs")
    result = run_command("search.run", *given, *options, timeout=300)
    assert result.returncode == 0, result.stderr
    return folder / "runs", model, result


def test_own_model_is_searched_beside_the_one_of_today(searched):
    """The model as it is today is trial 0, what it was taken for is told, and the best model is there."""
    runs, _, result = searched
    answer = json.loads(result.stdout)
    assert answer["baseline"]["params"] == {
        "units": 16, "optimizer": "adam", "learning_rate": 0.01, "batch_size": 256, "epochs": 2
    }  # fmt: skip
    assert "model.py, a model of 1,210 weights: Adam, sparse_categorical_crossentropy" in result.stderr
    assert (runs / "m" / "report.html").is_file()
    assert ModelStore(runs, "m").kept()


def test_configuration_without_a_model_fails_with_the_line_of_the_file(searched):
    """It is its own fault: told once, it counts, and the worker goes on."""
    runs, _, result = searched
    [failed] = [trial for trial in study_of(runs, "m").trials if trial.state == TrialState.FAIL]
    reason = "model.py: build: line 15: ValueError: no thirteen"
    assert (failed.params["units"], failed.user_attrs["failure"], failed.user_attrs["epochs_run"]) == (13, reason, 0)
    told = [line for line in result.stderr.splitlines() if "no thirteen" in line]
    assert len(told) == 1
    assert f"trial {failed.number} failed: {reason}" in told[0]


def test_study_records_the_file_and_conditions(searched):
    """The text, its hash and the way of training; a trial has no parameter that was not active."""
    runs, model, _ = searched
    study = study_of(runs, "m")
    settings = settings_of(study)
    assert study.user_attrs[PROGRAM] == QUICK
    assert settings.problem.code["sha256"] == program_in(str(model)).sha256
    assert "an epoch is one graph call" in settings.problem.words.training
    optimizers = {trial.params["optimizer"] for trial in study.trials}
    assert optimizers == {"adam", "sgd"}
    assert all(("momentum" in trial.params) == (trial.params["optimizer"] == "sgd") for trial in study.trials)


def test_kept_model_holds_no_optimizer(searched):
    """A file that is made to be used has the network alone."""
    from zipfile import ZipFile

    runs, _, _ = searched
    store = ModelStore(runs, "m")
    with ZipFile(store.path(store.kept()[0])) as archive:
        assert "compile_config" not in json.loads(archive.read(CONFIG))


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (None, "error: --study m: trains what model.py builds; give that file with --model model.py"),
        (("units=16", "units=17"), "is not the file that the study 'm' was made with (SHA-256 "),
        (":other", "the study 'm' was made with model.py; give --study a new name"),
        ("missing", "there is no such file"),
    ],
)
def test_study_goes_on_with_its_file_alone(change, line, searched, tmp_path):
    """A file that is not named is not run, whatever the study says; another one is refused; nothing changes."""
    runs, _, _ = searched
    given = []
    if change is not None:
        file = write(tmp_path, QUICK.replace(*change) if isinstance(change, tuple) else QUICK)
        given = ["--model", f"{file}{change}" if change == ":other" else file.with_name(f"{change}.py")]
        if isinstance(change, tuple):
            given = ["--model", file]
    before = study_of(runs, "m").user_attrs
    result = invoke("search.run", "--study", "m", "--runs", runs, "--trials", 9, *given)
    assert result.returncode == 2
    assert line in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert study_of(runs, "m").user_attrs == before


def test_model_is_refused_for_a_study_of_another_kind(searched, tmp_path):
    """A study of the built-in network does not become one of a file."""
    runs, model, _ = searched
    create(runs)
    result = invoke("search.run", "--study", "n", "--runs", runs, "--trials", 2, "--model", model)
    assert result.returncode == 2
    assert "no file builds what the study 'n' trains; leave --model out" in result.stderr


def test_trial_of_an_own_model_is_replayed(searched, tmp_path):
    """Bit for bit, on this machine; without the file there is one line."""
    runs, model, _ = searched
    without = invoke("search.replay", "--study", "m", "--runs", runs, "--trial", 0)
    assert without.returncode == 2
    assert "give that file with --model model.py" in without.stderr
    other = invoke("search.replay", "--study", "m", "--runs", runs, "--trial", 0, "--model", write(tmp_path, "other"))
    assert other.returncode == 2
    assert other.stderr.endswith("; give the one that it was made with\n")
    given = ("--study", "m", "--runs", runs, "--trial", 0, "--model", model)
    result = run_command("search.replay", *given, timeout=300)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "identical: all 2 epochs" in result.stdout


def part(text, **changes):
    """A function that builds a small model, with some of its text replaced."""
    base = {
        "head": "import keras",
        "signature": "*, units=4, input_shape, classes",
        "first": "keras.layers.Flatten()",
        "last": "keras.layers.Dense(classes, 'softmax')",
        "end": "return model",
    } | changes
    return text.format(**base)


FILE = """{head}
def build({signature}):
    model = keras.Sequential([keras.Input(input_shape), {first}, keras.layers.Dense(units), {last}])
    {end}
"""
BROKEN = [
    (part(FILE, head="import keras, nothing_of_that_name"), "line 1: ModuleNotFoundError: No module named"),
    (part(FILE, head="import keras\nraise SystemExit(3)"), "line 2: ends the process"),
    (part(FILE, end="return 1 / 0"), "line 4: ZeroDivisionError"),
    (part(FILE, end="pass"), "must return a keras.Model, got nothing"),
    (part(FILE, signature="units, *, input_shape, classes"), "'hp'|needs a default"),
    (
        part(FILE, last="keras.layers.Dense(3)"),
        "the model's output is [batch, 3]; for 10 classes it has to be [batch, 10]",
    ),
    (
        part(FILE, first="keras.layers.Reshape((8, 8, 1))"),
        "[batch, 8, 8, 10]; for 10 classes it has to be [batch, 10]: it gives them for each part",
    ),
    (part(FILE, first="keras.layers.Lambda(lambda x: x), keras.layers.Flatten()"), "Lambda"),
    (part(FILE, head="import keras\nSPACE = {'width': {'type': 'int', 'low': 1, 'high': 2}}"), "does not take width"),
    (part(FILE, signature="*, units=800_000, input_shape, classes", first="keras.layers.Flatten()"), "MB"),
    (
        part(
            FILE,
            head="import keras\nclass Own(keras.layers.Layer):\n    def call(self, x):\n        return x",
            first="Own(), keras.layers.Flatten()",
        ),
        "Own: only this file knows it; write @keras.saving.register_keras_serializable()",
    ),
]


@pytest.mark.parametrize(("text", "line"), BROKEN, ids=range(len(BROKEN)))
def test_file_that_builds_no_model_to_search_is_one_line(text, line):
    """Whatever is wrong with it; the line names the file. In this process, which has TensorFlow: the probe's work."""
    x, y = np.zeros((20, 8, 8), np.uint8), np.arange(20, dtype=np.int32) % 10
    with pytest.raises(ProgramError) as caught:
        tried(Program("model.py", text), x, y, 10, 1000)
    message = str(caught.value)
    assert message.startswith("model.py: ")
    assert any(each in message for each in line.split("|"))
    assert "\n" not in message


def test_probe_s_line_is_the_command_s(tmp_path):
    """What the probe finds wrong ends the command with status 2, before anything is made."""
    model = write(tmp_path, part(FILE, end="return undefined_name"))
    data = npz_of("digits", tmp_path)
    result = invoke("search.run", "--model", model, "--data", data, "--runs", tmp_path / "runs")
    assert result.returncode == 2
    assert result.stderr == "error: --model model.py: build: line 4: NameError: name 'undefined_name' is not defined\n"
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize("named", ["model", "model.txt", "model.py:", "model.py:a-b", "folder.py", ""])
def test_what_is_no_file_of_python_is_refused(named, tmp_path, monkeypatch):
    """Before anything is read of the data."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder.py").mkdir()
    with pytest.raises(UsageError, match="--model"):
        program_in(named)


@pytest.mark.thorough
def test_names_that_come_up_late_are_drawn_from_then_on(tmp_path):
    """A parameter that only a trial met has its default there, and is searched afterwards. It takes a search.

    With one worker the seed decides what every trial draws: the fourth is the first that meets the name.
    """
    model, data = write(tmp_path, GROWING), npz_of("digits", tmp_path)
    arguments = ("--model", model, "--data", data, "--study", "g", "--runs", tmp_path, "--sampler", "random")
    options = ("--trials", 7, "--seed", 3, "--workers", 1, "--no-confirm")
    result = run_command("search.run", *arguments, *options, timeout=300)
    assert result.returncode == 0, result.stderr
    study = study_of(tmp_path, "g")
    met = [trial.params["middle"] for trial in study.trials if "middle" in trial.params]
    assert met[0] == 4
    assert len(set(met)) > 1
    assert "middle" in settings_of(study).problem.names


@pytest.mark.thorough
def test_killed_driver_of_an_own_model_loses_nothing(tmp_path):
    """Killed five times: finished trials stay as they are, the count is met, the best has its model, then a verdict.

    It takes six starts of a search with a probe each, and the networks of a verdict. One worker does for what it shows:
    each start of another one would import TensorFlow once more.
    """
    model, data = write(tmp_path, QUICK), npz_of("digits", tmp_path)
    arguments = ("--model", model, "--data", data, "--study", "k", "--runs", tmp_path, "--seed", 2, "--workers", 1)
    kept = {}
    finished = (TrialState.COMPLETE, TrialState.PRUNED)
    for _ in range(5):
        process = start(*arguments, "--trials", 100)
        wait_for_trials(process, tmp_path, "k", len(kept) + 1)
        family = family_of(process)
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
        assert_nothing_left(family)
        trials = study_of(tmp_path, "k").trials
        assert {each: trials[each] for each in kept} == kept
        kept = {trial.number: trial for trial in trials if trial.state in finished}
    goal = count(study_of(tmp_path, "k").trials).finished + 2
    verdict = ("--confirm-top", 1, "--confirm-seeds", 2, "--json")
    result = run_command("search.run", *arguments, "--trials", goal, *verdict, timeout=300)
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)["confirmed"]["verdict"]
    trials = study_of(tmp_path, "k").trials
    assert count(trials).finished == goal
    assert {number: trials[number] for number in kept} == kept
    assert not [trial for trial in trials if trial.state in (TrialState.RUNNING, TrialState.WAITING)]
    interrupted = [trial for trial in trials if trial.user_attrs.get("failure") == "interrupted"]
    successors = [trial for trial in trials if "retry_of" in trial.user_attrs]
    drawn = {trial.number for trial in interrupted if "began" in trial.user_attrs}
    assert {trial.user_attrs["retry_of"] for trial in successors} >= drawn
    for trial in successors:
        before = trials[trial.user_attrs["retry_of"]]
        assert (trial.params, trial.user_attrs["seed"]) == (before.params, before.user_attrs["seed"])
    best = min(
        (trial for trial in trials if trial.state == TrialState.COMPLETE), key=lambda each: (-each.value, each.number)
    )
    assert ModelStore(tmp_path, "k").path(best.number)
