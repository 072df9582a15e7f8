"""The replay: a trial that is trained again gives the study's numbers to the last bit, or is told from them."""

import json
import math
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from commands import ROOT, clean_environment, invoke, study_of
from damaged import DIVERGING, GOOD
from optuna.trial import TrialState, create_trial
from own_data import TARGETS, csv_of

from search.errors import SearchError, UsageError
from search.replay.comparison import DIVERGED, Comparison, Recorded, recorded_of
from search.replay.training import Training, sentences
from search.storage.address import open_storage
from search.study.data import found_in, load
from search.study.settings import Settings
from search.study.space import Space
from search.study.study import open_study
from trainable.data.source import DataSource
from trainable.problems import BUILT_IN

# Replays one trial after another in one process, which loads TensorFlow once.
SCRIPT = """
import contextlib, io, json, sys
from search.replay.__main__ import main
from search.terminal.streams import status_of
results = []
for arguments in json.loads(sys.argv[1]):
    with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(io.StringIO()) as err:
        status = status_of(lambda: main(arguments))
    results.append((status, out.getvalue(), err.getvalue()))
print(json.dumps(results))
"""


@pytest.fixture(scope="module")
def searched(damaged):
    """The folder of a real search in which trials were pruned, one diverged, and one lost its worker to kill -9."""
    return damaged[0]


def changed(searched, folder, *statements):
    """A copy of the search's folder in whose storage something was changed."""
    shutil.copytree(searched, folder)
    with sqlite3.connect(folder / "studies.db") as connection:
        for statement in statements:
            assert connection.execute(statement).rowcount > 0
    connection.close()
    return folder


@pytest.fixture(scope="module")
def chosen(searched):
    """The number of a trial of each kind."""
    trials = study_of(searched, "s").trials
    return {
        "complete": next(each.number for each in trials if each.params == GOOD),
        "pruned": next(each.number for each in trials if each.state == TrialState.PRUNED),
        "retried": next(each.number for each in trials if "retry_of" in each.user_attrs),
        "diverged": next(each.number for each in trials if each.params == DIVERGING),
    }


