"""The answer: what a person and a program are told at the end."""

import contextlib
import io
from dataclasses import replace
from pathlib import Path

import optuna
import pytest
from confirmations import decided
from optuna.distributions import IntDistribution
from rich.console import Console

from search.confirmation.candidates import Candidate
from search.confirmation.record import CONFIRMATION, design_of, evidence_of
from search.confirmation.view import StudyView
from search.confirmation.wording import OUT_OF_DATE, sentence_of
from search.run.summary import Summary, Times
from search.storage.address import shown
from search.study.settings import Settings
from search.study.space import Space
from search.study.study import IS_BASELINE
from search.trials.models import ModelStore
from trainable.problems import BUILT_IN


@pytest.fixture
def study():
    """A study with a baseline and seven better trials."""
    study = optuna.create_study(direction="maximize")
    settings = Settings(seed=1)
    for number in range(8):
        params = BUILT_IN.baseline | {"hidden_units": 512 + number}
        study.enqueue_trial(params, user_attrs={IS_BASELINE: True} if number == 0 else None)
        trial = study.ask(dict(settings.space.distributions))
        trial.set_user_attr("epochs_run", 5)
        study.tell(trial, 0.97 + number / 1000)
    return study, settings


def attributes_with_a_verdict(trials):
    """What a study records of a confirmation in which trial 7 makes fewer errors than the baseline."""
    candidate = Candidate(7, trials[7].params, trials[7].value)
    design = design_of([candidate], Settings(seed=1), split=2, sizes=(2,), baselines=2)
    return {CONFIRMATION: design} | decided(design, candidate, lambda _: range(100), lambda _: range(300))


def summary_of(study, settings, runs, attributes=(), trials=None):
    """The summary of a study with these attributes, and with these trials in place of its own."""
    trials = study.trials if trials is None else trials
    return Summary(StudyView("s", "sqlite:///x", runs, settings, dict(attributes), trials, None), Times())


def printed(study, settings, tmp_path, url="sqlite:///runs/studies.db"):
    """What a person reads."""
    console, runs = Console(file=io.StringIO(), width=120), Path("runs")
    view = StudyView("s", shown(url), runs, settings, {}, study.trials, None)
    summary = Summary(view, Times(100.0, 10.0, 180.0, 200.0))
    with contextlib.chdir(tmp_path):
        ModelStore(runs, "s").write(7, b"model")
        summary.print(console)
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
    assert "model      runs/s/models/trial-00007.keras\n" in text
    assert "python -m search.export --study s --output exports/s" in text
    assert text.endswith("dashboard  python -m streamlit run dashboard/app.py\n")
    assert answer["utilization"] == 0.9
    assert answer["best"]["params"] == BUILT_IN.baseline | {"hidden_units": 519}
    assert answer["baseline"]["number"] == 0


def test_table_lists_configurations_not_trials(study, tmp_path):
    """Trials of one configuration, as in a small space, are one row that says how many more there are."""
    for value in (0.99, 0.975, 0.974):
        study[0].enqueue_trial(BUILT_IN.baseline | {"hidden_units": 517})
        study[0].tell(study[0].ask(dict(study[1].space.distributions)), value)
    study[0].enqueue_trial(BUILT_IN.baseline)
    study[0].tell(study[0].ask(dict(study[1].space.distributions)), 0.96)
    rows = printed(*study, tmp_path)[0].splitlines()[2:8]
    assert [row.split("0.9")[0].strip() for row in rows] == ["8 and 3 more", "7", "6", "4", "3", "0 baseline"]


def test_password_of_the_storage_is_nowhere_in_the_answer(study, tmp_path):
    """Neither the commands to copy nor the JSON object hold it."""
    text, answer = printed(*study, tmp_path, "postgresql://ann:s3cret@db.example/studies")
    assert "s3cret" not in text + str(answer)
    assert "--storage 'postgresql://ann:***@db.example/studies'" in text


def test_storage_that_the_environment_names_is_in_no_command(study, tmp_path, monkeypatch):
    """The commands find it as this one did, so they can be copied although the password is hidden."""
    url = "postgresql://ann:s3cret@db.example/studies"
    monkeypatch.setenv("SEARCH_STORAGE", url)
    text, _ = printed(*study, tmp_path, url)
    assert "--storage" not in text
    assert "python -m search.export --study s --output exports/s" in text


def test_verdict_takes_the_place_of_the_best_trial(study, tmp_path):
    """Its sentence is printed, the winner's model is named, and the JSON object says what else was learnt."""
    models, console = ModelStore(tmp_path, "s"), Console(file=io.StringIO(), width=120)
    models.write_final("7", b"the winner's")
    attributes = attributes_with_a_verdict(study[0].trials)
    evidence, summary = evidence_of(attributes), summary_of(*study, tmp_path, attributes)
    summary.print(console)
    told = summary.to_json()
    assert f"verdict    {sentence_of(evidence)}" in console.file.getvalue()
    assert sentence_of(evidence).startswith("trial 7 against the baseline: better.")
    assert told["model"] == str(models.final("7"))
    assert told["confirmed"]["verdict"] == "better"
    assert told["confirmed"]["parameters"]["epochs"] == 8 * 5


def test_winner_that_does_not_train_with_every_seed_is_warned_of(study, tmp_path):
    """A network far below the others is no matter for an interval: a note says so."""
    for values, is_told in (((100, 110, 105), False), ((100, 110, 900), True)):
        console, candidate = Console(file=io.StringIO(), width=200), Candidate(7, study[0].trials[7].params, 0.99)
        planned = design_of([candidate], study[1], split=2, sizes=(3,), baselines=2)
        errors = decided(planned, candidate, lambda place, of=values: range(of[place]), lambda _: range(300))
        summary_of(*study, tmp_path, {CONFIRMATION: planned} | errors).print(console)
        told = "note       the worst of its networks had 0.9100, more than 5 standard deviations below the others"
        assert (told in console.file.getvalue()) == is_told


def test_verdict_of_an_earlier_time_is_marked(study, tmp_path):
    """Where another trial is the best since, a note and the JSON object say so."""
    console, trials = Console(file=io.StringIO(), width=120), study[0].trials
    for part, current in ((trials, True), (trials[:7], False)):
        summary = summary_of(*study, tmp_path, attributes_with_a_verdict(trials), part)
        summary.print(console)
        assert summary.to_json()["confirmed"]["current"] is current
        assert (OUT_OF_DATE in console.file.getvalue()) is not current


def test_search_that_ends_on_a_bound_is_told_to_widen_it(study, tmp_path):
    """A note names the parameter and the bound."""
    settings = replace(study[1], space=Space({"hidden_units": IntDistribution(512, 519)}))
    console = Console(file=io.StringIO(), width=120)
    summary_of(study[0], settings, tmp_path).print(console)
    assert "note       the best trial has hidden_units at the upper bound (519): widen it" in console.file.getvalue()


def test_study_without_a_complete_trial_says_so(study, tmp_path):
    """No best, no model, no gain: nulls in the JSON object."""
    console = Console(file=io.StringIO(), width=120)
    summary = summary_of(*study, tmp_path, trials=[])
    summary.print(console)
    assert "No trial is complete" in console.file.getvalue()
    answer = summary.to_json()
    assert (answer["best"], answer["baseline"], answer["model"], answer["utilization"]) == (None, None, None, 0.0)
