"""Failures in a row: whether what is around the trials is to blame, and that nothing counts then."""

import functools
import math
from dataclasses import replace

import pytest
from attempts import fail, measurement, run, trials_over
from optuna.trial import TrialState

from search.errors import HopelessError
from search.study.instants import HERE, ended
from search.study.study import Counts, count
from search.trials.failures import Failure
from search.trials.streak import kind_of
from trainable.keys import FAILURE

CRASH = Failure("crashed", "the worker's process ended", retried=True)


@pytest.fixture
def make(tmp_path):
    """A function that makes trials over a study with a baseline, or goes on with it."""
    return functools.partial(trials_over, tmp_path, f"sqlite:///{tmp_path / 'studies.db'}")


BROKEN = Failure("error: ImportError: no module named 'a'", "a traceback")
FULL = Failure("the disk is full: OSError", "a traceback", retried=True, counted=False, remedy="make room")


@pytest.mark.parametrize(
    ("failure", "good"), [(BROKEN, 2), (FULL, 0)], ids=["error, later", "full disk, from the start"]
)
def test_failures_alike_in_a_row_stop_the_search_and_do_not_count(make, failure, good):
    """What makes three trials fail alike is not theirs: once it is mended, the same command has all of them to do."""
    study, trials, _ = make(goal=5)
    for number in range(good):
        run(trials, f"good {number}", 0.5)
    for number in range(2):
        fail(trials, str(number), failure)
    with pytest.raises(HopelessError) as stopped:
        fail(trials, "2", replace(failure, reason=failure.reason.replace("'a'", "'b'")))
    assert str(stopped.value).startswith("3 attempts failed alike, and none of them counts: ")
    assert str(stopped.value).endswith(failure.remedy)
    assert count(study.trials) == Counts(complete=good)
    lost = [trial.user_attrs["failure"] for trial in study.trials if trial.state == TrialState.FAIL]
    assert lost[0] == f"interrupted: {failure.reason}"
    assert len(lost) == 3
    assert trials.take_stock() == 5 - good
    for number in range(5 - good):
        run(trials, f"repaired {number}", 0.5)
    assert count(study.trials) == Counts(complete=5)
    assert trials.take_stock() == 0
    assert TrialState.WAITING not in [trial.state for trial in study.trials]


def test_one_good_trial_begins_the_row_anew(make):
    """Failures between which trials end well are the trials' own: they count as soon as that is known."""
    study, trials, _ = make(goal=20)
    for number in range(3):
        fail(trials, f"{number} one", BROKEN)
        fail(trials, f"{number} two", BROKEN)
        assert count(study.trials).failed == 2 * number
        run(trials, f"{number} good", 0.5)
    assert count(study.trials) == Counts(complete=3, failed=6)
    assert trials.observer.events[:5] == [
        ("started", 0),
        ("suspended", 0, BROKEN.reason),
        ("started", 1),
        ("suspended", 1, BROKEN.reason),
        ("started", 2),
    ]


def test_good_end_of_a_trial_that_began_before_acquits_nobody(make):
    """A disk may have become full, or a file gone, since it began."""
    study, trials, _ = make(goal=20)
    trials.ask("long")
    fail(trials, "a", BROKEN)
    trials.finish("long", measurement(1, 0.5))
    assert count(study.trials) == Counts(complete=1, running=1)
    run(trials, "later", 0.5)
    assert count(study.trials) == Counts(complete=2, failed=1)


@pytest.mark.parametrize(("goal", "reason"), [(1, BROKEN), (2, CRASH), (1, Failure("out of memory"))])
def test_small_study_is_not_used_up(make, goal, reason):
    """Where nothing ends well there is nothing to tell a trial's fault from another's, so that none of them counts."""
    study, trials, _ = make(goal=goal)
    with pytest.raises(
        HopelessError, match=f"no trial of this command ended well, and none that failed counts: {reason.reason}"
    ):
        for number in range(goal):
            fail(trials, str(number), reason)
    assert count(study.trials) == Counts()
    assert trials.take_stock() == goal
    seeds = [trial.user_attrs["seed"] for trial in study.trials]
    assert seeds[:goal] == seeds[goal:]  # the successors are the same trials


def test_failure_beside_good_trials_counts_at_the_end(make):
    """The last trial of a command has none after it: those before it tell."""
    study, trials, _ = make(goal=2)
    run(trials, "a", 0.5)
    fail(trials, "b", BROKEN)
    assert count(study.trials) == Counts(complete=1, failed=1)
    assert trials.take_stock() == 0


