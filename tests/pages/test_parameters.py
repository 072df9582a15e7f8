"""The page of parameters: what it shows, and what it says where there is too little."""

import json

import optuna
import pytest
from optuna.trial import TrialState

from dashboard.screens import parameters
from search.study.study import EPOCHS_RUN
from trainable.keys import PARAMETERS_COUNT, SECONDS

VIEWS = ("importance", "slices", "two parameters", "parallel coordinates", "accuracy against cost")
COMPLETE = ([0.96, 0.97], "COMPLETE", None)
MANY = [([0.9 + number / 1000], "COMPLETE", None) for number in range(30)]


def figures(page):
    """The figures of a page, as plain data."""
    return [json.loads(each.proto.spec) for each in page.get("plotly_chart")]


def texts(page):
    """All that the page says in plain text."""
    return " ".join(each.value for each in [*page.caption, *page.info, *page.warning])


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("trials", [[COMPLETE], [COMPLETE] * 2, MANY], ids=["one", "two", "many"])
def test_every_view_shows_any_number_of_trials(view, trials, make_study, open_page):
    """One complete trial, two of one accuracy, and many."""
    make_study(trials=trials)
    page = open_page("parameters", show=view)
    assert not page.exception
    assert page.button_group(key="show").value == view
    assert figures(page) or page.info


def test_importance_names_its_method(make_study, open_page):
    """With enough trials there are bars, and whether they are more than a hint."""
    make_study(trials=MANY)
    page = open_page("parameters")
    assert len(figures(page)) == 1
    assert "PED-ANOVA" in texts(page)
    assert "From 30 trials, by the accuracy each at its own end. From so few it is no more than a hint." in texts(page)
    assert "All four parameters are searched." in texts(page)


def test_unknown_importance_says_why(make_study, open_page):
    """With too few trials there are no bars."""
    make_study(trials=[COMPLETE] * 3)
    page = open_page("parameters")
    assert "Importances cannot be known: 3 trials can be compared" in texts(page)
    assert page.dataframe[0].value["Parameter"].tolist() == ["hidden_units", "learning_rate", "batch_size", "epochs"]


def test_best_on_a_bound_is_warned_of_first(make_study, open_page):
    """Before anything else."""
    study = make_study(trials=[COMPLETE])
    params = {"hidden_units": 2048, "learning_rate": 0.001, "batch_size": 128, "epochs": 5}
    study.add_trial(
        optuna.trial.create_trial(value=0.99, params=params, distributions=study.trials[0].distributions)
    )  # fmt: skip
    warnings = [each.value for each in open_page("parameters").warning]
    assert warnings == ["the best trial has hidden_units at the upper bound (2048): widen it."]


def test_study_without_a_complete_trial_says_so(make_study, open_page):
    """Failed trials teach nothing of parameters."""
    make_study(trials=[([], "FAIL", "diverged at epoch 1")])
    page = open_page("parameters", show="slices")
    assert [each.value for each in page.info] == ["No trial is complete or pruned yet: there is nothing to compare."]


def pruned_mostly(number=40):
    """Trials of which most were pruned at the second epoch, and a few went on to the fourth."""
    values = [[0.9, 0.9 + each / 1000] for each in range(number)]
    pruned = [(value, "PRUNED", None) for value in values[: number - 6]]
    return [*pruned, *([*value, 0.98, 0.99 - each / 1e4] for each, value in enumerate(values[number - 6 :]))]


@pytest.fixture
def mostly_pruned(make_study):
    """A study like that of a default search."""
    trials = pruned_mostly()
    return make_study(trials=[each if isinstance(each, tuple) else (each, "COMPLETE", None) for each in trials])


def test_pruned_trials_say_what_matters(mostly_pruned, open_page):
    """Most trials of a default search are pruned: what matters is told from their accuracy at the same epoch."""
    page = open_page("parameters")
    assert len(figures(page)) == 1
    assert "From 40 trials, by the accuracy at epoch 2, which most trials reached." in texts(page)
    assert "Nothing is said of epochs" in texts(page)


def test_pruned_trials_are_drawn_as_such(mostly_pruned, open_page):
    """With all trials at one epoch, or the complete ones at their own ends; the best is marked where it lies."""
    at_once = {
        each["layout"]["xaxis"]["title"]["text"]: each for each in figures(open_page("parameters", show="slices"))
    }
    drawn = {trace["name"]: trace for trace in at_once["hidden_units"]["data"]}
    assert [len(drawn[name]["y"]) for name in ("pruned", "complete", "best")] == [34, 6, 1]
    assert drawn["pruned"]["marker"]["symbol"] != drawn["complete"]["marker"]["symbol"]
    assert drawn["best"]["y"] == [0.934]
    page = open_page("parameters", show="slices", compared="complete")
    drawn = {trace["name"]: trace for trace in figures(page)[0]["data"]}
    assert set(drawn) == {"complete", "best"}
    assert drawn["best"]["y"] == [0.99]


def test_best_of_two_parameters_has_the_colour_of_its_accuracy(mostly_pruned, open_page):
    """Each point is coloured by its own accuracy, and nothing is drawn between them."""
    [figure] = figures(open_page("parameters", show="two parameters", compared="complete"))
    assert {trace["type"] for trace in figure["data"]} == {"scatter"}
    assert figure["data"][-1]["marker"]["color"] == [0.99]
    assert figure["layout"]["coloraxis"]["cmax"] == 0.99


def test_many_trials_are_thinned_with_a_note(make_study, open_page, monkeypatch):
    """The best stays; the page says how many are drawn."""
    monkeypatch.setattr(parameters, "MOST", 10)
    make_study(trials=[*MANY[:15], ([0.999], "COMPLETE", None), *MANY[15:]])
    page = open_page("parameters", show="parallel coordinates")
    assert any("of 31 trials are drawn" in each.value for each in page.caption)
    assert figures(page)[0]["data"][-1]["name"] == "the best: trial 15"


def test_axes_of_two_parameters_come_from_the_address(make_study, open_page):
    """A link shows the same two parameters."""
    make_study(trials=MANY)
    page = open_page("parameters", show="two parameters", across="epochs", up="hidden_units")
    layout = figures(page)[0]["layout"]
    assert (layout["xaxis"]["title"]["text"], layout["yaxis"]["title"]["text"]) == ("epochs", "hidden_units")


def test_cost_comes_from_the_address_and_lists_the_front(make_study, open_page):
    """Seconds by default; the table holds the trials of the front, the cheapest first."""
    study = make_study(trials=[COMPLETE])
    for seconds, value in ((1.0, 0.95), (9.0, 0.99), (8.0, 0.9)):
        trial = study.ask(study.trials[0].distributions)
        for key, measured in {SECONDS: seconds, PARAMETERS_COUNT: 100 - seconds, EPOCHS_RUN: 1}.items():
            trial.set_user_attr(key, measured)
        study.tell(trial, value, state=TrialState.COMPLETE)
    page = open_page("parameters", show="accuracy against cost")
    assert page.radio(key="cost").value == "seconds"
    assert page.dataframe[0].value["trial"].tolist() == [1, 0, 2]
    page = open_page("parameters", show="accuracy against cost", cost="weights")
    assert page.radio(key="cost").value == "weights"
    assert page.dataframe[0].value["trial"].tolist() == [0, 2]
