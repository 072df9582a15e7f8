"""The verdict: exact numbers, its symmetry, and how often it errs in simulated searches."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from benchmarks.simulated import LIKE_BASELINE, STEADY, UNSTEADY, confirmations, errors
from search.confirmation.verdict import Word, compare, wilson

IMAGES = 60
SEARCHES = pytest.param(1000, marks=pytest.mark.thorough)


@st.composite
def sides(draw, images=IMAGES):
    """The errors of two configurations, for two to six seeds each."""
    errors = st.lists(st.integers(0, images - 1), unique=True, max_size=20)
    return tuple(draw(st.lists(errors, min_size=2, max_size=6)) for _ in range(2))


def apart(*numbers, start=0):
    """The errors of networks of which no two err on the same image: so many of each."""
    ends = np.cumsum([start, *numbers])
    return [list(range(low, high)) for low, high in pairwise(ends)]


def outcomes(gains, number, *, seed=1, **options):
    """The first verdict's outcome of each simulated study."""
    return [first for first, *_ in confirmations(gains, number, np.random.default_rng(seed), **options)]


def share(found):
    """The share that holds."""
    found = list(found)
    return sum(found) / len(found)


def test_where_seeds_alone_differ_it_is_welchs_interval():
    """Errors on an image each leave nothing to the images; the variances and numbers of seeds differ.

    Against scipy.stats.ttest_ind(equal_var=False): what is added for one image more each way is far below a digit.
    """
    ours, theirs, images = (100, 300, 500), (900, 950, 1010, 700), 10_000_000
    verdict = compare(apart(*ours), apart(*theirs, start=5000), images, 0.98)
    accuracies = [1 - np.array(each) / images for each in (ours, theirs)]
    expected = stats.ttest_ind(*accuracies, equal_var=False).confidence_interval(0.98)
    assert (verdict.difference.low, verdict.difference.high) == pytest.approx((expected.low, expected.high), rel=5e-3)
    assert verdict.difference.mean == pytest.approx(accuracies[0].mean() - accuracies[1].mean())
    alone = stats.ttest_1samp(accuracies[0], 0).confidence_interval(0.98)
    assert (verdict.first.low, verdict.first.high) == pytest.approx((alone.low, min(alone.high, 1.0)), abs=2e-7)


def test_same_errors_with_every_seed_leave_the_images_as_the_only_chance():
    """Then the standard error is that of a mean of differences between images, and the quantile the normal one's."""
    first, second = [*range(10)], [*range(100, 140)]
    found = compare([first] * 3, [second] * 4, 10_000).difference
    by_image = np.zeros(10_000)
    by_image[first], by_image[second] = -1, 1
    reach = stats.norm.ppf(0.975) * (by_image.var(ddof=1) / 10_000 + 2 / 10_000**2) ** 0.5
    assert (found.low, found.high) == pytest.approx((0.003 - reach, 0.003 + reach), abs=1e-12)


def test_parts_of_the_variance_are_added():
    """A small case, worked out by the definitions with plain loops: seeds of either side, and images net of chance."""
    first, second, images = [[0, 1, 2, 9], [0, 1, 3]], [[0, 1, 2, 4, 5, 6], [0, 4, 5, 6, 7, 8], [1, 2, 4, 5]], 40
    sides_of, parts, freedoms, chances = (first, second), [], [], []
    for side in sides_of:
        accuracies = [1 - len(each) / images for each in side]
        mean = sum(accuracies) / len(side)
        variance = sum((each - mean) ** 2 for each in accuracies) / (len(side) - 1)
        within = 0.0
        for image in range(images):
            errs = [image in each for each in side]
            own = sum(errs) / len(side)
            within += sum((each - own) ** 2 for each in errs) / (len(side) - 1) / images
        parts.append(max(variance, within / images) / len(side))
        chances.append(within / len(side))
        freedoms.append(len(side) - 1)
    by_image = [
        sum(image in each for each in second) / len(second) - sum(image in each for each in first) / len(first)
        for image in range(images)
    ]
    spread = np.var(by_image, ddof=1)
    total = sum(parts) + max(spread - sum(chances), 0) / images + 2 / images**2
    freedom = total**2 / sum(part**2 / each for part, each in zip(parts, freedoms, strict=True))
    reach = stats.t.ppf(0.99, freedom) * total**0.5
    found = compare(first, second, images, 0.98).difference
    mean = np.mean(by_image)
    assert (found.mean, found.low, found.high) == pytest.approx((mean, mean - reach, mean + reach), abs=1e-12)