@pytest.fixture(scope="module")
def replays(searched, chosen, own_studies, tmp_path_factory):
    """What the command said of each kind of trial, and of copies of the study in which something was changed."""
    folder, complete = tmp_path_factory.mktemp("changed"), str(chosen["complete"])
    number = changed(
        searched, folder / "number",
        "UPDATE trial_intermediate_values SET intermediate_value = intermediate_value + 0.0001 "
        f"WHERE step = 2 AND trial_id = (SELECT trial_id FROM trials WHERE number = {complete})",
    )  # fmt: skip
    older = changed(
        searched, folder / "older",
        "DELETE FROM trial_user_attributes WHERE key = 'environment'",
        "DELETE FROM study_user_attributes WHERE key LIKE 'environment:%'",
    )  # fmt: skip
    asked = {
        **{kind: ["--trial", str(trial), "--runs", str(searched), "--json"] for kind, trial in chosen.items()},
        "text": ["--study", "s", "--trial", "best", "--runs", str(searched)],
        "changed number": ["--trial", complete, "--runs", str(number)],
        "older": ["--trial", complete, "--runs", str(older)],
        "own table": ["--study", "table", "--trial", "best", "--runs", str(own_studies / "runs")],
        "own images": ["--study", "images", "--trial", "best", "--runs", str(own_studies / "runs")],
        "own wide": ["--study", "wide", "--trial", "best", "--runs", str(own_studies / "runs")],
    }
    before = (searched / "studies.db").read_bytes()
    result = subprocess.run(
        [sys.executable, "-c", SCRIPT, json.dumps(list(asked.values()))],
        cwd=ROOT, env=clean_environment(), capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    assert (searched / "studies.db").read_bytes() == before
    return dict(zip(asked, json.loads(result.stdout), strict=True))


@pytest.mark.parametrize("kind", ["complete", "pruned", "retried", "diverged"])
def test_trial_is_repeated_to_the_last_bit(kind, searched, chosen, replays):
    """Another process, without Ray, gets every val_accuracy and the last train_accuracy that a worker reported."""
    status, stdout, stderr = replays[kind]
    assert status == 0, stderr
    found, trial = json.loads(stdout), study_of(searched, "s").trials[chosen[kind]]
    assert found["identical"]
    assert found["trial"] == trial.number
    replayed = [each["replayed"] for each in found["val_accuracy"]]
    assert len(replayed) == trial.user_attrs["epochs_run"]
    assert {
        epoch: each for epoch, each in enumerate(replayed, start=1) if each is not None
    } == trial.intermediate_values
    assert found["train_accuracy"]["replayed"] == trial.user_attrs["train_accuracy"]
    assert found["environment_differences"] == []


def test_epochs_and_verdict_are_printed(chosen, replays):
    """For people: the trial, a row an epoch with both accuracies, and the verdict."""
    status, stdout, _ = replays["text"]
    lines = stdout.splitlines()
    assert status == 0
    assert lines[0].startswith(f"trial {chosen['complete']} of s: hidden_units 64, learning_rate 0.003, batch_size 256")
    assert [line.split()[0] for line in lines[1:5]] == ["epoch", "1", "2", "3"]
    assert all(old == new for _, old, new in map(str.split, lines[2:5]))
    assert lines[5:] == ["identical: all 3 epochs", "environment: as recorded"]


@pytest.mark.parametrize("kind", ["own table", "own images", "own wide"])
def test_trial_on_own_data_is_repeated(kind, replays):
    """The data are where the study has recorded them, and no option has to say so."""
    status, stdout, stderr = replays[kind]
    assert (status, stderr) == (0, "")
    assert re.match("identical: all [0-9]+ epochs", stdout.splitlines()[-2])
    assert stdout.splitlines()[-1] == "environment: as recorded"


def test_own_data_that_are_gone_or_others_are_named(tmp_path):
    """One line says where they should be and what to do: status 1, and 2 where --data named them."""
    file = csv_of("wine", tmp_path)
    settings = Settings(Space.default(found_in(DataSource(str(file), TARGETS["wine"]))), seed=1, baseline=False)
    study = open_study("own", open_storage(f"sqlite:///{tmp_path / 'studies.db'}"), settings)
    study.add_trial(ended(params=settings.problem.baseline, distributions=settings.space.distributions))
    text = file.read_text()
    other = tmp_path / "other.csv"
    other.write_text(text.replace("14.23", "14.24", 1))
    command = ("search.replay", "--study", "own", "--trial", "0", "--runs", tmp_path)
    end = "; --data says where the study's data are now\n"
    file.unlink()
    gone = invoke(*command)
    assert (gone.returncode, gone.stderr.count("\n")) == (1, 1)
    assert gone.stderr.startswith(f"error: {file}: ")
    assert gone.stderr.endswith(f"No such file or directory{end}")
    file.write_text(other.read_text())
    assert invoke(*command).stderr == f"error: {file}: x_train: not what the study was made with{end}"
    named = invoke(*command, "--data", other)
    assert (named.returncode, named.stderr) == (
        2,
        f"error: --data {other}: x_train: not what the study was made with\n",
    )


def test_number_that_was_changed_is_found(replays):
    """A figure that the training does not give ends with status 1, its epoch and its size."""
    status, stdout, _ = replays["changed number"]
    assert status == 1
    assert stdout.splitlines()[3].endswith("  differs")
    assert stdout.splitlines()[5:] == [
        "different: val_accuracy, first at epoch 2 of 3, by 0.0001 at most",
        "environment: as recorded",
    ]


def test_study_without_environments_is_replayed_and_says_so(replays):
    """Studies that were made before environments were recorded can be checked, too."""
    status, stdout, _ = replays["older"]
    assert status == 0
    assert stdout.splitlines()[-1] == "environment: not recorded with this trial; one thread was used"


def test_environment_is_recorded_once_and_trials_hold_its_digest(searched):
    """Every trial that ran on this machine names one and the same record, which says what numbers depend on."""
    study = study_of(searched, "s")
    [(key, environment)] = [each for each in study.user_attrs.items() if each[0].startswith("environment:")]
    ended = [trial for trial in study.trials if "epochs_run" in trial.user_attrs]
    assert {f"environment:{trial.user_attrs['environment']}" for trial in ended} == {key}
    assert set(environment) == {
        "python", "tensorflow", "keras", "numpy", "engine", "processor", "instructions", "threads", "onednn", "gpu"
    }  # fmt: skip
    assert (environment["threads"], environment["onednn"], environment["gpu"]) == (1, True, "")


def test_other_environment_is_named(searched, chosen):
    """Without oneDNN the numbers may or may not come again; either way the difference is said."""
    result = subprocess.run(
        [sys.executable, "-m", "search.replay", "--runs", searched, "--trial", str(chosen["complete"])],
        cwd=ROOT, env=clean_environment() | {"TF_ENABLE_ONEDNN_OPTS": "0"},
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert result.stderr == ""
    assert result.stdout.splitlines()[-1] == "environment: onednn on when recorded, off here"
    assert result.returncode == (0 if "identical: all 3 epochs" in result.stdout else 1)


def test_wrong_requests_are_refused_in_one_line(searched, tmp_path):
    """A study, a trial or a file that cannot serve is named, with exit status 2."""
    wrong = {
        ("--study", "nothere"): "--study nothere: there is no such study; the newest are s",
        ("--trial", "99"): "--trial 99: the study has trials 0 to",
        ("--trial", "worst"): "--trial: must be 'best' or the number of a trial, got 'worst'",
        ("--data", str(tmp_path)): f"--data {tmp_path}",
    }
    for (option, value), message in wrong.items():
        others = () if option == "--trial" else ("--trial", "0")
        result = invoke("search.replay", *others, option, value, "--runs", searched)
        assert result.returncode == 2
        assert result.stderr.startswith(f"error: {message}")
        assert len(result.stderr.splitlines()) == 1


def test_ctrl_c_during_the_import_of_tensorflow_leaves_without_a_word(searched):
    """At a moment when an exception would become another one there is no traceback, and the status is 130."""
    process = subprocess.Popen(
        [sys.executable, "-m", "search.replay", "--runs", searched, "--trial", "0"],
        cwd=ROOT, env=clean_environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    while "libtensorflow" not in Path(f"/proc/{process.pid}/maps").read_text():
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    stdout, stderr = process.communicate(timeout=30)
    assert (process.returncode, stderr) == (130, "")
    assert "identical" not in stdout


def made(folder, trial):
    """A study that holds one trial, and that trial."""
    settings = Settings(seed=1, baseline=False)
    storage = open_storage(f"sqlite:///{folder / 'studies.db'}")
    study = open_study("m", storage, settings)
    study.add_trial(trial)
    return study, study.trials[0]


def ended(study_settings=None, **changes):
    """A trial as a search records it."""
    distributions = Settings().space.distributions
    facts = {"state": TrialState.PRUNED, "user_attrs": {"seed": 3, "epochs_run": 1}, "intermediate_values": {1: 0.5}}
    usual = {"params": BUILT_IN.baseline, "distributions": distributions}
    return create_trial(**(usual | facts | changes))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"state": TrialState.RUNNING}, "--trial 0: is still running; only a trial that has ended"),
        ({"state": TrialState.WAITING}, "--trial 0: is not started yet; only a trial that has ended"),
        (
            {"state": TrialState.FAIL, "intermediate_values": {}, "user_attrs": {"failure": "interrupted: crashed"}},
            "--trial 0: has no epoch to compare with: interrupted: crashed",
        ),
        ({"user_attrs": {}}, "--trial 0: its seed is not recorded: another program made it"),
    ],
)  # fmt: skip
def test_trial_that_cannot_be_replayed_is_refused(changes, message, tmp_path):
    """What has not ended, has no epochs or no seed is named."""
    with pytest.raises(UsageError) as refusal:
        recorded_of(*made(tmp_path, ended(**changes)))
    assert message in str(refusal.value)


