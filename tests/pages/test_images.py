"""Pictures as arrays."""

from dataclasses import replace

import numpy as np

from dashboard.model.images import diverging, enlarged, picture, picture_of_weights
from trainable.problems import BUILT_IN


def test_enlarged_pixels_are_squares():
    """Each pixel becomes a square of its own value."""
    assert enlarged(np.array([[1, 2]], np.uint8), 2).tolist() == [[1, 1, 2, 2], [1, 1, 2, 2]]


def test_weights_have_the_colours_of_their_signs():
    """Blue below 0, nearly white at 0, vermilion above; beyond the reach they grow no stronger."""
    colours = diverging(np.array([-9, -1, 0, 1, 9], np.float32), 1.0).tolist()
    assert colours == [[0, 114, 178], [0, 114, 178], [247, 247, 247], [213, 94, 0], [213, 94, 0]]


def test_pictures_have_the_form_of_the_examples():
    """Grey with or without a dimension for it, and in colours; a large one is not made larger."""
    for shape, expected in (((2, 4), (4, 8)), ((2, 4, 1), (4, 8)), ((2, 4, 3), (4, 8, 3)), ((9, 9, 3), (9, 9, 3))):
        problem = replace(BUILT_IN, inputs=replace(BUILT_IN.inputs, shape=shape))
        numbers = np.arange(problem.inputs.features)
        assert picture(problem, numbers.astype(np.uint8), side=8).shape == expected
        assert picture_of_weights(problem, numbers.astype(np.float32), 1.0, side=8).shape == (*expected[:2], 3)


def test_weights_of_colours_are_grey_where_they_are_none():
    """A colour is light where its weight raises the unit."""
    problem = replace(BUILT_IN, inputs=replace(BUILT_IN.inputs, shape=(1, 1, 3)))
    assert picture_of_weights(problem, np.array([1, 0, -1], np.float32), 1.0, side=1).tolist() == [[[255, 128, 0]]]
