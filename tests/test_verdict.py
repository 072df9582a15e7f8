"""The verdict: exact numbers, its symmetry, and how often it errs in simulated searches."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from simulated import STEADY, UNSTEADY, words

from search.verdict import NOTEBOOK, Estimate, Word, alone, compare, correct, interval, mean_squares, wilson

IMAGES = 60
# Searches without a difference, beside the two extremes that are simulated each time.
OTHER_SEARCHES = [(3, UNSTEADY, False), (10, UNSTEADY, False), (3, STEADY, True)]


@st.composite
def sides(draw, images=IMAGES):
    """The errors of two configurations for the same two to six seeds."""
    seeds = draw(st.integers(2, 6))
    errors = st.lists(st.integers(0, images - 1), unique=True, max_size=20)
    both = st.lists(errors, min_size=seeds, max_size=seeds)
    return draw(both), draw(both)


def differing(only_first, only_second, shared=5):
    """The errors of two networks, of which so many images are right in one of them only."""
    common = list(range(shared))
    second = list(range(100, 100 + only_first))
    return [*common, *range(200, 200 + only_second)], common + second


@pytest.mark.parametrize(
    ("number", "candidates", "lucky_again"),
    [
        (3, STEADY, False),
        (3, UNSTEADY, True),
        *(pytest.param(*each, marks=pytest.mark.thorough) for each in OTHER_SEARCHES),
    ],
)
def test_no_difference_is_rarely_called_better(number, candidates, lucky_again):
    """Of 2,000 searches that found nothing better than the baseline at most 5 % say so.

    With the defaults, with more candidates, where their seeds differ more than the baseline's, and even where a seed
    that was lucky in the selection were as lucky again in the networks that are tested, which have others.
    """
    random = np.random.default_rng(1)
    found = words([0.0] * number, 2000, random, candidates=candidates, lucky_again=lucky_again)
    assert 1000 < len(found) < 2000
    assert found.count(Word.BETTER) <= 0.05 * 2000
    assert found.count(Word.WORSE) <= 0.05 * 2000


@pytest.mark.parametrize("candidates", [STEADY, UNSTEADY])
def test_gain_of_half_a_point_is_found(candidates):
    """With the defaults, 3 candidates and 5 seeds, at least 80 % of searches call it better."""
    found = words([0.005, 0.0, 0.0], 500, np.random.default_rng(2), candidates=candidates, lucky_again=False)
    assert found.count(Word.BETTER) >= 0.8 * 500


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


def test_seeds_that_agree_by_chance_do_not_make_it_sure():
    """Two seeds with the same number of errors, on other images, show no difference."""
    verdict = compare([[1], [2]], [[], []], 100)
    assert verdict.word == Word.NO_DIFFERENCE
    assert verdict.difference.low < -0.02 < 0 < verdict.difference.high


def test_same_errors_with_every_seed_leave_the_images_as_the_only_chance():
    """Then the standard error is that of a mean of differences between images."""
    first, second = differing(only_first=40, only_second=10)
    found = compare([first] * 3, [second] * 3, 10_000).difference
    values = correct([second], 10_000)[0] - correct([first], 10_000)[0]
    reach = 4.302653 * values.std(ddof=1) / 100
    assert (found.low, found.high) == pytest.approx((0.003 - reach, 0.003 + reach), abs=1e-9)


def test_networks_without_errors_show_no_difference():
    """There is nothing to tell them apart."""
    verdict = compare([[], []], [[], []], 100)
    assert verdict.first == verdict.second == Estimate(1.0, 1.0, 1.0)
    assert verdict.difference == Estimate(0.0, 0.0, 0.0)
    assert (verdict.word, verdict.mcnemar.p_value) == (Word.NO_DIFFERENCE, 1.0)


@pytest.mark.parametrize(
    ("only_first", "only_second", "p_value"),
    [(12, 3, 0.03515625), (3, 12, 0.03515625), (20, 6, 0.009355306625366211), (4, 4, 1.0), (0, 0, 1.0)],
)
def test_mcnemar_is_the_exact_test(only_first, only_second, p_value):
    """P-values of statsmodels 0.15, contingency_tables.mcnemar(exact=True)."""
    first, second = differing(only_first, only_second)
    found = compare([first] * 2, [second] * 2, 300).mcnemar
    assert (found.only_first, found.only_second) == (only_first, only_second)
    assert found.p_value == pytest.approx(p_value, rel=1e-12)


@pytest.mark.parametrize(("gains", "position"), [((3, 9, 5), 2), ((3, 9, 5, 7), 2), ((1, 1), 0), ((8, 2), 1)])
def test_mcnemar_takes_the_seed_of_the_median_difference(gains, position):
    """Not the best one; of an even number the lower of the two in the middle, of equal ones the first."""
    sides = [differing(only_first=gain, only_second=0) for gain in gains]
    found = compare([first for first, _ in sides], [second for _, second in sides], 300).mcnemar
    assert (found.seed, found.only_first) == (position, gains[position])


def test_one_network_has_wilsons_interval():
    """The notebook's accuracy on 10,000 images, and a small sample; numbers of statsmodels 0.15."""
    notebook, small = wilson(NOTEBOOK, 10_000), wilson(0.9, 50)
    assert (notebook.mean, notebook.low, notebook.high) == pytest.approx((0.9765, 0.97334291, 0.97929114), abs=1e-8)
    assert (small.low, small.high) == pytest.approx((0.78639769, 0.95652424), abs=1e-8)


