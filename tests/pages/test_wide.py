"""Pages on a study of networks of many structures, some of which were too large to be trained."""

import shutil

import pytest
from commands import study_of
from own_studies import WIDE

from search.study.study import count, is_infeasible

PAGES_OF_A_STUDY = ("overview", "trials", "trial", "compare", "parameters", "failures", "timeline", "model", "studies")


@pytest.fixture
def runs(own_studies, tmp_path):
    """A copy of the studies, where the pages look."""
    shutil.copytree(own_studies / "runs", tmp_path / "runs")
    return tmp_path / "runs"


def texts(page):
    """All sentences of a page."""
    return "\n".join(each.value for each in (*page.main.markdown, *page.main.caption))


@pytest.mark.parametrize("path", PAGES_OF_A_STUDY)
def test_every_page_shows_such_a_study(path, runs, open_page):
    """With texts among the parameters, and parameters that not every trial has."""
    page = open_page(path, "--runs", runs, study=WIDE)
    assert not page.exception
    assert not [each.value for each in page.error]


@pytest.mark.parametrize(
    "view", ["importance", "slices", "two parameters", "parallel coordinates", "accuracy against cost"]
)
def test_every_view_of_the_parameters_shows_such_a_study(view, runs, open_page):
    """Those in an order and those without, those that depend on others, trials that were never trained."""
    page = open_page("parameters", "--runs", runs, study=WIDE, show=view)
    assert not page.exception
    assert not [each.value for each in page.error]


def test_infeasible_trials_have_a_state_of_their_own(runs, open_page):
    """They are counted apart from pruned ones, in the list of studies, too, and are no failures."""
    trials = study_of(runs, WIDE).trials
    counts = count(trials)
    assert counts.infeasible == sum(map(is_infeasible, trials)) > 0
    assert f"**{counts.infeasible}** infeasible" in texts(open_page("overview", "--runs", runs, study=WIDE))
    table = open_page("trials", "--runs", runs, study=WIDE).dataframe[0].value
    states = [each for (each,) in table["state"]]
    assert states.count("infeasible") == counts.infeasible
    assert "pruned" not in states
    entries = open_page("home", "--runs", runs).dataframe[0].value
    assert entries.loc[entries["name"] == WIDE, "trials"].tolist() == [counts.finished] == [10]
