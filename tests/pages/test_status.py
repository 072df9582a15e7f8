"""Whether a study is moving, how fast, how long it will take, and how to go on."""

import shlex
import shutil
import time
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from unittest.mock import Mock

import optuna
import pytest

from dashboard.snapshot import Snapshot, row_of
from dashboard.source import Feed
from dashboard.status import Phase, continue_command, status_of
from search.confirmation.extent import GOAL, Extent
from search.confirmation.goal import Goal
from search.errors import SearchError
from search.run.options import parse
from search.storage.address import open_read_only
from search.storage.lease import Holder
from search.study.instants import BEGAN, ENDED, Clock, ended
from search.study.settings import Settings
from search.study.space import Space
from search.study.study import EPOCHS_RUN
from trainable.keys import FAILURE, SECONDS

SINCE = datetime(2026, 1, 1, 12, tzinfo=UTC)
HOLDER = Holder("token", "here", 7, "machine", "process", SINCE.isoformat())


def after(seconds):
    """A moment of the search, UTC."""
    return SINCE + timedelta(seconds=seconds)


def local(seconds, zone=0):
    """The same as Optuna records it, so many hours ahead of the zone of here."""
    return after(seconds + 3600 * zone).astimezone().replace(tzinfo=None)


def trial(number, start, end=None, state="COMPLETE", zone=0, **attributes):
    """A trial that ran from one second of the search to another, as a version recorded it that knew no instants."""
    state = optuna.trial.TrialState[state if end is not None else "RUNNING"]
    value = 0.9 if state == optuna.trial.TrialState.COMPLETE else None
    made = optuna.trial.create_trial(state=state, value=value, user_attrs=attributes)
    made.number, made.datetime_start = number, local(start, zone)
    made.datetime_complete = None if end is None else local(end, zone)
    return made


def timed(trials, zone):
    """The same trials with instants of their own, from a driver elsewhere whose clock jumped by a day at the end."""
    for each in trials:
        start, end = each.datetime_start, each.datetime_complete
        instants = {BEGAN: start.astimezone().isoformat()} | ({ENDED: end.astimezone().isoformat()} if end else {})
        each.user_attrs = each.user_attrs | instants
        each.datetime_start += timedelta(hours=zone)
        each.datetime_complete = end and end + timedelta(hours=zone, days=1)
    return trials


def study(*trials, goal=4, extent=None, workers=2, runs="runs", storage="sqlite:///runs/studies.db"):
    """A study of these trials, of which a command wants so many; None where it recorded nothing."""
    attributes = {} if goal is None else {GOAL: Goal(goal, extent, workers, SINCE).to_json()}
    rows = [row_of(each, Space({})) for each in trials]
    return Snapshot("s", storage, Path(runs), Settings(seed=1), attributes, trials, None, rows)


def three():
    """Three trials, one of each kind."""
    return (
        trial(0, 0, 30, **{SECONDS: 30.0}),
        trial(1, 0, 40, "PRUNED", **{SECONDS: 40.0}),
        trial(2, 30, 60, "FAIL", **{SECONDS: 20.0, FAILURE: "diverged"}),
    )


THREE = three()


@pytest.mark.parametrize(
    ("goal", "extent", "holder", "phase"),
    [
        (4, None, HOLDER, Phase.SEARCHING),
        (None, None, HOLDER, Phase.SEARCHING),
        (3, Extent(), HOLDER, Phase.CONFIRMING),
        (3, None, None, Phase.FINISHED),
        (3, Extent(), None, Phase.INTERRUPTED),
        (4, None, None, Phase.INTERRUPTED),
        (None, None, None, Phase.UNKNOWN),
    ],
)
def test_phase_follows_from_driver_and_goal(goal, extent, holder, phase):
    """A driver searches until it has its trials, then confirms; without one, the study has what was wanted or not."""
    other = trial(3, 50, 55)
    other.params, other.distributions = {"epochs": 7}, {"epochs": optuna.distributions.IntDistribution(1, 9)}
    trials = (*THREE[:2], other) if extent else THREE
    status = status_of(study(*trials, goal=goal, extent=extent), holder, after(60), after(60))
    assert (status.phase, status.is_running) == (phase, holder is not None)
    assert (status.finished, status.wanted) == (3, goal)


