"""The replay of trials of a person's own model: with their file, which is run because they name it."""

import json

import pytest
from commands import invoke, run_command
from model_studies import DATA, FILES, PAIR, PICTURES

COMMAND = ("search.replay", "--trial", "best", "--study")


def test_file_has_to_be_named(model_studies, tmp_path):
    """In one line each: it is not named, or is another one; nothing is trained."""
    runs, own = ("--runs", model_studies / "runs"), model_studies / FILES[PICTURES]
    other = tmp_path / own.name
    other.write_text(own.read_text() + "# changed\n")
    without = invoke(*COMMAND, PICTURES, *runs)
    assert (without.returncode, without.stdout) == (2, "")
    line = f"--study {PICTURES}: trains what {own.name} builds; give that file with --model {own.name}"
    assert without.stderr == f"error: {line}\n"
    changed = invoke(*COMMAND, PICTURES, *runs, "--model", other)
    assert (changed.returncode, changed.stdout) == (2, "")
    assert changed.stderr.startswith(
        f"error: --model {other}: is not the file that the study '{PICTURES}' was made with"
    )
    wrong = invoke(*COMMAND, PICTURES, *runs, "--model", f"{own}:other")
    assert wrong.stderr.startswith(f"error: --model {own}:other: the study '{PICTURES}' was made with {own.name};")


@pytest.mark.thorough  # a process with TensorFlow for each
@pytest.mark.parametrize("study", [PICTURES, PAIR])
def test_trial_comes_again_to_the_last_bit(study, model_studies):
    """In another process than the one that trained it, with one input or several; what `load()` prints is no answer."""
    data = ("--data", model_studies / DATA) if study == PAIR else ()
    options = ("--runs", model_studies / "runs", "--model", model_studies / FILES[study], *data, "--json")
    result = run_command(*COMMAND, study, *options)
    assert result.returncode == 0, result.stderr
    said = json.loads(result.stdout)
    assert said["identical"]
    assert len(said["val_accuracy"]) == said["params"]["epochs"]
    assert said["environment_differences"] == []
