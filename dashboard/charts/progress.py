"""Figures of how the best val_accuracy rises: of one search with all its trials, and of several studies."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import cycle
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from dashboard.snapshot import column_of
from dashboard.style import ACCURACY, BASELINE, BEST, LINES, STATES, thinned, titled
from dashboard.text import figures, in_figure, in_template, short
from search.confirmation.evidence import Evidence
from search.confirmation.looks import BASELINE_NAME
from trainable.keys import VAL_ACCURACY
from trainable.problem import ProblemSpec

AXES = {"trial": "trial, by number", "ended": "time at which trials ended (local)"}
FEWEST_SEEDS = 2  # that show a spread
FEWEST_TRIALS = 4  # complete ones, from which quartiles say something
WHISKER = 1.5  # interquartile ranges below the quartile, as in a box plot
ROOM = 0.06  # of the range, above and below
FEWEST_EXAMPLES = 10  # of the validation split, that an axis spans
DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
SYMBOLS = ("circle", "square", "diamond", "triangle-up", "x", "star")
FINISHED = ("complete", "pruned", "failed")  # states that count
HEIGHT = 330  # pixels, of the figure of a search
MOST_LINES = 12  # of parameters, in what is said of a trial
# Complete trials are what counts: in both themes the strongest marks, above all others.
STRONG, FAINT = {"size": 9, "opacity": 1.0}, {"size": 6, "opacity": 0.6}
MARKS = {"complete": STRONG, "running": {"size": 8, "opacity": 0.9}}


@dataclass(frozen=True)
class Spread:
    """The baseline's val_accuracy with several fresh seeds: the lowest and the highest, shares."""

    low: float
    high: float
    seeds: int


def spread_of(evidence: Evidence | None) -> Spread | None:
    """Return how the baseline wavers with the seed; None where its networks on the split do not say."""
    results = evidence.validated.items() if evidence else ()
    values = [result[VAL_ACCURACY] for (name, _), result in results if name == BASELINE_NAME and VAL_ACCURACY in result]
    return Spread(min(values), max(values), len(values)) if len(values) >= FEWEST_SEEDS else None


def best_steps(table: pd.DataFrame, x: str) -> pd.DataFrame:
    """Return the rows of `Snapshot.table` at which the best val_accuracy rises, in the order of a column."""
    complete = table[table["state"] == "complete"].sort_values([x, "trial"])
    best = complete["val_accuracy"].cummax()
    return complete[best.diff().fillna(1.0) > 0]


def with_values(table: pd.DataFrame) -> pd.DataFrame:
    """Return the trials of `Snapshot.table` that have a val_accuracy; one that runs ends when the last thing did."""
    latest = table[["started", "ended"]].max().max()
    return table[table["val_accuracy"].notna()].assign(ended=lambda rows: rows["ended"].fillna(latest))


def drawn(table: pd.DataFrame, x: str) -> pd.DataFrame:
    """Return the rows of `with_values` that `best_chart` draws: all, or an even choice with every step of the best."""
    rows = table.sort_values([x, "trial"])
    return thinned(rows, always=rows["trial"].isin(best_steps(table, x)["trial"]))


def best_chart(
    table: pd.DataFrame, x: str, baseline: float | None, spread: Spread | None, problem: ProblemSpec
) -> go.Figure:
    """Draw the val_accuracy of all trials, the best so far, and the baseline.

    Args:
        table: As `with_values` returns it.
        x: One of `AXES`.
        baseline: Its val_accuracy.
        spread: How that wavers with the seed.
        problem: The study's.
    """
    figure, rows = titled(go.Figure(), AXES[x], ACCURACY, height=HEIGHT), drawn(table, x)
    for state in STATES:
        figure.add_trace(_trials(rows[rows["state"] == state], x, state, problem))
    figure.data = [trace for trace in figure.data if len(trace.x)]
    steps = best_steps(table, x)
    if len(steps):
        points = _extended(steps, x, table[x].max())
        line = _staircase(points, x, "best so far", {"color": BEST, "width": 3})
        figure.add_trace(line.update(hoverinfo="skip", hovertemplate=None))  # its trials' points say more
    if baseline is not None:
        figure.add_hline(baseline, line={"dash": "dash", "color": BASELINE}, name="baseline", showlegend=True)
    if spread is not None:
        name = f"baseline, {spread.seeds} seeds"
        look = {"fillcolor": BASELINE, "opacity": 0.2, "line_width": 0, "layer": "below"}
        figure.add_hrect(spread.low, spread.high, **look, name=name, showlegend=True)
    marks = [] if baseline is None else [baseline]
    figure.update_yaxes(
        range=focus(table, [*marks, *((spread.low, spread.high) if spread else ())], problem.sizes["val"])
    )
    return figure


