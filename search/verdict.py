"""Is one configuration better than another? What networks of several seeds, scored on the same images, say about it.

Both the seeds and the images are samples: a network of another seed makes other errors, and other images would be
easier or harder. The analysis of variance for several readers (here: seeds) who judge the same cases (here: images)
takes both into account, in one interval.

Source: Hillis, Berbaum and Metz, Recent developments in the Dorfman-Berbaum-Metz procedure for multireader ROC study
analysis, Academic Radiology 15, 2008; its degrees of freedom are those of Hillis, Statistics in Medicine 26, 2007.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

CONFIDENCE = 0.95
FEWEST_SEEDS = 2  # from one alone nothing is known of how seeds differ

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
    """How a first configuration compares with a second, in accuracy."""

    word: Word
    first: Estimate
    second: Estimate
    difference: Estimate
    mcnemar: McNemar

    def to_json(self) -> dict[str, Any]:
        """Return a form that JSON can hold."""
        return asdict(self)


def compare(first: Wrong, second: Wrong, images: int) -> Verdict:
    """Compare two configurations whose networks were scored on the same images.

    Args:
        first: Of the first configuration, for each seed.
        second: Of the second, for the same seeds in the same order.
        images: How many images there were.

    Raises:
        ValueError: Fewer than two seeds, or not as many of one as of the other.
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
    return Verdict(word, interval(ours), interval(theirs), difference, _mcnemar(ours, theirs))


def correct(wrong: Wrong, images: int) -> NDArray[np.float64]:
    """Return 1 for each image classified right and 0 for each other, float64 [seeds, images]."""
    right = np.ones((len(wrong), images))
    for seed, indices in enumerate(wrong):
        right[seed, list(indices)] = 0
    return right


def interval(values: NDArray[np.float64]) -> Estimate:
    """Return the mean over seeds and images with its 95 % interval.

    Args:
        values: float64 [seeds, images], of at least two seeds.

    Raises:
        ValueError: There are fewer.
    """
    seeds, images = values.shape
    if seeds < FEWEST_SEEDS:
        raise ValueError(f"an interval needs at least {FEWEST_SEEDS} seeds, got {seeds}")
    mean = float(values.mean())
    by_seed, by_image = values.mean(axis=1), values.mean(axis=0)
    ms_seed = images * float(by_seed.var(ddof=1))
    ms_image = seeds * float(by_image.var(ddof=1))
    rest = values - by_seed[:, None] - by_image + mean
    ms_rest = float((rest**2).sum()) / ((seeds - 1) * (images - 1))
    total = ms_seed + max(ms_image - ms_rest, 0.0)
    if total == 0:
        return Estimate(mean, mean, mean)
    freedom = total**2 * (seeds - 1) / ms_seed**2 if ms_seed else np.inf
    reach = float(stats.t.ppf((1 + CONFIDENCE) / 2, freedom)) * float(np.sqrt(total / (seeds * images)))
    return Estimate(mean, mean - reach, mean + reach)


def wilson(accuracy: float, images: int) -> Estimate:
    """Return the accuracy of a single network with Wilson's 95 % interval."""
    found = stats.binomtest(round(accuracy * images), images).proportion_ci(CONFIDENCE, method="wilson")
    return Estimate(accuracy, float(found.low), float(found.high))


def _mcnemar(first: NDArray[np.float64], second: NDArray[np.float64]) -> McNemar:
    differences = first.mean(axis=1) - second.mean(axis=1)
    seed = int(np.argsort(differences, kind="stable")[(len(differences) - 1) // 2])
    only_first = int((first[seed] > second[seed]).sum())
    only_second = int((first[seed] < second[seed]).sum())
    discordant = only_first + only_second
    p_value = float(stats.binomtest(only_first, discordant).pvalue) if discordant else 1.0
    return McNemar(seed, only_first, only_second, p_value)
