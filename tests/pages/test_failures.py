"""The page of failures: reasons, counts and stories."""

import optuna
import pandas as pd
import pytest

from dashboard.screens.failures import groups, networks
from search.study.study import RETRY_OF
from search.trials.failures import Failure, FailureStore
from trainable.keys import FAILURE

COMPLETE = ([0.97], "COMPLETE", None)


def table(*rows):
    """Trials: state, reason and host."""
    frame = pd.DataFrame(rows, columns=["state", "failure", "host"], dtype=object)
    return frame.assign(trial=range(len(rows)), ended=pd.Timestamp("2026-03-01 12:00"))


def texts(page):
    """All that the page says in plain text, without what keeps Markdown off."""
    return " ".join(each.value for each in [*page.markdown, *page.caption]).replace("\\", "")


def links(page):
    """The trials that the page leads to, and what stands in the addresses of theirs."""
    found = [each.proto for each in page.get("page_link")]
    return {each.label: each.query_string.partition("&")[2] for each in found if each.label.isdecimal()}


def test_reasons_that_differ_in_a_number_only_are_one():
    """Newest first, with all trials and hosts; a reason that is the same everywhere keeps its numbers."""
    found = groups(
        table(
            ("failed", "diverged at epoch 3", "a"),
            ("failed", "error: ValueError: 12 is wrong", "a"),
            ("complete", None, "a"),
            ("failed", "diverged at epoch 17", "b"),
        )
    )
    assert [(each.reason, each.numbers, each.hosts) for each in found] == [
        ("diverged at epoch N", (3, 0), ("a", "b")),
        ("error: ValueError: 12 is wrong", (1,), ("a",)),
    ]


def test_interrupted_trials_are_apart_from_failed_ones():
    """And a trial without a reason is told as such."""
    found = groups(
        table(("failed", "crashed", None), ("interrupted", "interrupted: crashed", None), ("failed", None, "a"))
    )
    assert [(each.reason, each.state) for each in found] == [
        ("no reason recorded", "failed"),
        ("interrupted: crashed", "interrupted"),
        ("crashed", "failed"),
    ]


def test_nothing_failed_is_good_news(make_study, open_page):
    """The page says how many trials finished."""
    make_study(trials=[COMPLETE, COMPLETE, ([0.5], "PRUNED", None)])
    page = open_page("failures")
    assert [each.value for each in page.success] == [
        "Nothing failed. 3 trials finished: 2 complete, 1 pruned, 0 failed."
    ]


def test_newest_story_is_shown(make_study, open_page, tmp_path):
    """Of each reason the newest that is kept, though a later trial has none."""
    make_study(trials=[COMPLETE, ([], "FAIL", "error: ValueError: no"), ([], "FAIL", "error: ValueError: no")])
    FailureStore(tmp_path / "runs", "s").write(1, Failure("error: ValueError: no", "Traceback: *all* of it"))
    page = open_page("failures", "--runs", tmp_path / "runs")
    assert "Traceback: *all* of it" in page.code[0].value
    assert page.dataframe[0].value["Trials"].tolist() == [2]
    assert links(page) == {"2": "trial=2", "1": "trial=1"}


@pytest.mark.parametrize("name", ["..", "../runs/../other", "."])
def test_study_whose_name_is_no_folder_has_no_story(name, make_study, open_page, tmp_path):
    """Another program's name may lead out of the runs: what failed is shown, and nothing is read there."""
    make_study(name=name)
    for home in (tmp_path, tmp_path / "other", tmp_path / "runs"):
        (home / "failures").mkdir(parents=True)
        for story in ("trial-00003", "confirmed-3-5"):
            (home / "failures" / f"{story}.txt").write_text("of something else")
    page = open_page("failures", "--runs", tmp_path / "runs")
    assert not page.exception
    assert not page.code
    assert "1 failed; 1 more interrupted" in texts(page)
    assert "is not that of a folder" in texts(page).replace("\\", "")
    assert len(page.expander) == 2  # the failure, and the interruption


def test_missing_story_is_said_in_words(make_study, open_page, tmp_path):
    """The file's place is named; nothing fails."""
    make_study()
    page = open_page("failures", "--runs", tmp_path / "runs")
    assert not page.exception
    assert "No story of trial 3 is kept at" in texts(page)


