"""The export: which model is taken away, what its folder says of it, and what is refused."""

import hashlib
import json
import shutil
import signal
import sqlite3
import subprocess
import sys
from dataclasses import replace

import pytest
from commands import ROOT, clean_environment, invoke, study_of

from search.confirmation.record import CONFIRMATION, LOOKS, evidence_of
from search.confirmation.wording import finding_of, percent
from search.errors import SearchError, UsageError
from search.export import reload, selection
from search.export.card import _looks, card
from search.export.description import description_of
from search.export.selection import load_accepted, select
from search.study.study import settings_of
from search.trials.models import ModelStore
from trainable.errors import ConfigError
from trainable.problems import BUILT_IN


@pytest.fixture(scope="module")
def tensorflow_is_here():
    """This process has TensorFlow, which is set up once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(selection, "prepare_tensorflow", lambda *_, **__: None)
        yield


@pytest.fixture(scope="module")
def best(finished, tensorflow_is_here, tmp_path_factory):
    """The best trial of the search, exported."""
    output = tmp_path_factory.mktemp("exported") / "a model"
    arguments = ("--study", "s", "--runs", finished.runs, "--trial", "best", "--output", output)
    result = invoke("search.export", *arguments)
    assert result.returncode == 0, result.stderr
    assert result.stdout.splitlines() == [str(output / name) for name in ("model.keras", "model.json", "MODEL_CARD.md")]
    return output


@pytest.fixture
def unconfirmed(finished, tmp_path):
    """The search as it was before its confirmation."""
    runs = tmp_path / "runs"
    shutil.copytree(finished.runs, runs)
    with sqlite3.connect(runs / "studies.db") as database:
        for key in ("confirmation", "looks", "analyses", "confirmed:%", "tested:%"):
            database.execute("DELETE FROM study_user_attributes WHERE key LIKE ?", (key,))
    database.close()
    return runs


def chosen(runs, which):
    """What `--trial` chooses."""
    study = study_of(runs, "s")
    return select(study, settings_of(study), ModelStore(runs, "s"), which)


def card_of(runs, which):
    """The card's text, of no format."""
    study = study_of(runs, "s")
    evidence = evidence_of(study.user_attrs)
    description = description_of(study, settings_of(study), evidence, chosen(runs, which), {}, preprocessing=False)
    return card(BUILT_IN, description, evidence)


def test_exported_model_scores_the_recorded_accuracy_with_keras_alone(best, dataset, tmp_path):
    """A process that has nothing of this project loads the file and gets the accuracy of model.json."""
    import numpy as np

    described = json.loads((best / "model.json").read_text())
    np.savez(tmp_path / "validation.npz", x=dataset.x_val.astype("float32") / 255, y=dataset.y_val)
    script = (
        "import sys, keras, numpy as np\n"
        "model, data = keras.models.load_model(sys.argv[1]), np.load(sys.argv[2])\n"
        "print(float((model.predict(data['x'], verbose=0).argmax(1) == data['y']).mean()))"
    )
    command = [sys.executable, "-I", "-c", script, str(best / "model.keras"), str(tmp_path / "validation.npz")]
    scored = subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path)
    assert float(scored.stdout) == pytest.approx(described["val_accuracy"], abs=1e-9)


def test_description_says_what_the_model_is(best, finished):
    """model.json holds parameters, accuracies, seed, versions, checks, and the hashes of data and files."""
    described = json.loads((best / "model.json").read_text())
    entry = finished.answer["best"]
    assert described["selected"] == "best"
    assert described["params"] == entry["params"]
    assert described["val_accuracy"] == entry["val_accuracy"]
    assert described["trial"] == entry["number"]
    assert described["seed"] >= 0
    assert described["precision"] == "float32"
    assert described["trained_on"] == 50_000
    assert described["test_accuracy"] is None
    assert 0 < described["train_accuracy"] < 1
    assert set(described["versions"]) == {"python", "tensorflow", "keras", "numpy", "optuna", "ray"}
    assert set(described["data_sha256"]) == {"x_train", "y_train"}
    assert described["checks"]["keras"]["images"] == 10_000
    assert described["files"] == {
        name: hashlib.sha256((best / name).read_bytes()).hexdigest() for name in ("model.keras", "MODEL_CARD.md")
    }


def test_kept_file_is_exported_to_the_last_byte(best, finished):
    """A Keras export is the file that the study kept, not another one of the same network."""
    number = finished.answer["best"]["number"]
    kept = ModelStore(finished.runs, "s").path(number)
    assert (best / "model.keras").read_bytes() == kept.read_bytes()