def test_seeds_that_agree_by_chance_do_not_make_it_sure():
    """Two seeds with the same number of errors, on other images, vary as chance does."""
    verdict = compare(apart(10, 10), apart(14, 14, start=20), 1000)
    assert verdict.word == Word.NO_DIFFERENCE
    assert verdict.difference.high - verdict.difference.low > 0.01


@pytest.mark.parametrize("wrong", [[], list(range(50))], ids=["nothing", "everything"])
def test_no_interval_is_without_width(wrong):
    """Where nothing or everything errs, 50 images are still a sample."""
    verdict = compare([wrong] * 3, [wrong] * 4, 50)
    assert verdict.word == Word.TOO_FEW
    assert verdict.difference.low < 0 == verdict.difference.mean < verdict.difference.high
    assert verdict.first.high - verdict.first.low > 0.01


def test_few_images_that_differ_say_nothing():
    """Nine, however clearly; ten may."""
    shared = list(range(100, 130))
    nine = compare([shared] * 3, [[*shared, *range(9)]] * 3, 200)
    ten = compare([shared] * 3, [[*shared, *range(10)]] * 3, 200)
    assert (nine.word, ten.word) == (Word.TOO_FEW, Word.BETTER)
    assert not nine.word.is_clear
    assert ten.word.is_clear


def test_more_confidence_is_a_wider_interval():
    """At every level the same mean."""
    found = [compare(apart(5, 9, 7), apart(12, 15, start=30), 1000, level).difference for level in (0.9, 0.98, 0.9975)]
    widths = [each.high - each.low for each in found]
    assert widths == sorted(widths)
    assert len({each.mean for each in found}) == 1


def test_pairs_that_are_won_are_counted():
    """Of six pairs of networks four are won and one is a draw."""
    verdict = compare(apart(10, 20), apart(15, 20, 30, start=40), 1000)
    assert verdict.pairs == pytest.approx((3 + 1 + 0.5) / 6)


def test_one_network_has_wilsons_interval():
    """The notebook's accuracy on 10,000 images, and a small sample; numbers of statsmodels 0.15."""
    notebook, small = wilson(0.9765, 10_000), wilson(0.9, 50)
    assert (notebook.mean, notebook.low, notebook.high) == pytest.approx((0.9765, 0.97334291, 0.97929114), abs=1e-8)
    assert (small.low, small.high) == pytest.approx((0.78639769, 0.95652424), abs=1e-8)
    assert wilson(0.9765, 10_000, 0.98).low < notebook.low


@settings(deadline=None)
@given(sides())
def test_swapping_the_sides_mirrors_the_verdict(both):
    """Neither side is favoured."""
    first, second = both
    ahead, behind = compare(first, second, IMAGES), compare(second, first, IMAGES)
    assert (behind.difference.low, behind.difference.mean, behind.difference.high) == pytest.approx(
        (-ahead.difference.high, -ahead.difference.mean, -ahead.difference.low), abs=1e-12
    )
    assert (behind.first, behind.second) == (ahead.second, ahead.first)
    assert behind.pairs == pytest.approx(1 - ahead.pairs)
    mirrored = {Word.BETTER: Word.WORSE, Word.WORSE: Word.BETTER}
    assert behind.word == mirrored.get(ahead.word, ahead.word)


@settings(deadline=None)
@given(sides())
def test_word_says_where_the_interval_lies(both):
    """Better is an interval above 0, worse one below; a mean lies in its interval, an accuracy between 0 and 1."""
    verdict = compare(*both, IMAGES)
    difference = verdict.difference
    if verdict.word != Word.TOO_FEW:
        assert (verdict.word == Word.BETTER) == (difference.low > 0)
        assert (verdict.word == Word.WORSE) == (difference.high < 0)
    assert difference.low < difference.mean < difference.high
    for accuracy in (verdict.first, verdict.second):
        assert 0 <= accuracy.low <= accuracy.mean <= accuracy.high <= 1
    assert difference.mean == pytest.approx(verdict.first.mean - verdict.second.mean)


