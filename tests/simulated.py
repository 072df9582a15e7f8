"""Simulated confirmations: the ends of whole searches without a network being trained, to see how often a verdict errs.

A network classifies an image wrong where a sum of normal effects is beyond a threshold: how hard the image is, how hard
it is for this configuration, how unlucky the network's seed is, and what is left to chance. The shares of the variance
are those that networks on MNIST showed (docs/decisions/0009-verdict.md).
"""

import numpy as np
from scipy.special import ndtri

from search.verdict import compare

IMAGES = 10_000  # for validation, and as many for the test
HARD = 1200  # of them; no network errs on the others
SEEDS = 5
ERROR = 0.02  # share of wrong images, of the baseline
IMAGE, INTERACTION = 0.92, 0.02  # shares of the variance: the image's, and its own with each configuration
# Standard deviations over seeds, beside a total variance of 1: networks of one configuration then differ in accuracy
# with a standard deviation of 0.0013, or of 0.0021.
STEADY, UNSTEADY = 0.02, 0.04
BATCH = 100  # searches at once


def words(gains, searches, random, *, candidates=STEADY, lucky_again=True):
    """The verdict's words of simulated searches, of those that the baseline did not win.

    Args:
        gains: True gains in accuracy, a share, of the candidates over the baseline.
        searches: How many.
        random: A generator.
        candidates: How much their seeds differ, `STEADY` or `UNSTEADY`; the baseline's are steady.
        lucky_again: Whether a seed has the same effect on a network of all training images as on one of the split.
    """
    found = []
    thresholds = ndtri(1 - ERROR + np.array([0.0, *gains])).astype(np.float32)
    deviations = np.array([STEADY, *(candidates for _ in gains)], np.float32)[:, None]
    for _ in range(0, searches, BATCH):
        shifts, others = (deviations * _normal(random, BATCH, len(thresholds), SEEDS) for _ in range(2))
        wrong = errors(thresholds[:, None] - shifts, random)
        winners = wrong.sum(axis=(2, 3)).argmin(axis=1)  # the baseline comes first, and of equal ones the first wins
        margins = thresholds[:, None] - (shifts if lucky_again else others)
        finalists = np.stack([winners, np.zeros_like(winners)], axis=1)
        wrong = errors(np.take_along_axis(margins, finalists[:, :, None], axis=1), random)
        for search in np.flatnonzero(winners):
            first, second = ([np.flatnonzero(seed) for seed in side] for side in wrong[search])
            found.append(compare(first, second, IMAGES).word)
    return found


def errors(margins, random):
    """Which of the hard images each network gets wrong; the images are new each time.

    Args:
        margins: float32 [searches, configurations, seeds], the thresholds that the networks have.
        random: A generator.

    Returns:
        bool [searches, configurations, seeds, HARD].
    """
    searches, configurations, seeds = margins.shape
    hardness = ndtri(random.uniform(1 - HARD / IMAGES, 1, (searches, 1, HARD))).astype(np.float32)
    systematic = IMAGE**0.5 * hardness + INTERACTION**0.5 * _normal(random, searches, configurations, HARD)
    chance = (1 - IMAGE - INTERACTION) ** 0.5
    wrong = np.empty((searches, configurations, seeds, HARD), bool)
    for seed in range(seeds):
        noise = chance * _normal(random, searches, configurations, HARD)
        wrong[:, :, seed] = systematic + noise > margins[:, :, seed, None]
    return wrong


def _normal(random, *shape):
    return random.standard_normal(shape, dtype=np.float32)
