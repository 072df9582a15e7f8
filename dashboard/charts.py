"""Figures, as pure functions of tables."""

from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go

# Okabe and Ito's palette (2008), which survives the common forms of colour blindness.
STATES = {
    "complete": ("#0072B2", "circle"),
    "pruned": ("#E69F00", "x"),
    "running": ("#009E73", "diamond"),
    "failed": ("#D55E00", "cross"),
    "interrupted": ("#999999", "line-ew-open"),
}
LINES = ("#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9")
BASELINE = "#555555"
HEIGHT = 380  # pixels


def trials_chart(table: pd.DataFrame, baseline: float | None) -> go.Figure:
    """Show the last val_accuracy of every trial, with the baseline's as a line.

    Args:
        table: `queries.Snapshot.table`.
        baseline: val_accuracy of the baseline, a share.
    """
    figure = go.Figure()
    measured = table.dropna(subset=["val_accuracy"])
    for state, (color, symbol) in STATES.items():
        rows = measured[measured["state"] == state]
        if len(rows):
            figure.add_scatter(
                x=rows["trial"],
                y=rows["val_accuracy"],
                name=state,
                mode="markers",
                marker={"color": color, "symbol": symbol, "size": 9},
                customdata=rows[["hidden_units", "learning_rate", "batch_size", "epochs"]],
                hovertemplate=(
                    "trial %{x}: %{y:.4f}<br>hidden_units %{customdata[0]}<br>learning_rate %{customdata[1]:.3g}"
                    "<br>batch_size %{customdata[2]}<br>epochs %{customdata[3]}<extra></extra>"
                ),
            )
    if baseline is not None:
        figure.add_hline(
            y=baseline, line={"color": BASELINE, "dash": "dash"}, annotation_text=f"baseline {baseline:.4f}"
        )
    last = int(table["trial"].max()) if len(table) else 0
    return _titled(figure, "trial", "validation accuracy", (-0.5, last + 0.5))


def epochs_chart(epochs: pd.DataFrame, trials: Sequence[int], baseline: int | None) -> go.Figure:
    """Show val_accuracy by epoch for the chosen trials and, dashed, for the baseline.

    Args:
        epochs: `queries.Snapshot.epochs`.
        trials: Numbers of the trials to show.
        baseline: Number of the baseline trial.
    """
    figure = go.Figure()
    shown = [number for number in trials if number != baseline]
    for position, number in enumerate(shown):
        _line(figure, epochs, number, f"trial {number}", {"color": LINES[position % len(LINES)]})
    if baseline is not None:
        _line(figure, epochs, baseline, f"trial {baseline} (baseline)", {"color": BASELINE, "dash": "dash"})
    last = int(epochs["epoch"].max()) if len(epochs) else 1
    return _titled(figure, "epoch", "validation accuracy", (0.5, last + 0.5))


def _line(figure: go.Figure, epochs: pd.DataFrame, number: int, name: str, line: dict[str, str]) -> None:
    rows = epochs[epochs["trial"] == number]
    figure.add_scatter(x=rows["epoch"], y=rows["val_accuracy"], name=name, mode="lines+markers", line=line)


def _titled(figure: go.Figure, x: str, y: str, span: tuple[float, float]) -> go.Figure:
    figure.update_layout(
        height=HEIGHT,
        margin={"l": 10, "r": 10, "t": 30, "b": 10},
        legend={"orientation": "h", "y": 1.1},
        xaxis={"title": x, "range": span, "tickformat": "d"},
        yaxis={"title": y, "tickformat": ".3f"},
    )
    return figure
