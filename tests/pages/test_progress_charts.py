"""The figures of how the best val_accuracy rises: what they draw of a table."""

from dataclasses import replace
from datetime import datetime, timedelta

import pandas as pd
import pytest

from dashboard.charts.progress import (
    Spread,
    best_chart,
    best_steps,
    drawn,
    finished_order,
    focus,
    spread_of,
    studies_chart,
    with_values,
)
from dashboard.snapshot import column_of
from dashboard.style import BASELINE, DARK, LINES, MOST_POINTS
from search.confirmation.record import evidence_of
from search.study.settings import Settings
from trainable.parameter import Parameter
from trainable.problems import BUILT_IN

OF_BASELINE = "<br>hidden_units 512<br>learning_rate 0.001<br>batch_size 128<br>epochs 5"
SIZE = BUILT_IN.sizes["val"]
START = datetime(2026, 1, 1, 12)  # noqa: DTZ001 (local, as the table has it)


def table_of(*trials):
    """A table of trials by number: state, val_accuracy, and the minute at which it ended; all are baselines."""
    rows = [
        {
            "trial": number,
            "state": state,
            "val_accuracy": value,
            "epochs_run": 3,
            **{column_of(name): value for name, value in BUILT_IN.baseline.items()},
            "started": START,
            "ended": pd.NaT if minute is None else START + timedelta(minutes=minute),
        }
        for number, (state, value, minute) in enumerate(trials)
    ]
    return pd.DataFrame(
        rows, columns=["trial", "state", "val_accuracy", "epochs_run", *BUILT_IN.names, "started", "ended"]
    ).astype({"val_accuracy": "float64", "started": "datetime64[ns]", "ended": "datetime64[ns]"})


TABLE = table_of(
    ("complete", 0.96, 5),
    ("complete", 0.97, 1),
    ("pruned", 0.99, 2),
    ("failed", None, 3),
    ("complete", 0.98, 4),
    ("running", 0.95, None),
)


def lines(figure):
    """What a figure draws: by name, the points."""
    return {trace.name: list(zip(trace.x, trace.y, strict=True)) for trace in figure.data}


@pytest.mark.parametrize(("x", "numbers"), [("trial", [0, 1, 4]), ("ended", [1, 4])])
def test_best_rises_with_complete_trials_in_the_order_of_the_axis(x, numbers):
    """A pruned trial's report is no value; by time, a trial that ended late with less is no step."""
    assert best_steps(TABLE, x)["trial"].tolist() == numbers


def test_running_trial_is_drawn_at_the_last_end():
    """It has no end of its own yet, and a trial without a report is not drawn."""
    rows = with_values(TABLE)
    assert rows["trial"].tolist() == [0, 1, 2, 4, 5]
    assert rows["ended"].tolist()[-1] == START + timedelta(minutes=5)


def test_chart_shows_trials_by_state_the_best_so_far_and_the_baseline():
    """A series a state that occurs, a staircase to the end of the axis, a line, and a band."""
    figure = best_chart(with_values(TABLE), "trial", 0.96, Spread(0.955, 0.965, 5), BUILT_IN)
    assert lines(figure) == {
        "complete": [(0, 0.96), (1, 0.97), (4, 0.98)],
        "pruned": [(2, 0.99)],
        "running": [(5, 0.95)],
        "best so far": [(0, 0.96), (1, 0.97), (4, 0.98), (5, 0.98)],
    }
    assert [(shape.name, shape.y0, shape.y1) for shape in figure.layout.shapes] == [
        ("baseline", 0.96, 0.96),
        ("baseline, 5 seeds", 0.955, 0.965),
    ]
    assert (figure.layout.xaxis.title.text, figure.layout.yaxis.title.text) == (
        "trial, by number",
        "validation accuracy",
    )


def test_point_says_what_its_trial_was():
    """Number, state, accuracy, epoch and parameters; what somebody chose is no HTML and no part of the template."""
    problem = replace(
        BUILT_IN,
        parameters=(*BUILT_IN.parameters, Parameter("<b>%{y}", "any", 0, 9, "a thing")),
        baseline={**BUILT_IN.baseline, "<b>%{y}": "<i>a</i>"},
    )
    table = with_values(TABLE).assign(**{"<b>%{y}": "<i>a</i>"})
    trace = next(each for each in best_chart(table, "trial", None, None, problem).data if each.name == "pruned")
    assert trace.hovertemplate == (
        "trial %{customdata[0]}, pruned<br>val_accuracy %{y:.4f}, epoch %{customdata[1]}%{customdata[2]}<extra></extra>"
    )
    assert [*trace.customdata[0]] == [
        2,
        3,
        f"{OF_BASELINE}<br>&lt;b&gt;%{{y}} &lt;i&gt;a&lt;/i&gt;",
    ]


