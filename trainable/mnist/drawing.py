"""How a drawing becomes such an image as MNIST's were made."""

import numpy as np
from numpy.typing import NDArray

from trainable.data.dataset import Array

SIDE = 28  # pixels of an image's width and height
BOX = 20  # pixels: MNIST's digits fill a square of this side in one direction
MIDDLE = 14.0  # where MNIST's centres of mass lie, counted from 0 in both directions
INK = 10  # of 255; what is darker is the rim of a stroke and does not count for its size


def like_mnist(drawing: Array) -> Array | None:
    """Return a drawing as MNIST's images were made, uint8 [28, 28]; None where nothing is drawn.

    The digit is scaled to fit 20 x 20 pixels, its aspect kept, and put with its centre of mass into the middle of
    28 x 28 (Y. LeCun, C. Cortes and C. Burges, The MNIST database of handwritten digits).

    Args:
        drawing: uint8 [height, width], light strokes on a dark ground.
    """
    rows, columns = (np.flatnonzero((drawing > INK).any(axis=axis)) for axis in (1, 0))
    if not len(rows):
        return None
    digit = drawing[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].astype(np.float64)
    scale = BOX / max(digit.shape)
    height, width = (max(round(scale * length), 1) for length in digit.shape)
    small = _averages(digit.shape[0], height) @ digit @ _averages(digit.shape[1], width).T
    image = np.zeros((SIDE, SIDE), np.uint8)
    top, left = _start(small.sum(axis=1)), _start(small.sum(axis=0))
    image[top : top + height, left : left + width] = np.rint(small)
    return image


def _averages(old: int, new: int) -> NDArray[np.float64]:
    """Return [new, old]: each new pixel is the mean of the old ones, or of their parts, that it covers."""
    edges = np.linspace(0, old, new + 1)
    pixels = np.arange(old)
    covered = np.minimum(edges[1:, None], pixels + 1) - np.maximum(edges[:-1, None], pixels)
    shares: NDArray[np.float64] = np.clip(covered, 0, None) * new / old
    return shares


def _start(masses: NDArray[np.float64]) -> int:
    """Return where a digit begins that has these masses by row, or by column; all of it stays in the image."""
    centre = float(np.arange(len(masses)) @ masses / masses.sum())
    return min(max(round(MIDDLE - centre), 0), SIDE - len(masses))
