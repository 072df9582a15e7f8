"""A server that goes away: nothing is lost, nothing is stored twice."""

import contextlib
import threading
import time
import uuid

import optuna
import psycopg
import pytest
import sqlalchemy as sa
from optuna.exceptions import StorageInternalError
from optuna.trial import TrialState

from search.errors import SearchError
from search.storage import reconnect
from search.storage.address import open_storage
from search.study.settings import Settings
from search.study.study import open_study

CUT = sa.exc.OperationalError("COMMIT", {}, Exception("the connection was cut"))
SETTINGS = Settings(seed=1, sampler="random")


@pytest.fixture
def storage_url(postgres):
    """The URL of an empty database."""
    return postgres.create_database(f"test_{uuid.uuid4().hex}")


@pytest.fixture
def study(storage):
    """A new study on the server."""
    return open_study("s", storage, SETTINGS)


def ask(study):
    """Ask for a trial."""
    return study.ask(dict(SETTINGS.space.distributions))


def test_work_goes_on_when_the_server_is_back(postgres, study, storage):
    """Trials are asked, reported and told across an outage as if there had been none."""
    trial = ask(study)
    postgres.stop()
    back = threading.Timer(2.0, postgres.start)
    started = time.monotonic()
    back.start()
    trial.report(0.5, 1)
    assert time.monotonic() - started > 1.0
    back.join()
    postgres.stop()
    postgres.start()
    study.tell(trial, 0.5)
    postgres.kill()
    postgres.start()
    second = ask(study)
    stored = storage.get_all_trials(study._study_id)
    assert stored[0].intermediate_values == {1: 0.5}
    assert [trial.state for trial in stored] == [TrialState.COMPLETE, TrialState.RUNNING]
    assert second.number == 1


def test_connection_that_dies_between_two_reads_of_one_operation(postgres, storage_url, study, storage):
    """Optuna asks twice on it; the reason is behind its second error."""
    ask(study)
    number = iter(range(10))

    def end(*_):
        if next(number) == 1:  # the first read is behind us
            with postgres.connect() as connection:
                connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname IS NOT NULL "
                                   "AND pid <> pg_backend_pid()")  # fmt: skip

    sa.event.listen(storage.engine, "before_cursor_execute", end)
    assert len(storage.get_all_trials(study._study_id)) == 1
    assert next(number) > 2


@contextlib.contextmanager
def absent(postgres):
    """Let the server be away at the beginning of a block."""
    postgres.stop()
    back = threading.Timer(0.3, postgres.start)
    back.start()
    yield
    back.join()


def test_every_sampler_and_pruner_outlives_an_absence(postgres, storage_url):
    """Hyperband asks for the study's name and id on the way, CMA-ES for attributes from the second trial on."""
    settings = Settings(seed=1, sampler="cmaes", pruner="hyperband")
    study = open_study("h", open_storage(storage_url), settings)
    for _ in range(2):
        with absent(postgres):
            trial = study.ask(dict(settings.space.distributions))
        for epoch in (1, 2):
            with absent(postgres):
                trial.report(epoch / 10, epoch)
                trial.should_prune()
        study.tell(trial, 0.5)
    assert [trial.value for trial in study.trials] == [0.5] * 2
    assert any(key.startswith("cma:") for key in study.trials[1].system_attrs), study.trials[1].system_attrs


def test_want_of_resources_on_the_server_is_not_waited_for():
    """A full disk there does not go away by waiting, and is said at once."""

    def absence(error):
        return reconnect._absence(sa.exc.OperationalError("INSERT", {}, error))

    assert absence(psycopg.errors.DiskFull("no space left")) is None
    assert absence(psycopg.errors.TooManyConnections("too many clients")) == "too many clients"
    assert absence(psycopg.OperationalError("connection refused")) == "connection refused"
    assert reconnect._absence(ValueError()) is None


@pytest.fixture
def lost_answer(failing_commit):
    """Let the server store one commit whose answer never arrives; a function that arms it."""
    return lambda: failing_commit(CUT, stored=True)


def test_trial_whose_answer_was_lost_is_not_made_twice(study, lost_answer, storage):
    """What the server had stored is found again."""
    study.enqueue_trial({"hidden_units": 64})
    lost_answer()
    study.enqueue_trial({"hidden_units": 65})
    stored = storage.get_all_trials(study._study_id)
    assert [trial.system_attrs["fixed_params"]["hidden_units"] for trial in stored] == [64, 65]


