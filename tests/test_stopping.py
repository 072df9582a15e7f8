"""When a search ends, why, and what a study records of it."""

from dataclasses import asdict
from datetime import datetime, timedelta
from itertools import combinations
from statistics import fmean

import numpy as np
import optuna
import pytest
from commands import WIDE_SPACE
from hypothesis import given
from hypothesis import strategies as st
from optuna.trial import TrialState

from search.confirmation.goal import Goal
from search.confirmation.stopping import (
    FEWEST,
    LEAST_DEVIATION,
    Limits,
    deviation_of,
    ended_values,
    expected_best_of_half,
    settled,
    spread_networks,
)
from search.run.options import parse
from search.run.plan import limits_of
from search.study.instants import HERE
from search.study.settings import Settings
from search.trials.stops import STOPS, Reason, Stop, stops_of
from trainable.keys import FAILURE, SECONDS, VAL_ACCURACY
from trainable.problems import BUILT_IN

SETTINGS = Settings(seed=5, space=WIDE_SPACE)
START = datetime(2026, 1, 1)  # noqa: DTZ001 (Optuna's times are local)


def ended(number, value, state=TrialState.COMPLETE, at=None):
    """A trial that ended with this value, so many minutes after the start."""
    distributions = dict(SETTINGS.space.distributions)
    trial = optuna.trial.create_trial(
        params={name: BUILT_IN.baseline[name] for name in distributions},
        distributions=distributions,
        value=value if state == TrialState.COMPLETE else None,
        intermediate_values={1: 0.1, 2: value} if state == TrialState.PRUNED else {},
        state=state,
    )
    trial.number, trial.datetime_complete = number, START + timedelta(minutes=number if at is None else at)
    return trial


def searched(values):
    """Trials that ended with these values, in this order."""
    return [ended(number, float(value)) for number, value in enumerate(values)]


def judged(trials, deviation):
    """What half of these trials would have found."""
    return settled(ended_values(trials), deviation)


def spread(values=(0.976, 0.977, 0.978, 0.979, 0.980)):
    """The attributes of a study whose baseline was trained with fresh seeds."""
    networks = spread_networks(SETTINGS)
    return {each.key: {VAL_ACCURACY: value, SECONDS: 1.0} for each, value in zip(networks, values, strict=True)}


@given(st.lists(st.floats(0, 1), min_size=1, max_size=9))
def test_best_of_a_random_half_is_counted_exactly(values):
    """As the mean over all halves is, one by one."""
    size = len(values) // 2
    expected = fmean(map(max, combinations(values, size))) if size else values[0]
    assert expected_best_of_half(values) == pytest.approx(expected)


def test_search_is_settled_where_half_of_it_would_have_found_the_same():
    """By chance and by order, against half of what a seed makes."""
    same = judged(searched([0.98] * 25), 0.002)
    assert (same.trials, same.by_chance, same.by_order, same.is_reached) == (25, 0.0, 0.0, True)
    late = judged(searched([0.98] * 24 + [0.99]), 0.002)
    assert late.by_order == pytest.approx(0.01)
    assert not late.is_reached
    lone = judged(searched([0.99] + [0.98] * 24), 0.002)
    assert (lone.by_order, lone.by_chance) == (0.0, pytest.approx(0.01 * 13 / 25))
    assert not lone.is_reached


def test_few_trials_are_never_settled():
    """Twenty at least that ended with a value."""
    assert not judged(searched([0.98] * (FEWEST - 1)), 0.01).is_reached
    assert judged(searched([0.98] * FEWEST), 0.01).is_reached
    assert not judged([], 0.01).is_reached


def test_rule_looks_at_order_of_ending_and_at_no_failures():
    """A constant added, trials that failed, and numbers change nothing; pruned trials count with their last value."""
    values = np.random.default_rng(1).normal(0.97, 0.005, 30)
    trials = searched(values)
    found = judged(trials, 0.002)
    failed = [ended(100 + each, 0.0, TrialState.FAIL, at=each) for each in range(5)]
    assert judged([*failed, *reversed(trials)], 0.002) == found
    shifted = judged(searched(values + 0.01), 0.002)
    assert (shifted.by_chance, shifted.by_order) == (pytest.approx(found.by_chance), pytest.approx(found.by_order))
    pruned = [ended(number, float(value), TrialState.PRUNED) for number, value in enumerate(values)]
    assert judged(pruned, 0.002) == found


