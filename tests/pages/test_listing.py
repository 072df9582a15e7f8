"""All studies at a glance: the list says of each what its own pages say, and reads anew only what has changed."""

import time
from datetime import UTC, datetime, timedelta

import optuna
import pytest
from many_studies import insert_studies

from dashboard import glance
from dashboard.listing import UNREADABLE, Listing
from dashboard.source import Source
from search.confirmation.extent import GOAL, Extent
from search.confirmation.goal import Goal
from search.report.findings import headline_of
from search.storage.address import open_read_only, open_storage
from search.storage.lease import Lease
from search.study.instants import BEGAN, ENDED
from search.study.settings import SETTINGS, Settings
from search.study.study import open_study, settings_of
from search.terminal.words import POINTS
from search.trials.stops import Reason, note_stop


@pytest.fixture
def listed(url):
    """A function that reads the list of a storage."""
    return lambda: {each.name: each for each in Listing(open_read_only(url)).read()}


@pytest.fixture
def source(url, tmp_path):
    """The same storage, as the other pages read it."""
    return Source(url, tmp_path / "runs")


def want(study, *, trials=4, extent=None, **more):
    """Record what a command wants of a study."""
    study.set_user_attr(GOAL, Goal(trials, extent, 1, **more).to_json())


def said(view):
    """What the pages of a study say of it, in the order of a list's columns."""
    study, verdict = view.study, view.study.evidence and view.study.evidence.verdict
    return (
        view.status.phase,
        study.best and study.best.value,
        study.baseline_value,
        headline_of(study).word + ("" if study.is_current or not verdict else ", out of date"),
        verdict and POINTS * verdict.difference.mean,
        study.counts.finished,
    )


def columns(entry):
    """The same of an entry."""
    return entry.state, entry.best, entry.baseline, entry.verdict, entry.difference, entry.trials


def unfinished(study, confirm):
    """More trials are wanted than there are."""
    confirm(study)
    want(study, trials=50, extent=Extent(1, 5))


def without_confirmation(study, confirm):
    """All trials are there, and nothing is to be confirmed."""
    want(study)


def confirmed(study, confirm):
    """All is there, a verdict as well."""
    confirm(study)
    want(study, extent=Extent(1, 5))


def not_confirmed(study, confirm):
    """The trials are there, and no network of the confirmation."""
    want(study, extent=Extent())


def half_confirmed(study, confirm):
    """The test images were not looked at yet."""
    confirm(study, tested=False)
    want(study, extent=Extent(1, 5))


def not_explained(study, confirm):
    """The verdict is there, and shall be explained, too."""
    confirm(study)
    want(study, extent=Extent(1, 5), explain=True)


def out_of_date(study, confirm):
    """A better trial came after the verdict, which nobody wants anew."""
    confirm(study)
    add(study, 0.99)
    want(study, trials=5)


def overtaken(study, confirm):
    """The same, where a new verdict is wanted."""
    confirm(study)
    add(study, 0.99)
    want(study, trials=5, extent=Extent(1, 5))


def enough(study, confirm):
    """Fewer trials than were wanted were enough."""
    want(study, trials=50)
    note_stop(study, Reason.SETTLED, "it is settled")


def unknown(study, confirm):
    """No command recorded what it wants."""


def add(study, value):
    """Add a complete trial."""
    study.tell(study.ask(dict(settings_of(study).space.distributions)), value)


CASES = (unfinished, without_confirmation, confirmed, not_confirmed, half_confirmed, not_explained, out_of_date,
         overtaken, enough, unknown)  # fmt: skip


@pytest.mark.parametrize("prepare", CASES, ids=lambda each: each.__name__)
def test_list_says_what_the_pages_say(prepare, make_study, confirm, listed, source):
    """State, best, baseline, verdict, difference and trials are those of the overview, whatever a study has."""
    prepare(make_study(), confirm)
    assert columns(listed()["s"]) == said(source.view("s"))