def test_pace_of_a_search_is_that_of_its_command():
    """Trials a minute up to the last event, the time left for what is missing, and the share of the workers' time."""
    status = status_of(study(*THREE), HOLDER, after(90), after(80))
    assert status.rate == pytest.approx(3.0)
    assert status.remaining == pytest.approx(20.0)
    assert status.utilization == pytest.approx(90 / (2 * 60))
    assert status.age == 10.0


@pytest.mark.parametrize("zone", [-11, -5, 0, 9])
@pytest.mark.parametrize("now", [-7200, 90, 7200])
def test_pace_is_the_same_in_every_zone_and_by_every_clock(zone, now):
    """What the driver measured decides, not the zone of who reads, nor a clock that was set meanwhile."""
    former = trial(0, -50, -20, **{SECONDS: 30.0})
    trials = timed([former, *three(), trial(4, 60, 90, **{SECONDS: 30.0}), trial(5, 90)], zone)
    status = status_of(study(*trials, goal=6), HOLDER, after(now), after(90))
    assert (status.rate, status.remaining) == (pytest.approx(4 / 1.5), pytest.approx(22.5))
    assert status.utilization == pytest.approx(120 / (2 * 90))
    assert status.age == {-7200: None, 90: 0.0, 7200: 7110.0}[now]
    assert [row["started"] for row in study(*trials).rows] == [after(each) for each in (-50, 0, 0, 30, 60, 90)]


@pytest.mark.parametrize("zone", [-11, -5, -1, 0, 1, 9])
@pytest.mark.parametrize("earlier", [0, 12 * 60])
def test_pace_of_a_study_without_instants_is_absent_in_another_zone(zone, earlier):
    """Local times of a driver elsewhere fit no beginning here: before them, or amid a command's trials."""
    moments = [60 * each - 40 for each in range(-earlier, 0)] + [60 * each + 7 for each in range(600)]
    trials = [trial(number, at, at + 59.9, zone=zone, **{SECONDS: 1.0}) for number, at in enumerate(moments)]
    status = status_of(study(*trials, goal=2000), HOLDER, after(36_000), after(36_000))
    known = (status.rate, status.remaining, status.utilization)
    assert known == (None, None, None) if zone else None not in known


def test_trial_that_was_found_interrupted_ended_when_that_was_noticed():
    """By the time that Optuna noted of both, on the driver's own clock; never before it began."""
    lost = trial(0, 10, 40, "FAIL", zone=7, **{FAILURE: "interrupted", BEGAN: after(10).isoformat()})
    assert ended(lost) == after(40)
    lost.datetime_complete -= timedelta(hours=1)
    assert ended(lost) == after(10)


def test_clock_of_a_command_goes_on_whatever_the_machines_does():
    """It counts from its first reading, and goes on after what a study has recorded."""
    passed = [0.0]
    clock = Clock(lambda: SINCE, lambda: passed[0])
    passed[0] = 60.0
    assert clock.now() == after(60)
    clock.follow([after(-30), after(59)])
    assert clock.now() == after(60)
    clock.follow([after(3600)])
    passed[0] = 70.0
    assert clock.now() == after(3611)


def test_pace_ends_with_the_last_trial_where_no_one_searches():
    """Time that passes afterwards makes a search no slower; there is nothing left to wait for."""
    status = status_of(study(*THREE), None, after(9000), after(60))
    assert (status.rate, status.remaining) == (pytest.approx(3.0), None)
    assert status.utilization == pytest.approx(90 / (2 * 60))


def test_interrupted_trials_and_those_of_former_commands_are_no_pace():
    """The one counts with its successor, the others were someone else's work."""
    former = trial(0, -50, -20, **{SECONDS: 30.0})
    lost = trial(1, 10, 20, "FAIL", **{FAILURE: "interrupted: lost"})
    status = status_of(study(former, lost, trial(2, 20, 30, **{SECONDS: 10.0})), HOLDER, after(60), after(60))
    assert status.rate == pytest.approx(2.0)
    assert status.utilization == pytest.approx(10 / 60)


@pytest.mark.parametrize("snapshot", [study(), study(trial(0, 5)), study(*THREE, goal=None)])
def test_pace_is_unknown_before_the_first_trial_ended(snapshot):
    """Nothing is made up: neither a rate nor a time."""
    status = status_of(snapshot, HOLDER, after(60), None)
    assert (status.rate, status.remaining, status.utilization, status.age) == (None, None, None, None)


