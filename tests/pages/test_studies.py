"""Studies side by side."""

from dataclasses import replace

import optuna
import pandas as pd
import pytest

from dashboard.screens.studies import marked
from search.storage.address import open_storage
from search.study.settings import Settings
from search.study.space import Space
from search.study.study import open_study
from trainable.problems import BUILT_IN


@pytest.fixture
def make_other(url):
    """A function that makes a study without a baseline, of another space and other data."""

    def make(name):
        searched = {"hidden_units": optuna.distributions.IntDistribution(16, 64, log=True)}
        space = Space(searched, replace(BUILT_IN, data={"x_train": "b"}))
        settings = Settings(space, seed=2, sampler="qmc", pruner="none", baseline=False)
        return open_study(name, open_storage(url), settings)

    return make


def test_chosen_study_and_the_next_newest_are_compared_first(make_study, make_other, open_page):
    """The address may name others."""
    make_study("old")
    make_other("middle")
    make_other("new")
    assert open_page("studies", study="old").multiselect(key="studies").value == ["old", "new"]
    assert open_page("studies", studies="middle").multiselect(key="studies").value == ["middle"]


def test_results_stand_side_by_side(make_study, make_other, confirm, open_page):
    """Verdict, best, baseline, gain and counts of each; what is not there is called none."""
    confirm(make_study("one"))
    make_other("two")
    page = open_page("studies", study="one")
    assert not page.exception
    results = page.table[0].value
    assert results["one"].to_dict() | {"difference on the test data": "", "state": ""} == {
        "data": "MNIST",
        "state": "",
        "verdict": "Better than the baseline",
        "difference on the test data": "",
        "best val_accuracy": "0.9800 (trial 1)",
        "baseline's val_accuracy": "0.9700",
        "gain, one seed each": "+1.00 points",
        "finished trials": "4",
        "complete, pruned, failed": "2, 1, 1",
        "running": "1",
    }
    assert results["one"]["difference on the test data"].startswith("+1.00 points (+0.")
    assert results["two"]["verdict"] == "Not confirmed yet"
    assert results["two"]["best val_accuracy"] == results["two"]["gain, one seed each"] == "none"


def test_spaces_are_marked_where_they_differ(make_study, make_other, open_page):
    """By a sign and bold letters, not by colour; other data make accuracies no comparison."""
    make_study("one")
    make_other("two")
    page = open_page("studies", study="one")
    searched = page.table[1].value
    assert searched.loc["**hidden_units ≠**"].tolist() == ["**128 to 2048, log scale**", "**16 to 64, log scale**"]
    assert searched.loc["**epochs ≠**"].tolist() == ["**4 to 24**", "**5, not searched**"]
    assert searched.loc["pruner"].tolist() == ["none", "none"]
    assert "different data" in page.warning[0].value
    assert "On MNIST: one" in [each.value for each in page.markdown]


def test_study_that_cannot_be_read_is_named_with_its_reason(url, make_study, open_page):
    """Another program's study beside one of this project's is no reason to show neither."""
    make_study("ours")
    optuna.create_study(study_name="theirs", storage=open_storage(url))
    page = open_page("studies", study="ours")
    assert not page.exception
    assert page.warning[0].value == "theirs: the study 'theirs' was made by another program"
    assert list(page.table[0].value.columns) == ["ours"]


def test_nothing_chosen_asks_for_a_choice(make_study, open_page):
    """An empty choice is no error."""
    make_study()
    page = open_page("studies")
    assert "one study only" in page.info[0].value
    page.multiselect(key="studies").set_value([]).run()
    assert not page.exception
    assert page.info[-1].value == "Choose at least one study above."


def test_marked_leaves_equal_lines_alone():
    """Only what differs is bold, with a sign beside its name."""
    table = pd.DataFrame({"a": {"seed": "1", "pruner": "asha"}, "b": {"seed": "2", "pruner": "asha"}})
    assert marked(table).to_dict("index") == {
        "**seed ≠**": {"a": "**1**", "b": "**2**"},
        "pruner": {"a": "asha", "b": "asha"},
    }