def test_trials_that_failed_alike_before_do_not_stop_the_next_command(make):
    """Three configurations that are to blame are tried first again; the others follow, and tell."""
    _, trials, _ = make(goal=6)
    for number in range(3):
        trials.ask(str(number))
    with pytest.raises(HopelessError):
        for number in range(3):
            trials.fail(str(number), BROKEN)
    study, again, _ = make(goal=6)
    for number in range(3):
        fail(again, str(number), BROKEN)
    for number in range(3):
        run(again, f"good {number}", 0.5)
    assert count(study.trials) == Counts(complete=3, failed=3)


def test_many_that_failed_before_are_acquitted_by_one_good_trial(make, monkeypatch):
    """Those of several commands are tried first, and may be more than a search begins with; when each ended is kept."""
    monkeypatch.setattr("search.trials.lifecycle.HOPELESS", 3)
    for _ in range(2):
        _, trials, _ = make(goal=9)
        for number in range(6):
            trials.ask(str(number))
        with pytest.raises(HopelessError):
            for number in range(6):
                trials.fail(str(number), BROKEN)
    study, trials, _ = make(goal=9)
    for number in range(4):
        fail(trials, str(number), BROKEN)
    until = HERE.now()
    run(trials, "good", 0.5)
    assert count(study.trials) == Counts(complete=1, failed=4)
    assert max(ended(each) for each in study.trials if each.user_attrs.get(FAILURE) == BROKEN.reason) <= until


def test_failures_for_ever_new_reasons_stop_the_search(make):
    """Ten in a row, whatever they say."""
    study, trials, _ = make(goal=30)
    run(trials, "good", 0.5)
    with pytest.raises(HopelessError, match="10 attempts failed in a row, and none of them counts, the last one: "):
        for letter in "abcdefghijk":
            fail(trials, letter, Failure(f"error: {letter}"))
    assert count(study.trials) == Counts(complete=1)


def test_trial_that_always_lacks_something_stops_the_search(make):
    """Others end well between its attempts, but not it: it is tried again three times and not for ever."""
    _, trials, _ = make(goal=30)
    with pytest.raises(HopelessError, match="3 attempts failed alike"):
        for number in range(5):
            trials.ask(str(number))
            run(trials, f"good {number}", 0.5)
            trials.fail(str(number), FULL)
    assert number == 2


def test_lost_workers_do_not_stop_the_search(make):
    """A cluster may lose many nodes at once; what is tried again has not failed yet."""
    study, trials, _ = make(goal=30, max_retries=1)
    for number in range(4):
        trials.ask(str(number))
    for number in range(4):
        trials.fail(str(number), Failure("lost node", retried=True, counted=False) if number % 2 else CRASH)
    assert trials.take_stock() == 30
    assert count(study.trials) == Counts()


def test_search_whose_first_trials_diverge_is_stopped(make, monkeypatch):
    """What diverges so often from the start will do so on, by its own fault; one good trial and the search goes on."""
    monkeypatch.setattr("search.trials.lifecycle.HOPELESS", 3)
    study, trials, _ = make(goal=30)
    for number in range(2):
        run(trials, str(number), math.nan, failure="diverged at epoch 1")
    with pytest.raises(HopelessError, match="the first 3 trials all failed, the last one: diverged at epoch 1"):
        run(trials, "2", math.nan, failure="diverged at epoch 1")
    assert count(study.trials).failed == 3
    _, others, _ = make(goal=60)
    run(others, "good", 0.5)
    for number in range(4):
        run(others, str(number), math.nan, failure="diverged at epoch 1")


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        (
            "error: OSError: [Errno 2] /tmp/a/1.h5 is not there",
            "error: OSError: [Errno 2] /tmp/b/22.h5 is not there",
            True,
        ),
        ("error: ImportError: cannot import name 'a'", "error: ImportError: cannot import name 'b'", True),
        ("error: ValueError: 3 of 5 at 0x7f00", "error: ValueError: 4 of 17 at 0x7fa8", True),
        ("error: ValueError: no", "error: TypeError: no", False),
        ("crashed", "out of memory", False),
    ],
)
def test_reasons_are_alike_but_for_numbers_paths_and_quotations(one, other, alike):
    """What differs from trial to trial does not make another reason."""
    assert (kind_of(one) == kind_of(other)) is alike