@settings(deadline=None)
@given(sides())
def test_configuration_does_not_differ_from_itself(both):
    """Equal errors give a difference of exactly 0."""
    errors, _ = both
    verdict = compare(errors, [list(reversed(seed)) for seed in errors], IMAGES)
    assert verdict.difference.mean == 0.0
    assert not verdict.word.is_clear
    assert verdict.pairs == pytest.approx(0.5)


@settings(deadline=None)
@given(sides(), st.randoms(use_true_random=False))
def test_order_of_seeds_does_not_matter(both, random):
    """Seeds of the two sides are no pairs."""
    shuffled = [random.sample(side, len(side)) for side in both]
    found, expected = compare(*shuffled, IMAGES), compare(*both, IMAGES)
    assert found.word == expected.word
    assert (found.difference.low, found.difference.high) == pytest.approx(
        (expected.difference.low, expected.difference.high), abs=1e-12
    )


@pytest.mark.parametrize(("first", "second"), [([[1]], [[2], [3]]), ([[1], [2]], [[3]])])
def test_one_seed_is_refused(first, second):
    """Nothing says how much seeds differ."""
    with pytest.raises(ValueError, match="at least 2 seeds and examples, got 1 and 100"):
        compare(first, second, 100)


@pytest.mark.parametrize("networks", [(3, 10), (5, 10), (5, 5)])
def test_interval_covers_the_truth_as_often_as_it_says(networks):
    """In 94 to 98 % of simulated comparisons, for 95 %, with a gain and seeds that differ less than the baseline's."""
    random, truth, held = np.random.default_rng(4), 0.003, []
    for _ in range(20):
        drawn = errors(random, [truth, 0.0], [STEADY, LIKE_BASELINE], networks, 50)
        for ours, theirs in zip(*drawn, strict=True):
            lists = [[np.flatnonzero(each).tolist() for each in side] for side in (ours, theirs)]
            difference = compare(*lists, 10_000).difference
            held.append(difference.low <= truth <= difference.high)
    assert 0.94 <= share(held) <= 0.98


@pytest.mark.parametrize("number", [400, SEARCHES])
def test_whole_procedure_errs_as_often_as_it_may(number):
    """Where nothing is better than the baseline, the choice and both looks say better or worse in 1 to 5 % of searches.

    Simulating 1,000 confirmations takes some seconds.
    """
    found = outcomes((0.0, 0.0, 0.0), number)
    assert 0.01 <= share(each.word.is_clear for each in found) <= 0.05


@pytest.mark.thorough
@pytest.mark.parametrize("deviation", [STEADY, UNSTEADY])
def test_other_winners_are_rarely_called_better_by_mistake(deviation):
    """Nor worse: in 5 % at most each, where the winner's seeds differ less than the baseline's, and more."""
    words = [each.word for each in outcomes((0.0, 0.0, 0.0), 2000, deviation=deviation)]
    assert words.count(Word.BETTER) <= 0.05 * 2000
    assert words.count(Word.WORSE) <= 0.05 * 2000
    assert words.count(Word.BETTER) + words.count(Word.WORSE) >= 0.01 * 2000


@pytest.mark.parametrize("number", [300, SEARCHES])
def test_gain_of_three_tenths_of_a_point_is_found(number):
    """In 65 % of searches at least, where the winner's seeds differ by 0.13 points as often as not."""
    found = outcomes((0.003, 0.003, 0.003), number, seed=2)
    assert share(each.word == Word.BETTER for each in found) >= 0.65


@pytest.mark.parametrize("number", [150, pytest.param(2000, marks=pytest.mark.thorough)])
def test_six_verdicts_in_a_row_err_no_more_than_one_may(number):
    """On the same test images, against the same networks of the baseline, with new candidates each time."""
    studies = list(confirmations((0.0, 0.0, 0.0), number, np.random.default_rng(5), verdicts=6))
    any_false = share(any(each.word.is_clear for each in study) for study in studies)
    assert 0.01 <= any_false <= 0.05
