"""The page of all trials: filters, order, CSV and the way to one trial."""

import io
import json

import pandas as pd
import pytest
from clicks import click
from optuna.distributions import FloatDistribution, IntDistribution

from dashboard.filters import Filters, as_csv, ordered, progress, stops, wrong_choices, wrong_range, wrong_share
from dashboard.snapshot import columns_of
from dashboard.source import Source
from search.storage.address import open_storage
from search.study.settings import Settings
from search.study.space import Space
from search.study.study import open_study
from trainable.problems import BUILT_IN


@pytest.fixture
def table(url, tmp_path, make_study):
    """The table of a study with a trial in each state."""
    make_study()
    return Source(url, tmp_path / "runs").view("s").study.table


def numbers(page):
    """The trials that the page's table shows, in order."""
    return page.dataframe[0].value["trial"].tolist()


def labels(page):
    """What the buttons say."""
    return [each.label for each in page.main.button]


def press(page, label):
    """Press a button."""
    return next(each for each in page.main.button if each.label == label).click().run()


def said(page):
    """All text of the page."""
    return " ".join(each.value for each in page.markdown)


def test_no_filter_lets_every_trial_through(table):
    """Without a choice all rows pass."""
    assert len(Filters().applied(table)) == len(table)


def test_range_includes_its_ends_and_no_trial_without_a_value(table):
    """A trial without an accuracy lies in no range."""
    passed = Filters(ranges={"val_accuracy": (0.5, 0.97)}).applied(table)
    assert passed["trial"].tolist() == [0, 2]
    assert len(Filters(ranges={"val_accuracy": (None, None)}).applied(table)) == len(table)


def test_filters_hold_together(table):
    """A row passes if it passes every filter."""
    filters = Filters({"val_accuracy": (0.4, None)}, {"state": ["complete", "pruned"], "hidden_units": [512]})
    assert filters.applied(table)["trial"].tolist() == [0]


def test_best_first_has_what_is_not_complete_at_the_end(table):
    """A trial that was stopped early has an accuracy, but no result."""
    assert ordered(table, "best first")["trial"].tolist() == [1, 0, 2, 4, 5, 3]
    assert ordered(table, "newest first")["trial"].tolist() == [5, 4, 3, 2, 1, 0]


def test_running_trials_can_come_first(table):
    """The others follow, the best first; each says how many of its epochs it has run."""
    found = ordered(table, "running first")
    assert found["trial"].tolist() == [5, 1, 0, 2, 4, 3]
    epochs = found["epochs"].astype(int).tolist()
    assert progress(found) == [f"{run} of {epochs[row]}" for row, run in enumerate([1, 2, 2, 1, 1, 0])]
    assert progress(pd.DataFrame({"epochs_run": [3], "epochs": [float("nan")]})) == ["3"]


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (wrong_choices("state", ["complete", ""], ["complete"]), []),
        (wrong_choices("state", ["x", "complete", "y"], ["complete"]), ["state can be complete; not 'x', 'y'"]),
        (wrong_choices("a", ["z" * 99], ["b"]), ["a can be b; not '" + "z" * 39 + "…'"]),
        (wrong_choices("a", list("cdefghi"), ["b"]), ["a can be b; not 'c', 'd', 'e', 'f', 'g' and 2 more"]),
        (wrong_range("epochs", ["1", "3"], ["1", "2", "3"]), []),
        (wrong_range("epochs", [], ["1", "2", "3"]), []),
        (
            wrong_range("epochs", ["1", "9"], ["1", "2", "3"]),
            ["epochs begins and ends at two of 3 values from 1 to 3; not '1', '9'"],
        ),
        (
            wrong_range("epochs", ["2"], ["1", "2", "3"]),
            ["epochs begins and ends at two of 3 values from 1 to 3; not '2'"],
        ),
        (wrong_share("accuracy_from", ["0.5"]), []),
        (
            wrong_share("accuracy_from", ["nan", "2", "x"]),
            ["accuracy_from is a number from 0 to 1; not 'nan', '2', 'x'"],
        ),
    ],
)
def test_wrong_values_of_an_address_are_named(found, expected):
    """With what there is instead; long ones are cut, and many are counted."""
    assert found == expected