def test_winner_is_chosen_where_there_is_a_verdict(finished, unconfirmed):
    """Without --trial it is the winner of the confirmation, and the best trial before there is one."""
    evidence = evidence_of(study_of(finished.runs, "s").user_attrs)
    winner = chosen(finished.runs, None)
    assert winner == chosen(finished.runs, "winner")
    assert (winner.how, winner.trial, winner.seed) == ("winner", evidence.taken.trial, evidence.final_seeds[0])
    assert winner.sha256 == evidence.tested[evidence.taken.name, evidence.final_seeds[0]]["sha256"]
    assert chosen(unconfirmed, None) == chosen(unconfirmed, "best")
    assert (chosen(unconfirmed, None).how, chosen(unconfirmed, None).trial) == (
        "best",
        finished.answer["best"]["number"],
    )
    with pytest.raises(UsageError, match="--trial winner: the study has no verdict"):
        chosen(unconfirmed, "winner")


def test_winner_whose_model_is_gone_is_refused(finished, tmp_path):
    """No other model takes the winner's place without being asked for."""
    study = study_of(finished.runs, "s")
    with pytest.raises(UsageError, match="--trial winner: its model is not kept in"):
        select(study, settings_of(study), ModelStore(tmp_path, "s"), None)


def test_card_says_how_good_the_winner_is_and_how_that_is_known(finished):
    """The verdict's sentence, the test accuracy with its interval, the looks at the test images, the data's hashes."""
    text, evidence = card_of(finished.runs, "winner"), evidence_of(study_of(finished.runs, "s").user_attrs)
    test = evidence.verdict.first if evidence.taken == evidence.winner else evidence.verdict.second
    assert finding_of(evidence) in text
    assert evidence.price.told in text
    assert (
        f"Test: {test.mean:.4f} ({percent(evidence.verdict.confidence)} interval {test.low:.4f} to {test.high:.4f})"
        in text
    )
    assert f"which selected nothing: {evidence.looked}." in text
    assert all(look.time in text for look in evidence.looks)
    assert "| trained on | 60,000 images |" in text
    assert "`x_test`: `6d87418db22cc8025d05968bec9bd5c3932904b23485740db143a061a2c9d161`" in text


def test_card_lists_as_many_looks_as_it_counts():
    """Winner and baseline are noted singly and are one look, from the first to the last of them."""
    noted = [("08:00", "7"), ("08:05", "baseline"), ("09:00", "3")]
    looks = [{"time": time, "candidates": [name], "seeds": 2} for time, name in noted]
    evidence = evidence_of({CONFIRMATION: {"candidates": [], "seeds": [1, 2], "final_seeds": [3, 4]}, LOOKS: looks})
    assert _looks(BUILT_IN, evidence) == (
        "Looks at the test images, which selected nothing: 2.\n\n"
        "- from 08:00 to 08:05 for trial 7 (2 networks) and the baseline (2 networks)\n"
        "- at 09:00 for trial 3 (2 networks)"
    )


def test_card_gives_no_figure_that_is_not_this_models(finished, unconfirmed):
    """A trial's model was not scored on the test images, whatever the study knows of its configuration."""
    best, number = finished.answer["best"], str(finished.answer["best"]["number"])
    for text in (card_of(unconfirmed, "best"), card_of(finished.runs, "best"), card_of(finished.runs, number)):
        assert f"Validation: {best['val_accuracy']:.4f} on the 10,000 validation images, one network." in text
        assert "this network was not scored on the test images" in text
        assert "x_test" not in text
    assert "The test images have not been looked at." in card_of(unconfirmed, "best")
    assert "with the best validation accuracy" in card_of(unconfirmed, "best")
    assert "chosen by its number" in card_of(finished.runs, number)


def test_wrong_requests_are_refused_in_one_line(finished, tmp_path):
    """A study, a trial, a model, a format or a folder that cannot serve is named, and nothing is made."""
    kept = ModelStore(finished.runs, "s").kept()
    full = tmp_path / "full"
    full.mkdir()
    (full / "file").touch()
    wrong = {
        ("--study", "nothere"): "--study nothere: there is no such study; the newest are s",
        ("--trial", "99"): "--trial 99: the study has trials 0 to",
        ("--trial", str(next(n for n in range(6) if n not in kept))): "its model is not kept in",
        ("--trial", "worst"): "--trial: must be 'winner', 'best' or the number of a trial, got 'worst'",
        ("--format", "onnx,pickle"): "--format: must be of keras, savedmodel, onnx, tflite or all, got 'pickle'",
        ("--storage", f"sqlite:///{tmp_path / 'none.db'}"): "there is no storage here yet",
    }
    for (option, value), message in wrong.items():
        arguments = ("--study", "s") if option != "--study" else ()
        result = invoke(
            "search.export", *arguments, option, value, "--runs", finished.runs, "--output", tmp_path / "new"
        )
        assert result.returncode == 2, result.stderr
        assert message in result.stderr
        assert len(result.stderr.splitlines()) == 1
    result = invoke("search.export", "--runs", finished.runs, "--output", full)
    assert (result.returncode, "must be a new or an empty folder" in result.stderr) == (2, True)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["full"]


