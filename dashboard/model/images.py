"""Pictures as arrays: examples enlarged without blur, and weights in colours."""

import numpy as np
from numpy.typing import NDArray

from trainable.data.dataset import Examples
from trainable.problem import ProblemSpec

# Red, green and blue of Okabe and Ito's blue and vermilion, which survive colour blindness, and of what lies between.
BELOW, NONE, ABOVE = np.array([0, 114, 178]), np.array([247, 247, 247]), np.array([213, 94, 0])
GREY = 127.5  # in the middle of a colour's range
FLAT = 2  # dimensions of a picture without colours

Image = NDArray[np.uint8]


def size_of(problem: ProblemSpec) -> str:
    """Return the shape of an example as people write it, e.g. 8 x 8."""
    return " x ".join(map(str, problem.inputs.shape))


def has_colours(problem: ProblemSpec) -> bool:
    """Say whether pictures have more than one number a pixel."""
    return len(problem.inputs.shape) > FLAT and problem.inputs.shape[-1] > 1


def picture(problem: ProblemSpec, example: Examples, side: int) -> Image:
    """Return an example as a picture whose longer side has about so many pixels, never fewer than its own.

    Args:
        problem: Whose examples are pictures.
        example: uint8 [features].
        side: Pixels.
    """
    shape = problem.inputs.shape if has_colours(problem) else problem.inputs.shape[:FLAT]
    return enlarged(example.reshape(shape), max(1, side // max(shape[:FLAT])))


def picture_of_weights(problem: ProblemSpec, weights: NDArray[np.float32], reach: float, side: int) -> Image:
    """Return the weights [features] of a hidden unit as a picture.

    Where examples have one number a pixel, its colours are those of `diverging`; otherwise each colour is as light as
    its weight is large, and a weight of 0 is grey.
    """
    shape = problem.inputs.shape
    if has_colours(problem):
        light = GREY * (1 + np.clip(weights.reshape(shape)[..., :3] / reach, -1, 1))
        coloured: Image = np.rint(light).astype(np.uint8)
    else:
        coloured = diverging(weights.reshape(shape[:FLAT]), reach)
    return enlarged(coloured, max(1, side // max(shape[:FLAT])))


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