def test_study_of_other_images_is_refused():
    """The built-in problem's images of another version are named before anything is trained."""
    other = replace(BUILT_IN, data=BUILT_IN.data | {"x_train": "00"})
    with pytest.raises(SearchError, match=r"^the study was made with other data \(MNIST\) than this version has$"):
        load(other, None)


def test_interrupted_trial_is_compared_as_far_as_it_came(tmp_path):
    """It has neither a count of epochs nor a train_accuracy; the epochs that were reported serve."""
    attributes = {"seed": 3, "failure": "interrupted"}
    trial = ended(state=TrialState.FAIL, user_attrs=attributes, intermediate_values={1: 0.5, 2: 0.25})
    recorded = recorded_of(*made(tmp_path, trial))
    assert (recorded.val_accuracies, recorded.train_accuracy, recorded.seed) == ([0.5, 0.25], None, 3)
    assert Comparison(recorded, [(0.5, 0.1), (0.25, 0.2)], {}).identical


def test_training_that_diverges_earlier_than_recorded_is_compared(small, monkeypatch):
    """On another machine: the epochs that were recorded are all trained, and those without a number differ."""
    monkeypatch.setattr("search.replay.training.prepare_tensorflow", lambda *_, **__: None)  # this process has it
    params = BUILT_IN.baseline | {"hidden_units": 8, "learning_rate": 1e30, "epochs": 3}
    recorded = Recorded("s", 0, Settings(seed=1), params, 1, [0.5, 0.6, 0.7], 0.5, None)
    epochs = list(Training(recorded, small).epochs())
    assert [value for value, _ in epochs] == [DIVERGED] * 3
    comparison = Comparison(recorded, epochs, {})
    assert (comparison.identical, comparison.first_difference) == (False, 1)
    assert comparison.largest_difference == math.inf