@pytest.mark.parametrize(
    ("which", "message"),
    [("best", "on the validation images, the study recorded"), ("winner", "has the SHA-256")],
)
def test_model_that_is_another_one_is_not_exported(finished, tensorflow_is_here, tmp_path, which, message):
    """A trial's file has to score what was recorded, the winner's to have the recorded hash; else nothing is left."""
    from trainable.mlp.network import initial_weights, keras_bytes

    runs = tmp_path / "runs"
    shutil.copytree(finished.runs, runs)
    models, other = ModelStore(runs, "s"), keras_bytes(initial_weights(784, [8], 10, seed=0))
    models.write(finished.answer["best"]["number"], other)
    models.write_final(evidence_of(study_of(runs, "s").user_attrs).taken.name, other)
    arguments = ("--study", "s", "--runs", runs, "--trial", which, "--output", tmp_path / "new" / "out")
    result = invoke("search.export", *arguments)
    assert (result.returncode, result.stdout) == (1, "")
    assert message in result.stderr
    assert [file.name for file in tmp_path.iterdir()] == ["runs"]


@pytest.mark.parametrize(
    ("event", "number", "status"),
    [(("import", "optuna"), signal.SIGINT, 130), (("subprocess.Popen", sys.executable), signal.SIGTERM, 143)],
)
def test_signal_ends_the_export_without_a_traceback(finished, tmp_path, event, number, status):
    """Ctrl-C while modules are imported, SIGTERM while files are checked: no word, and nothing is left behind."""
    script = (
        "import os, runpy, sys\n"
        "def kill(event, given):\n"
        f"    if (event, *given[:1]) == {event!r}: os.kill(os.getpid(), {int(number)})\n"
        "sys.addaudithook(kill)\n"
        "runpy.run_module('search.export', run_name='__main__', alter_sys=True)\n"
    )
    arguments = ["--study", "s", "--runs", str(finished.runs), "--output", str(tmp_path / "out")]
    ended = subprocess.run(
        [sys.executable, "-c", script, *arguments],
        cwd=ROOT, env=clean_environment(), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (ended.returncode, ended.stdout, ended.stderr) == (status, "", "")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("module", "load"), [(selection, "_loaded"), (reload, "load_keras"), (reload, "load_savedmodel")]
)
def test_export_takes_no_memory_of_a_gpu(module, load, finished, tmp_path, monkeypatch):
    """GPUs, which a search may need, are hidden before a model is loaded, also where the files are loaded again."""
    prepared = []
    monkeypatch.setattr(module, "prepare_tensorflow", lambda *threads, gpu: prepared.append((*threads, gpu)))
    with pytest.raises((SearchError, ValueError, OSError)):
        file = str(tmp_path / "none")
        getattr(module, load)(
            replace(chosen(finished.runs, "winner"), file=file) if module is selection else file, None
        )
    assert prepared == [(None, False)]


def test_export_without_avx_is_refused_before_tensorflow_is_loaded(finished, tmp_path, monkeypatch):
    """TensorFlow's import would end the process there, without a word."""

    def refuse(precision):
        raise ConfigError(f"{precision} needs a processor with AVX")

    monkeypatch.setattr(selection, "check_precision", refuse)
    monkeypatch.setattr(selection, "prepare_tensorflow", None)  # it is not called
    with pytest.raises(SearchError, match=r"none: cannot be loaded here: float32 needs a processor with AVX$"):
        selection._loaded(replace(chosen(finished.runs, "winner"), file=tmp_path / "none"), None)


def test_winner_without_a_recorded_hash_is_not_exported(finished, dataset):
    """What cannot be compared is not taken for granted."""
    winner = replace(chosen(finished.runs, "winner"), sha256=None)
    with pytest.raises(SearchError, match="the study recorded None"):
        load_accepted(winner, dataset)
