"""Pictures as arrays."""

import numpy as np

from dashboard.model.images import diverging, enlarged


def test_enlarged_pixels_are_squares():
    """Each pixel becomes a square of its own value."""
    assert enlarged(np.array([[1, 2]], np.uint8), 2).tolist() == [[1, 1, 2, 2], [1, 1, 2, 2]]


def test_weights_have_the_colours_of_their_signs():
    """Blue below 0, nearly white at 0, vermilion above; beyond the reach they grow no stronger."""
    colours = diverging(np.array([-9, -1, 0, 1, 9], np.float32), 1.0).tolist()
    assert colours == [[0, 114, 178], [0, 114, 178], [247, 247, 247], [213, 94, 0], [213, 94, 0]]