def test_age_is_unknown_while_a_confirmation_noted_no_time(make_study, confirm, url):
    """As once: its networks came after the last trial, and may have come just now; a verdict is as old as its study."""
    study = make_study()
    confirm(study, tested=False)
    feed = Feed(open_read_only(url), url, Path("runs"), "s")
    assert feed.view().status.age is None
    confirm(study)
    feed._read_at = datetime.now(UTC)
    assert feed.view().status.age == 0.0  # this change was seen
    assert Feed(open_read_only(url), url, Path("runs"), "s").view().status.age is not None


@pytest.mark.parametrize(("zone", "is_known"), [("UTC", True), ("Asia/Tokyo", False)])
def test_stored_study_with_local_times_shows_a_pace_where_they_fit(zone, is_known, tmp_path, monkeypatch):
    """A study of the version that recorded no instants, made in UTC: no wrong figure is shown elsewhere."""
    file = tmp_path / "studies.db"
    shutil.copy(Path(__file__).parents[1] / "studies/version-0.1.0-local-times.db", file)
    url = f"sqlite:///{file}"
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        view = Feed(open_read_only(url), url, Path("runs"), "s").view()
    finally:
        monkeypatch.undo()
        time.tzset()
    assert view.status.phase == Phase.FINISHED
    assert (view.status.rate is not None, view.status.utilization is not None) == (is_known, is_known)


def test_age_is_never_negative():
    """A clock that was set back is no change in the future."""
    assert status_of(study(), None, after(0), after(5)).age == 0.0


@pytest.mark.parametrize(
    ("snapshot", "wanted"),
    [
        (study(goal=None), {"trials": 50, "confirm": True, "workers": None}),
        (study(goal=9, workers=3), {"trials": 9, "confirm": False, "workers": 3}),
        (study(extent=Extent()), {"confirm": True, "confirm_top": None, "confirm_seeds": None}),
        (study(extent=Extent(1, 7)), {"confirm": True, "confirm_top": 1, "confirm_seeds": 7}),
        (study(extent=Extent(test=False)), {"confirm": True, "test": False, "confirm_top": None}),
        (study(extent=Extent(2, 7, test=False)), {"test": False, "confirm_top": 2, "confirm_seeds": None}),
        (study(runs="my runs", storage="sqlite:///a b.db"), {"runs": Path("my runs"), "storage": "sqlite:///a b.db"}),
    ],
    ids=[
        "no goal",
        "search only",
        "confirmed as ever",
        "confirmed otherwise",
        "not tested",
        "chosen otherwise",
        "elsewhere",
    ],
)
def test_command_that_goes_on_wants_the_same(snapshot, wanted):
    """A person copies it, and the search's own parser reads from it what the last command wanted."""
    words = shlex.split(continue_command(snapshot))
    assert words[:3] == ["python", "-m", "search.run"]
    options = vars(parse(words[3:]))
    assert options["study"] == "s"
    assert {name: options[name] for name in wanted} == wanted


def test_change_that_nobody_saw_is_as_old_as_what_the_study_notes(make_study, url):
    """A page that is opened again after a while says when something happened, not when it looked."""
    study = make_study(trials=[])
    feed = Feed(open_read_only(url), url, Path("runs"), "s")
    feed.view()
    feed._read_at -= timedelta(hours=1)  # as if nobody had looked for an hour
    trial = study.ask()
    trial.set_user_attr(BEGAN, (datetime.now(UTC) - timedelta(minutes=40)).isoformat())
    trial.set_user_attr(ENDED, (datetime.now(UTC) - timedelta(minutes=30)).isoformat())
    study.tell(trial, 0.9)
    assert feed.view().status.age >= 1800


def test_trial_that_runs_and_says_nothing_is_no_change(make_study, url):
    """A search that hangs in an epoch gets older before the eyes of who looks."""
    make_study()  # one of its trials is running
    feed = Feed(open_read_only(url), url, Path("runs"), "s")
    feed.view()
    feed._changed_at = datetime.now(UTC) - timedelta(minutes=5)
    assert feed.view().status.age >= 300


