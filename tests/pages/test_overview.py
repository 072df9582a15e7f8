"""The page that a person sees first: verdict, best and baseline, movement, and what went wrong."""

import contextlib
import json

import pandas as pd
import pytest
from confirmations import THE_BASELINE, scored, validated
from optuna.distributions import IntDistribution

from dashboard.parts.best import to_compare
from dashboard.parts.figure import numbers_in
from dashboard.parts.matters import told
from search.confirmation.candidates import Candidate
from search.confirmation.extent import GOAL, Extent
from search.confirmation.goal import Goal
from search.confirmation.record import CONFIRMATION
from search.confirmation.verdict import wilson
from search.errors import SearchError
from search.storage.address import open_storage
from search.storage.lease import Lease
from search.study.importance import Importance
from search.study.settings import Settings
from search.study.space import Space
from search.study.study import open_study


def metrics(page):
    """The figures of a page: by label, the value and what stands below."""
    return {metric.label: (metric.value, metric.delta) for metric in page.metric}


def texts(page):
    """All sentences of a page but its sidebar's, in one."""
    return "\n".join(each.value for each in (*page.main.markdown, *page.main.caption))


def bars(page):
    """The texts of the progress bars."""
    return [bar.proto.text for bar in page.main.get("progress")]


def links(page):
    """The labels of the links to other pages."""
    return [link.proto.label for link in page.main.get("page_link")]


@pytest.mark.parametrize(
    ("wrong", "word"),
    [(100, "Better than the baseline"), (200, "No difference shown"), (300, "Worse than the baseline")],
)
def test_verdict_is_the_first_thing(wrong, word, make_study, confirm, open_page):
    """In words, with the test accuracies as the first figures, each with its interval, and their difference drawn."""
    confirm(make_study(), wrong=wrong)
    page = open_page()
    box = (*page.success, *page.info, *page.warning)[0]
    assert box.value.startswith(f"**{word}.**")
    assert [*metrics(page)] == [
        "Trial 1", "Baseline", "Notebook (test)",
    ]  # fmt: skip
    assert metrics(page)["Trial 1"][0] == f"{1 - wrong / 10_000:.4f}"
    drawing = json.loads(page.get("bidi_component")[0].proto.json)["drawing"]
    assert f"Trial 1 minus the baseline: {(200 - wrong) / 100:+.2f} points (" in drawing
    assert drawing.count('class="zero"') == 1
    notebook = wilson(0.9765, 10_000, 0.96)
    assert metrics(page)["Notebook (test)"] == ("0.9765", f"{notebook.low:.4f} to {notebook.high:.4f}")
    said = texts(page)
    assert "5 networks against 10" in said
    assert "verdict 1 of this study, 96 % intervals; the test images were looked at" in said
    assert "The worst of all 6 networks" in said
    assert "It trains " in said
    assert said.count("hidden_units ") == 1  # the winner's configuration
    line = "best **0.9800** (trial 1), baseline (512 units) **0.9700**, gain **+1.00** points."
    assert said.count(line) == 1


def test_baseline_that_won_has_no_difference(make_study, open_page):
    """Nothing was compared: no figure stands for it, here and beside other studies."""
    study = make_study()
    first = Candidate(1, study.trials[1].params)
    chosen = [{"trial": first.trial, "params": dict(first.params)}]  # as studies of before recorded it
    recorded = {CONFIRMATION: {"candidates": chosen, "seeds": [11, 12], "final_seeds": [21, 22]}}
    recorded |= validated([(THE_BASELINE, 0.99), (first, 0.98)], [11, 12])
    for key, value in (recorded | scored([(THE_BASELINE, lambda _: range(200))], [21, 22])).items():
        study.set_user_attr(key, value)
    page = open_page()
    assert [*metrics(page)] == ["Baseline", "Notebook (test)"]
    assert "nothing to replace it with" in page.info[0].value
    assert open_page("studies").table[0].value["s"]["difference on the test data"] == "none"


