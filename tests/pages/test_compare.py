"""The page that sets a few trials side by side."""

import pytest

from dashboard.parts.facts import differing, side_by_side
from dashboard.source import Source

SIX = [([0.9 + number / 100], "COMPLETE", None) for number in range(8)]


@pytest.fixture
def study(url, tmp_path, make_study):
    """A study of eight complete trials, the last one the best."""
    make_study(trials=SIX)
    return Source(url, tmp_path / "runs").view("s").study


def columns(page):
    """What the page's table calls its trials."""
    return list(page.table[0].value)


def test_page_begins_with_the_best_three_and_the_baseline(study, open_page):
    """Nothing has to be chosen to see something."""
    page = open_page("compare")
    assert page.multiselect(key="trials").value == [7, 6, 5]
    assert columns(page) == ["trial 7 (best)", "trial 6", "trial 5", "trial 0 (baseline)"]
    assert page.query_params["trials"] == ["7", "6", "5"]


def test_address_chooses_the_trials(study, open_page):
    """A link shares the choice; the baseline is shown once, asked for or not."""
    page = open_page("compare")
    page.multiselect(key="trials").set_value([0, 3]).run()
    assert columns(page) == ["trial 3", "trial 0 (baseline)"]
    assert columns(open_page("compare", trials=2)) == ["trial 2", "trial 0 (baseline)"]


def test_trial_that_does_not_exist_is_said_so(study, open_page):
    """A number that the study does not have is named, and the rest is shown."""
    page = open_page("compare", trials=77)
    assert page.warning[0].value == "There is no trial 77: the study has 8 trials, from 0 on."
    assert columns(page) == ["trial 0 (baseline)"]


def test_link_to_too_many_trials_is_said_so(study, open_page):
    """As many are shown as can be told from each other."""
    page = open_page("compare", trials=[*range(1, 8)])
    assert page.warning[0].value == "The link names 7 trials; 6 at most are compared besides the baseline."
    assert len(columns(page)) == 7


def test_only_differing_parameters_are_shown_unless_asked(study, open_page):
    """What is the same in all is said in a line; the switch shows it in the table, too."""
    page = open_page("compare", trials=0)
    assert "hidden_units" not in page.table[0].value.index
    page.toggle(key="all").set_value(True).run()
    assert page.table[0].value.loc["hidden_units"].tolist() == ["512"]


def test_differing_are_the_parameters_with_several_values(study):
    """One trial differs from nothing."""
    assert differing(study, [0]) == []
    assert "learning_rate" in differing(study, [0, 1])


def test_table_has_accuracy_gain_times_and_size(study):
    """Each trial has a column, in percentage points and in seconds where those are short."""
    column = side_by_side(study, [2, 0], ["epochs"])["trial 2"]
    assert column[["val_accuracy", "gain, points"]].tolist() == ["0.9200", "+2.00"]
    assert column[["time of training", "time of an epoch", "weights"]].tolist() == ["1.5 s", "1.5 s", "9"]


def test_study_without_a_baseline_compares_without_it(make_study, open_page):
    """The page says that there is no baseline."""
    make_study(trials=[([], "FAIL", "diverged at epoch 1"), ([0.9], "COMPLETE", None)])
    page = open_page("compare")
    assert any("no complete baseline" in each.value for each in page.caption)
    assert columns(page) == ["trial 1 (best)"]
