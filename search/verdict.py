"""Is one configuration better than another? What networks of several seeds, scored on the same images, say about it.

Both the seeds and the images are samples: a network of another seed makes other errors, and other images would be
easier or harder. The analysis of variance for several readers (here: seeds) who judge the same cases (here: images)
takes both into account, in one interval. Its degrees of freedom are the fewest that any share of seeds in the variance
calls for; docs/decisions/0009-verdict.md says how often it errs, and how often others did.

Source: Obuchowski and Rockette, Communications in Statistics - Simulation and Computation 24, 1995, with their degrees
of freedom; the mean squares as Hillis, Berbaum and Metz give them for single values, Academic Radiology 15, 2008.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

CONFIDENCE = 0.95
FEWEST = 2  # from one alone nothing is known of how seeds, or images, differ

NOTEBOOK = 0.9765  # test accuracy that Example 2.1 of Deep Learning with Python prints

Wrong = Sequence[Sequence[int]]
"""By seed, the images that its network classified wrong, as indices from 0."""


class Word(StrEnum):
    """The verdict in words."""

    BETTER = "better"
    NO_DIFFERENCE = "no difference shown"
    WORSE = "worse"


@dataclass(frozen=True)
class Estimate:
    """A share, or a difference of shares, with its 95 % interval."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True)
class McNemar:
    """McNemar's exact test on the networks of one seed.

    Attributes:
        seed: Position of the seed whose difference is the median (the lower one of two).
        only_first: Images that only the first network classified right.
        only_second: Images that only the second one did.
        p_value: Two-sided.
    """

    seed: int
    only_first: int
    only_second: int
    p_value: float


@dataclass(frozen=True)
class Verdict:
    """How a first configuration compares with a second, in accuracy.

    Attributes:
        word: The verdict itself.
        first: Accuracy of the first configuration.
        second: Of the second.
        difference: Of both accuracies; None where there is one configuration alone, and nothing to compare.
        mcnemar: Likewise.
    """

    word: Word
    first: Estimate
    second: Estimate
    difference: Estimate | None
    mcnemar: McNemar | None


def compare(first: Wrong, second: Wrong, images: int) -> Verdict:
    """Compare two configurations whose networks were scored on the same images.

    Args:
        first: Of the first configuration, for each seed.
        second: Of the second, for the same seeds in the same order.
        images: How many images there were.

    Raises:
        ValueError: Fewer than two seeds or images, or not as many seeds of one as of the other.
    """
    if len(first) != len(second):
        raise ValueError(f"both need the same seeds, got {len(first)} and {len(second)}")
    ours, theirs = correct(first, images), correct(second, images)
    difference = interval(ours - theirs)
    if difference.low > 0:
        word = Word.BETTER
    elif difference.high < 0:
        word = Word.WORSE
    else:
        word = Word.NO_DIFFERENCE
    return Verdict(word, _accuracy(ours), _accuracy(theirs), difference, _mcnemar(ours, theirs))


def alone(wrong: Wrong, images: int) -> Verdict:
    """Return the verdict where the second configuration is the first: it has an accuracy, and nothing to compare.

    Raises:
        ValueError: Fewer than two seeds or images.
    """
    accuracy = _accuracy(correct(wrong, images))
    return Verdict(Word.NO_DIFFERENCE, accuracy, accuracy, None, None)


def correct(wrong: Wrong, images: int) -> NDArray[np.float64]:
    """Return 1 for each image classified right and 0 for each other, float64 [seeds, images]."""
    right = np.ones((len(wrong), images))
    for seed, indices in enumerate(wrong):
        right[seed, list(indices)] = 0
    return right


def interval(values: NDArray[np.float64]) -> Estimate:
    """Return the mean over seeds and images with its 95 % interval.

    Args:
        values: float64 [seeds, images], whole numbers, of at least two seeds and two images.

    Raises:
        ValueError: There are fewer.
    """
    seeds, images = values.shape
    if seeds < FEWEST or images < FEWEST:
        raise ValueError(f"an interval needs at least {FEWEST} seeds and images, got {seeds} and {images}")
    mean = float(values.mean())
    ms_seed, ms_image, ms_rest = mean_squares(values)
    ms_seed = max(ms_seed, ms_rest)  # no smaller in expectation; with a few seeds it can be by chance, even 0
    total = ms_seed + max(ms_image - ms_rest, 0.0)
    reach = float(_stats().t.ppf((1 + CONFIDENCE) / 2, seeds - 1)) * float(np.sqrt(total / values.size))
    return Estimate(mean, mean - reach, mean + reach)


def mean_squares(values: NDArray[np.float64]) -> tuple[float, float, float]:
    """Return the mean squares of seeds, of images and of the rest, from values [seeds, images]."""
    seeds, images = values.shape
    # Sums of squares times the number of values: whole numbers where the values are, so that no rounding hides a 0.
    correction = float(values.sum()) ** 2
    by_seed = seeds * float((values.sum(axis=1) ** 2).sum()) - correction
    by_image = images * float((values.sum(axis=0) ** 2).sum()) - correction
    rest = values.size * float((values**2).sum()) - correction - by_seed - by_image
    freedoms = (seeds - 1, images - 1, (seeds - 1) * (images - 1))
    ms_seed, ms_image, ms_rest = (
        square / (values.size * freedom) for square, freedom in zip((by_seed, by_image, rest), freedoms, strict=True)
    )
    return ms_seed, ms_image, ms_rest


def wilson(accuracy: float, images: int) -> Estimate:
    """Return the accuracy of a single network with Wilson's 95 % interval."""
    found = _stats().binomtest(round(accuracy * images), images).proportion_ci(CONFIDENCE, method="wilson")
    return Estimate(accuracy, float(found.low), float(found.high))


def _accuracy(right: NDArray[np.float64]) -> Estimate:
    """Return the mean accuracy with its interval, cut off at 0 and 1."""
    found = interval(right)
    return Estimate(found.mean, max(found.low, 0.0), min(found.high, 1.0))


def _mcnemar(first: NDArray[np.float64], second: NDArray[np.float64]) -> McNemar:
    differences = first.mean(axis=1) - second.mean(axis=1)
    seed = int(np.argsort(differences, kind="stable")[(len(differences) - 1) // 2])
    only_first = int((first[seed] > second[seed]).sum())
    only_second = int((first[seed] < second[seed]).sum())
    discordant = only_first + only_second
    p_value = float(_stats().binomtest(only_first, discordant).pvalue) if discordant else 1.0
    return McNemar(seed, only_first, only_second, p_value)


def _stats() -> Any:
    from scipy import stats  # noqa: PLC0415 (half a second that a search's start should not cost)

    return stats
