"""A study as the dashboard reads it: best, baseline, gain, counts, and its tables."""

from dataclasses import replace
from pathlib import Path

import optuna
import pytest

from dashboard.snapshot import columns_of, points, row_of, state_of
from dashboard.source import Feed
from search.confirmation.extent import GOAL
from search.confirmation.goal import Goal
from search.errors import UsageError
from search.storage.address import open_read_only, open_storage
from search.study.settings import Settings
from search.study.space import Space
from search.study.study import open_study
from trainable.problems import BUILT_IN

COLUMNS = columns_of(BUILT_IN)


@pytest.fixture
def snapshot_of(url):
    """A function that reads a study."""
    return lambda name="s": Feed(open_read_only(url), url, Path("runs"), name).view().study


def test_best_baseline_and_gain_are_the_studys(make_study, snapshot_of):
    """The best complete trial, the baseline, and their difference in percentage points."""
    make_study()
    snapshot = snapshot_of()
    assert (snapshot.best.number, snapshot.baseline.number, snapshot.baseline_value) == (1, 0, 0.97)
    assert snapshot.gain == pytest.approx(1.0)


def test_interrupted_trial_counts_in_no_state(make_study, snapshot_of):
    """Its successor counts, so the finished trials are the complete, the pruned and the failed ones."""
    make_study()
    counts = snapshot_of().counts
    assert (counts.complete, counts.pruned, counts.failed, counts.running, counts.finished) == (2, 1, 1, 1, 4)


def test_table_has_a_row_a_trial_with_all_columns(make_study, snapshot_of):
    """States by this project's words, gains in percentage points, the last report of what has no value."""
    make_study()
    table = snapshot_of().table
    assert table.dtypes.astype(str).to_dict() == COLUMNS
    assert list(table["state"]) == ["complete", "complete", "pruned", "failed", "interrupted", "running"]
    assert table["val_accuracy"].round(6).fillna(-1).tolist() == [0.97, 0.98, 0.5, -1, 0.4, 0.3]
    assert table["gain"].round(6)[:3].tolist() == [0.0, 1.0, -47.0]
    assert table["epochs_run"].tolist() == [2, 2, 1, 0, 1, 1]
    assert table["failure"][3] == "diverged at epoch 1"


def test_table_of_a_study_that_has_just_begun_has_the_columns(make_study, snapshot_of):
    """The queued baseline waits; nothing else is known."""
    make_study(trials=())
    table = snapshot_of().table
    assert list(table["state"]) == ["waiting"]
    assert list(table.columns) == list(COLUMNS)


def test_parameters_that_are_not_searched_are_the_baselines(url, snapshot_of):
    """They are in the table and in the parameters of a trial as if they had been drawn."""
    settings = Settings(seed=1, space=Space({"epochs": optuna.distributions.IntDistribution(1, 2)}))
    study = open_study("s", open_storage(url), settings)
    study.tell(study.ask(dict(settings.space.distributions)), 0.9)
    study.enqueue_trial({"epochs": 2})
    snapshot = snapshot_of()
    assert snapshot.params(0) == {
        "hidden_units": 512,
        "learning_rate": 0.001,
        "batch_size": 128,
        "epochs": study.trials[0].params["epochs"],
    }
    assert snapshot.params(1) == {"hidden_units": 512, "learning_rate": 0.001, "batch_size": 128, "epochs": None}
    assert snapshot.table["hidden_units"].tolist() == [512, 512]
    assert snapshot.table["epochs"].isna().tolist() == [False, True]


def test_epochs_are_those_of_the_trials_asked_for(make_study, snapshot_of):
    """A row a report, by trial and epoch."""
    make_study()
    assert snapshot_of().epochs([1, 3, 2]).to_numpy().tolist() == [[1, 1, 0.97], [1, 2, 0.98], [2, 1, 0.5]]


def test_state_of_a_trial_is_one_of_the_projects_words():
    """What Optuna calls FAIL is interrupted where a successor counts in its place."""
    failed = optuna.trial.create_trial(state=optuna.trial.TrialState.FAIL, user_attrs={"failure": "interrupted: lost"})
    assert state_of(failed) == "interrupted"
    assert state_of(optuna.trial.create_trial(state=optuna.trial.TrialState.FAIL)) == "failed"


def test_difference_with_an_unknown_accuracy_is_unknown():
    """A study without a baseline has no gain."""
    assert points(0.98, 0.97) == pytest.approx(1.0)
    assert points(0.98, None) is None
    assert points(None, 0.97) is None


def test_study_is_done_when_it_has_what_its_command_wanted(make_study, snapshot_of):
    """So many finished trials; a study of which no command wanted anything is not."""
    make_study()
    snapshot = snapshot_of()
    assert not snapshot.is_done
    for wanted, done in ((4, True), (5, False)):
        assert replace(snapshot, attributes={GOAL: Goal(wanted, None, 1).to_json()}).is_done == done


def test_confirmation_is_current_until_a_better_trial_comes(make_study, confirmed, snapshot_of):
    """Its candidates are the best configurations of the study, or not any more."""
    make_study()
    snapshot = snapshot_of()
    assert not snapshot.is_current
    attributes = confirmed(snapshot.trials, snapshot.settings)
    assert replace(snapshot, attributes=attributes).is_current
    other = snapshot.trials[5]
    better = optuna.trial.create_trial(value=0.99, params=other.params, distributions=other.distributions)
    assert not replace(snapshot, attributes=attributes, trials=[*snapshot.trials, better]).is_current


def test_study_of_another_program_is_refused(url, snapshot_of):
    """A plain Optuna study has no settings to show."""
    optuna.create_study(study_name="theirs", storage=open_storage(url))
    with pytest.raises(UsageError, match="was made by another program"):
        snapshot_of("theirs")


def test_row_of_a_waiting_trial_says_what_is_known():
    """It has a number and a state, and of parameters those that are not searched."""
    space = Space({"epochs": optuna.distributions.IntDistribution(1, 2)})
    row = row_of(optuna.trial.create_trial(state=optuna.trial.TrialState.WAITING), space)
    assert (row["state"], row["epochs"], row["hidden_units"], row["val_accuracy"]) == ("waiting", None, 512, None)
    assert {*row, "gain"} == set(COLUMNS)
