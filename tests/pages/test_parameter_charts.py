"""Figures of parameters and of what accuracy costs: which points they hold."""

import math

import numpy as np
import optuna
import pandas as pd
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from dashboard.charts.cost import cost_chart, front
from dashboard.charts.parameters import (
    Point,
    importance_chart,
    lowest_shown,
    pair_chart,
    parallel_chart,
    place,
    slice_chart,
    ticks,
)
from trainable.problems import BUILT_IN

SPACE = {
    "hidden_units": IntDistribution(128, 2048, log=True),
    "batch_size": CategoricalDistribution((32, 128, 1024)),
}


def complete(number, value, hidden_units=512, batch_size=128):
    """A complete trial."""
    trial = optuna.trial.create_trial(
        value=value, params={"hidden_units": hidden_units, "batch_size": batch_size}, distributions=SPACE
    )
    trial.number = number
    return trial


TRIALS = [
    complete(3, 0.97, 128, 32),
    complete(5, 0.98, 512, 128),
    complete(8, 0.99, 1024, 1024),
    complete(9, 0.975, 2048, 32),
]
POINTS = [Point(trial.number, trial.number != 9, trial.value, trial.params) for trial in TRIALS]


@pytest.mark.parametrize(
    ("costs", "accuracies", "expected"),
    [
        ([], [], []),
        ([1], [0.9], [True]),
        ([1, 2, 3], [0.9, 0.8, 0.95], [True, False, True]),
        ([3, 1, 2], [0.95, 0.9, 0.8], [True, True, False]),
        ([1, 1], [0.9, 0.8], [True, False]),
        ([1, 2], [0.9, 0.9], [True, False]),
        ([1, 1, 2], [0.9, 0.9, 0.9], [True, True, False]),
        ([math.nan, 1, 0.5], [0.99, 0.9, math.nan], [False, True, False]),
        ([math.nan], [0.9], [False]),
    ],
    ids=["none", "one", "beaten", "any order", "same cost", "same accuracy", "equal", "unknown", "only unknown"],
)  # fmt: skip
def test_front_holds_what_none_beats(costs, accuracies, expected):
    """A trial is off it where another one is better for as little, or as good for less; equal ones are both on it."""
    assert expected == front(costs, accuracies).tolist()


def test_front_is_what_comparing_all_pairs_finds():
    """On many trials with ties, the quick way gives what the definition says."""
    random = np.random.default_rng(1)
    costs, values = random.integers(0, 30, 300), random.integers(0, 30, 300)
    beaten = [
        any((c <= cost and v > value) or (c < cost and v >= value) for c, v in zip(costs, values, strict=True))
        for cost, value in zip(costs, values, strict=True)
    ]
    assert [not each for each in beaten] == front(costs, values).tolist()


def costs_table():
    """Four complete trials; the third costs most and is beaten, the fourth recorded no cost."""
    return pd.DataFrame(
        {
            "trial": [0, 1, 2, 3],
            "val_accuracy": [0.97, 0.99, 0.98, 0.96],
            "hidden_units": [512.0] * 4,
            "learning_rate": [0.001] * 4,
            "batch_size": [128.0] * 4,
            "epochs": [5.0] * 4,
            "seconds": [5.0, 9.0, 12.0, math.nan],
            "weights": [9.0] * 4,
        }
    )


def test_cost_chart_joins_the_front_and_marks_baseline_and_best():
    """The front is a line with symbols; what it beats is drawn apart; baseline and best have symbols of their own."""
    figure = cost_chart(BUILT_IN, costs_table(), "seconds", best=1, baseline=0)
    drawn = {trace.name: (list(trace.x), trace.mode, trace.marker.symbol) for trace in figure.data}
    assert drawn["Pareto front"] == ([5.0, 9.0], "lines+markers", "diamond")
    assert drawn["complete trials"][0][0] == 12.0
    assert drawn["baseline"] == ([5.0], "markers", "square-open")
    assert drawn["the best"] == ([9.0], "markers", "star")
    assert figure.layout.xaxis.title.text == "training time, seconds"


def test_cost_chart_without_a_baseline_marks_none():
    """A study made without one."""
    names = {trace.name for trace in cost_chart(BUILT_IN, costs_table(), "weights", best=1, baseline=None).data}
    assert {"complete trials", "Pareto front", "the best"} == names


