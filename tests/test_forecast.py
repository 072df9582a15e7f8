"""What a command says of what is to come, from made-up trials."""

import optuna
import pytest
from commands import WIDE_SPACE
from optuna.trial import TrialState

from search.answer import CONFIRMATION, CONFIRMED, FAILURE, TESTED, THE_BASELINE, VAL_ACCURACY, Candidate, key_of
from search.extent import Extent, plan
from search.forecast import planned, seconds_left
from search.settings import Wishes
from search.study import EPOCHS_RUN, INTERRUPTED, IS_BASELINE, SECONDS
from trainable.config import BASELINE

SETTINGS = Wishes(seed=5, space=WIDE_SPACE).settings({})
EXTENT = Extent(candidates=2, seeds=5)


def ended(number, seconds, *, value=None, epochs=20, run=None, **attributes):
    """A trial that ended: complete where it has a value, pruned where not."""
    params = BASELINE.params | {"hidden_units": 100 + number, "epochs": epochs}
    trial = optuna.trial.create_trial(
        params=BASELINE.params if attributes.get(IS_BASELINE) else params,
        distributions=dict(SETTINGS.space.distributions),
        value=value,
        state=TrialState.PRUNED if value is None else TrialState.COMPLETE,
        user_attrs={SECONDS: seconds, EPOCHS_RUN: run or (5 if attributes.get(IS_BASELINE) else epochs), **attributes},
    )
    trial.number = number
    return trial


THE_FIRST = ended(0, 5.0, value=0.97, **{IS_BASELINE: True})
SEARCHED = [THE_FIRST, ended(1, 40.0, value=0.99), ended(2, 60.0, value=0.98), ended(3, 3.0, run=2)]


def left(trials, attributes=(), *, goal=4, extent=EXTENT, workers=2, **limits):
    """The estimate."""
    return seconds_left(trials, dict(attributes), SETTINGS, goal=goal, extent=extent, workers=workers, **limits)


def confirmed(*networks):
    """A study's attributes in the midst of a confirmation: `CONFIRMED` or `TESTED`, trial, seeds, accuracy."""
    wanted = plan(SEARCHED, SETTINGS, EXTENT)
    seeds = {CONFIRMED: wanted["seeds"], TESTED: wanted["final_seeds"]}
    return {CONFIRMATION: wanted} | {
        key_of(what, Candidate(trial, {}), seed): {VAL_ACCURACY: accuracy}
        for what, trial, number, accuracy in networks
        for seed in seeds[what][:number]
    }


def test_nothing_is_estimated_from_nothing():
    """Before the first trial has ended, and where all were interrupted, no one knows."""
    assert left([]) is None
    assert left([ended(0, 5.0, run=1, **{FAILURE: INTERRUPTED})], goal=3) is not None  # pruned, so it has a result
    lost = ended(0, 5.0, run=1, **{FAILURE: INTERRUPTED})
    lost.state = TrialState.FAIL
    assert left([lost]) is None


def test_missing_trials_take_as_long_as_those_that_ended():
    """Divided among the workers; the last one takes its time however many there are."""
    assert left(SEARCHED, goal=14, extent=None) == pytest.approx(10 * 27.0 / 2)
    assert left(SEARCHED, goal=5, extent=None, workers=8) == pytest.approx(27.0)
    assert left(SEARCHED, extent=None) == 0


def test_search_ends_with_its_time():
    """--timeout ends the search, but not what follows it."""
    assert left(SEARCHED, goal=1000, extent=None, limit=90.0) == 90.0
    assert left(SEARCHED, goal=1000, limit=-1.0) == left(SEARCHED)


def test_confirmation_is_in_the_estimate():
    """Each network takes what its trial took, those of all images a fifth more; the winner is like the best."""
    split = 5 * (5.0 + 40.0 + 60.0)
    final = 5 * (5.0 + 50.0) * 6 / 5
    assert left(SEARCHED) == pytest.approx((split + final) / 2)
    assert left(SEARCHED, goal=14) == pytest.approx((10 * 27.0 + split + final) / 2)


def test_candidates_that_are_yet_to_be_found_are_like_what_is_known():
    """First the baseline is known, then trials that were pruned: as if they had gone on, then complete ones."""
    split, final = 5 * (1 + 2), 5 * (1 + 1) * 6 / 5
    assert left([THE_FIRST], goal=11) == pytest.approx((10 * 5.0 + (split + final) * 5.0) / 2)
    pruned = ended(1, 3.0, run=2)  # 30 seconds for all of its epochs
    known = 5 * (5.0 + 2 * 30.0) + 5 * (5.0 + 30.0) * 6 / 5
    assert left([THE_FIRST, pruned], goal=12) == pytest.approx((10 * 4.0 + known) / 2)


def test_what_is_confirmed_already_takes_no_time():
    """Each trained network lowers the estimate, and the winner's are known by then."""
    some = confirmed((CONFIRMED, None, 5, 0.97), (CONFIRMED, 1, 3, 0.98))
    assert left(SEARCHED, some) == pytest.approx((2 * 40.0 + 5 * 60.0 + 5 * (5.0 + 50.0) * 6 / 5) / 2)
    won = confirmed((CONFIRMED, None, 5, 0.97), (CONFIRMED, 1, 5, 0.98), (CONFIRMED, 2, 5, 0.99), (TESTED, None, 5, 0))
    assert left(SEARCHED, won) == pytest.approx(5 * 60.0 * 6 / 5 / 2)
    lost = confirmed((CONFIRMED, None, 5, 0.99), (CONFIRMED, 1, 5, 0.98), (CONFIRMED, 2, 5, 0.98))
    assert left(SEARCHED, lost) == pytest.approx(5 * 5.0 * 6 / 5 / 2)


def test_nothing_is_confirmed_where_there_can_be_no_verdict():
    """The baseline alone is no comparison, and without it there is none."""
    assert left([THE_FIRST], goal=1) == 0
    attributes = confirmed()
    seed = attributes[CONFIRMATION]["seeds"][0]
    assert left(SEARCHED, attributes | {key_of(CONFIRMED, THE_BASELINE, seed): {FAILURE: "diverged"}}) == 0


def test_plan_says_what_is_to_come():
    """In a line, with nothing in it that is not to be done."""
    assert planned(50, 30, 2) == "plan       50 trials, then up to 30 networks to confirm the best; 2 workers"
    assert planned(1, 0, 1) == "plan       1 trial; 1 worker"
    assert planned(0, 12, None) == "plan       up to 12 networks to confirm the best"
