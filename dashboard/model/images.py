"""Pictures as arrays: images enlarged without blur, weights in colours, and a drawing made like MNIST's images."""

import numpy as np
from numpy.typing import NDArray

from search.export.formats import SIDE

BOX = 20  # pixels: MNIST's digits fill a square of this side in one direction
MIDDLE = 14.0  # where MNIST's centres of mass lie, counted from 0 in both directions
INK = 10  # of 255; what is darker is the rim of a stroke and does not count for its size

# Red, green and blue of Okabe and Ito's blue and vermilion, which survive colour blindness, and of what lies between.
BELOW, NONE, ABOVE = np.array([0, 114, 178]), np.array([247, 247, 247]), np.array([213, 94, 0])

Image = NDArray[np.uint8]


def enlarged(image: Image, factor: int) -> Image:
    """Return an image [rows, columns] or [rows, columns, colours] whose pixels are squares of `factor` pixels."""
    return image.repeat(factor, axis=0).repeat(factor, axis=1)


def diverging(values: NDArray[np.float32], reach: float) -> Image:
    """Return values as colours, uint8 [..., 3]: blue below 0, white at 0, vermilion above.

    Args:
        values: Of any shape.
        reach: Positive; from its negative down and from it up the colours are the strongest.
    """
    share = np.clip(values / reach, -1, 1)[..., None]
    strongest = np.where(share < 0, BELOW, ABOVE)
    colours: Image = np.rint(NONE + np.abs(share) * (strongest - NONE)).astype(np.uint8)
    return colours


def like_mnist(drawing: Image) -> Image | None:
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