def test_complete_trials_are_the_strongest_marks():
    """They are larger and denser than all others, and lie above them; in the dark they have a colour that shows."""
    complete, *others = best_chart(with_values(TABLE), "trial", None, None, BUILT_IN).data[:3]
    assert all(complete.marker.size > each.marker.size for each in others)
    assert all(complete.marker.opacity > each.marker.opacity for each in others)
    assert all(complete.zorder > (each.zorder or 0) for each in others)
    assert DARK[complete.marker.color] == "#56B4E9"


def test_palette_of_the_dark_theme_tells_lines_apart():
    """What is changed there becomes no colour that another line has."""
    shown = [DARK.get(colour, colour) for colour in LINES]
    assert len({*shown, DARK[BASELINE]}) == len(LINES) + 1


def test_chart_says_nothing_of_a_baseline_that_is_not_known():
    """No baseline trial, no confirmation: neither line nor band."""
    figure = best_chart(with_values(TABLE), "ended", None, None, BUILT_IN)
    assert not figure.layout.shapes
    assert figure.layout.xaxis.title.text == "time at which trials ended (local)"


def test_chart_without_a_complete_trial_has_no_staircase():
    """Its trials are drawn nevertheless."""
    assert list(lines(best_chart(with_values(TABLE[2:3]), "trial", None, None, BUILT_IN))) == ["pruned"]


def test_thinned_chart_keeps_every_step_of_the_best():
    """The best-so-far line is that of all trials, and its trials are among those that are drawn."""
    values = [0.9] * 10_000
    values[1], values[4001], values[7777] = 0.91, 0.92, 0.93
    table = with_values(table_of(*(("complete", value, 1) for value in values)))
    rows = drawn(table, "trial")
    assert MOST_POINTS <= len(rows) <= MOST_POINTS + 4
    assert {0, 1, 4001, 7777, 9999} <= set(rows["trial"])
    assert lines(best_chart(table, "trial", None, None, BUILT_IN))["best so far"] == [
        (0, 0.9),
        (1, 0.91),
        (4001, 0.92),
        (7777, 0.93),
        (9999, 0.93),
    ]


def test_range_leaves_out_trials_that_learned_nothing():
    """The lower whisker of the complete trials is the lower end, unless the baseline lies below."""
    table = table_of(*(("complete", value, 1) for value in (0.97, 0.98, 0.972, 0.978, 0.975, 0.1)))
    low, high = focus(table, [], SIZE)
    assert 0.95 < low < 0.97
    assert high > 0.98
    assert focus(table, [0.9], SIZE)[0] < 0.9


def test_range_holds_a_single_value():
    """An axis that spans nothing would show nothing."""
    low, high = focus(table_of(("running", 0.9, None)), [], SIZE)
    assert low < 0.9 < high
    assert focus(table_of(), [], SIZE) is None


def test_finished_trials_are_counted_as_they_ended():
    """Complete, pruned and failed ones; those that run or were interrupted do not count."""
    rows = finished_order(TABLE)
    assert rows["trial"].tolist() == [1, 2, 3, 4, 0]
    assert rows["finished"].tolist() == [1, 2, 3, 4, 5]


def test_studies_are_told_apart_without_colour():
    """A line each, over finished trials, with a dash and a symbol of its own; a study without a best has none."""
    figure = studies_chart({"one": TABLE, "two": TABLE[:2], "none": TABLE[2:3]})
    assert lines(figure) == {"one": [(1, 0.97), (4, 0.98), (5, 0.98)], "two": [(1, 0.97), (2, 0.97)]}
    assert len({(trace.line.dash, trace.marker.symbol) for trace in figure.data}) == 2
    assert len({trace.line.dash for trace in figure.data}) == 2
    assert figure.layout.xaxis.title.text == "finished trials"


def test_spread_is_that_of_the_confirmed_baseline(make_study, confirmed):
    """The lowest and the highest of its fresh seeds; of one seed, or of none, there is no spread."""
    study, settings = make_study(), Settings(seed=1)
    attributes = confirmed(study.get_trials(), settings)
    assert spread_of(evidence_of(attributes)) == Spread(0.97, 0.974, 5)
    results = [key for key in attributes if key.startswith("confirmed:baseline:")]
    assert spread_of(evidence_of({key: attributes[key] for key in attributes if key not in results[1:]})) is None
    assert spread_of(None) is None