@pytest.mark.parametrize(
    ("distribution", "expected"),
    [
        (IntDistribution(4, 8), [4, 5, 6, 7, 8]),
        (IntDistribution(3, 3), [3, 3]),
        (FloatDistribution(0.0, 1.0), (0.0, 1.0)),
        (FloatDistribution(2e-4, 5e-3, log=True), (2e-4, 5e-3)),
    ],
)
def test_stops_rise_from_bound_to_bound(distribution, expected):
    """A range can begin and end at the very bounds of the space, and at few values in between."""
    found = stops(distribution)
    assert found == sorted(found)
    assert len(found) <= 25
    assert (found if isinstance(expected, list) else (found[0], found[-1])) == expected


def test_csv_has_all_columns_with_all_digits(table):
    """What is taken away reads as what the study holds."""
    content = as_csv(table, BUILT_IN)
    read = pd.read_csv(io.BytesIO(content))
    assert list(read) == list(columns_of(BUILT_IN))
    assert read["learning_rate"].tolist() == table["learning_rate"].tolist()
    assert b",512,0.001,128," in content


def test_page_shows_the_best_first_and_names_it_and_the_baseline(make_study, open_page):
    """The best trial is the first row; it and the baseline say what they are."""
    make_study()
    page = open_page("trials")
    shown = page.dataframe[0].value.set_index("trial")
    assert numbers(page)[:2] == [1, 0]
    assert shown["mark"].to_dict() == {1: "best", 0: "baseline", 2: "", 3: "", 4: "", 5: ""}
    assert "6 of 6 trials" in said(page)
    assert "+1.00 points over the baseline, trial 0" in said(page)


def test_address_filters_the_trials(make_study, open_page):
    """A link shares state, order and accuracy."""
    make_study()
    page = open_page("trials", state="complete", order="oldest first", accuracy_from="0.975")
    assert numbers(page) == [1]
    assert "1 of 6 trials" in said(page)
    page.number_input(key="accuracy_from").set_value(None).run()
    assert numbers(page) == [0, 1]


def test_page_asks_only_for_parameters_that_are_searched(url, make_study, open_page):
    """A range for numbers, choices for a list, nothing for what the space leaves out."""
    make_study()
    page = open_page("trials")
    assert [each.key for each in page.select_slider] == ["hidden_units", "learning_rate", "epochs"]
    assert page.multiselect(key="batch_size").value == []
    narrow = Settings(seed=1, space=Space({"epochs": IntDistribution(1, 9)}))
    open_study("narrow", open_storage(url), narrow)
    page = open_page("trials", study="narrow")
    assert [each.key for each in page.select_slider] == ["epochs"]
    assert "no trial yet" in page.info[0].value


def test_filter_of_a_parameter_narrows_the_table(make_study, open_page):
    """The slider's stops are the ends of the range; a list keeps its choices."""
    make_study()
    page = open_page("trials")
    page.multiselect(key="batch_size").select(128).run()
    shown = page.dataframe[0].value
    assert set(shown["batch_size"]) == {128}
    low, high = page.select_slider(key="epochs").options[1], page.select_slider(key="epochs").options[-1]
    page.select_slider(key="epochs").set_range(int(low), int(high)).run()
    assert not page.exception
    assert page.dataframe[0].value["epochs"].min() >= int(low)


def test_columns_can_be_chosen(make_study, open_page):
    """The trial and what it is stay; the rest is the person's choice."""
    make_study()
    page = open_page("trials")
    page.multiselect(key="columns").set_value(["state", "weights"]).run()
    assert list(page.dataframe[0].value) == ["trial", "mark", "state", "weights"]


def test_study_without_a_baseline_says_so(make_study, open_page):
    """Nothing is compared with a baseline that is not there."""
    make_study(trials=[([], "FAIL", "diverged at epoch 1"), ([0.9], "COMPLETE", None)])
    assert "no complete baseline" in said(open_page("trials"))


def test_click_on_a_cell_opens_its_trial(make_study, open_page):
    """Any cell of the row, in the order that is shown."""
    make_study()
    page = click(open_page("trials", order="oldest first"), cell=(2, "val_accuracy"))
    assert not page.exception
    assert page.title[0].value == "Trial 2"
    assert page.query_params["trial"] == "2"


