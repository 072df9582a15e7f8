"""The command, from the outside: real processes, real Ray, the whole MNIST."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from commands import ROOT, SMALL_SPACE, bfloat16_is_here, invoke, run_command, start, study_of

# What is printed before the answer; the hint comes where the machine is slow.
PROGRESS = re.compile(
    "plan       |note       |starting (Ray|[0-9]+ workers?)$|no worker has started for |[0-9]+/6  |confirm [0-9]+/12  "
    "|not needed: "
)
KEYS = {"study", "storage", "trials", "best", "baseline", "confirmed", "model", "report", "seconds", "utilization",
        "stopped", "stops", "looks"}  # fmt: skip


def test_answer_has_every_key_of_the_design(finished):
    """The JSON object is whole: counts add up, best and seconds are there, the model file exists."""
    answer = finished.answer
    assert set(answer) == KEYS
    assert sum(answer["trials"].values()) == 6
    assert set(answer["best"]) == {"number", "params", "val_accuracy", "epochs_run"}
    assert set(answer["best"]["params"]) == {"hidden_units", "learning_rate", "batch_size", "epochs"}
    assert answer["baseline"]["number"] == 0
    assert answer["baseline"]["params"] == {
        "hidden_units": 32, "learning_rate": 0.001, "batch_size": 128, "epochs": 2
    }  # fmt: skip
    assert answer["baseline"]["epochs_run"] == 2
    assert 0.85 < answer["baseline"]["val_accuracy"] <= answer["best"]["val_accuracy"]
    assert set(answer["seconds"]) == {"wall", "startup", "training"}
    assert 0 < answer["seconds"]["startup"] < answer["seconds"]["wall"]
    assert 0 < answer["utilization"] < 1
    assert Path(answer["model"]).exists()


def test_progress_is_quiet_but_for_the_search(finished):
    """Without a terminal: the plan, a line a trial and a network, the table, the commands; nothing of Ray's own."""
    lines = finished.stderr.splitlines()
    end = next(number for number, line in enumerate(lines) if line.startswith("study s: "))
    assert [line for line in lines[:end] if not PROGRESS.match(line)] == []
    assert lines[:3] == [
        "note       with 10,000 test images and 2 seeds a difference below about 1 point cannot be shown",
        "plan       6 trials, then up to 12 networks to confirm the best",
        "starting Ray",
    ]
    assert len([line for line in lines[:end] if line.startswith("note  ")]) == 1
    trials = [line.split("  ")[0] for line in lines[:end] if line[0].isdigit()]
    assert trials == [f"{number}/6" for number in range(1, 7)]
    networks = [line.split("/")[0] for line in lines if line.startswith("confirm ")]
    assert networks == [f"confirm {number}" for number in range(1, len(networks) + 1)]
    assert re.search("  about [0-9]+:[0-9]{2} left$", next(line for line in lines if line.startswith("1/6  ")))
    assert any(line.startswith("export     python -m search.export --study s --runs ") for line in lines)
    assert any(line.startswith("dashboard  python -m streamlit run dashboard/app.py -- --runs ") for line in lines)
    lines.remove("starting Ray")
    assert not [line for line in lines if "ray" in line.lower() or "cuda" in line.lower() or "warning" in line.lower()]


def test_answer_has_a_verdict_with_its_uncertainty(finished):
    """The difference lies within its interval, the winner's model and the report are there, the looks are counted."""
    confirmed, study = finished.answer["confirmed"], study_of(finished.runs, "s")
    difference = confirmed["difference"]
    accuracies = confirmed["winner"]["test_accuracy"]["mean"], confirmed["baseline"]["test_accuracy"]["mean"]
    assert difference["low"] < difference["mean"] < difference["high"]
    assert difference["mean"] == pytest.approx(accuracies[0] - accuracies[1])
    assert 0.85 < accuracies[1] < 0.97
    looks = {look["candidates"][0]: (look["seeds"], look["verdict"]) for look in confirmed["looks"]}
    assert looks == {str(confirmed["winner"]["trial"]): (2, 1), "baseline": (10, None)}
    assert (confirmed["looked"], confirmed["number"], confirmed["confidence"]) == (1, 1, 0.96)
    assert (finished.answer["looks"], finished.answer["stopped"]) == ({"study": 1, "storage": 1}, "trials")
    assert confirmed["price"]["baseline"]["parameters"] == 784 * 32 + 32 + 32 * 10 + 10
    assert not set(confirmed["seeds"]) & {trial.user_attrs["seed"] for trial in study.trials}
    assert len(confirmed["candidates"]) == 2
    assert confirmed["parameters"]["epochs"] == sum(trial.user_attrs["epochs_run"] for trial in study.trials)
    assert Path(finished.answer["model"]).name.startswith("final-")
    assert "verdict    " in finished.stderr
    report = Path(finished.answer["report"])
    assert report == finished.runs / "s" / "report.html"
    assert confirmed["verdict"] in report.read_text().lower()


