"""The verdict on studies that were confirmed before its design changed, in the way in which they were told it.

As many networks of either side, paired by seed. The intervals are those of the analysis of variance for several readers
(here: seeds) who judge the same cases (here: examples), with the fewest degrees of freedom that any share of seeds in
the variance calls for; docs/decisions/0009-verdict.md.

Source: Obuchowski and Rockette, Communications in Statistics - Simulation and Computation 24, 1995, with their degrees
of freedom; the mean squares as Hillis, Berbaum and Metz give them for single values, Academic Radiology 15, 2008.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from search.confirmation import verdict
from search.confirmation.candidates import Candidate, Network
from search.confirmation.evidence import Evidence
from search.confirmation.verdict import CONFIDENCE, Estimate, Verdict, Word, Wrong


@dataclass(frozen=True)
class EarlierEvidence(Evidence):
    """What such a confirmation says: the baseline is a candidate like the others, and may win."""

    baseline_may_win: ClassVar[bool] = True

    @cached_property
    def winner(self) -> Candidate | None:
        """The candidate with the best mean validation accuracy over the fresh seeds; None before all are known."""
        able = self._able
        if self.baseline not in able or any(map(self._is_missing, self._split_networks)):
            return None
        return max(able, key=lambda each: self.val_accuracy(each) or 0.0)

    @property
    def finalists(self) -> list[Candidate]:
        """The winner and the baseline; the baseline alone where it won."""
        return [self.baseline] if self.winner == self.baseline else super().finalists

    @property
    def number(self) -> int:
        """Of the verdict among those of the study: there was a look for each."""
        return max(self.looked, 1)

    @property
    def confidence(self) -> float:
        """Of the intervals, a share."""
        return CONFIDENCE

    @property
    def _able(self) -> list[Candidate]:
        return [each for each in self.candidates if not self.failure(each)]

    @property
    def _split_networks(self) -> list[Network]:
        return [network for each in self._able for network in self._on_the_split(each)]

    @property
    def may_follow(self) -> int:
        """How many networks of the winner may be needed beyond those that are known to be."""
        return 0 if self.winner or self.failure(self.baseline) else self.sizes[-1]

    @cached_property
    def _last_look(self) -> tuple[int, Verdict | None]:
        size = self.sizes[-1]
        wanted = [each for finalist in self.finalists for each in self._networks_of(finalist, size)]
        if self.winner is None or any(map(self._is_missing, wanted)):
            return size, None
        ours, theirs = self.errors(self.winner, size), self.errors(self.baseline, size)
        if self.winner == self.baseline:
            return size, alone(theirs, self.problem.sizes["test"])
        return size, compare_pairs(ours, theirs, self.problem.sizes["test"])


def compare_pairs(first: Wrong, second: Wrong, examples: int) -> Verdict:
    """Compare two configurations by networks of the same seeds in the same order; arguments as for `verdict.compare`.

    Raises:
        ValueError: Fewer than two seeds or examples, or not as many seeds of one as of the other.
    """
    if len(first) != len(second):
        raise ValueError(f"both need the same seeds, got {len(first)} and {len(second)}")
    ours, theirs = _correct(first, examples), _correct(second, examples)
    difference = interval(ours - theirs)
    pairs = verdict.won_pairs(verdict.accuracies_of(first, examples), verdict.accuracies_of(second, examples))
    return Verdict(
        verdict.word_of(difference), interval(ours).as_share, interval(theirs).as_share, difference, CONFIDENCE, pairs
    )


def alone(wrong: Wrong, examples: int) -> Verdict:
    """Return the verdict where the baseline won on the validation examples: an accuracy, and nothing to compare.

    Raises:
        ValueError: Fewer than two seeds or examples.
    """
    accuracy = interval(_correct(wrong, examples)).as_share
    return Verdict(Word.NO_DIFFERENCE, accuracy, accuracy, None, CONFIDENCE, None)


def interval(values: NDArray[np.float64]) -> Estimate:
    """Return the mean over seeds and examples with its 95 % interval.

    Args:
        values: float64 [seeds, examples], whole numbers, of at least two seeds and two examples.

    Raises:
        ValueError: There are fewer.
    """
    seeds, examples = values.shape
    if seeds < verdict.FEWEST or examples < verdict.FEWEST:
        raise ValueError(f"an interval needs at least {verdict.FEWEST} seeds and examples, got {seeds} and {examples}")
    mean = float(values.mean())
    ms_seed, ms_example, ms_rest = mean_squares(values)
    ms_seed = max(ms_seed, ms_rest)  # no smaller in expectation; with a few seeds it can be by chance, even 0
    total = ms_seed + max(ms_example - ms_rest, 0.0)
    reach = float(verdict.stats().t.ppf((1 + CONFIDENCE) / 2, seeds - 1)) * float(np.sqrt(total / values.size))
    return Estimate(mean, mean - reach, mean + reach)


def mean_squares(values: NDArray[np.float64]) -> tuple[float, float, float]:
    """Return the mean squares of seeds, of examples and of the rest, from values [seeds, examples]."""
    seeds, examples = values.shape
    # Sums of squares times the number of values: whole numbers where the values are, so that no rounding hides a 0.
    correction = float(values.sum()) ** 2
    by_seed = seeds * float((values.sum(axis=1) ** 2).sum()) - correction
    by_example = examples * float((values.sum(axis=0) ** 2).sum()) - correction
    rest = values.size * float((values**2).sum()) - correction - by_seed - by_example
    freedoms = (seeds - 1, examples - 1, (seeds - 1) * (examples - 1))
    ms_seed, ms_example, ms_rest = (
        square / (values.size * freedom) for square, freedom in zip((by_seed, by_example, rest), freedoms, strict=True)
    )
    return ms_seed, ms_example, ms_rest


def _correct(wrong: Wrong, examples: int) -> NDArray[np.float64]:
    """Return 1 for each example classified right and 0 for each other, float64 [seeds, examples]."""
    right = np.ones((len(wrong), examples))
    for seed, indices in enumerate(wrong):
        right[seed, list(indices)] = 0
    return right