def focus(table: pd.DataFrame, marks: list[float], size: int) -> tuple[float, float] | None:
    """Return the range of val_accuracy to look at: a trial that learned nothing must not flatten all the others.

    The lower whisker of a box plot of the complete trials is the lower end, or the lowest of `marks`.
    """
    values, complete = table["val_accuracy"], table.loc[table["state"] == "complete", "val_accuracy"]
    if values.empty:
        return None
    low, high = values.min(), max([values.max(), *marks])
    if len(complete) >= FEWEST_TRIALS:
        first, third = complete.quantile(0.25), complete.quantile(0.75)
        low = max(low, first - WHISKER * (third - first))
    low = min([low, *marks])
    room = max(ROOM * (high - low), FEWEST_EXAMPLES / size / 2)
    return float(low - room), float(high + room)


def finished_order(table: pd.DataFrame) -> pd.DataFrame:
    """Return the finished trials of `Snapshot.table` in the order in which they ended, counted from 1 as `finished`."""
    rows = table[table["state"].isin(FINISHED)].sort_values(["ended", "trial"])
    return rows.assign(finished=range(1, len(rows) + 1))


def studies_chart(tables: Mapping[str, pd.DataFrame]) -> go.Figure:
    """Draw the best val_accuracy of several studies, by their names, over the trials that they had finished."""
    figure = titled(go.Figure(), "finished trials", f"best {ACCURACY} so far")
    for (name, table), colour, dash, symbol in zip(tables.items(), cycle(LINES), cycle(DASHES), cycle(SYMBOLS)):
        rows = finished_order(table)
        steps = best_steps(rows, "finished")
        if len(steps):
            look = {"color": colour, "dash": dash, "width": 2}
            points = _extended(steps, "finished", len(rows))
            figure.add_trace(_staircase(points, "finished", name, look, symbol))
    return figure


def _trials(rows: pd.DataFrame, x: str, state: str, problem: ProblemSpec) -> go.Scatter:
    colour, symbol = STATES[state]
    return go.Scatter(
        x=rows[x],
        y=rows["val_accuracy"],
        customdata=list(zip(rows["trial"].tolist(), rows["epochs_run"].tolist(), _params(rows, problem), strict=True)),
        mode="markers",
        name=state,
        marker={"color": colour, "symbol": symbol, **MARKS.get(state, FAINT)},
        zorder=int(state == "complete"),
        hovertemplate=(
            f"trial %{{customdata[0]}}, {state}<br>val_accuracy %{{y:.4f}}, epoch %{{customdata[1]}}"
            "%{customdata[2]}<extra></extra>"
        ),
    )


def _params(rows: pd.DataFrame, problem: ProblemSpec) -> list[str]:
    """Return what is said of the parameters of each trial, a line each."""
    names = problem.names[:MOST_LINES]
    columns = [rows[column_of(name)].tolist() for name in names]
    labels = [f"<br>{in_figure(short(name))} " for name in names]
    left = len(problem.names) - len(names)
    more = f"<br>and {left} more" if left else ""
    return ["".join(map(_said, labels, values)) + more for values in zip(*columns, strict=True)]


def _said(label: str, value: Any) -> str:
    """Return a line of a parameter; none where a trial lacks it."""
    return "" if pd.isna(value) else label + in_figure(short(figures(value)))


def _extended(steps: pd.DataFrame, x: str, end: Any) -> pd.DataFrame:
    """Return steps with the last one repeated at the end of the axis."""
    last = steps.tail(1).copy()
    last[x] = end
    return pd.concat([steps, last])


def _staircase(
    steps: pd.DataFrame, x: str, name: str, line: Mapping[str, object], symbol: str | None = None
) -> go.Scatter:
    return go.Scatter(
        x=steps[x],
        y=steps["val_accuracy"],
        customdata=[[trial] for trial in steps["trial"].tolist()],
        mode="lines+markers" if symbol else "lines",
        name=in_figure(name),
        line={**line, "shape": "hv"},
        marker={"symbol": symbol, "size": 8} if symbol else None,
        hovertemplate=f"{in_template(name)}: %{{y:.4f}}, since trial %{{customdata[0]}}<extra></extra>",
    )
