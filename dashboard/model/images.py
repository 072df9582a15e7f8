"""Pictures as arrays: which problems have them, images enlarged without blur, and weights in colours."""

import numpy as np
from numpy.typing import NDArray

from trainable.problem import ProblemSpec

# Red, green and blue of Okabe and Ito's blue and vermilion, which survive colour blindness, and of what lies between.
BELOW, NONE, ABOVE = np.array([0, 114, 178]), np.array([247, 247, 247]), np.array([213, 94, 0])

Image = NDArray[np.uint8]


def has_pictures(problem: ProblemSpec) -> bool:
    """Say whether an example has two dimensions, and so can be shown as a picture."""
    return len(problem.inputs.shape) == 2  # noqa: PLR2004


def size_of(problem: ProblemSpec) -> str:
    """Return the shape of an example as people write it, e.g. 8 x 8."""
    return " x ".join(map(str, problem.inputs.shape))


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
