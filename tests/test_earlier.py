"""Verdicts of studies that were confirmed before there were two looks: told as they were."""

import json

import confirmations
import numpy as np
import pytest
from confirmations import THE_BASELINE

from search.confirmation.candidates import CONFIRMED, TESTED, Candidate
from search.confirmation.earlier import EarlierEvidence, alone, compare_pairs, interval, mean_squares
from search.confirmation.record import CONFIRMATION, evidence_of
from search.confirmation.verdict import Estimate, Word
from search.confirmation.wording import json_of, method_of, sentence_of, source_of
from trainable.keys import FAILURE
from trainable.problems import BUILT_IN

SEEDS, FINAL_SEEDS = [11, 12, 13], [21, 22, 23]
WIDE = Candidate(7, BUILT_IN.baseline | {"hidden_units": 1024})
NARROW = Candidate(3, BUILT_IN.baseline | {"hidden_units": 64})
DESIGN = {
    "candidates": [{"trial": each.trial, "params": dict(each.params)} for each in (WIDE, NARROW)],
    "seeds": SEEDS,
    "final_seeds": FINAL_SEEDS,
}


def validated(wide=0.983, narrow=0.975, baseline=0.979):
    """A study whose candidates, the baseline among them, have a validation accuracy of every network."""
    accuracies = [(WIDE, wide), (NARROW, narrow), (THE_BASELINE, baseline)]
    return {CONFIRMATION: DESIGN} | confirmations.validated(accuracies, SEEDS, step=1e-5)


def scored(first=WIDE, **accuracies):
    """And the errors of the winner and the baseline on the test images: a few more with each seed."""
    sides = [
        (first, lambda place: [*range(150), *range(9000, 9011 + place)]),
        (THE_BASELINE, lambda place: [*range(210), *range(9000, 9011 + place)]),
    ]
    return validated(**accuracies) | confirmations.scored(sides, FINAL_SEEDS)


def test_interval_is_that_of_a_random_effects_model():
    """Numbers of statsmodels 0.15: mixedlm by REML for the standard error, anova_lm for the mean squares.

    The standard error is 0.22126, and 3.182446 the quantile of t with 3 degrees of freedom.
    """
    values = np.array([[1, 0, 1, 1, 0, 0], [1, 0, 1, 1, 1, 0], [1, -1, 1, 0, 0, 0], [1, 1, 1, 1, 1, 0]], float)
    assert mean_squares(values) == pytest.approx((0.486111, 0.841667, 0.152778), abs=1e-6)
    found = interval(values)
    reach = 3.182446 * 0.22126
    assert (found.mean, found.low, found.high) == pytest.approx(
        (0.541667, 0.541667 - reach, 0.541667 + reach), abs=2e-5
    )


def test_pairs_of_seeds_are_compared():
    """As many networks of either side are needed, two at least."""
    with pytest.raises(ValueError, match="both need the same seeds, got 3 and 2"):
        compare_pairs([[], [], []], [[], []], 100)
    with pytest.raises(ValueError, match="at least 2 seeds and examples, got 1 and 100"):
        compare_pairs([[1]], [[2]], 100)
    assert compare_pairs([[], []], [[], []], 100).difference == Estimate(0.0, 0.0, 0.0)


def test_verdict_is_the_one_that_was_told():
    """Better, with 95 % and as many networks of either side."""
    evidence = evidence_of(scored())
    assert isinstance(evidence, EarlierEvidence)
    assert (evidence.winner, evidence.networks_compared, evidence.is_complete) == (WIDE, (3, 3), True)
    assert evidence.verdict == compare_pairs(evidence.errors(WIDE, 3), evidence.errors(THE_BASELINE, 3), 10_000)
    assert "3 networks against 3, verdict 1 of this study, 95 % intervals" in sentence_of(evidence)
    assert "Obuchowski" in source_of(evidence)
    assert "decided which one won" in method_of(evidence)[0]


def test_baseline_may_have_won():
    """Then it was tested alone, and there is neither a difference nor a share of pairs."""
    evidence = evidence_of(scored(THE_BASELINE, wide=0.97, baseline=0.98))
    assert (evidence.winner, evidence.finalists, evidence.taken) == (THE_BASELINE, [THE_BASELINE], THE_BASELINE)
    assert evidence.verdict == alone(evidence.errors(THE_BASELINE, 3), 10_000)
    assert (evidence.verdict.word, evidence.price, evidence.worst) == (Word.NO_DIFFERENCE, None, None)
    assert sentence_of(evidence) == (
        "no difference shown: no configuration did better than the baseline on the validation images"
    )
    found = json.loads(json.dumps(json_of(evidence), allow_nan=False))
    assert (found["difference"], found["pairs_won"], found["price"]) == (None, None, None)


def test_tie_on_the_validation_images_went_to_the_baseline():
    """A configuration had to be better to be put in its place."""
    assert evidence_of(validated(wide=0.979)).winner == THE_BASELINE


@pytest.mark.parametrize(("what", "seed"), [(CONFIRMED, 12), (TESTED, 22)])
def test_candidate_that_failed_could_not_win(what, seed):
    """One network without a result was enough."""
    evidence = evidence_of(scored() | {confirmations.key_of(what, WIDE, seed): {FAILURE: "diverged at epoch 2"}})
    assert (evidence.failure(WIDE), evidence.winner) == ("diverged at epoch 2", THE_BASELINE)
    without = evidence_of(scored() | {confirmations.key_of(what, THE_BASELINE, seed): {FAILURE: "diverged at epoch 1"}})
    assert (without.winner, without.verdict) == (None, None)
    assert sentence_of(without) == "no verdict: the baseline diverged at epoch 1"


def test_interrupted_one_shows_how_far_it_is():
    """Networks of the split, and of all images as if another than the baseline won."""
    begun = evidence_of({CONFIRMATION: DESIGN})
    assert (begun.done, begun.total, begun.verdict) == (0, 15, None)
    assert (evidence_of(validated()).done, evidence_of(validated()).total) == (9, 15)
    assert (evidence_of(scored()).done, evidence_of(scored()).total) == (15, 15)
