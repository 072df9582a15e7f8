"""Splits drawn from the training examples, class by class."""

import numpy as np
from numpy.typing import NDArray

SHARE = 0.15  # of the examples, for each split that is drawn
SEED = 0  # whatever a search's seed is: the same data are split the same way


def stratified(labels: NDArray[np.int32], classes: int) -> NDArray[np.bool_]:
    """Draw 15 % of the examples, of each class as nearly as can be, at least one and never all.

    Args:
        labels: int32 [n], each of the classes at least twice.
        classes: How many there are.

    Returns:
        bool [n], whether an example is drawn; the same for the same labels.
    """
    counts = np.bincount(labels, minlength=classes)
    wanted = SHARE * counts
    drawn = np.floor(wanted).astype(np.int64)
    largest = np.argsort(drawn - wanted, kind="stable")[: round(wanted.sum()) - drawn.sum()]  # largest remainders
    drawn[largest] += 1
    drawn = np.clip(drawn, 1, counts - 1)
    # The old generator, since its numbers never change with NumPy's version.
    order = np.random.RandomState(SEED).permutation(len(labels))
    by_class = order[np.argsort(labels[order], kind="stable")]
    rank = np.arange(len(labels)) - np.repeat(np.cumsum(counts) - counts, counts)
    chosen = np.zeros(len(labels), np.bool_)
    chosen[by_class[rank < np.repeat(drawn, counts)]] = True
    return chosen
