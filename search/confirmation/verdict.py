"""Is one configuration better than another? What networks of several seeds, scored on the same examples, say about it.

Both the seeds and the examples are samples: a network of another seed makes other errors, and other examples would be
easier or harder. The seeds of the two sides are no pairs, since the same seed makes another network of another
configuration, and their numbers may differ; the examples are pairs. docs/decisions/0017-a-cheaper-verdict.md says how
often the interval errs, and how often others did.

Source: Welch, Biometrika 34, 1947, with the degrees of freedom of Satterthwaite, Biometrics Bulletin 2, 1946, for the
seeds; the variance of examples net of chance as in the analysis of variance of random effects; one example more each
way after Agresti and Min, Statistics in Medicine 24, 2005.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import chain
from math import inf, sqrt
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

CONFIDENCE = 0.95  # of an interval that belongs to no verdict
FEWEST = 2  # from one alone nothing is known of how seeds, or examples, differ
FEWEST_DIFFERING = 10  # examples on which the sides do not err alike: with fewer, the interval means nothing

Wrong = Sequence[Sequence[int]]
"""By seed, the examples that its network classified wrong, as indices from 0."""


class Word(StrEnum):
    """The verdict in words, with the names that `ProblemSpec.said` knows."""

    BETTER = "better"
    NO_DIFFERENCE = "no difference shown"
    TOO_FEW = "too few {examples} differ to say"
    WORSE = "worse"
    NOT_TESTED = "not tested"  # no verdict: nothing was scored on test examples

    @property
    def is_clear(self) -> bool:
        """Whether it says which side is the better one."""
        return self in (Word.BETTER, Word.WORSE)


@dataclass(frozen=True)
class Estimate:
    """A share, or a difference of shares, with its interval."""

    mean: float
    low: float
    high: float

    @property
    def as_share(self) -> Self:
        """The same, cut off at 0 and 1."""
        return replace(self, low=max(self.low, 0.0), high=min(self.high, 1.0))

    @property
    def reach(self) -> float:
        """Half of the interval's width."""
        return (self.high - self.low) / 2

    def told(self, form: str = ".4f", times: float = 1, unit: str = "") -> str:
        """Return it in words, such as 0.9812 (0.9801 to 0.9823), after so many times and with a unit."""
        mean, low, high = (f"{times * each:{form}}" for each in (self.mean, self.low, self.high))
        return f"{mean}{unit} ({low} to {high})"


@dataclass(frozen=True)
class Verdict:
    """How a first configuration compares with a second, in accuracy.

    Attributes:
        word: The verdict itself.
        first: Accuracy of the first configuration.
        second: Of the second.
        difference: Of both accuracies; None where there is one configuration alone, and nothing to compare.
        confidence: Of the three intervals, a share.
        pairs: The share of pairs of a network of each side in which the first side's is the more accurate one; of
            equal ones a half counts. None where there is no second side.
    """

    word: Word
    first: Estimate
    second: Estimate
    difference: Estimate | None
    confidence: float
    pairs: float | None

    @property
    def is_behind(self) -> bool:
        """Whether the first configuration's mean is below the second's, and no difference shown."""
        return self.difference is not None and not self.word.is_clear and self.difference.mean < 0


@dataclass(frozen=True)
class _Side:
    """What is known of one configuration.

    Attributes:
        accuracies: By seed, float64 [seeds].
        erring: The share of its networks that classify an example wrong, float64 [examples].
        seeds_variance: Of the mean accuracy, by the seeds.
        chance: Of an example's share of errors, by what neither the example nor the configuration decides.
    """

    accuracies: NDArray[np.float64]
    erring: NDArray[np.float64]
    seeds_variance: float
    chance: float

    @property
    def mean(self) -> float:
        return float(self.accuracies.mean())

    @property
    def freedom(self) -> int:
        return len(self.accuracies) - 1


