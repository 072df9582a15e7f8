"""Learning curves: val_accuracy by epoch of a few trials, each with a colour and a symbol of its own."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from dashboard.style import ACCURACY, BASELINE, BEST, LINES, titled

SYMBOLS = ("circle", "square", "diamond", "triangle-up", "star", "hexagon")
MOST_TICKS = 12  # epochs, with a tick each


def curves(epochs: pd.DataFrame, titles: Mapping[int, str], baseline: int | None, best: int | None = None) -> go.Figure:
    """Show val_accuracy by epoch.

    Args:
        epochs: `Snapshot.epochs` of these trials.
        titles: By number, what a trial is called, in the order of the legend.
        baseline: The number of the baseline trial, whose line is dashed; None where there is none.
        best: The number of the trial whose line is dotted, as the best beside another one.
    """
    figure = go.Figure()
    others = [number for number in titles if number not in (baseline, best)]
    for number, title in titles.items():
        rows = epochs[epochs["trial"] == number]
        figure.add_scatter(
            x=rows["epoch"], y=rows["val_accuracy"], name=title, mode="lines+markers",
            hovertemplate="epoch %{x}: %{y:.4f}", **_look(number, others, baseline),
        )  # fmt: skip
    last = int(epochs["epoch"].max()) if len(epochs) else 1
    titled(figure, "epoch", ACCURACY)
    figure.update_xaxes(range=(0.5, last + 0.5), tickformat="d", dtick=1 if last <= MOST_TICKS else None)
    return figure.update_yaxes(tickformat=".3f")


def _look(number: int, others: Sequence[int], baseline: int | None) -> dict[str, Any]:
    if number == baseline:
        return {"line": {"color": BASELINE, "dash": "dash"}, "marker": {"symbol": "x"}}
    if number not in others:
        return {"line": {"color": BEST, "dash": "dot"}, "marker": {"symbol": "star"}}
    position = others.index(number)
    return {"line": {"color": LINES[position % len(LINES)]}, "marker": {"symbol": SYMBOLS[position % len(SYMBOLS)]}}