@pytest.mark.parametrize(
    ("goal", "extent", "age", "is_silent"),
    [(4, None, 110, False), (4, None, 130, True), (3, Extent(), 130, False), (3, Extent(), 3000, True)],
)
def test_search_that_is_silent_for_unusually_long_is_told(goal, extent, age, is_silent):
    """Judged by the longest epoch so far, of 40 s; a network of the confirmation says nothing before its end."""
    held = study(*three(), goal=goal, extent=extent)
    assert status_of(held, HOLDER, after(age), after(0)).is_silent is is_silent
    assert not status_of(held, None, after(age), after(0)).is_silent


def test_silence_is_told_only_by_who_has_looked_for_so_long():
    """Epochs note no time: of a page that was opened just now, nobody knows when the last one ended."""
    held = study(*three(), goal=4)
    assert not status_of(held, HOLDER, after(900), after(0), watched=30.0).is_silent
    assert status_of(held, HOLDER, after(900), after(0), watched=130.0).is_silent


def test_gap_in_looking_begins_the_watch_anew(make_study, url):
    """As where a browser lets a tab in the background wait."""
    make_study()
    feed = Feed(open_read_only(url), url, Path("runs"), "s")
    assert feed.view().status.watched == 0
    feed._watched_since -= timedelta(minutes=5)
    feed._read_at = datetime.now(UTC)
    assert feed.view().status.watched >= 300
    feed._read_at -= timedelta(minutes=1)
    assert feed.view().status.watched == 0


def test_reading_that_failed_halfway_loses_no_trial(make_study, url, monkeypatch):
    """The database was busy after the trials had been read: the next look has all of them."""
    held = make_study()
    feed = Feed(open_read_only(url), url, Path("runs"), "s")
    with monkeypatch.context() as patched:
        patched.setattr(feed, "_looks_elsewhere", Mock(side_effect=SearchError("the database is locked")))
        with pytest.raises(SearchError):
            feed.view()
    assert [row["trial"] for row in feed.view().study.rows] == list(range(len(held.trials)))
    with monkeypatch.context() as patched:
        patched.setattr(feed, "_taken", Mock(side_effect=SearchError("the database is locked")))
        held.tell(held.ask(), 0.9)
        with pytest.raises(SearchError):
            feed.view()
    assert [row["trial"] for row in feed.view().study.rows] == list(range(len(held.trials)))
    assert feed.view().study.rows[-1]["state"] == "complete"


def test_search_without_a_trial_yet_has_some_minutes_to_begin():
    """Nothing was trained by which one could judge."""
    assert not status_of(study(), HOLDER, after(299), after(0)).is_silent
    assert status_of(study(), HOLDER, after(301), after(0)).is_silent


def test_time_left_counts_the_confirmation(make_study, url):
    """As the terminal does: the networks that are still to be trained after the trials."""
    trials = [trial(number, 30 * number, 30 * number + 30, **{SECONDS: 30.0, EPOCHS_RUN: 5}) for number in range(3)]
    for each in trials:
        each.params = {"epochs": 5 + each.number}
        each.distributions = {"epochs": optuna.distributions.IntDistribution(1, 9)}
    without, with_it = (
        status_of(study(*trials, extent=each), HOLDER, after(90), after(90)) for each in (None, Extent())
    )
    assert without.remaining == pytest.approx(30)
    later = study(*trials, extent=Extent(), goal=3)
    later.attributes[GOAL] |= {"since": after(100).isoformat()}
    only_confirming = status_of(later, HOLDER, after(110), after(100))
    assert (only_confirming.phase, only_confirming.rate) == (Phase.CONFIRMING, None)
    assert only_confirming.remaining > 60
    assert with_it.remaining > without.remaining + 60


def test_moments_are_local_to_who_looks(make_study, url):
    """The browser's zone, which need not be the server's."""
    make_study()
    feed = Feed(open_read_only(url), url, Path("runs"), "s")
    here, tokyo = feed.view().study, feed.view(timezone(timedelta(hours=9))).study
    assert (tokyo.table["started"] - here.table["started"] == timedelta(hours=9)).all()
    assert feed.view(timezone(timedelta(hours=9))).study is tokyo
    assert here.local(after(0)) == after(0).replace(tzinfo=None)