def compare(first: Wrong, second: Wrong, examples: int, confidence: float = CONFIDENCE) -> Verdict:
    """Compare two configurations whose networks were scored on the same examples.

    Args:
        first: Of the first configuration, for each of its seeds.
        second: Of the second, for each of its own.
        examples: How many examples there were.
        confidence: Of the intervals, a share.

    Raises:
        ValueError: Fewer than two seeds of a side, or fewer than two examples.
    """
    ours, theirs = _side(first, examples), _side(second, examples)
    difference = _interval(ours.mean - theirs.mean, (ours, theirs), theirs.erring - ours.erring, confidence)
    differing = int(np.count_nonzero(np.round(theirs.erring - ours.erring, 12)))
    word = Word.TOO_FEW if differing < FEWEST_DIFFERING else word_of(difference)
    return Verdict(
        word, _accuracy(ours, confidence), _accuracy(theirs, confidence), difference, confidence,
        won_pairs(ours.accuracies, theirs.accuracies),
    )  # fmt: skip


def word_of(difference: Estimate) -> Word:
    """Return what an interval of a difference says."""
    if difference.low > 0:
        return Word.BETTER
    return Word.WORSE if difference.high < 0 else Word.NO_DIFFERENCE


def won_pairs(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    """Return the share of pairs, one accuracy of each side, in which the first is greater; equal ones count half."""
    signs = np.sign(np.round(first[:, None] - second[None, :], 12))
    return float((signs + 1).mean() / 2)


def wilson(accuracy: float, examples: int, confidence: float = CONFIDENCE) -> Estimate:
    """Return the accuracy of a single network with Wilson's interval."""
    found = stats().binomtest(round(accuracy * examples), examples).proportion_ci(confidence, method="wilson")
    return Estimate(accuracy, float(found.low), float(found.high))


def accuracies_of(wrong: Wrong, examples: int) -> NDArray[np.float64]:
    """Return the accuracy of each seed's network, float64 [seeds]."""
    return 1 - np.array([len(each) for each in wrong]) / examples


def _side(wrong: Wrong, examples: int) -> _Side:
    seeds = len(wrong)
    if seeds < FEWEST or examples < FEWEST:
        raise ValueError(f"an interval needs at least {FEWEST} seeds and examples, got {seeds} and {examples}")
    accuracies = accuracies_of(wrong, examples)
    networks = np.bincount(np.fromiter(chain.from_iterable(wrong), np.intp), minlength=examples)  # that err, by example
    chance = float((networks * (seeds - networks)).sum()) / (seeds * (seeds - 1) * examples)
    # No smaller in expectation; with a few seeds that happen to agree the variance of accuracies can be, even 0.
    variance = max(float(accuracies.var(ddof=1)), chance / examples)
    return _Side(accuracies, networks / seeds, variance / seeds, chance)


def _interval(mean: float, sides: Sequence[_Side], by_example: NDArray[np.float64], confidence: float) -> Estimate:
    """Return the interval of the mean of one side, or of the difference of two.

    Args:
        mean: What is estimated.
        sides: Whose networks it is made of.
        by_example: The same for each example, float64 [examples].
        confidence: A share.
    """
    examples = len(by_example)
    chance = sum(side.chance / len(side.accuracies) for side in sides)
    of_examples = max(float(by_example.var(ddof=1)) - chance, 0.0) / examples
    more = 2 / examples**2  # one example more each way: where nothing or everything errs, that is no certainty
    variance = sum(side.seeds_variance for side in sides) + of_examples + more
    reach = reach_of(variance, [(side.seeds_variance, side.freedom) for side in sides], confidence)
    return Estimate(mean, mean - reach, mean + reach)


def reach_of(variance: float, of_seeds: Sequence[tuple[float, int]], confidence: float) -> float:
    """Return half of an interval's width.

    Args:
        variance: Of what is estimated.
        of_seeds: For each side the part of it that the seeds decide, with its degrees of freedom; the rest has many.
        confidence: A share.
    """
    by_seeds = sum(part**2 / freedom for part, freedom in of_seeds)
    freedom = variance**2 / by_seeds if by_seeds else inf
    return float(_special().stdtrit(freedom, (1 + confidence) / 2)) * sqrt(variance)  # Student's quantile


def _accuracy(side: _Side, confidence: float) -> Estimate:
    return _interval(side.mean, (side,), side.erring, confidence).as_share


def stats() -> Any:
    """Return SciPy's statistics, which take half a second to import: a search's start does without them."""
    from scipy import stats  # noqa: PLC0415 (see above)

    return stats


def _special() -> Any:
    """Return SciPy's functions: its quantile is a hundred times as fast as the distribution's, which asks it."""
    from scipy import special  # noqa: PLC0415 (as above)

    return special
