"""The answer: what a person and a program are told at the end."""

import io

import optuna
import pytest
from rich.console import Console

from search.models import ModelStore
from search.options import parse
from search.session import _location
from search.settings import Wishes
from search.storage import shown
from search.study import IS_BASELINE
from search.summary import Summary, Times
from trainable.config import BASELINE


@pytest.fixture
def study():
    """A study with a baseline and seven better trials."""
    study = optuna.create_study(direction="maximize")
    settings = Wishes(seed=1).settings({})
    for number in range(8):
        params = BASELINE.params | {"hidden_units": 512 + number}
        study.enqueue_trial(params, user_attrs={IS_BASELINE: True} if number == 0 else None)
        trial = study.ask(dict(settings.space.distributions))
        trial.set_user_attr("epochs_run", 5)
        study.tell(trial, 0.97 + number / 1000)
    return study, settings


def printed(study, settings, tmp_path, url="sqlite:///runs/studies.db"):
    """What a person reads."""
    console = Console(file=io.StringIO(), width=120)
    options = parse(["--storage", url, "--study", "s"])
    models = ModelStore(tmp_path, "s")
    models.write(7, b"model")
    summary = Summary("s", shown(url), settings, study.trials, models, Times(100.0, 10.0, 180.0, 2))
    summary.print(console, _location(options))
    return console.file.getvalue(), summary.to_json()


def test_answer_shows_the_best_five_and_the_baseline(study, tmp_path):
    """The table has the best five, then the baseline; below it the gain, the model and the next commands."""
    text, answer = printed(*study, tmp_path)
    lines = text.splitlines()
    assert lines[0] == (
        "study s: 8 complete, 0 pruned, 0 failed in 1:40, of which 0:10 start-up; workers trained 90% of the time"
    )
    assert [line.split()[0] for line in lines[2:8]] == ["7", "6", "5", "4", "3", "0"]
    assert "best 0.9770, baseline 0.9700: +0.70 points of validation accuracy, one seed each" in text
    assert f"model      {tmp_path / 's' / 'models' / 'trial-00007.keras'}" in text
    assert "python -m search.export --study s --output exports/s" in text
    assert "python -m streamlit run dashboard/app.py -- --storage sqlite:///runs/studies.db" in text
    assert answer["utilization"] == 0.9
    assert answer["best"]["params"] == BASELINE.params | {"hidden_units": 519}
    assert answer["baseline"]["number"] == 0


def test_password_of_the_storage_is_nowhere_in_the_answer(study, tmp_path):
    """Neither the commands to copy nor the JSON object hold it."""
    text, answer = printed(*study, tmp_path, "postgresql://ann:s3cret@db.example/studies")
    assert "s3cret" not in text + str(answer)
    assert "--storage 'postgresql://ann:***@db.example/studies'" in text


def test_study_without_a_complete_trial_says_so(study, tmp_path):
    """No best, no model, no gain: nulls in the JSON object."""
    console = Console(file=io.StringIO(), width=120)
    summary = Summary("s", "sqlite:///x", study[1], [], ModelStore(tmp_path, "s"), Times())
    summary.print(console, {})
    assert "No trial is complete" in console.file.getvalue()
    answer = summary.to_json()
    assert (answer["best"], answer["baseline"], answer["model"], answer["utilization"]) == (None, None, None, 0.0)