def test_checked_trials_are_compared(make_study, open_page):
    """Those whose boxes are checked; the baseline, which is always compared, counts for none."""
    make_study()
    page = open_page("trials", order="oldest first")
    assert next(each for each in page.main.button if each.label == "Compare these").disabled
    page = click(page, rows=[0, 1, 2])
    assert "Checked: trials 0, 1, 2" in [each.value for each in page.markdown]
    page = press(page, "Compare these")
    assert page.title[0].value == "Compare trials"
    assert page.multiselect(key="trials").value == [1, 2]


def test_checks_stay_with_their_trials(make_study, open_page):
    """Though the rows change their order, or a filter hides some."""
    make_study()
    page = click(open_page("trials", order="oldest first"), rows=[1, 2])
    page.selectbox(key="order").set_value("newest first").run()
    assert sorted(page.session_state["table"]["selection"]["rows"]) == [3, 4]
    page.multiselect(key="state").set_value(["pruned"]).run()
    assert page.session_state["table"]["selection"]["rows"] == [0]
    page = click(page, rows=[])
    assert "Checked: trial 1" in [each.value for each in page.markdown]
    page = press(page, "Uncheck all")
    assert "Checked" not in said(page)


def test_filters_that_are_on_can_be_taken_off(make_study, open_page):
    """Each by its own button; the address follows."""
    make_study()
    page = open_page("trials", state="complete", accuracy_from="0.975")
    assert page.expander[0].label.endswith(": 1 on")
    page = press(page, "val_accuracy from 0.975")
    assert numbers(page) == [1, 0]
    assert page.expander[0].label.endswith("choose columns")
    page = press(page, "state complete")
    assert len(numbers(page)) == 6
    assert "Clear all filters" not in labels(page)
    assert not {"state", "accuracy_from"} & set(page.query_params)


def test_all_filters_can_be_taken_off_at_once(make_study, open_page):
    """Also those of parameters, which are a list or a range."""
    make_study()
    page = open_page("trials", state="complete", batch_size="128")
    low, high = page.select_slider(key="epochs").options[1], page.select_slider(key="epochs").options[-1]
    page.select_slider(key="epochs").set_range(int(low), int(high)).run()
    assert {"state complete", "batch_size 128", f"epochs {low} to {high}"} < set(labels(page))
    page = press(page, "Clear all filters")
    assert not page.exception
    assert len(numbers(page)) == 6
    assert page.select_slider(key="epochs").value == (int(page.select_slider(key="epochs").options[0]), int(high))


def test_filters_that_nothing_passes_are_named(make_study, open_page):
    """In place of a table, and they are unfolded."""
    make_study()
    page = open_page("trials", accuracy_from="0.999")
    assert not page.dataframe
    assert page.info[0].value == "No trial passes these filters: val_accuracy from 0.999."
    assert page.expander[0].proto.expanded
    assert not open_page("trials", state="waiting").expander[0].proto.expanded  # nothing that is folded is on


def test_wrong_filters_in_a_link_are_named(make_study, open_page):
    """Until something else is asked; what is right in the link holds."""
    make_study()
    wrong = {"order": "foo", "accuracy_from": "2", "learning_rate": "9", "batch_size": "127", "columns": "[x](y)"}
    page = open_page("trials", state="complete", **wrong)
    assert sorted(numbers(page)) == [0, 1]
    [warning] = page.warning
    for said_of_it in ("'foo'", "'2'", "'9'", "'127'", "'\\[x\\](y)'"):
        assert f"not {said_of_it}" in warning.value
    assert page.run().warning
    page.multiselect(key="state").set_value([]).run()
    assert not page.warning


def test_state_has_a_colour(make_study, open_page):
    """Each state its own, as in the figures."""
    make_study()
    page = open_page("trials")
    assert [list(each) for each in page.dataframe[0].value["state"]][:2] == [["complete"], ["complete"]]
    options = json.loads(page.dataframe[0].proto.columns)["state"]["type_config"]["options"]
    assert len({each["color"] for each in options}) == len(options) == 7
