"""The dashboard's own queries give what Optuna's reading gives, and after that only what is new."""

import math
import re
import uuid
from contextlib import contextmanager

import optuna
import pytest
import sqlalchemy as sa
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import TrialState
from sqlalchemy.exc import SQLAlchemyError

from dashboard import queries
from dashboard.queries import History, study_names
from search.errors import UsageError
from search.storage.address import open_read_only
from search.storage.lease import Lease, holder_of
from search.study.study import IDENTITY

SPACE = {
    "hidden_units": IntDistribution(1, 1000, log=True),
    "learning_rate": FloatDistribution(1e-5, 1.0, log=True),
    "momentum": FloatDistribution(0.0, 1.0),
    "batch_size": CategoricalDistribution((32, 64, 128)),
    "optimizer": CategoricalDistribution(("rmsprop", None, True, 0.5)),
    "epochs": IntDistribution(2, 20, step=2),
}
ODD = (math.inf, -math.inf, math.nan, 0.1, -0.0, 5e-324)
UNORDERED = ("_user_attrs", "_system_attrs", "intermediate_values")
CELLS = (
    "trial_params",
    "trial_values",
    "trial_intermediate_values",
    "trial_user_attributes",
    "trial_system_attributes",
)


@pytest.fixture
def reader(storage, storage_url):
    """The same storage, opened as the dashboard opens it."""
    return open_read_only(storage_url)


def make(storage, name="s"):
    """A new study, with the random identity that searches give theirs."""
    sampler = optuna.samplers.RandomSampler(seed=1)
    study = optuna.create_study(study_name=name, storage=storage, sampler=sampler, direction="maximize")
    study.set_user_attr(IDENTITY, uuid.uuid4().hex)
    return study


def ask(study):
    """A trial that runs, with reports and attributes of every kind."""
    trial = study.ask(SPACE)
    for step, value in enumerate(ODD):
        trial.report(value, step)
    trial.set_user_attr("nested", {"list": [1, 2.5, None, "ß\n"], "true": True})
    trial.storage.set_trial_system_attr(trial._trial_id, "system", [1, {"a": None}])
    return trial


def fill(study):
    """One trial in each state, complete ones with odd values, and one that waits."""
    for value in (0.5, math.inf, -math.inf):
        study.tell(ask(study), value)
    study.tell(ask(study), state=TrialState.PRUNED)
    study.tell(ask(study), state=TrialState.FAIL)
    ask(study)
    study.ask()  # nothing is drawn yet
    study.enqueue_trial({"hidden_units": 7, "batch_size": 64}, user_attrs={"retry_of": 4})


def fields(trial):
    """All that a trial holds, so that NaN equals NaN, types count, and the order in which parameters were drawn."""
    held = {name: dict(sorted(value.items())) if name in UNORDERED else value for name, value in vars(trial).items()}
    return {name: repr(value) for name, value in sorted(held.items())}


def assert_as_optuna(history, storage, name="s"):
    """Compare with Optuna's own reading."""
    expected = optuna.load_study(study_name=name, storage=storage).trials
    assert [fields(trial) for trial in history.trials] == [fields(trial) for trial in expected]


