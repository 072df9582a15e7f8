"""What a study says of its confirmation at each stage, read off plain attributes; nothing is trained."""

import json

import confirmations
import optuna
import pytest
from commands import WIDE_SPACE
from optuna.trial import TrialState

from search.answer import (
    CONFIRMATION,
    CONFIRMED,
    FAILURE,
    LOOKS,
    SECONDS,
    TESTED,
    THE_BASELINE,
    VAL_ACCURACY,
    Candidate,
    answer_of,
    choose,
    fresh_seeds,
    key_of,
    plan_of,
)
from search.looks import occasions
from search.settings import Wishes
from search.study import trial_seed
from search.verdict import Word
from trainable.config import BASELINE, MAX_SEED

SEEDS = (11, 12, 13)
FINAL_SEEDS = (21, 22, 23)
WIDE = Candidate(7, BASELINE.params | {"hidden_units": 1024})
NARROW = Candidate(3, BASELINE.params | {"hidden_units": 64})
SETTINGS = Wishes(seed=5, space=WIDE_SPACE).settings({})


def completed(number, val_accuracy, state=TrialState.COMPLETE, **changes):
    """A trial that ended so."""
    params = BASELINE.params | changes
    trial = optuna.trial.create_trial(
        params=params, distributions=dict(SETTINGS.space.distributions), value=val_accuracy, state=state
    )
    trial.number = number
    return trial


def planned():
    """The attributes of a study whose confirmation has begun."""
    return {CONFIRMATION: plan_of([WIDE, NARROW], SEEDS, FINAL_SEEDS)}


def validated(wide=0.983, narrow=0.975, baseline=0.979):
    """And has a validation accuracy of every network."""
    accuracies = ((WIDE, wide), (NARROW, narrow), (THE_BASELINE, baseline))
    return planned() | confirmations.validated(
        [(each, accuracy + SEEDS[0] / 1e5) for each, accuracy in accuracies], SEEDS, step=1e-5, seconds=2.0
    )


def scored(first=WIDE, wrong=range(150), baseline_wrong=range(210), **accuracies):
    """And the errors of the winner and the baseline on the test images: a few more with each seed."""

    def more(errors):
        return lambda place: [*errors, *range(9000, 9011 + place)]

    sides = [(first, more(wrong)), (THE_BASELINE, more(baseline_wrong))]
    return validated(**accuracies) | confirmations.scored(sides, FINAL_SEEDS, seconds=3.0)


def named(pairs):
    """The names and seeds of what is missing."""
    return [(candidate.name, seed) for candidate, seed in pairs]


def test_distinct_configurations_are_chosen_best_first():
    """A configuration that two trials have is one candidate: ranked by the better one, known by the first."""
    trials = [
        completed(1, 0.980, hidden_units=64),
        completed(2, 0.982, hidden_units=1024),
        completed(3, 0.981, hidden_units=64),
        completed(4, 0.979, hidden_units=2000),
        completed(5, 0.985, TrialState.PRUNED, hidden_units=99),
    ]
    assert [each.trial for each in choose(trials, SETTINGS, 2)] == [2, 1]
    assert [each.trial for each in choose(trials, SETTINGS, 9)] == [2, 1, 4]


def test_baseline_is_not_chosen_because_it_is_confirmed_anyway():
    """Whether it is trial 0 or was found again."""
    trials = [completed(0, 0.99), completed(1, 0.98, hidden_units=64), completed(2, 0.985)]
    assert choose(trials, SETTINGS, 3) == [Candidate(1, BASELINE.params | {"hidden_units": 64})]
    assert choose(trials[:1], SETTINGS, 3) == []


def test_fresh_seeds_stay_the_same_when_more_are_asked_for():
    """A network that is trained already is not trained for nothing where --confirm-seeds grows."""
    seeds = fresh_seeds(SETTINGS, 30)
    assert fresh_seeds(SETTINGS, 5) == seeds[:5]
    assert len(set(seeds)) == 30
    assert all(0 <= seed < MAX_SEED for seed in seeds)