def test_reason_is_told_with_its_figures():
    """What half would have found less, and what a seed makes."""
    told = judged(searched([0.9812] + [0.98] * 38), 0.0014).told
    assert told == (
        "half of these 39 trials would on average have found 0.06 points less; as many again can be expected to bring "
        "no more than that, and another seed alone makes 0.14"
    )


def test_deviation_is_that_of_the_baselines_fresh_seeds():
    """Unknown before all are there, or where one failed; no less than a tenth of a point."""
    assert deviation_of(spread(), SETTINGS) == pytest.approx(np.std([0.976, 0.977, 0.978, 0.979, 0.980], ddof=1))
    assert deviation_of(spread([0.97] * 5), SETTINGS) == LEAST_DEVIATION
    first, *_ = spread_networks(SETTINGS)
    assert deviation_of({}, SETTINGS) is None
    assert deviation_of(spread() | {first.key: {FAILURE: "diverged"}}, SETTINGS) is None


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        (Limits(), None),
        (Limits(value=0.985), Reason.REACHED),
        (Limits(value=0.9851), None),
        (Limits(when_settled=True), Reason.SETTLED),
        (Limits(value=0.985, when_settled=True), Reason.REACHED),
    ],
)
def test_what_is_asked_for_ends_the_search(limits, reason):
    """And nothing else does; a trial that reached the value is named."""
    found = limits.reached(searched([0.985] * 25), spread(), SETTINGS)
    assert (found and found[0]) == reason
    if reason == Reason.REACHED:
        assert found[1] == "trial 0 reached 0.9850: 0.985 is enough"


def test_search_whose_spread_is_not_known_is_not_settled():
    """A network of the baseline that failed leaves the question open."""
    assert Limits(when_settled=True).reached(searched([0.98] * 40), {}, SETTINGS) is None


def test_command_line_says_when_to_stop():
    """By a time, a value, a rule."""
    options = parse(["--timeout", "1m", "--stop-at", "0.985", "--stop-when-settled"])
    assert limits_of(options, 100.0) == Limits(160.0, 0.985, when_settled=True)
    assert limits_of(parse([]), 100.0) == Limits()


@pytest.mark.parametrize("text", ["0", "-0.5", "1.5", "98", "nan", "much"])
def test_accuracy_that_cannot_be_one_is_refused(text, capsys):
    """In one line that says what is allowed."""
    with pytest.raises(SystemExit) as exit_:
        parse(["--stop-at", text])
    assert exit_.value.code == 2
    assert "--stop-at: must be a number greater than 0 and at most 1, such as 0.985" in capsys.readouterr().err


def test_stop_is_read_as_it_was_recorded():
    """One for each command whose search ended."""
    stop = Stop(Reason.SETTLED, "why", 39, "2026-10-01T12:00:00+00:00")
    assert stops_of({STOPS: [asdict(stop)]}) == [stop]
    assert stops_of({}) == []


@pytest.mark.parametrize(
    ("reason", "is_over"), [(Reason.SETTLED, True), (Reason.REACHED, True), (Reason.TIMEOUT, False)]
)
def test_search_that_was_enough_is_over(reason, is_over):
    """For the command that said so; a further one that wants more trials goes on."""
    goal, trials = Goal(50, None, 1), searched([0.98] * 25)
    attributes = {STOPS: [asdict(Stop(reason, "why", 25, HERE.now().isoformat(timespec="seconds")))]}
    assert goal.has_searched(attributes, trials) is is_over
    later = Goal(50, None, 1, datetime.fromisoformat(attributes[STOPS][0]["time"]) + timedelta(seconds=5))
    assert not later.has_searched(attributes, trials)
    assert later.has_searched(attributes, searched([0.98] * 50))