def test_study_is_an_ordinary_optuna_study(finished):
    """Plain Optuna opens it: values, parameters, epochs, attributes."""
    study = study_of(finished.runs, "s")
    assert study.best_value == finished.answer["best"]["val_accuracy"]
    for trial in study.trials:
        assert set(trial.params) == {"hidden_units", "learning_rate", "batch_size", "epochs"}
        assert list(trial.intermediate_values) == list(range(1, trial.user_attrs["epochs_run"] + 1))
        assert trial.user_attrs["seconds"] > 0
        assert trial.user_attrs["attempts"] == 1


def test_same_command_again_finds_nothing_to_do(finished):
    """--trials is what the study has in the end."""
    again = invoke("search.run", "--trials", 6, "--study", "s", "--runs", finished.runs, "--json")
    assert again.returncode == 0
    assert "nothing left to do" in again.stderr
    assert json.loads(again.stdout)["best"] == finished.answer["best"]


def test_configurations_for_a_study_that_has_its_trials_are_not_dropped_without_a_word(finished, tmp_path):
    """The line says how many trials it would take."""
    first = tmp_path / "first.jsonl"
    first.write_text(json.dumps({"hidden_units": 8, "learning_rate": 0.002, "batch_size": 128, "epochs": 1}))
    again = invoke("search.run", "--trials", 6, "--study", "s", "--runs", finished.runs, "--enqueue", first, "--json")
    assert again.returncode == 0
    assert again.stderr.splitlines()[0] == (
        f"note       --enqueue {first}: 1 of its configurations will not be tried: the study ends with --trials 6; "
        "--trials 7 tries them all"
    )


FIRST = [
    {"hidden_units": 9, "learning_rate": 0.002, "batch_size": 256, "epochs": 1},
    {"hidden_units": 10, "learning_rate": 0.003, "batch_size": 512, "epochs": 2},
]


@pytest.fixture
def given(tmp_path):
    """The options that name a space of small networks and two configurations of it to try first."""
    space, first = tmp_path / "space.toml", tmp_path / "first.jsonl"
    space.write_text(SMALL_SPACE)
    first.write_text("\n".join(map(json.dumps, FIRST)))
    return "--space", space, "--enqueue", first, "--no-baseline"


@pytest.mark.thorough
def test_seed_decides_parameters_and_accuracies(given, tmp_path):
    """Two searches with one seed and one worker each, at the same time, are the same to the last digit.

    The given configurations are tried first, in their order. That a trial repeats is shown by its replay, too.
    """
    names = ("one", "two")
    searches = [
        start("--trials", 5, "--seed", 7, "--workers", 1, "--study", name, "--runs", tmp_path / name, *given)
        for name in names
    ]
    said = [search.communicate(timeout=300) for search in searches]
    assert [search.returncode for search in searches] == [0, 0], said
    one, two = (
        [(trial.params, trial.intermediate_values) for trial in study_of(tmp_path / name, name).trials]
        for name in names
    )
    assert len(one) == 5
    assert one == two
    assert [params for params, _ in one[:2]] == FIRST


WRONG_FILES = [
    ("--space", "width = 3", "width: unknown parameter"),
    ("--space", "epochs = {type = 'int', low = 3, high = 2}", "epochs: low must not be greater than high"),
    ("--space", "hidden_units = {type = 'int', low = 1, high = 64}", "the baseline is not in the space (--no-baseline"),
    ("--enqueue", '{"hidden_units": 256}', "line 1: learning_rate, batch_size, epochs are missing"),
    ("--enqueue", '{"width": 64}', "line 1: unknown parameter 'width'"),
    ("--data", "not an archive", "--data "),
]


