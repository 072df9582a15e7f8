"""The lease: one driver a study, and none that lasts longer than its holder."""

import dataclasses
import os
import shutil
import subprocess
import sys

import pytest
import sqlalchemy as sa
from commands import wait_until
from optuna.trial import TrialState

from search.storage import lease
from search.storage.address import open_storage
from search.storage.backup import back_up
from search.storage.lease import EXPIRES, LEASES, GoneError, HeldError, Holder, Lease, left_by
from search.study.settings import Settings
from search.study.study import open_study


@pytest.fixture
def study(storage):
    """A new study."""
    return open_study("s", storage, Settings(seed=1, sampler="random"))


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Renew and look often."""
    monkeypatch.setattr(lease, "RENEWED_EVERY", 0.05)
    monkeypatch.setattr(lease, "LOOK_AGAIN", 0.01)


def rows(storage):
    """What the table of leases holds."""
    with storage.engine.connect() as connection:
        return connection.execute(LEASES.select()).mappings().all()


def hold(storage, *, age=0, **changes):
    """Let a study be held by a process that was last seen some seconds ago."""
    holder = dataclasses.replace(Holder.this_process(), **changes)
    LEASES.create(storage.engine, checkfirst=True)
    with storage.engine.begin() as connection:
        now = connection.execute(sa.select(lease._clock(storage.engine))).scalar_one()
        connection.execute(LEASES.insert().values(vars(holder) | {"study_name": "s", "renewed": now - age}))


def test_lease_is_held_for_the_length_of_a_block(storage):
    """It names this process, and is gone afterwards."""
    with Lease(storage, "s"):
        [row] = rows(storage)
        assert (row["study_name"], row["pid"]) == ("s", os.getpid())
    assert rows(storage) == []


def test_second_driver_is_told_who_has_the_study(storage):
    """Host, process and since when; another study of the storage is free."""
    with Lease(storage, "s"):
        with pytest.raises(HeldError, match=rf"^the study 's' is held by process {os.getpid()} on \S+ since 20\S+; "):
            Lease(storage, "s").__enter__()
        with Lease(storage, "other"):
            assert len(rows(storage)) == 2


def test_lease_of_a_process_that_ended_is_over_at_once(storage):
    """On one machine a driver that was killed holds nothing, however short ago."""
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    hold(storage, pid=ended.pid)
    with Lease(storage, "s"):
        assert [row["pid"] for row in rows(storage)] == [os.getpid()]


def test_later_process_of_the_same_id_is_not_the_holder(storage):
    """Process ids come again; the start of the process tells them apart."""
    hold(storage, process="1")
    with Lease(storage, "s"):
        assert len(rows(storage)) == 1


def test_holder_elsewhere_that_is_not_seen_any_more_loses_the_lease(storage):
    """Of another machine only the time since the last renewal is known."""
    hold(storage, host="elsewhere", machine="another boot", age=EXPIRES + 1)
    with Lease(storage, "s"):
        assert len(rows(storage)) == 1


def test_holder_elsewhere_that_renews_keeps_the_lease(storage, monkeypatch):
    """A sign of life while the second driver looks is enough to refuse it."""
    hold(storage, host="elsewhere", machine="another boot", age=2)
    monkeypatch.setattr(lease.time, "sleep", lambda _: renew(storage))
    with pytest.raises(HeldError, match="on elsewhere since"):
        Lease(storage, "s").__enter__()


def test_waiting_for_a_sign_of_life_can_be_given_up(storage):
    """A person who interrupts the command does not wait for the end of another one's lease."""
    hold(storage, host="elsewhere", machine="another boot")
    with pytest.raises(HeldError):
        Lease(storage, "s", given_up=lambda: True).__enter__()


def renew(storage):
    """Renew all leases, as their holders do."""
    with storage.engine.begin() as connection:
        connection.execute(LEASES.update().values(renewed=lease._clock(storage.engine)))


def test_lease_is_renewed(storage):
    """The row of a driver that works is never old."""
    with Lease(storage, "s"):
        with storage.engine.begin() as connection:
            connection.execute(LEASES.update().values(renewed=0))
        wait_until(lambda: rows(storage)[0]["renewed"] > 0, 20, "the lease is renewed")


def test_driver_that_stood_still_too_long_cannot_write(storage, study):
    """Where another driver took over meanwhile, not one value of the first reaches the study."""
    with Lease(storage, "s"):
        trial = study.ask(study.sampler and {})
        with storage.engine.connect() as connection:  # not a write of this driver: the other one's
            connection.execute(LEASES.update().values(token="other"))
            connection.connection.commit()
        with pytest.raises(HeldError, match="the study 's' was taken over by another driver"):
            study.tell(trial, 0.5)
    assert storage.get_trial(trial._trial_id).state == TrialState.RUNNING
    assert [row["token"] for row in rows(storage)] == ["other"]


@pytest.mark.parametrize("what", ["removed", "replaced", "written over"])
def test_file_that_is_another_one_ends_the_driver(what, tmp_path):
    """What it wrote would be lost, or mixed into the file that took the place."""
    file, other = tmp_path / "studies.db", tmp_path / "other.db"
    storage = open_storage(f"sqlite:///{file}")
    study = open_study("s", storage, Settings(seed=1, sampler="random"))
    back_up(file, other)
    study.set_user_attr("x", 0)
    with Lease(storage, "s") as held:
        wait_until(lambda: held._since, 20, "what was written is in the file")
        if what == "removed":
            file.unlink()
        elif what == "replaced":
            other.replace(file)
        else:
            shutil.copyfile(other, file)
            wait_until(lambda: held._file.is_mixed, 20, "the file is looked at")
        with pytest.raises(GoneError, match=r"studies\.db: was (removed or replaced|written over) while the study"):
            study.set_user_attr("x", 1)


def test_killed_driver_of_another_study_is_forgotten_once_its_log_is_taken(tmp_path):
    """What it wrote is in the file then: nobody is to be told that a copy lacks it."""
    storage = open_storage(f"sqlite:///{tmp_path / 'studies.db'}")
    with Lease(storage, "b"):
        gone = vars(Holder.this_process()) | {"process": "another start", "study_name": "a"}
        with storage.engine.begin() as connection:
            connection.execute(LEASES.insert().values(gone))
        assert left_by(storage.engine, "a") is not None
    with Lease(storage, "b"):
        assert left_by(storage.engine, "a") is None
