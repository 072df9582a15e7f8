"""What a page says is to be done next, by what the study is like; each command is one that can be typed."""

import shlex
import tomllib
from pathlib import Path

import optuna
import pytest

from dashboard.source import Feed
from dashboard.steps import steps_of
from search.confirmation.extent import GOAL, Extent
from search.confirmation.goal import Goal
from search.run.options import parse
from search.storage.address import open_read_only, open_storage
from search.storage.lease import Lease
from search.study.space_file import load_space
from trainable.problems import BUILT_IN

SOUND = [([0.96, 0.97], "COMPLETE", None), ([0.97, 0.98], "COMPLETE", None), ([0.5], "PRUNED", None)]


@pytest.fixture
def steps(url):
    """A function that returns what is to be done about the study."""
    return lambda: steps_of(Feed(open_read_only(url), url, Path("runs"), "s").view())


def wanted(study, trials=3, extent=None):
    """Record what the last command wanted."""
    study.set_user_attr(GOAL, Goal(trials, extent, 2).to_json())


def options_of(step):
    """What the command of a step asks `search.run` for."""
    words = shlex.split(step.command)
    assert words[:3] == ["python", "-m", "search.run"]
    return parse(words[3:])


def inner(study):
    """Move the best trial of a study away from the edges of its space."""
    params = {"hidden_units": 700, "learning_rate": 0.001, "batch_size": 128, "epochs": 9}
    distributions = dict(study.trials[0].distributions)
    study.add_trial(optuna.trial.create_trial(value=0.985, params=params, distributions=distributions))


def test_running_search_needs_nothing(make_study, steps, url):
    """It goes on without the page."""
    wanted(make_study(trials=SOUND), 50)
    with Lease(open_storage(url), "s"):
        [step] = steps()
    assert (step.text.startswith("Nothing: the search runs"), step.command) == (True, "")


def test_running_search_says_that_it_will_confirm(make_study, steps, url):
    """Before it does: nobody has to think of it."""
    wanted(make_study(trials=SOUND), 50, Extent())
    with Lease(open_storage(url), "s"):
        [step] = steps()
    assert "It trains the best trials again by itself" in step.text


def test_interrupted_search_goes_on_first(make_study, steps):
    """Before anything else; nothing is to be confirmed yet."""
    wanted(make_study(trials=SOUND), 50)
    first = steps()[0]
    assert first.text.startswith("Go on")
    assert (options_of(first).study, options_of(first).trials) == ("s", 50)


def test_unconfirmed_gain_is_to_be_confirmed(make_study, steps):
    """By the same study, which needs no further trial for it."""
    study = make_study(trials=SOUND)
    inner(study)
    wanted(study, 4)
    [step] = steps()
    assert "The gain of +1.50 points is of one seed each" in step.text
    assert (options_of(step).trials, options_of(step).confirm) == (4, True)


def test_best_at_the_edge_asks_for_a_wider_space_of_its_own(make_study, steps, tmp_path):
    """With a file to copy, which holds the space of before and more."""
    study = make_study(trials=SOUND)
    params = {"hidden_units": 2048, "learning_rate": 0.001, "batch_size": 128, "epochs": 9}
    distributions = dict(study.trials[0].distributions)
    study.add_trial(optuna.trial.create_trial(value=0.985, params=params, distributions=distributions))
    wanted(study, 4)
    step = steps()[-1]
    assert "the best trial has hidden_units at the edge" in step.text
    assert options_of(step).study == "s-wider"
    assert str(options_of(step).space) == "wider.toml"
    assert tomllib.loads(step.file)["hidden_units"]["high"] == 4096
    file = tmp_path / "wider.toml"
    file.write_text(step.file)
    assert load_space(file, BUILT_IN).distributions["epochs"] == distributions["epochs"]


def test_winner_that_is_better_is_taken_away(make_study, confirm, steps):
    """By the command of the export."""
    confirm(make_study(trials=SOUND))
    first = steps()[0]
    assert first.text.startswith("Take the winner's model away")
    assert shlex.split(first.command)[:5] == ["python", "-m", "search.export", "--study", "s"]


def test_study_without_a_difference_is_settled(make_study, confirm, steps, monkeypatch):
    """There is nothing to do, unless the space is too narrow."""
    confirm(make_study(trials=SOUND), wrong=200)
    monkeypatch.setattr("dashboard.steps._widening", lambda *_: [])
    [step] = steps()
    assert (step.text.startswith("Nothing: settled"), step.command) == (True, "")


def test_many_failures_are_to_be_looked_at(make_study, steps):
    """Where a tenth of the trials or more failed."""
    wanted(make_study(trials=[*SOUND, ([], "FAIL", "diverged at epoch 1")]), 4)
    assert any(each.page == "failures" and "1 trial of 4 failed" in each.text for each in steps())


def test_study_without_a_complete_trial_needs_more(make_study, steps):
    """There is nothing to compare yet."""
    wanted(make_study(trials=[([0.5], "PRUNED", None)]), 1)
    [step] = steps()
    assert options_of(step).trials == 11