@pytest.mark.parametrize(("option", "content", "message"), WRONG_FILES)
def test_wrong_files_are_refused_before_anything_is_made(option, content, message, tmp_path):
    """One line, exit status 2, and neither a storage nor a study."""
    file = tmp_path / "given"
    file.write_text(content)
    result = invoke("search.run", option, file, "--runs", tmp_path / "runs", "--trials", 2)
    assert result.returncode == 2
    assert len(result.stderr.splitlines()) == 1
    assert message in result.stderr
    assert not (tmp_path / "runs").exists()


@pytest.mark.thorough
def test_precision_is_recorded_or_refused(tmp_path):
    """bfloat16 is for the whole study where the processor has it; elsewhere one line says so and nothing is made."""
    space = tmp_path / "space.toml"
    space.write_text(SMALL_SPACE)
    arguments = ("--trials", 2, "--no-confirm", "--study", "p", "--runs", tmp_path / "runs", "--no-baseline")
    result = run_command("search.run", *arguments, "--space", space, "--precision", "bfloat16", "--workers", 1)
    if not bfloat16_is_here():
        assert result.returncode == 2
        assert result.stderr.startswith("error: --precision: bfloat16 needs a processor")
        assert not (tmp_path / "runs").exists()
        return
    assert result.returncode == 0, result.stderr
    assert study_of(tmp_path / "runs", "p").user_attrs["settings"]["precision"] == "bfloat16"
    other = run_command("search.run", *arguments, "--precision", "float32")
    assert other.returncode == 2
    assert "--precision: the study 'p' was made with bfloat16;" in other.stderr


def test_more_trials_than_a_grid_has_are_refused(tmp_path):
    """A grid is finite, and the line says how large this one is."""
    space = tmp_path / "space.toml"
    space.write_text("batch_size = {type = 'categorical', choices = [64, 128]}")
    result = run_command("search.run", "--sampler", "grid", "--space", space, "--runs", tmp_path / "runs")
    assert result.returncode == 2
    assert result.stderr == "error: --trials 50: the grid of this space has 2 points, so 3 trials at most\n"


def test_unreachable_cluster_is_a_failure_of_one_line(tmp_path):
    """An address at which no Ray answers ends with exit status 1 and its name."""
    result = run_command("search.run", "--address", "127.0.0.1:1", "--runs", tmp_path, "--trials", 2)
    assert result.returncode == 1
    assert "Ray at 127.0.0.1:1 does not answer" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.thorough
def test_complete_study_gets_the_trials_that_are_asked_for_or_those_for_which_there_is_time(given, tmp_path):
    """More `--trials` add exactly those; after --timeout nothing new starts, and that is no failure."""
    study = ("--study", "e", "--runs", tmp_path, "--no-confirm", "--json", "--workers", 1)
    first = run_command("search.run", *study, "--trials", 2, *given)
    assert first.returncode == 0, first.stderr
    assert [trial.params for trial in study_of(tmp_path, "e").trials] == FIRST
    more = run_command("search.run", *study, "--trials", 3)
    assert more.returncode == 0, more.stderr
    assert sum(json.loads(more.stdout)["trials"].values()) == len(study_of(tmp_path, "e").trials) == 3
    last = run_command("search.run", *study, "--trials", 500, "--timeout", "10s", timeout=150)
    assert last.returncode == 0, last.stderr
    assert "time is up" in last.stderr
    assert 3 <= len(study_of(tmp_path, "e").trials) < 500


def test_help_is_answered_without_heavy_imports():
    """--help and a wrong option do not wait for Ray or TensorFlow."""
    script = (
        "import sys; from search.run.__main__ import main\n"
        "try: main(['--help'])\nexcept SystemExit: pass\n"
        "print(sorted({'ray', 'tensorflow', 'optuna', 'streamlit'} & set(sys.modules)))"
    )
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT)
    assert result.stdout.splitlines()[-1] == "[]"
