"""The page of one trial, in every state that a trial can be in."""

import pytest

from dashboard.parts.facts import against, measured, parameters
from dashboard.parts.stories import LONGEST, story_of
from dashboard.source import Source
from search.study.study import IDENTITY, RETRY_OF
from search.trials.failures import Failure, FailureStore
from search.trials.models import ModelStore


@pytest.fixture
def runs(tmp_path):
    """The home of the study's files."""
    return tmp_path / "runs"


@pytest.fixture
def study(url, runs, make_study):
    """A study with a trial in each state, as pages get it."""
    make_study()
    return Source(url, runs).view("s").study


@pytest.fixture
def open_trial(runs, open_page):
    """A function that opens the page of a trial."""
    return lambda **query: open_page("trial", "--runs", runs, **query)


def metrics(page):
    """The page's headline."""
    return [each.value for each in page.metric]


def said(page):
    """The small print of the page."""
    return " ".join(each.value for each in page.caption)


def test_page_shows_the_best_where_none_is_asked_for(study, open_trial):
    """The headline: state, accuracy, and the difference to the baseline."""
    page = open_trial()
    assert page.title[0].value == "Trial 1"
    assert metrics(page) == ["Complete, best", "0.9800", "+1.00 points"]


def test_address_and_buttons_choose_the_trial(study, open_trial):
    """Next and previous go by number, and end at the ends."""
    page = open_trial(trial=4)
    assert page.title[0].value == "Trial 4"
    following = next(each for each in page.button if each.label == "Next")
    following.click().run()
    assert page.title[0].value == "Trial 5"
    assert next(each for each in page.button if each.label == "Next").disabled
    assert metrics(page)[0] == "Running"


@pytest.mark.parametrize(
    ("asked", "message"),
    [("6", "There is no trial 6: the study has trials 0 to 5."), ("x", "'x' is no trial's number")],
)
def test_trial_that_does_not_exist_is_said_so(asked, message, study, open_trial):
    """A wrong number is no traceback, and no other trial passed off as it."""
    page = open_trial(trial=asked)
    assert message in page.warning[0].value
    assert not page.exception


def test_failed_trial_shows_reason_and_story(study, runs, open_trial):
    """The story is shown as plain text, with the file that it is from."""
    FailureStore(runs, "s").write(3, Failure("diverged", "Traceback: <b>*x*</b>"))
    page = open_trial(trial=3)
    assert page.warning[0].value == "Failed: diverged at epoch 1"
    assert "Traceback: <b>*x*</b>" in page.code[0].value
    assert "trial-00003.txt" in said(page)
    assert "It cannot be replayed: has no epoch to compare with" in said(page)


def test_missing_story_is_said_so(study, open_trial):
    """The page says where the story would be."""
    assert "No story of trial 3 is kept at" in said(open_trial(trial=3))


def test_long_story_is_shown_from_its_end(study, runs):
    """The end of a traceback is what one needs."""
    FailureStore(runs, "s").write(3, Failure("r", "x" * LONGEST + "the end"))
    story = story_of(study, 3)
    assert len(story.text) == LONGEST
    assert story.text.endswith("the end\n")
    assert "its end" in story.where


def test_story_of_another_study_of_the_name_is_not_shown(study, runs):
    """A folder may belong to a study that had the name before."""
    FailureStore(runs, "s").write(3, Failure("r", "of another"))
    ModelStore(runs, "s").claim("another")
    assert story_of(study, 3).text is None
    assert "another study" in story_of(study, 3).where


def test_retry_leads_to_its_predecessor_and_back(make_study, open_trial):
    """A repeated configuration leads from attempt to attempt."""
    made = make_study()
    made._storage.set_trial_user_attr(made.trials[5]._trial_id, RETRY_OF, 4)
    page = open_trial(trial=5)
    next(each for each in page.button if "repeats trial 4" in each.label).click().run()
    assert page.title[0].value == "Trial 4"
    assert any(each.label == "Trial 5 repeats it" for each in page.button)


def test_kept_model_can_be_exported_and_others_say_why_not(study, runs, open_trial):
    """The command to copy is there only where it would work."""
    models = ModelStore(runs, "s")
    models.claim(study.attributes[IDENTITY])
    models.write(1, b"model")
    commands = [each.value for each in open_trial(trial=1).code]
    assert any("search.replay --study s" in each and "--trial 1" in each for each in commands)
    assert any("search.export --study s" in each and each.endswith("exports/s-trial-1") for each in commands)
    page = open_trial(trial=0)
    assert not any("search.export" in each.value for each in page.code)
    assert "it is not kept in" in said(page)


def test_parameters_are_compared_in_words(study):
    """Differences to the baseline and to the best are told without colours."""
    table = parameters(study, 2)
    assert list(table) == ["trial 2", "trial 0 (baseline)", "against trial 0", "trial 1 (best)", "against trial 1"]
    assert list(parameters(study, 1)) == ["trial 1 (best)", "trial 0 (baseline)", "against trial 0"]


@pytest.mark.parametrize(
    ("value", "other", "expected"),
    [(3, 3, "same"), (2, 1, "higher (2 times)"), (1, 4, "lower (0.25 times)"), (None, 1, "not known")],
)
def test_difference_is_told_in_words(value, other, expected):
    """Higher, lower, same, or not known."""
    assert against(value, other) == expected


def test_what_is_not_known_is_said_so(study):
    """A trial without samples per second or environment shows that, not an empty cell."""
    facts = measured(study, 3)
    assert (facts["Epochs run"].split(" of ")[0], facts["Time of an epoch"]) == ("0", "not known")
    assert (facts["Host"], facts["Environment"]) == ("here", "not known")
    assert measured(study, 1)["Time of an epoch"] == "1.5 s"