def compared(recorded, replayed, train=(0.5, 0.5), environment=None):
    """A comparison of these val_accuracies."""
    known = Recorded("s", 0, Settings(), BUILT_IN.baseline, 0, recorded, train[0], environment)
    return Comparison(known, [(each, train[1]) for each in replayed], {"threads": 1, "keras": "3.15"})


def test_numbers_are_compared_bit_for_bit():
    """A last bit is a difference, and so is the train_accuracy alone."""
    third = 1 / 3
    assert compared([third], [third]).identical
    other = compared([third, third], [third, third + 2**-54])
    assert (other.identical, other.first_difference, other.largest_difference) == (False, 2, 2**-54)
    assert sentences(compared([0.5], [0.5], train=(0.75, 0.5)))[0] == (
        "different: train_accuracy of epoch 1, recorded 0.75, replayed 0.5"
    )


def test_divergence_has_to_come_again():
    """An epoch that diverged agrees with another one that did, and with no accuracy."""
    assert compared([0.5, DIVERGED], [0.5, DIVERGED]).identical
    other = compared([0.5, 0.4], [0.5, DIVERGED])
    assert sentences(other)[0] == "different: val_accuracy, first at epoch 2 of 2, and only one of the two diverged"
    assert other.to_json()["largest_difference"] is None


def test_each_difference_of_environments_is_a_line():
    """Numbers that agree and an environment that does not are both said."""
    assert sentences(compared([0.5], [0.5], environment={"threads": 2, "keras": "3.15", "gpu": "A100"})) == [
        "identical: the only epoch",
        "environment: threads 2 when recorded, 1 here",
        "environment: gpu A100 when recorded, none here",
    ]