def test_fresh_seeds_are_not_those_of_trials():
    """The luck that a trial was chosen for does not come back."""
    for seed in (0, 5, 2**31):
        settings = Wishes(seed=seed).settings({})
        assert not {trial_seed(settings, number) for number in range(2000)} & set(fresh_seeds(settings, 30))


def test_study_without_a_confirmation_has_no_answer():
    """Its attributes do not say what was to be confirmed."""
    assert answer_of({"settings": {}}) is None


def test_begun_confirmation_knows_what_is_missing():
    """The baseline comes first, every candidate with every seed; nobody has won yet."""
    answer = answer_of(planned() | {key_of(CONFIRMED, THE_BASELINE, 11): {VAL_ACCURACY: 0.98, SECONDS: 2.0}})
    assert answer.candidates == (THE_BASELINE, WIDE, NARROW)
    assert named(answer.unvalidated) == [
        ("baseline", 12), ("baseline", 13), ("7", 11), ("7", 12), ("7", 13), ("3", 11), ("3", 12), ("3", 13)
    ]  # fmt: skip
    assert (answer.winner, answer.finalists, answer.verdict, answer.to_json()) == (None, [], None, None)
    assert (answer.sentence, answer.seconds) == ("not confirmed yet", 2.0)
    assert named(answer.untested) == [("baseline", 21), ("baseline", 22), ("baseline", 23)]


def test_best_mean_validation_accuracy_wins():
    """One lucky seed does not make a winner: what counts is the mean over the fresh seeds."""
    answer = answer_of(validated() | {key_of(CONFIRMED, NARROW, 12): {VAL_ACCURACY: 0.995}})
    assert answer.winner == WIDE
    assert answer.val_accuracy(WIDE) == pytest.approx(0.98312)
    assert answer.val_accuracy(NARROW) == pytest.approx(0.98175, abs=1e-5)


def test_only_the_winner_and_the_baseline_are_tested():
    """Test images say nothing about candidates that were not chosen."""
    answer = answer_of(validated())
    assert answer.finalists == [WIDE, THE_BASELINE]
    assert named(answer.untested) == [
        ("7", 21),
        ("7", 22),
        ("7", 23),
        ("baseline", 21),
        ("baseline", 22),
        ("baseline", 23),
    ]
    assert (answer.unvalidated, answer.verdict) == ([], None)
    assert named(answer_of(scored()).untested) == []


def test_progress_counts_networks():
    """Before there is a winner the total is that of the longer way."""
    stages = (planned(), validated(), scored(), validated(baseline=0.99), scored(THE_BASELINE, baseline=0.99))
    answers = [answer_of(each) for each in stages]
    assert [(each.done, each.total) for each in answers] == [(0, 15), (9, 15), (15, 15), (9, 12), (12, 12)]


def test_verdict_compares_the_winner_with_the_baseline():
    """Sixty test images more, of 10,000, are better, whatever the seed."""
    verdict = answer_of(scored()).verdict
    assert verdict.word == Word.BETTER
    assert verdict.difference.mean == pytest.approx(0.006)
    assert verdict.first.mean == pytest.approx(1 - 0.0162)


def test_baseline_may_win():
    """Then only the baseline is tested, and no difference is shown."""
    answer = answer_of(scored(THE_BASELINE, wide=0.97, baseline=0.98))
    assert (answer.winner, answer.finalists) == (THE_BASELINE, [THE_BASELINE])
    assert answer.verdict.word == Word.NO_DIFFERENCE
    assert answer.verdict.first == answer.verdict.second
    assert answer.sentence == (
        "no difference shown: no configuration did better than the baseline on the validation images"
    )


def test_baseline_that_wins_is_compared_with_nothing():
    """There is neither a difference nor a p-value: null for a program, whenever the study was made."""
    answer = answer_of(scored(THE_BASELINE, wide=0.97, baseline=0.98))
    assert (answer.verdict.difference, answer.verdict.mcnemar) == (None, None)
    found = json.loads(json.dumps(answer.to_json(), allow_nan=False))
    assert (found["verdict"], found["difference"], found["mcnemar"]) == ("no difference shown", None, None)
    assert found["winner"]["test_accuracy"] == found["baseline"]["test_accuracy"]