@pytest.fixture
def meanwhile(storage_url, monkeypatch):
    """Let another program enqueue a trial while the driver waits to try again."""
    other = optuna.load_study(study_name="s", storage=storage_url)
    monkeypatch.setattr(reconnect.time, "sleep", lambda _: other.enqueue_trial({"hidden_units": 99}))


@pytest.mark.parametrize("stored", [True, False])
def test_trial_of_another_program_is_not_taken_for_ones_own(study, storage_url, failing_commit, meanwhile, stored):
    """Whether the driver's own insert had been stored or not: what another program enqueued meanwhile stays queued."""
    failing_commit(CUT, stored=stored)
    own = study._storage.create_new_trial(study._study_id)
    failing_commit(CUT, stored=stored)
    study.enqueue_trial({"hidden_units": 64})
    trials = {trial._trial_id: trial for trial in optuna.load_study(study_name="s", storage=storage_url).trials}
    assert trials.pop(own).state == TrialState.RUNNING
    assert [trial.state for trial in trials.values()] == [TrialState.WAITING] * 3
    assert sorted(trial.system_attrs["fixed_params"]["hidden_units"] for trial in trials.values()) == [64, 99, 99]


def test_waiting_trial_whose_answer_was_lost_is_still_taken(study, lost_answer):
    """A state that was set is set, even if nobody said so."""
    study.enqueue_trial({"hidden_units": 64})
    [trial] = study.trials
    lost_answer()
    assert study._storage.set_trial_state_values(trial._trial_id, TrialState.RUNNING)
    lost_answer()
    assert study._storage.set_trial_state_values(trial._trial_id, TrialState.COMPLETE, [0.5])
    assert study.trials[0].value == 0.5


def test_patience_ends(postgres, study, monkeypatch):
    """After the time that the storage waits, or at once where the person wants to wait no longer, it is an error."""
    monkeypatch.setattr(reconnect, "PATIENCE", 0.6)
    trial = ask(study)
    postgres.stop()
    try:
        with pytest.raises(StorageInternalError):
            trial.report(0.5, 1)
        pauses = []
        with monkeypatch.context() as patch, pytest.raises(StorageInternalError):
            patch.setattr(reconnect.time, "sleep", pauses.append)
            trial.report(0.5, 1)
        assert pauses == []
    finally:
        postgres.start()
    trial.report(0.5, 1)


def test_person_who_gives_up_waits_no_longer(postgres, storage_url, monkeypatch):
    """Ctrl-C while the server is away: whatever is still to be recorded fails at once, and says why."""
    pauses = []
    storage = open_storage(storage_url, given_up=lambda: len(pauses) == 2)
    study = open_study("g", storage, SETTINGS)
    trial = ask(study)
    postgres.stop()
    try:
        with monkeypatch.context() as patch:
            patch.setattr(reconnect.time, "sleep", pauses.append)
            with pytest.raises(StorageInternalError):
                ask(study)
            for _ in range(20):
                with pytest.raises(StorageInternalError) as refusal:
                    trial.report(0.5, 1)
        assert len(pauses) == 2
        assert "onnection" in reconnect._absence(refusal.value)
    finally:
        postgres.start()
    pauses.clear()
    assert ask(study).number == 1


def test_server_that_is_not_there_at_the_start_is_one_line_without_the_password(postgres, storage_url):
    """A command is told at once, and the line may be shown to anyone."""
    postgres.stop()
    try:
        with pytest.raises(SearchError) as refusal:
            open_storage(storage_url)
    finally:
        postgres.start()
    assert "Connection refused" in str(refusal.value)
    assert postgres.password not in str(refusal.value)
    assert "searcher:***@" in str(refusal.value)


def test_wrong_password_is_one_line_without_it(storage_url):
    """The server's own words, not the address."""
    wrong = sa.make_url(storage_url).set(password="s3cret").render_as_string(hide_password=False)
    with pytest.raises(SearchError, match="password authentication failed") as refusal:
        open_storage(wrong)
    assert "s3cret" not in str(refusal.value)
