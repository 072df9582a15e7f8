"""The goal: what a command wants of its study comes back from the study, and says when it is reached."""

import shutil

import pytest
import sqlalchemy as sa
from commands import WIDE_SPACE
from optuna.trial import TrialState, create_trial

from search.confirmation.extent import GOAL, Extent
from search.confirmation.goal import Goal, goal_of, tell_gap
from search.storage.address import open_read_only, open_storage
from search.storage.backup import back_up
from search.storage.lease import LEASES, Lease
from search.storage.wal import checkpoint
from search.study.settings import Settings
from search.study.study import load_study, open_study

SETTINGS = Settings(space=WIDE_SPACE, seed=1)
PARAMS = {"hidden_units": 64, "learning_rate": 0.001, "batch_size": 128, "epochs": 5}


def complete(value):
    """A complete trial."""
    return create_trial(
        state=TrialState.COMPLETE, value=value, params=PARAMS, distributions=dict(WIDE_SPACE.distributions)
    )


@pytest.mark.parametrize("extent", [None, Extent(2, 4)])
def test_goal_comes_back_from_a_study(extent):
    """What is recorded is what was wanted, the moment to the second."""
    goal = Goal(trials=7, extent=extent, workers=3)
    found = goal_of({GOAL: goal.to_json()})
    assert (found.trials, found.extent, found.workers) == (7, extent, 3)
    assert 0 <= (goal.since - found.since).total_seconds() < 1


def test_study_without_a_goal_has_none():
    """Studies of older versions did not record it."""
    assert goal_of({}) is None


@pytest.mark.parametrize(
    ("finished", "extent", "reached"),
    [(1, None, False), (2, None, True), (2, Extent(1, 2), False), (3, None, True)],
    ids=["too few trials", "enough trials", "no verdict yet", "more than wanted"],
)
def test_goal_is_reached_with_the_trials_and_the_verdict(finished, extent, reached):
    """A search alone needs its trials; with a confirmation it needs the networks of that, too."""
    goal = Goal(trials=2, extent=extent, workers=1)
    assert goal.is_reached({}, [complete(0.9)] * finished, SETTINGS) is reached


def test_command_records_its_goal(finished):
    """Those who watch read from the study how many trials and seeds there shall be, and with how many workers."""
    from commands import study_of

    goal = goal_of(study_of(finished.runs, finished.study).user_attrs)
    assert (goal.trials, goal.extent) == (6, Extent(1, 2))
    assert goal.workers >= 1


def test_copy_of_a_file_in_use_is_told_from_a_whole_one(tmp_path, caplog):
    """It lacks the log; a study that was killed has it beside the file, one that ended or was backed up needs none."""
    file = tmp_path / "studies.db"
    storage = open_storage(f"sqlite:///{file}")
    with Lease(storage, "s") as lease:
        study = open_study("s", storage, SETTINGS)
        study.set_user_attr(GOAL, Goal(trials=2, extent=None, workers=1).to_json())
        study.add_trial(complete(0.9))
        lease._checkpoint()
        study.add_trial(complete(0.9))
        places = {name: tmp_path / name / "studies.db" for name in ("copied", "killed", "backed up", "ended")}
        for place in places.values():
            place.parent.mkdir()
        back_up(file, places["backed up"])
        with storage.engine.connect() as connection:  # who held it is gone
            connection.execute(LEASES.update().values(machine="another boot", renewed=0))
            connection.connection.commit()
        checkpoint(storage.engine)
        shutil.copyfile(file, places["copied"])
        for end in ("", "-wal"):
            shutil.copyfile(f"{file}{end}", f"{places['killed']}{end}")
        with storage.engine.connect() as connection:
            connection.execute(sa.text("DELETE FROM trials WHERE number = 1"))
            connection.connection.commit()
        checkpoint(storage.engine)
        (tmp_path / "cut off").mkdir()
        places["cut off"] = shutil.copyfile(file, tmp_path / "cut off" / "studies.db")
    checkpoint(storage.engine)
    shutil.copyfile(file, places["ended"])
    for place in places.values():
        opened = open_read_only(f"sqlite:///{place}")
        tell_gap(load_study("s", opened), opened.engine)
    [line] = [each.getMessage() for each in caplog.records if each.name == "search.confirmation.goal"]
    assert "cut off/studies.db: the study 's' has 1 of 2 trials, and the command that wrote it did not end in" in line