@pytest.mark.parametrize(
    ("noted", "looked"),
    [
        ("", 0),
        ("7", 1),
        ("7 baseline", 1),
        ("baseline 7", 1),
        ("7 baseline 3", 2),
        ("7 baseline 7 baseline", 2),
        ("baseline baseline 7", 2),
        ("7+baseline", 1),
        ("7+baseline 7 baseline", 2),
    ],
)
def test_winner_and_baseline_are_one_look(noted, looked):
    """They are noted singly, or together as at first; a further look is one at a side that was looked at before."""
    looks = [{"time": "2026-11-24T12:00:00+00:00", "candidates": each.split("+"), "seeds": 3} for each in noted.split()]
    answer = answer_of(planned() | {LOOKS: looks})
    assert answer.looked == looked
    assert [name for occasion in occasions(answer.looks) for each in occasion for name in each.candidates] == (
        noted.replace("+", " ").split()
    )


def test_tie_on_the_validation_images_goes_to_the_baseline():
    """A configuration has to be better to be put in its place."""
    assert answer_of(validated(wide=0.979)).winner == THE_BASELINE


@pytest.mark.parametrize(("what", "seed"), [(CONFIRMED, 12), (TESTED, 22)])
def test_candidate_that_failed_cannot_win(what, seed):
    """One network without a result is enough; the next candidate takes its place."""
    attributes = scored() | {key_of(what, WIDE, seed): {FAILURE: "diverged at epoch 2", SECONDS: 1.0}}
    answer = answer_of(attributes)
    assert answer.failure(WIDE) == "diverged at epoch 2"
    assert answer.winner == THE_BASELINE
    entry = answer.to_json()["candidates"][1]
    assert (entry["trial"], entry["val_accuracy"], entry["failure"]) == (7, None, "diverged at epoch 2")


@pytest.mark.parametrize(("what", "seed"), [(CONFIRMED, 13), (TESTED, 23)])
def test_no_verdict_without_the_baseline(what, seed):
    """Where it fails there is nothing to compare with, and the sentence says so."""
    answer = answer_of(scored() | {key_of(what, THE_BASELINE, seed): {FAILURE: "diverged at epoch 1"}})
    assert (answer.winner, answer.verdict, answer.to_json()) == (None, None, None)
    assert answer.sentence == "no verdict: the baseline diverged at epoch 1"


def test_sentence_says_which_trial_how_much_and_how_sure():
    """One line holds the verdict, both accuracies, the difference, its interval and the number of seeds."""
    answer = answer_of(scored())
    difference = answer.verdict.difference
    assert answer.sentence.startswith("trial 7 against the baseline: better. Test accuracy 0.9838 (")
    assert (
        f"+0.60 points ({100 * difference.low:+.2f} to {100 * difference.high:+.2f}); 3 seeds each" in answer.sentence
    )
    assert "\n" not in answer.sentence


def test_json_holds_all_that_the_verdict_rests_on():
    """A program reads the words, intervals, candidates, seeds and looks, after a round trip through JSON."""
    looks = [{"time": "2026-11-24T12:00:00+00:00", "candidates": ["7"], "seeds": 3}]
    attributes = json.loads(json.dumps(scored() | {LOOKS: looks}))
    found = json.loads(json.dumps(answer_of(attributes).to_json(), allow_nan=False))
    assert (found["verdict"], found["seeds"], found["looks"]) == ("better", list(SEEDS), looks)
    assert (found["winner"]["trial"], found["winner"]["params"]) == (7, WIDE.params)
    assert found["baseline"]["trial"] is None
    assert found["winner"]["test_accuracy"]["mean"] == pytest.approx(0.9838)
    assert found["difference"].keys() == {"mean", "low", "high"}
    assert [each["trial"] for each in found["candidates"]] == [None, 7, 3]
    assert found["candidates"][1]["val_accuracies"] == pytest.approx([0.98311, 0.98312, 0.98313])
    assert found["mcnemar"]["seed"] in FINAL_SEEDS
    assert found["notebook"]["mean"] == 0.9765
    assert found["seconds"] == 9 * 2.0 + 6 * 3.0