def test_driven_study_is_searching_or_confirming(url, make_study, confirm, listed, source):
    """By the lease on it: whoever holds one drives the study."""
    first, second = make_study("first"), make_study("second")
    want(first, trials=50)
    want(second, extent=Extent())
    storage = open_storage(url)
    with Lease(storage, "first"), Lease(storage, "second"):
        found = listed()
        assert [found[name].state for name in ("first", "second")] == ["searching", "confirming"]
        assert [source.view(name).status.phase for name in ("first", "second")] == ["searching", "confirming"]
    assert listed()["first"].state == "interrupted"


def test_study_whose_best_trials_are_many_alike_is_read_as_a_whole(make_study, confirm, listed, source):
    """Where the leading trials all have one configuration, they do not say which ones are the best."""
    study = make_study()
    confirm(study)
    best = study.trials[1].params
    for _ in range(glance.LEADING):
        study.enqueue_trial(best)
        add(study, 0.9901)
    want(study, trials=4 + glance.LEADING, extent=Extent(1, 5))
    assert columns(listed()["s"]) == said(source.view("s"))


def test_newest_study_comes_first_and_none_is_left_out(url, make_study, listed):
    """An empty study, another program's and a later version's have a line, which says what they are."""
    make_study("old")
    open_study("empty", open_storage(url), Settings(seed=1))
    optuna.create_study(study_name="theirs", storage=open_storage(url))
    later = open_study("later", open_storage(url), Settings(seed=1))
    later.set_user_attr(SETTINGS, later.user_attrs[SETTINGS] | {"format": 99})
    found = listed()
    assert list(found) == ["later", "theirs", "empty", "old"]
    assert found["theirs"].verdict == "the study 'theirs' was made by another program"
    assert "has the format 99" in found["later"].verdict
    assert {found[name].state for name in ("theirs", "later")} == {UNREADABLE}
    assert (found["empty"].best, found["empty"].trials, found["empty"].changed) == (None, 0, None)


def test_last_change_is_the_last_moment_that_was_noted(make_study, listed):
    """A trial's beginning or end; after it the reason why a search ended."""
    study = make_study()
    last = max(each for trial in study.trials for each in (trial.datetime_start, trial.datetime_complete) if each)
    assert listed()["s"].changed == last.astimezone()
    want(study)
    note_stop(study, Reason.TRIALS, "it has its trials")
    assert listed()["s"].changed >= last.astimezone().replace(microsecond=0)


@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo", "America/New_York"])
def test_last_change_is_right_in_any_zone(zone, url, listed, monkeypatch):
    """By the instants that trials record themselves, in UTC; Optuna's are local to who wrote them."""
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        study, ended = open_study("s", open_storage(url), Settings(seed=1)), datetime.now(UTC) - timedelta(minutes=8)
        trial = study.ask()
        trial.set_user_attr(BEGAN, (ended - timedelta(minutes=1)).isoformat())
        trial.set_user_attr(ENDED, ended.isoformat())
        study.tell(trial, 0.9)
        assert listed()["s"].changed == ended
    finally:
        monkeypatch.undo()
        time.tzset()


def test_only_what_has_changed_is_read_anew(url, monkeypatch):
    """A list that was read before asks of each study only whether it is as it was."""
    storage = open_storage(url)
    insert_studies(storage, 6, trials=8)
    listing, asked = Listing(open_read_only(url)), []
    details = glance.details
    monkeypatch.setattr("dashboard.listing.details", lambda *given: asked.append(given[1]) or details(*given))
    first = listing.read()
    study = optuna.load_study(study_name="study 2", storage=storage)
    study.tell(study.ask(), 0.999)
    optuna.delete_study(study_name="study 5", storage=storage)
    second = listing.read()
    assert [sorted(each) for each in asked] == [[1, 2, 3, 4, 5, 6], [2]]
    assert [each.name for each in second] == [f"study {number}" for number in (6, 4, 3, 2, 1)]
    assert second[3].best == 0.999
    assert [each for each in second if each.name != "study 2"] == [
        each for each in first if each.name not in ("study 2", "study 5")
    ]


def test_study_made_anew_under_the_same_number_is_another_one(url, make_study):
    """SQLite gives the number of a deleted study to the next one."""
    study, listing = make_study(), Listing(open_read_only(url))
    assert listing.read()[0].best == 0.98
    optuna.delete_study(study_name="s", storage=study._storage)
    open_study("s", open_storage(url), Settings(seed=1))
    assert listing.read()[0].best is None
