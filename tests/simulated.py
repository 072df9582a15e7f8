"""Simulated confirmations: whole searches' ends without a network being trained, to see how often a verdict errs.

A network classifies an image wrong where a sum of normal effects is beyond a threshold: how hard the image is, how hard
it is for this configuration, how unlucky the network's seed is, and what is left to chance. The shares of the variance
are those that networks on MNIST showed (docs/decisions/0009-verdict.md).
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from search.verdict import compare

IMAGES = 10_000  # for validation, and as many for the test
HARD = 2000  # of them; no network errs on the others
SEEDS = 5
ERROR = 0.0200  # share of wrong images, of the baseline
IMAGE, INTERACTION = 0.85, 0.05  # shares of the variance: the image's, and its own with each configuration
SEED_SHIFT = 0.02  # standard deviation over seeds, beside a total variance of 1


@dataclass(frozen=True)
class Group:
    """Some configurations with networks of each seed; effects are float32 [searches, configurations, ...].

    Attributes:
        thresholds: Of each configuration.
        shifts: Of each seed.
    """

    thresholds: np.ndarray
    shifts: np.ndarray

    def of(self, chosen):
        """The same with only some configurations of each search, int [searches, chosen]."""
        rows = np.arange(len(chosen))[:, None]
        return Group(self.thresholds[rows, chosen], self.shifts[rows, chosen])


def words(gains, searches, random, *, lucky_again=True):
    """The verdict's words of simulated searches.

    Args:
        gains: True gains in accuracy, a share, of the candidates over the baseline.
        searches: How many.
        random: A generator.
        lucky_again: Whether a seed has the same effect on a network of all training images as on one of the split.
    """
    found = []
    for _ in range(0, searches, batch := 100):
        group = configurations([0.0, *gains], batch, random)
        accuracies = 1 - errors(group, random).mean(axis=(2, 3)) * HARD / IMAGES
        winners = accuracies.argmax(axis=1)  # the baseline is the first, and of equal ones the first wins
        again = group if lucky_again else configurations([0.0, *gains], batch, random)
        finalists = again.of(np.stack([winners, np.zeros_like(winners)], axis=1))
        wrong = errors(finalists, random)
        for search in np.flatnonzero(winners):
            first, second = ([np.flatnonzero(seed) for seed in side] for side in wrong[search])
            found.append(compare(first, second, IMAGES).word)
    return found


def configurations(gains, searches, random):
    """Configurations with these gains over the baseline, and seeds drawn for each."""
    thresholds = np.broadcast_to(ndtri(1 - ERROR + np.array(gains)).astype(np.float32), (searches, len(gains)))
    return Group(thresholds, SEED_SHIFT * _normal(random, searches, len(gains), SEEDS))


def errors(group, random):
    """Which hard images each network gets wrong, bool [searches, configurations, seeds, HARD]; new images each time."""
    searches, number = group.thresholds.shape
    hardness = ndtri(random.uniform(1 - HARD / IMAGES, 1, (searches, 1, HARD))).astype(np.float32)
    systematic = IMAGE**0.5 * hardness + INTERACTION**0.5 * _normal(random, searches, number, HARD)
    chance = (1 - IMAGE - INTERACTION) ** 0.5
    wrong = np.empty((searches, number, SEEDS, HARD), bool)
    for seed in range(SEEDS):
        margin = group.thresholds - group.shifts[:, :, seed]
        wrong[:, :, seed] = systematic + chance * _normal(random, searches, number, HARD) > margin[..., None]
    return wrong


def _normal(random, *shape):
    return random.standard_normal(shape, dtype=np.float32)