def test_winner_that_is_not_tested_is_no_verdict(make_study, confirm, open_page):
    """The study has what was wanted; no figure stands for a test, here and beside other studies."""
    study = make_study()
    confirm(study, tested=False, test=False)
    study.set_user_attr(GOAL, Goal(4, Extent(1, 5, test=False), 2).to_json())
    page = open_page()
    assert page.info[0].value.startswith("**Not tested.** Trial 1 against the baseline: not tested. It has the best")
    assert "on images that had no part in choosing it was not measured" in texts(page)
    assert "Test accuracy" not in texts(page)
    assert "**Finished**" in texts(page)
    table = open_page("studies").table[0].value["s"]
    assert (table["verdict"], table["difference on the test data"]) == ("Not tested", "none")


def test_verdict_that_is_out_of_date_says_so(make_study, confirm, open_page):
    """A better trial came since."""
    study = make_study()
    confirm(study)
    study.tell(study.ask(dict(study.trials[1].distributions)), 0.99)
    page = open_page()
    assert [warning.value for warning in page.warning] == [
        "The best trials are others since this verdict: the search with a confirmation brings it up to date."
    ]
    assert {"Trial 1", "Trial 6"} <= {*links(page)}
    assert "Trial 1: hidden_units" in texts(page)
    assert "Trial 6: hidden_units" not in texts(page)  # the winner alone is described


def test_without_a_verdict_the_search_is_what_is_known(make_study, open_page):
    """Best, baseline and gain on the validation images, and the notebook's test accuracy to compare with."""
    make_study()
    page = open_page()
    assert page.info[0].value == "**Not confirmed yet.** No candidate was trained again with fresh seeds."
    assert {label: value for label, (value, _) in metrics(page).items()} == {
        "Best, trial 1": "0.9800",
        "Baseline (512 units)": "0.9700",
        "Gain, points": "+1.00",
        "Notebook (test)": "0.9765",
    }
    assert "one seed each: the best of many is partly luck" in texts(page)


def test_confirmation_under_way_says_how_far_it_is(make_study, confirm, open_page, url):
    """In networks; nothing is said of the test images before all were scored."""
    study = make_study()
    confirm(study, tested=False)
    study.set_user_attr(GOAL, Goal(4, None, 2).to_json())
    with Lease(open_storage(url), "s"):
        page = open_page()
    assert "0 of 15 networks at most are trained" in page.info[0].value
    assert bars(page) == ["4 of 4 trials finished", "0 of 15 networks of the confirmation trained"]


def figure_of(page):
    """What the browser is given to draw."""
    found = (json.loads(each.proto.json) for each in page.get("bidi_component"))
    return next(each for each in found if "figure" in each)


@pytest.mark.parametrize("is_running", [False, True])
def test_figure_is_drawn_by_what_keeps_it(is_running, make_study, open_page, url):
    """All trials with a value; Plotly comes from this server, and only its address with each figure."""
    make_study()
    with Lease(open_storage(url), "s") if is_running else contextlib.nullcontext():
        page = open_page()
    assert not page.exception
    assert not page.toggle
    given = figure_of(page)
    assert {trace["name"] for trace in json.loads(given["figure"])["data"]} == {
        "complete", "pruned", "running", "interrupted", "best so far",
    }  # fmt: skip
    assert given["trial"] == "/trial?study=s&trial="
    assert given["library"].startswith("/component/dashboard.parts.figure.plotly/plotly.min.js?version=")


def test_trials_that_are_marked_are_compared():
    """The best first, as many as can be side by side; what is no trial of the study is left out."""
    table = pd.DataFrame({"trial": range(10), "val_accuracy": [0.9, 0.95, 0.93, *[0.1] * 7]})
    assert to_compare(table, [2, 0, 1, 99]) == [1, 2, 0]
    assert to_compare(table, range(10)) == [1, 2, 0, 3, 4, 5]


@pytest.mark.parametrize("sent", ["3", {"trial": 3}, [True], [-1], ["3"], [1.5], None])
def test_what_a_browser_sends_is_looked_at(sent):
    """Only numbers of trials are taken from a figure."""
    assert numbers_in([3, 0]) == (3, 0)
    with pytest.raises(SearchError, match="something else than numbers of trials"):
        numbers_in(sent)


