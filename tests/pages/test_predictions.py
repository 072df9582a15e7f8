"""Mistakes on the validation images, their figures, and the influence of hidden units."""

from dataclasses import replace

import numpy as np

from dashboard.charts.model import confusion_figure, probabilities_figure
from dashboard.model.predictions import Answers, confusion, mistakes, most_confused
from dashboard.parts.mistakes import filtered
from dashboard.parts.units import reach_of, strongest
from trainable.problems import BUILT_IN


def test_confusion_counts_examples_by_true_and_predicted_class():
    """Rows are true classes, columns predicted ones."""
    counts = confusion(np.array([4, 4, 9], np.uint8), np.array([4, 9, 9]), np.arange(10))
    assert (counts[4, 4], counts[4, 9], counts[9, 9], counts.sum()) == (1, 1, 1, 3)


def test_of_many_classes_those_with_mistakes_are_counted():
    """A matrix of all pairs of ten thousand classes would fill the memory; what is left out is in no cell."""
    labels, said = np.array([7, 7, 9_999, 5]), np.array([7, 9_999, 9_999, 6])
    chosen = most_confused(labels, said, 10_000, most=2)
    assert chosen.tolist() == [5, 6]
    assert most_confused(labels, said, 10_000, most=4).tolist() == [5, 6, 7, 9_999]
    assert confusion(labels, said, np.array([7, 9_999])).tolist() == [[1, 1], [0, 1]]


def test_mistakes_come_with_the_surest_first():
    """Only wrong ones, by the probability of what was said."""
    answers = Answers(np.array([1, 2, 3]), np.array([0.5, 0.75, 1], np.float32))
    table = mistakes(BUILT_IN, np.array([7, 7, 3], np.uint8), answers)
    assert table.to_dict("records") == [
        {"example": 1, "true": "7", "said": "2", "probability": 0.75},
        {"example": 0, "true": "7", "said": "1", "probability": 0.5},
    ]
    assert filtered(table, None, "1")["example"].tolist() == [0]
    assert filtered(table, "3", None).empty


def test_only_mistakes_have_a_colour():
    """The matrix leaves right answers uncoloured and writes their number."""
    counts = np.zeros((10, 10), np.int64)
    counts[4, 4], counts[4, 9] = 1000, 12
    figure = confusion_figure(BUILT_IN, counts, range(10))
    coloured = np.argwhere(~np.isnan(figure.data[0].z))
    assert coloured.tolist() == [[4, 9]]
    assert [each.text for each in figure.layout.annotations][4] == "1,000"


def test_many_classes_are_drawn_without_numbers():
    """A hundred classes squared are colours only, and of their probabilities the highest are bars."""
    many = replace(BUILT_IN, labels=tuple(f"the class with the number {number}" for number in range(100)))
    figure = confusion_figure(many, np.eye(100, dtype=np.int64), range(100))
    assert figure.data[0].texttemplate is None
    assert not figure.layout.annotations
    assert len(set(figure.data[0].x)) == 100
    bars = probabilities_figure(many, {"Trial 1": [0.0] * 98 + [0.6, 0.4]}).data[0]
    assert (len(bars.x), list(bars.y[-2:])) == (10, [0.6, 0.4])


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
