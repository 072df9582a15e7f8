"""The export: what is taken away does elsewhere what the study says."""

import hashlib
import json
import subprocess
import sys

import pytest
from commands import run_command

from search.models import ModelStore


def test_exported_model_scores_the_recorded_accuracy_with_keras_alone(finished, dataset, tmp_path):
    """A process that has nothing of this project loads the file and gets the accuracy of model.json."""
    import numpy as np

    output = tmp_path / "a model"
    result = run_command("search.export", "--study", "s", "--runs", finished.runs, "--output", output)
    assert result.returncode == 0, result.stderr
    assert result.stdout.splitlines() == [str(output / "model.keras"), str(output / "model.json")]
    described = json.loads((output / "model.json").read_text())
    np.savez(tmp_path / "validation.npz", x=dataset.x_val.astype("float32") / 255, y=dataset.y_val)
    script = (
        "import sys, keras, numpy as np\n"
        "model, data = keras.models.load_model(sys.argv[1]), np.load(sys.argv[2])\n"
        "print(float((model.predict(data['x'], verbose=0).argmax(1) == data['y']).mean()))"
    )
    command = [sys.executable, "-I", "-c", script, str(output / "model.keras"), str(tmp_path / "validation.npz")]
    scored = subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path)
    assert float(scored.stdout) == pytest.approx(described["val_accuracy"], abs=1e-9)


def test_description_says_what_the_model_is(finished, tmp_path):
    """model.json holds parameters, accuracies, seed, versions, and the hashes of data and file."""
    output = tmp_path / "model"
    assert run_command("search.export", "--runs", finished.runs, "--output", output).returncode == 0
    described = json.loads((output / "model.json").read_text())
    best = finished.answer["best"]
    assert described["params"] == best["params"]
    assert described["val_accuracy"] == best["val_accuracy"]
    assert described["trial"] == best["number"]
    assert described["seed"] >= 0
    assert described["precision"] == "float32"
    assert 0 < described["train_accuracy"] < 1
    assert set(described["versions"]) == {"python", "tensorflow", "keras", "numpy", "optuna", "ray"}
    assert set(described["data_sha256"]) == {"x_train", "y_train"}
    assert described["files"] == {"model.keras": hashlib.sha256((output / "model.keras").read_bytes()).hexdigest()}


def test_wrong_requests_are_refused_in_one_line(finished, tmp_path):
    """A study, a trial, a model or a folder that cannot serve is named, and nothing is made."""
    best = finished.answer["best"]["number"]
    full = tmp_path / "full"
    full.mkdir()
    (full / "file").touch()
    wrong = {
        ("--study", "nothere"): "--study nothere: there is no such study; the newest are s",
        ("--trial", "99"): "--trial 99: the study has trials 0 to",
        ("--trial", "1" if best == 0 else "0"): "its model is not kept in",
        ("--trial", "worst"): "--trial: must be 'best' or the number of a trial, got 'worst'",
        ("--storage", f"sqlite:///{tmp_path / 'none.db'}"): "there is no storage here yet",
    }
    for (option, value), message in wrong.items():
        arguments = ("--study", "s") if option != "--study" else ()
        result = run_command(
            "search.export", *arguments, option, value, "--runs", finished.runs, "--output", tmp_path / "new"
        )
        assert result.returncode == 2, result.stderr
        assert message in result.stderr
        assert len(result.stderr.splitlines()) == 1
    result = run_command("search.export", "--runs", finished.runs, "--output", full)
    assert (result.returncode, "must be a new or an empty folder" in result.stderr) == (2, True)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["full"]


def test_model_that_scores_otherwise_is_not_exported(finished, tmp_path):
    """A file that does not give the recorded accuracy ends with exit status 1 and leaves nothing."""
    import shutil

    from trainable.model import initial_weights, keras_bytes

    runs = tmp_path / "runs"
    shutil.copytree(finished.runs, runs)
    number = finished.answer["best"]["number"]
    ModelStore(runs, "s").write(number, keras_bytes(initial_weights(784, 8, 10, seed=0)))
    result = run_command("search.export", "--study", "s", "--runs", runs, "--output", tmp_path / "out")
    assert result.returncode == 1
    assert "on the validation images, the study recorded" in result.stderr
    assert not (tmp_path / "out").exists()