@settings(deadline=None)
@given(sides())
def test_swapping_the_sides_mirrors_the_verdict(both):
    """Neither side is favoured."""
    first, second = both
    ahead, behind = compare(first, second, IMAGES), compare(second, first, IMAGES)
    assert (behind.difference.low, behind.difference.mean, behind.difference.high) == (
        -ahead.difference.high, -ahead.difference.mean, -ahead.difference.low
    )  # fmt: skip
    assert (behind.first, behind.second) == (ahead.second, ahead.first)
    mirrored = {Word.BETTER: Word.WORSE, Word.WORSE: Word.BETTER, Word.NO_DIFFERENCE: Word.NO_DIFFERENCE}
    assert behind.word == mirrored[ahead.word]


@settings(deadline=None)
@given(sides())
def test_word_says_where_the_interval_lies(both):
    """Better is an interval above 0, worse one below; a mean lies in its interval, an accuracy between 0 and 1."""
    verdict = compare(*both, IMAGES)
    difference = verdict.difference
    assert (verdict.word == Word.BETTER) == (difference.low > 0)
    assert (verdict.word == Word.WORSE) == (difference.high < 0)
    assert difference.low <= difference.mean <= difference.high
    for accuracy in (verdict.first, verdict.second):
        assert 0 <= accuracy.low <= accuracy.mean <= accuracy.high <= 1
    assert difference.mean == pytest.approx(verdict.first.mean - verdict.second.mean)


@settings(deadline=None)
@given(sides())
def test_configuration_does_not_differ_from_itself(both):
    """Equal errors give a difference of exactly 0."""
    errors, _ = both
    verdict = compare(errors, [list(reversed(seed)) for seed in errors], IMAGES)
    assert verdict.difference == Estimate(0.0, 0.0, 0.0)
    assert verdict.word == Word.NO_DIFFERENCE


@settings(deadline=None)
@given(sides(), st.randoms(use_true_random=False))
def test_order_of_seeds_does_not_matter_to_the_interval(both, random):
    """Pairs may come in any order."""
    pairs = list(zip(*both, strict=True))
    shuffled = random.sample(pairs, len(pairs))
    first, second = ([list(pair[side]) for pair in shuffled] for side in (0, 1))
    assert compare(first, second, IMAGES).difference == compare(*both, IMAGES).difference


def test_one_seed_is_refused():
    """Nothing says how much seeds differ."""
    with pytest.raises(ValueError, match="at least 2 seeds and images, got 1 and 100"):
        compare([[1]], [[2]], 100)


def test_sides_of_other_lengths_are_refused():
    """Seeds are compared in pairs."""
    with pytest.raises(ValueError, match="both need the same seeds, got 3 and 2"):
        compare([[], [], []], [[], []], 100)


def test_configuration_alone_is_compared_with_nothing():
    """It has its accuracy; a difference and a p-value are of two."""
    wrong = [[1, 2], [1, 3]]
    verdict = alone(wrong, 100)
    assert verdict.first == verdict.second == compare(wrong, wrong, 100).first
    assert (verdict.word, verdict.difference, verdict.mcnemar) == (Word.NO_DIFFERENCE, None, None)