def test_importance_chart_has_the_greatest_on_top():
    """Bars are drawn from below; the method is named on the axis."""
    figure = importance_chart({"epochs": 0.7, "batch_size": 0.3})
    assert (list(figure.data[0].y), list(figure.data[0].x)) == (["batch_size", "epochs"], [0.3, 0.7])
    assert "PED-ANOVA" in figure.layout.xaxis.title.text


def test_slice_chart_goes_from_bound_to_bound_and_marks_the_best():
    """One sees how close to a bound each trial lies; pruned ones have another symbol."""
    figure = slice_chart(POINTS, "hidden_units", SPACE["hidden_units"], 8, "validation accuracy")
    drawn = {trace.name: (list(trace.x), list(trace.y)) for trace in figure.data}
    assert drawn["complete"] == ([128, 512, 1024], [0.97, 0.98, 0.99])
    assert drawn["pruned"] == ([2048], [0.975])
    assert drawn["best"] == ([1024], [0.99])
    low, high = figure.layout.xaxis.range
    assert 10**low < 128
    assert 10**high > 2048
    assert figure.layout.xaxis.ticktext == ("200", "500", "1000", "2000")
    assert (figure.layout.xaxis.title.text, figure.layout.yaxis.title.text) == ("hidden_units", "validation accuracy")


def test_choices_stand_in_their_order_on_an_axis_of_texts():
    """The mark of the best is among them."""
    figure = slice_chart(POINTS, "batch_size", SPACE["batch_size"], 8, "validation accuracy")
    assert figure.layout.xaxis.categoryarray == ("32", "128", "1024")
    assert list(figure.data[-1].x) == ["1024"]


def test_pair_chart_holds_every_trial_with_its_parameters():
    """The best has the colour of its own accuracy; what a person chose is no HTML."""
    figure = pair_chart(POINTS, SPACE, 8, "validation accuracy")
    assert {trace.name: len(trace.x) for trace in figure.data} == {"pruned": 1, "complete": 3, "best: trial 8": 1}
    assert list(figure.data[-1].marker.color) == [0.99]
    assert "trial 9, pruned: 0.9750<br>hidden_units 2048<br>batch_size 32" in figure.data[0].text
    assert (figure.layout.xaxis.title.text, figure.layout.yaxis.title.text) == ("hidden_units", "batch_size")


def test_parallel_chart_has_three_traces_for_any_number_of_trials():
    """The best, the other best ones, and the rest: each a line through its places, ended by a gap."""
    order = sorted((complete(number, 0.9 + number / 1000) for number in range(40)), key=lambda trial: -trial.value)
    figure = parallel_chart(order, [], SPACE)
    assert [t.name for t in figure.data] == ["the other 36", "best tenth, 3 without the best", "the best: trial 39"]
    assert tuple(figure.data[-1].y) == (0.5, 0.5, None)
    assert [len(trace.x) for trace in figure.data] == [36 * 3, 3 * 3, 3]


@pytest.mark.parametrize(
    ("value", "distribution", "expected"),
    [
        (512, IntDistribution(128, 2048, log=True), 0.5),
        (0.3, FloatDistribution(0.1, 0.5), 0.5),
        (1024, CategoricalDistribution((1024, 32, 128)), 1.0),
        (4, IntDistribution(4, 24), 0.0),
    ],
)
def test_place_is_on_the_scale_that_is_searched(value, distribution, expected):
    """Log scales by ratio, choices by their order."""
    assert expected == pytest.approx(place(value, distribution))


def test_axis_begins_above_what_lies_far_below():
    """One collapsed trial does not flatten the others; where none lies far below, the least begins."""
    assert lowest_shown([0.1, 0.98, 0.981, 0.982, 0.983, 0.984]) > 0.97
    assert lowest_shown([0.98, 0.981, 0.982]) == 0.98
    assert lowest_shown([0.9]) == 0.9


def test_ticks_of_a_log_scale_are_round():
    """1, 2 and 5 times a power of ten."""
    assert ticks(128, 2048) == [200, 500, 1000, 2000]
    assert pytest.approx([2e-4, 5e-4, 1e-3, 2e-3, 5e-3]) == ticks(2e-4, 5e-3)
