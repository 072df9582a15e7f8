"""Mistakes on the validation images, their figures, and the influence of hidden units."""

import numpy as np

from dashboard.charts.model import confusion_figure, probabilities_figure
from dashboard.model.predictions import confusion, mistakes
from dashboard.parts.mistakes import ANY, filtered
from dashboard.parts.units import reach_of, strongest
from trainable.problems import BUILT_IN


def test_confusion_counts_examples_by_true_and_predicted_class():
    """Rows are true classes, columns predicted ones."""
    counts = confusion(np.array([4, 4, 9], np.uint8), np.eye(10, dtype=np.float32)[[4, 9, 9]])
    assert (counts[4, 4], counts[4, 9], counts[9, 9], counts.sum()) == (1, 1, 1, 3)


def test_mistakes_come_with_the_surest_first():
    """Only wrong ones, by the probability of what was said."""
    probabilities = np.zeros((3, 10), np.float32)
    probabilities[0, 1], probabilities[1, 2], probabilities[2, 3] = 0.5, 0.75, 1
    table = mistakes(BUILT_IN, np.array([7, 7, 3], np.uint8), probabilities)
    assert table.to_dict("records") == [
        {"example": 1, "true": "7", "said": "2", "probability": 0.75},
        {"example": 0, "true": "7", "said": "1", "probability": 0.5},
    ]
    assert filtered(table, ANY, "1")["example"].tolist() == [0]
    assert filtered(table, "3", ANY).empty


def test_only_mistakes_have_a_colour():
    """The matrix leaves right answers uncoloured and writes their number."""
    counts = np.zeros((10, 10), np.int64)
    counts[4, 4], counts[4, 9] = 1000, 12
    figure = confusion_figure(BUILT_IN, counts)
    coloured = np.argwhere(~np.isnan(figure.data[0].z))
    assert coloured.tolist() == [[4, 9]]
    assert [each.text for each in figure.layout.annotations][4] == "1,000"


def test_bars_of_two_models_differ_by_pattern():
    """Ten bars a model; colour is not what tells them apart alone."""
    figure = probabilities_figure(BUILT_IN, {"Trial 1": [0.1] * 10, "The baseline": [0.1] * 10})
    assert [each.name for each in figure.data] == ["Trial 1", "The baseline"]
    assert len({each.marker.pattern.shape for each in figure.data}) == 2


def test_scale_of_weights_goes_by_nearly_the_largest():
    """Single extremes do not decide, and weights that are all 0 have a scale, too."""
    kernel = np.ones((784, 2), np.float32)
    kernel[0, 0] = -1000
    assert reach_of(kernel) == 1
    assert reach_of(np.zeros((784, 1), np.float32)) == 1


def test_influence_counts_both_layers():
    """A unit with strong inputs that nothing listens to has no influence."""
    hidden, output = np.ones((784, 2), np.float32), np.array([[0.0] * 10, [1.0] * 10], np.float32)
    hidden[:, 0] = 9
    assert strongest([hidden, np.zeros(2, np.float32), output, np.zeros(10, np.float32)]).tolist() == [1, 0]
