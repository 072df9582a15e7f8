"""The timeline: lanes, how busy they were, what the figure holds, and what the page says."""

from datetime import datetime, timedelta
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from dashboard.charts.timeline import NO_HOST, lanes, occupancy, since, spans, timeline_chart
from dashboard.screens.timeline import LATEST
from trainable.problems import BUILT_IN

NOON = datetime(2026, 3, 1, 12)  # noqa: DTZ001 (Optuna's times are local)


def table(*rows):
    """Trials: state, host, and when they started and ended in seconds after noon; None where that is not known."""
    moments = [[None if each is None else NOON + timedelta(seconds=each) for each in row[2:]] for row in rows]
    return pd.DataFrame(
        {
            "trial": range(len(rows)),
            "state": [row[0] for row in rows],
            "host": pd.Series([row[1] for row in rows], dtype=object),
            "started": pd.to_datetime(pd.Series([start for start, _ in moments])),
            "ended": pd.to_datetime(pd.Series([end for _, end in moments])),
            "hidden_units": 512.0,
            "learning_rate": 0.001,
            "batch_size": 128.0,
            "epochs": 5.0,
        }
    )


@pytest.mark.parametrize(
    ("intervals", "expected"),
    [
        ([], []),
        ([(0, 5)], [1]),
        ([(0, 5), (5, 9)], [1, 1]),
        ([(0, 5), (1, 2), (2, 3), (4, 6)], [1, 2, 2, 2]),
        ([(0, 9), (0, 1), (0, 2), (1, 3)], [3, 1, 2, 1]),
        ([(4, 6), (0, 5)], [2, 1]),
        ([(3, 3), (3, 3)], [1, 1]),
    ],
    ids=["none", "one", "one after the other", "lowest free", "three at once", "any order", "no length"],
)
def test_lane_is_the_lowest_that_is_free(intervals, expected):
    """Trials that overlap are on different lanes; one that ends where another starts leaves its lane to it."""
    assert lanes([start for start, _ in intervals], [end for _, end in intervals]) == expected


def test_lanes_are_as_few_as_run_at_once():
    """Of many intervals, none overlap on a lane, and there are as many lanes as overlap at most."""
    random = np.random.default_rng(1)
    starts = random.integers(0, 1000, 300)
    ends = starts + random.integers(1, 60, 300)
    found = np.array(lanes(starts.tolist(), ends.tolist()))
    for lane in set(found):
        held = sorted(zip(starts[found == lane], ends[found == lane], strict=True))
        assert all(before[1] <= after[0] for before, after in pairwise(held))
    assert max(found) == max(((starts <= each) & (ends > each)).sum() for each in starts)


def test_running_trial_is_drawn_until_now():
    """Or, where no one drives the study, to its last event; a trial that waits is not drawn."""
    held = table(("complete", "a", 0, 10), ("running", None, 5, None), ("waiting", None, None, None))
    now = NOON + timedelta(seconds=30)
    assert spans(held, now)["end"].tolist() == [NOON + timedelta(seconds=10), now]
    assert spans(held, None)["end"].tolist() == [NOON + timedelta(seconds=10)] * 2


def test_hosts_have_lanes_of_their_own():
    """Trials without a recorded host are on the only one there is; with several, on lanes of their own."""
    one = table(("complete", "a", 0, 10), ("interrupted", None, 5, 8))
    assert spans(one, None)["row"].tolist() == ["a · 1", "a · 2"]
    two = table(("complete", "a", 0, 10), ("complete", "b", 0, 10), ("interrupted", None, 5, 8))
    assert spans(two, None)["row"].tolist() == ["a · 1", "b · 1", f"{NO_HOST} · 1"]


def test_period_cuts_what_began_before_it():
    """Trials that had ended are left out; one that was at work begins with the period, and keeps its own duration."""
    held = since(spans(table(("complete", "a", 0, 10), ("complete", "a", 10, 30)), None), NOON + timedelta(seconds=20))
    assert held["trial"].tolist() == [1]
    assert held["start"].tolist() == [NOON + timedelta(seconds=20)]
    assert held["taken"].tolist() == [timedelta(seconds=20)]


def test_idle_time_is_what_no_trial_takes_of_its_hosts_time():
    """Before a lane's first trial, between trials and after its last, measured on the host's own time."""
    held = spans(
        table(("complete", "a", 0, 10), ("pruned", "a", 2, 4), ("complete", "a", 16, 20), ("complete", "b", 9, 11)),
        None,
    )
    found = occupancy(held).set_index(["host", "lane"])
    assert found.loc[("a", 1), ["trials", "busy", "idle", "gap"]].tolist() == [2, 14.0, 6.0, 6.0]
    assert found.loc[("a", 2), ["trials", "busy", "idle", "gap"]].tolist() == [1, 2.0, 18.0, 16.0]
    assert found["share"].tolist() == pytest.approx([0.7, 0.1, 1.0])


def test_figure_has_a_trace_a_state():
    """However many trials there are; states differ by pattern besides colour, and bars are milliseconds long."""
    held = spans(table(*[("complete", "a", each, each + 1) for each in range(50)], ("pruned", "a", 60, 62.5)), None)
    figure = timeline_chart(held, BUILT_IN.names)
    assert [(trace.name, len(trace.x)) for trace in figure.data] == [("complete", 50), ("pruned", 1)]
    assert list(figure.data[1].x) == [2500.0]
    assert figure.data[1].base[0] == "2026-03-01 12:01:00.000000"
    assert len({trace.marker.pattern.shape for trace in figure.data}) == 2
    assert "trial 50, 2.5 s" in figure.data[1].customdata[0]
    assert (figure.layout.xaxis.title.text, figure.layout.yaxis.title.text) == ("local time", "host · lane")


def test_page_shows_lanes_and_says_how_they_are_measured(make_study, open_page):
    """A study with a trial in each state, which no one drives."""
    make_study()
    page = open_page("timeline")
    assert not page.exception
    assert [each.label for each in page.metric] == [
        "Busy",
        "Idle, all lanes together",
        "Longest gap of a lane",
        "Lanes",
    ]
    said = " ".join(each.value for each in page.caption)
    assert "trials that it left running are drawn to the last event" in said
    assert "A lane is a place for one trial at a time" in said
    assert page.dataframe[0].value["trials"].sum() == 6


def test_period_is_in_the_address(make_study, open_page):
    """A link opens the same period; without a command's record the latest trials come first."""
    make_study()
    assert open_page("timeline").selectbox(key="period").value == f"latest {LATEST} trials"
    page = open_page("timeline", period="everything")
    assert page.selectbox(key="period").value == "everything"
    assert not page.exception


def test_study_without_a_trial_says_so(make_study, open_page):
    """Nothing has begun."""
    make_study(trials=[])
    assert [each.value for each in open_page("timeline").info] == ["No trial has begun yet."]
