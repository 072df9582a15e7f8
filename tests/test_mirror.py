"""What the driver knows of its study is what stands in the storage, without asking it again."""

import optuna
import pytest
import sqlalchemy as sa
from optuna.exceptions import StorageInternalError
from optuna.trial import TrialState

from search.study.settings import Settings
from search.study.study import count, open_study, recover

SETTINGS = Settings(seed=1, sampler="random", pruner="median")
FULL = sa.exc.DatabaseError("COMMIT", {}, Exception("the disk is full"))


@pytest.fixture
def study(storage):
    """A new study."""
    return open_study("s", storage, SETTINGS)


def ask(study):
    """Ask for a trial."""
    return study.ask(dict(SETTINGS.space.distributions))


def stored(storage):
    """The trials as another process would read them."""
    return optuna.load_study(study_name="s", storage=storage).trials


def test_every_change_is_known_as_the_storage_has_it(study, storage):
    """Parameters, attributes of every kind, reports that are no numbers, states, values and times."""
    study.enqueue_trial({"hidden_units": 300}, user_attrs={"place": (1, {"a": None})})
    trial = ask(study)
    assert study.trials == stored(storage)
    trial.set_user_attr("pair", (1, 2.5))
    study._storage.set_trial_system_attr(trial._trial_id, "keys", {1: "a number becomes a text"})
    for step, value in ((1, 0.1), (2, float("inf")), (1, 0.3)):
        study._storage.set_trial_intermediate_value(trial._trial_id, step, value)
    assert study.trials == stored(storage)
    assert study.trials[0].user_attrs == {"place": [1, {"a": None}], "pair": [1, 2.5]}
    assert study.trials[0].intermediate_values == {1: 0.3, 2: float("inf")}
    failed = ask(study)
    assert study.trials == stored(storage)
    study.tell(failed.number, state=TrialState.FAIL)
    study.tell(trial, 0.5)
    assert study.trials == stored(storage)
    assert study.best_trial.datetime_complete is not None


def test_continued_study_is_read_whole(study, storage):
    """Trials in every state, among them one that is running and is ended by who continues."""
    study.tell(ask(study), 0.5)
    running = ask(study)
    study.enqueue_trial({"hidden_units": 300})
    continued = open_study("s", storage, SETTINGS)
    continued._storage.set_trial_user_attr(running._trial_id, "failure", "interrupted")
    continued.tell(running.number, state=TrialState.FAIL)
    states = [TrialState.COMPLETE, TrialState.FAIL, TrialState.WAITING]
    assert [trial.state for trial in continued.trials] == states
    assert continued.trials == stored(storage)


def test_trial_that_another_program_enqueued_is_asked_next(study, storage):
    """The queue is the one thing that others may write to."""
    study.tell(ask(study), 0.5)
    optuna.load_study(study_name="s", storage=storage).enqueue_trial({"hidden_units": 301})
    trial = ask(study)
    assert trial.number == 1
    assert trial.params["hidden_units"] == 301
    assert study.trials == stored(storage)


def test_list_that_was_handed_out_does_not_change(study):
    """Samplers and pruners compute with one while others are written."""
    trial = ask(study)
    before = study.get_trials(deepcopy=False)
    trial.report(0.5, 1)
    study._storage.set_trial_user_attr(trial._trial_id, "host", "a")
    assert (before[0].intermediate_values, before[0].user_attrs) == ({}, {})
    assert study.get_trials(deepcopy=False)[0].intermediate_values == {1: 0.5}


def test_trials_are_compared_without_reading_them_again(study, storage):
    """However many are running, a pruner's question costs the storage nothing."""
    trials = [ask(study) for _ in range(5)]
    for trial in trials:
        trial.report(0.5, 1)
    statements = []
    sa.event.listen(storage.engine, "before_cursor_execute", lambda *parts: statements.append(parts[2]))
    for trial in trials:
        assert not trial.should_prune()
    assert len(study.trials) == 5
    assert statements == []


@pytest.mark.parametrize("write", ["report", "attribute"])
def test_write_that_failed_is_in_neither(study, storage, failing_commit, write):
    """Memory is written after the storage."""
    trial = ask(study)
    failing_commit(FULL, stored=False)
    with pytest.raises(StorageInternalError):
        trial.report(0.5, 1) if write == "report" else trial.set_user_attr("host", "a")
    assert study.trials == stored(storage)
    assert (study.trials[0].intermediate_values, study.trials[0].user_attrs) == ({}, {})


def test_trial_that_was_told_without_an_answer_is_not_trained_again(study, storage, failing_commit):
    """Recovering asks the storage how it stands."""
    trial = ask(study)
    failing_commit(FULL, stored=True)
    with pytest.raises(StorageInternalError):
        study.tell(trial, 0.5)
    recover(study, SETTINGS)
    assert count(study.trials).complete == 1
    assert study.trials == stored(storage)
