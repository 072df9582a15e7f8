"""How a drawing becomes an image of MNIST's kind."""

import numpy as np
import pytest

from trainable.mnist.drawing import like_mnist


def test_nothing_drawn_is_no_digit():
    """An empty canvas has no image."""
    assert like_mnist(np.zeros((112, 112), np.uint8)) is None


@pytest.mark.parametrize(("top", "left"), [(0, 0), (10, 70), (80, 3)])
@pytest.mark.parametrize(("height", "width"), [(30, 10), (10, 30), (1, 1), (20, 20)])
def test_drawing_fills_the_box_in_the_middle(top, left, height, width):
    """Wherever and however large it is drawn: its longer side has 20 pixels, its centre of mass is in the middle."""
    drawing = np.zeros((112, 112), np.uint8)
    drawing[top : top + height, left : left + width] = 255
    image = like_mnist(drawing)
    rows, columns = (np.flatnonzero(image.any(axis=axis)) for axis in (1, 0))
    assert max(np.ptp(rows), np.ptp(columns)) + 1 == 20
    assert abs(rows.mean() - 14) <= 0.5
    assert abs(columns.mean() - 14) <= 0.5
    assert image.max() == 255


def test_drawing_keeps_its_aspect():
    """A stroke three times as high as wide stays so."""
    drawing = np.zeros((112, 112), np.uint8)
    drawing[:90, :30] = 255
    image = like_mnist(drawing)
    assert (image.any(axis=1).sum(), image.any(axis=0).sum()) == (20, 7)


def test_one_sided_digit_stays_in_the_image():
    """A centre of mass far off the middle of the digit moves no part of it out."""
    drawing = np.zeros((100, 100), np.uint8)
    drawing[:, :1] = drawing[:1] = 255
    drawing[99, 99] = 255
    assert like_mnist(drawing).any(axis=0).sum() == 20


def test_mnist_images_come_back_as_they_were(dataset):
    """An image of MNIST that is drawn at another place and scale is prepared as MNIST prepared it."""
    for image in dataset.x_val[:20].reshape(-1, 28, 28):
        drawing = np.zeros((140, 140), np.uint8)
        drawing[7:119, 20:132] = image.repeat(4, axis=0).repeat(4, axis=1)
        difference = like_mnist(drawing).astype(float) - image
        assert np.abs(difference).mean() < 4