@pytest.mark.parametrize("reason", ["error: `x` **y** [a](b) $z$ :red[c]"])
def test_reason_is_no_markup(reason, make_study, open_page):
    """What an exception says is shown as it is."""
    make_study(trials=[([], "FAIL", reason)])
    label = open_page("failures").expander[0].label
    assert label.replace("\\", "").replace("\u2060", "") == reason
    assert ":red[" not in label
    assert all(label[label.index(mark) - 1] == "\\" for mark in "`*[$")


def test_interrupted_trial_names_its_successor(make_study, open_page):
    """It is tried again as another trial; where it had drawn too little, another configuration took its place."""
    study = make_study(trials=[COMPLETE, ([0.5], "FAIL", "interrupted: crashed")])
    page = open_page("failures")
    assert "Trial 1 has no successor yet, or had not drawn all its parameters" in texts(page)
    study.enqueue_trial(study.trials[1].params, user_attrs={RETRY_OF: 1})
    page = open_page("failures")
    assert "Trial 1 was tried again as trial 2, which is waiting." in texts(page)
    assert "1 more interrupted" in texts(page)


def test_networks_of_the_confirmation_are_told_by_attributes_and_files(tmp_path):
    """One that failed by its own fault, one that was lost and trained again, one that is still missing."""
    store = FailureStore(tmp_path, "s")
    for key in ("confirmed:3:5", "tested:baseline:6", "confirmed:4:5"):
        store.write(key, Failure("crashed", "a story"))
    store.write(3, Failure("crashed", "not of a network"))
    for stray in ("confirmed-x", "tested-my-own-notes", "confirmed-3-5-7", "tested-03-5"):
        (store.folder / f"{stray}.txt").write_text("somebody's notes")
    attributes = {
        "confirmed:3:5": {"failure": "diverged at epoch 2"},
        "confirmed:4:5": {"val_accuracy": 0.9},
        "goal": {},
    }
    assert networks(attributes, store.networks()) == {
        "confirmed:3:5": "failed: diverged at epoch 2",
        "confirmed:4:5": "lost, and trained again since",
        "tested:baseline:6": "lost, and not trained since",
    }


def test_story_of_a_network_is_shown(make_study, open_page, tmp_path):
    """Though no trial failed."""
    make_study(trials=[COMPLETE])
    FailureStore(tmp_path / "runs", "s").write("tested:baseline:6", Failure("crashed", "the actor died"))
    page = open_page("failures", "--runs", tmp_path / "runs")
    assert (
        page.expander[0].label.replace("\\", "")
        == "the baseline, seed 6, on all training images: lost, and not trained since"
    )
    assert "the actor died" in page.code[0].value


def test_failures_come_first_and_interruptions_are_folded(make_study, open_page):
    """Though the newest was interrupted."""
    make_study()
    page = open_page("failures")
    assert [each.label for each in page.expander] == [
        "diverged at epoch 1", "1 interrupted trial, by no fault of its own",
    ]  # fmt: skip
    assert [each.proto.expanded for each in page.expander] == [True, False]
    assert links(page) == {"3": "trial=3", "4": "trial=4"}


def test_only_interrupted_trials_are_no_failures(make_study, open_page):
    """The page says so, above what was interrupted."""
    make_study(trials=[COMPLETE, ([0.5], "FAIL", "interrupted: crashed")])
    page = open_page("failures")
    assert [each.value for each in page.success] == ["No trial failed by its own fault."]
    assert not page.expander[0].proto.expanded


def test_page_says_what_failed_trials_have_in_common(make_study, open_page):
    """Or that they have nothing in common; a trial alone has nothing to share."""
    lost = ([], "FAIL", "diverged at epoch 1")
    study = make_study(trials=[COMPLETE, *[([0.5], "PRUNED", None)] * 20, lost])
    assert "apart" not in texts(open_page("failures"))
    for rate in (0.001, 0.002, 0.003):
        params = study.trials[0].params | {"learning_rate": rate, "hidden_units": 2048}
        study.add_trial(
            optuna.trial.create_trial(
                state=optuna.trial.TrialState.FAIL, params=params, distributions=study.trials[0].distributions,
                user_attrs={FAILURE: "out of memory"},
            )
        )  # fmt: skip
    assert "All 3 have hidden_units 2048; of the 21 that did not fail, 0 (0 %)." in texts(open_page("failures"))