@contextmanager
def statements(storage):
    """The statements that a block sends to the database."""
    sent = []

    def note(_connection, _cursor, statement, *_):
        sent.append(statement)

    sa.event.listen(storage.engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        sa.event.remove(storage.engine, "before_cursor_execute", note)


def test_trials_are_what_optuna_reads(storage, reader):
    """Field by field: states, times, parameters and their kinds, NaN and infinity, attributes of both sorts."""
    fill(make(storage))
    history = History(reader, "s")
    assert history.read() == set(range(8))
    assert {trial.state for trial in history.trials} == set(TrialState)
    assert_as_optuna(history, storage)


def test_study_attributes_are_what_optuna_reads(storage, reader):
    """All user attributes of the study, as they are now."""
    study, history = make(storage), History(reader, "s")
    for value in ({"a": [1, None]}, "later"):
        study.set_user_attr("key", value)
        history.read()
        assert history.attributes == study.user_attrs


def test_studies_that_share_a_storage_are_kept_apart(storage, reader):
    """Their trials lie interleaved in the same tables."""
    first, second = make(storage, "s"), make(storage, "other")
    for _ in range(3):
        for study in (first, second):
            study.tell(ask(study), 0.5)
    for name in ("s", "other"):
        history = History(reader, name)
        history.read()
        assert_as_optuna(history, storage, name)
    assert study_names(reader) == ["other", "s"]


@pytest.mark.parametrize(("at_once", "many"), [(2, 2000), (500, 3)], ids=["in parts", "whole tables"])
def test_many_trials_are_read_as_few_are(at_once, many, storage, reader, monkeypatch):
    """In parts, or as a range of whole tables that holds another study's trials, too."""
    monkeypatch.setattr(queries, "AT_ONCE", at_once)
    monkeypatch.setattr(queries, "MANY", many)
    for study in (make(storage, "s"), make(storage, "other")):
        fill(study)
    fill(optuna.load_study(study_name="s", storage=storage))
    history = History(reader, "s")
    assert history.read() == set(range(15))  # the one that waited is among them
    assert_as_optuna(history, storage)


def test_second_read_returns_what_changed(storage, reader):
    """New trials, new epochs of a running one, its end, and a waiting one that starts: each once."""
    study, history = make(storage), History(reader, "s")
    study.tell(ask(study), 0.5)
    running = ask(study)
    study.enqueue_trial({"hidden_units": 7})
    assert history.read() == {0, 1, 2}
    running.report(0.75, 17)
    assert 1 in history.read()
    assert history.trials[1].intermediate_values[17] == 0.75
    study.tell(running, state=TrialState.PRUNED)
    started = study.ask(SPACE)
    assert history.read() == {1, 2}
    assert history.trials[2].state == TrialState.RUNNING
    study.tell(started, 0.25)
    study.tell(ask(study), 0.125)
    assert history.read() == {2, 3}
    assert_as_optuna(history, storage)
    assert history.read() == set()


def test_trial_that_ends_before_earlier_ones_is_seen(storage, reader):
    """Trials end out of order: an open one does not hide those behind it."""
    study, history = make(storage), History(reader, "s")
    ask(study)
    later = ask(study)
    history.read()
    study.tell(later, 0.5)
    assert 1 in history.read()
    assert_as_optuna(history, storage)
    assert 1 not in history.read()


def test_attributes_set_before_the_end_are_seen(storage, reader):
    """What is written to a trial between its last report and its end, as the driver does, is read with it."""
    study, history = make(storage), History(reader, "s")
    trial = ask(study)
    history.read()
    trial.set_user_attr("failure", "crashed")
    study.tell(trial, state=TrialState.FAIL)
    assert history.read() == {0}
    assert_as_optuna(history, storage)


def test_study_made_anew_under_its_name_is_read_anew(storage, reader):
    """Fewer trials than before, and none of the old ones, though SQLite gives the ids of deleted studies again."""
    history = History(reader, "s")
    fill(make(storage))
    history.read()
    optuna.delete_study(study_name="s", storage=storage)
    study = make(storage)
    study.tell(ask(study), 0.25)
    assert history.read() == {0}
    assert_as_optuna(history, storage)


def test_deleted_study_is_said_to_be_gone(storage, reader):
    """An error of this project, before and after it was read."""
    history = History(reader, "s")
    with pytest.raises(UsageError, match="--study s: there is no such study"):
        history.read()
    make(storage)
    assert history.read() == set()
    optuna.delete_study(study_name="s", storage=storage)
    with pytest.raises(UsageError, match="--study s: there is no such study"):
        history.read()
    assert study_names(reader) == []


def test_unchanged_study_is_read_without_its_cells(storage, reader):
    """A second read of a big study asks neither for parameters nor for values, epochs or attributes of trials."""
    study = make(storage)
    trial = optuna.trial.create_trial(
        value=0.5, params={"momentum": 0.5}, distributions={"momentum": SPACE["momentum"]}
    )
    study.add_trials([trial] * 100)
    history = History(reader, "s")
    with statements(reader) as first:
        history.read()
    assert {cells for cells in CELLS if any(f"FROM {cells}" in each for each in first)} == set(CELLS)
    with statements(reader) as second:
        assert history.read() == set()
    assert not any(cells in each for cells in CELLS for each in second)
    assert len(second) <= 3


def test_reading_leaves_alone_trials_handed_out_before(storage, reader):
    """Whoever holds the trials of an earlier read sees them as they were."""
    study, history = make(storage), History(reader, "s")
    trial = ask(study)
    history.read()
    before = history.trials[0]
    study.tell(trial, 0.5)
    history.read()
    assert (before.state, history.trials[0].state) == (TrialState.RUNNING, TrialState.COMPLETE)


def test_storage_opened_to_look_refuses_writes(storage, reader):
    """On both kinds of database neither a study nor a trial can be made or changed, by Optuna or by plain SQL."""
    number = make(storage).ask()._trial_id
    for write in (
        lambda: make(reader, "new"),
        lambda: reader.set_trial_user_attr(number, "key", 1),
        lambda: reader.delete_study(reader.get_study_id_from_name("s")),
        lambda: execute(reader, "DELETE FROM trials"),
        lambda: execute(reader, "CREATE TABLE mine (a INTEGER)"),
    ):
        with pytest.raises((SQLAlchemyError, optuna.exceptions.StorageInternalError)) as refused:
            write()
        assert re.search("read-?only", f"{refused.value} {refused.value.__cause__}")
    assert study_names(reader) == ["s"]
    assert optuna.load_study(study_name="s", storage=storage).trials[0].user_attrs == {}


def execute(storage, statement):
    """Run a statement and commit it."""
    with storage.engine.begin() as connection:
        connection.execute(sa.text(statement))


def test_holder_is_who_drives_a_study(storage, reader):
    """None before the first lease and after its end; of another study of the storage, none."""
    assert holder_of(reader.engine, "s") is None
    with Lease(storage, "s"):
        holder = holder_of(reader.engine, "s")
        assert (holder.is_here, holder.runs) == (True, True)
        assert holder_of(reader.engine, "other") is None
    assert holder_of(reader.engine, "s") is None
