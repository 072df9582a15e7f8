"""What a command says of what is to come, from made-up trials."""

import optuna
import pytest
from commands import WIDE_SPACE
from confirmations import THE_BASELINE, key_of
from optuna.trial import TrialState

from search.confirmation.candidates import CONFIRMED, TESTED, Candidate
from search.confirmation.explanation import most_to_explain
from search.confirmation.extent import Extent, wanted_design
from search.confirmation.goal import Goal
from search.confirmation.record import CONFIRMATION
from search.run.forecast import extent_of, networks_of, planned, seconds_left
from search.run.options import parse
from search.study.settings import Settings
from search.study.study import EPOCHS_RUN, INTERRUPTED, IS_BASELINE
from trainable.keys import FAILURE, SECONDS, VAL_ACCURACY
from trainable.problems import BUILT_IN

SETTINGS = Settings(seed=5, space=WIDE_SPACE)
EXTENT = Extent(candidates=2)  # 2 networks each on the split, 10 of the baseline, 5 of the winner at most


def ended(number, seconds, *, value=None, epochs=20, run=None, **attributes):
    """A trial that ended: complete where it has a value, pruned where not."""
    params = BUILT_IN.baseline | {"hidden_units": 100 + number, "epochs": epochs}
    trial = optuna.trial.create_trial(
        params=BUILT_IN.baseline if attributes.get(IS_BASELINE) else params,
        distributions=dict(SETTINGS.space.distributions),
        value=value,
        state=TrialState.PRUNED if value is None else TrialState.COMPLETE,
        user_attrs={SECONDS: seconds, EPOCHS_RUN: run or (5 if attributes.get(IS_BASELINE) else epochs), **attributes},
    )
    trial.number = number
    return trial


THE_FIRST = ended(0, 5.0, value=0.97, **{IS_BASELINE: True})
SEARCHED = [THE_FIRST, ended(1, 40.0, value=0.99), ended(2, 60.0, value=0.98), ended(3, 3.0, run=2)]


def left(trials, attributes=(), *, goal=4, extent=EXTENT, workers=2, explain=False, **limits):
    """The estimate."""
    wanted = Goal(goal, extent, workers, explain=explain)
    return seconds_left(trials, dict(attributes), SETTINGS, wanted, **limits)


def confirmed(*networks):
    """A study's attributes in the midst of a confirmation: `CONFIRMED` or `TESTED`, trial, seeds, accuracy."""
    wanted = wanted_design(SEARCHED, SETTINGS, EXTENT, {})
    seeds = {CONFIRMED: wanted["seeds"], TESTED: wanted["final_seeds"]}
    return {CONFIRMATION: wanted} | {
        key_of(what, Candidate(trial, {}), seed): {VAL_ACCURACY: accuracy}
        for what, trial, number, accuracy in networks
        for seed in seeds[what][:number]
    }


def test_winner_that_is_not_tested_takes_networks_of_the_split_alone():
    """Two each of the candidates: none of the baseline, none on all images; the plan says what they are for."""
    untested = Extent(2, test=False)
    assert left(SEARCHED, extent=untested, workers=1) == 2 * (40 + 60)
    assert left(SEARCHED[:1], goal=3, extent=untested, workers=1) == 2 * 5 + 2 * 2 * 5
    options = parse(["--no-test"])
    assert extent_of(options, SETTINGS, {}) == Extent(test=False)
    known = confirmed((TESTED, None, 10, 0.97))
    assert networks_of(options, untested, known, SETTINGS, is_open=True) == (0, 4)
    assert planned(3, 4, None, tested=False) == "plan       3 trials, then up to 4 networks to choose the best"


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
    split = 2 * (40.0 + 60.0)
    final = (10 * 5.0 + 5 * 50.0) * 6 / 5
    assert left(SEARCHED) == pytest.approx((split + final) / 2)
    assert left(SEARCHED, goal=14) == pytest.approx((10 * 27.0 + split + final) / 2)


def test_candidates_that_are_yet_to_be_found_are_like_what_is_known():
    """First the baseline is known, then trials that were pruned: as if they had gone on, then complete ones."""
    split, final = 2 * 2, (10 + 5) * 6 / 5
    assert left([THE_FIRST], goal=11) == pytest.approx((10 * 5.0 + (split + final) * 5.0) / 2)
    pruned = ended(1, 3.0, run=2)  # 30 seconds for all of its epochs
    known = 2 * 2 * 30.0 + (10 * 5.0 + 5 * 30.0) * 6 / 5
    assert left([THE_FIRST, pruned], goal=12) == pytest.approx((10 * 4.0 + known) / 2)


def test_what_is_confirmed_already_takes_no_time():
    """Each trained network lowers the estimate, and the winner's are known by then."""
    some = confirmed((CONFIRMED, 1, 1, 0.98), (TESTED, None, 4, 0))
    assert left(SEARCHED, some) == pytest.approx((40.0 + 2 * 60.0 + (6 * 5.0 + 5 * 50.0) * 6 / 5) / 2)
    won = confirmed((CONFIRMED, 1, 2, 0.97), (CONFIRMED, 2, 2, 0.99), (TESTED, None, 10, 0))
    assert left(SEARCHED, won) == pytest.approx((3 * 60.0 + 2 * 50.0) * 6 / 5 / 2)


def test_explanation_is_in_the_estimate():
    """As many networks as there may be, before it is known who wins and in what it differs from the baseline."""
    assert left(SEARCHED, explain=True) == pytest.approx(left(SEARCHED) + most_to_explain(BUILT_IN) * 50.0 / 2)


def test_nothing_is_confirmed_where_there_can_be_no_verdict():
    """The baseline alone is no comparison, and without it there is none."""
    assert left([THE_FIRST], goal=1) == 0
    attributes = confirmed()
    seed = attributes[CONFIRMATION]["final_seeds"][0]
    assert left(SEARCHED, attributes | {key_of(TESTED, THE_BASELINE, seed): {FAILURE: "diverged"}}) == 0


def test_plan_says_what_is_to_come():
    """In a line, with nothing in it that is not to be done."""
    assert planned(50, 30, 2) == "plan       50 trials, then up to 30 networks to confirm the best; 2 workers"
    assert planned(1, 0, 1) == "plan       1 trial; 1 worker"
    assert planned(0, 12, None) == "plan       up to 12 networks to confirm the best"
    assert planned(0, 9, None, explained=True) == "plan       up to 9 networks to confirm the best and to explain it"


def test_networks_of_candidates_count_only_where_no_trial_is_to_come():
    """A further trial may bring another candidate; the baseline's networks stay of use."""
    have = confirmed((CONFIRMED, 1, 2, 0.97), (TESTED, None, 4, 0))
    options, extent = parse([]), Extent()
    assert networks_of(options, extent, have, SETTINGS, is_open=False) == (6, 21)
    assert networks_of(options, extent, have, SETTINGS, is_open=True) == (4, 21)
