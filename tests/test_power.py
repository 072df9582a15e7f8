"""What a verdict can show: its formula against simulated networks, judged by the code that makes verdicts."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from scipy.special import ndtri

from search.confirmation.power import USUAL_ERROR, is_told, smallest, told_apart
from search.confirmation.verdict import FEWEST_DIFFERING, Word, compare
from trainable.problems import BUILT_IN

NETWORKS, CONFIDENCE = (5, 10), 0.98
# Shares of the variance of what decides whether a network errs on an example: the example's, and its own with each
# configuration. The rest is chance. So chance and configurations have about a quarter each of e (1 - e).
EXAMPLE, INTERACTION = 0.885, 0.065


def simulated(random, examples, errors):
    """The errors of the winner's and the baseline's networks, which err on these shares of all examples."""
    hardness, found = EXAMPLE**0.5 * random.standard_normal(examples), []
    for error, networks in zip(errors, NETWORKS, strict=True):
        own = INTERACTION**0.5 * random.standard_normal(examples)
        chance = (1 - EXAMPLE - INTERACTION) ** 0.5 * random.standard_normal((networks, examples))
        found.append([np.flatnonzero(each).tolist() for each in hardness + own + chance > ndtri(1 - error)])
    return found


def found(random, examples, errors, searches=120):
    """The share of searches in which the verdict calls the side better that is."""
    right = Word.BETTER if errors[0] < errors[1] else Word.WORSE
    verdicts = (compare(*simulated(random, examples, errors), examples, CONFIDENCE) for _ in range(searches))
    return np.mean([each.word == right for each in verdicts])


@pytest.mark.parametrize(("examples", "sign"), [(36, -1), (100, 1), (270, 1), (270, -1)])
def test_about_half_of_differences_of_that_size_are_found(examples, sign):
    """And hardly any of a third of it; of 36 examples no gain is so large, but a loss may be."""
    random, least = np.random.default_rng(examples), sign * smallest(examples, NETWORKS, CONFIDENCE)
    small, large = (found(random, examples, (USUAL_ERROR - gain, USUAL_ERROR)) for gain in (least / 3, least))
    assert small < 0.1
    assert 0.25 < large < 0.75


def test_twice_the_difference_is_nearly_always_found():
    """So the line is not too cautious either."""
    least = smallest(270, NETWORKS, CONFIDENCE)
    assert found(np.random.default_rng(3), 270, (USUAL_ERROR - 2 * least, USUAL_ERROR)) > 0.9


def test_few_examples_show_only_what_tells_ten_of_them_apart():
    """Of 27 no interval decides, but the rule of the ten: a difference of a tenth is no verdict."""
    least = smallest(27, NETWORKS, CONFIDENCE)
    assert FEWEST_DIFFERING / 27 - told_apart(15, USUAL_ERROR) == least
    assert least > 0.2
    assert found(np.random.default_rng(1), 27, (USUAL_ERROR + 0.1, USUAL_ERROR)) < 0.2


def test_examples_that_seeds_tell_apart_are_as_many_as_simulated():
    """Of so many networks some err on them and others do not."""
    random, shares = np.random.default_rng(2), []
    for _ in range(50):
        wrong = np.bincount(np.concatenate(simulated(random, 1000, (USUAL_ERROR,) * 2)[1]), minlength=1000)
        shares.append(np.mean((wrong > 0) & (wrong < NETWORKS[1])))
    assert told_apart(NETWORKS[1], USUAL_ERROR) == pytest.approx(np.mean(shares), rel=0.2)


def test_more_examples_networks_and_accuracy_show_smaller_differences():
    """And surer intervals larger ones."""
    by_examples = [smallest(each, NETWORKS, CONFIDENCE) for each in (20, 60, 200, 1000, 10_000)]
    assert all(few > many for few, many in pairwise(by_examples))
    usual = smallest(500, NETWORKS, CONFIDENCE)
    assert smallest(500, (20, 10), CONFIDENCE) < usual < smallest(500, NETWORKS, 0.995)
    assert smallest(500, NETWORKS, CONFIDENCE, error=0.02) < usual < smallest(500, NETWORKS, CONFIDENCE, error=0.3)


def test_built_in_problem_is_told_as_ever():
    """Nothing is added to its words; a problem that differs in anything is another one."""
    assert not is_told(BUILT_IN)
    assert is_told(replace(BUILT_IN, sizes={"train": 1000, "val": 100, "test": 270}))