def test_running_search_names_its_driver(make_study, open_page, url):
    """Host, process and since when; how far it is."""
    make_study().set_user_attr(GOAL, Goal(8, None, 2).to_json())
    with Lease(open_storage(url), "s"):
        page = open_page()
    assert "**Running** on " in texts(page)
    assert "(process " in texts(page)
    assert bars(page) == ["4 of 8 trials finished"]
    assert "a trial last began or ended" in texts(page)


@pytest.mark.parametrize(("wanted", "word"), [(4, "**Finished**"), (8, "**Interrupted**"), (None, "**Not running**")])
def test_study_without_a_driver_says_whether_it_is_done(wanted, word, make_study, open_page):
    """Done, or interrupted with the command that goes on before others, or nobody said what was wanted."""
    study = make_study()
    if wanted:
        study.set_user_attr(GOAL, Goal(wanted, None, 2).to_json())
    page = open_page()
    assert word in texts(page)
    command = page.code[0].value.split(" --storage")[0]
    goes_on = "python -m search.run --study s --trials 8 --workers 2 --no-confirm"
    assert command == (goes_on if wanted == 8 else "python -m search.run --study s --trials 4")


def test_price_of_the_best_is_told_before_a_verdict(make_study, open_page):
    """Its epochs, seconds and weights beside the baseline trial's."""
    make_study()
    assert "It trains 2 epochs instead of the baseline's 2, takes 3.0 s instead of 3.0 s" in texts(open_page())


def test_counts_are_told_and_failures_linked(make_study, open_page):
    """Each state that occurs, and where to read why trials failed."""
    make_study()
    page = open_page()
    assert "**2** complete · **1** pruned · **1** running · **1** failed · **1** interrupted" in texts(page)
    assert links(page) == ["The failures", "Trial 1", "What matters"]


def test_what_matters_is_told_in_a_line(make_study, open_page):
    """The first three parameters, from how many trials and at which epoch; where it is not known, why."""
    make_study()
    assert "**What matters** cannot be known yet: 3 trials can be compared, and fewer than 10 say nothing." in texts(
        open_page()
    )
    shares = {"learning_rate": 0.6, "a*b": 0.2, "units": 0.15, "last": 0.05}
    assert told(Importance(shares, None, 40, 40, 2, ())) == (
        r"**What matters most**: learning_rate **60%**, a\*b **20%**, units **15%** "
        "(from 40 trials at epoch 2, no more than a hint)."
    )
    assert told(Importance({"units": 1.0}, None, 1000, 9000, None, ())) == (
        "**What matters most**: units **100%** (from 1,000 trials)."
    )


def test_axis_of_the_chart_is_in_the_address(make_study, open_page):
    """A link shows the same figure again."""
    make_study()
    page = open_page(x="time")
    assert not page.exception
    assert page.segmented_control(key="x").value == "time"


def test_study_without_a_baseline_says_so(url, open_page):
    """It was left out on purpose: there is no gain, and none will come."""
    settings = Settings(seed=1, sampler="random", pruner="none", baseline=False)
    study = open_study("s", open_storage(url), settings)
    study.tell(study.ask(dict(settings.space.distributions)), 0.9)
    page = open_page()
    assert metrics(page)["Baseline (512 units)"][0] == metrics(page)["Gain, points"][0] == "left out"


def test_bound_that_the_best_lies_at_is_told(url, open_page):
    """A wider space might bring more: with the file and the command that search it."""
    space = Space({"epochs": IntDistribution(1, 9)})
    study = open_study("s", open_storage(url), Settings(seed=1, space=space))
    study.enqueue_trial({"epochs": 9})
    study.tell(study.ask(dict(space.distributions)), 0.9)
    page = open_page()
    assert any("the best trial has epochs at the edge" in each.label for each in page.expander)
    assert "high = 18" in page.code[-2].value
    assert "--study s-wider --trials 1 --space wider.toml" in page.code[-1].value


def test_trials_below_the_figure_are_counted(make_study, open_page):
    """A trial that learned nothing is out of view, and the page says how to see it."""
    make_study(trials=[([value], "COMPLETE", None) for value in (0.97, 0.98, 0.975, 0.972, 0.978, 0.1)])
    assert "1 trial lies below: double-click on the figure to see all." in texts(open_page())
