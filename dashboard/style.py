"""How figures look: colours that survive colour blindness, titles with units, and how many points are drawn."""

import pandas as pd
import plotly.graph_objects as go

# Okabe and Ito's palette (2008), which survives the common forms of colour blindness; states differ by symbol, too.
STATES = {
    "complete": ("#0072B2", "circle"),
    "pruned": ("#E69F00", "x"),
    "running": ("#009E73", "diamond"),
    "failed": ("#D55E00", "cross"),
    "interrupted": ("#999999", "line-ew-open"),
    "infeasible": ("#999999", "x-open"),
}
LINES = ("#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9")
BASELINE = "#7F7F7F"  # dashed wherever it is a line
BEST = "#CC79A7"
# What a figure has on a dark ground in the place of colours that hardly show there: others of the same palette.
DARK = {"#0072B2": "#56B4E9", "#56B4E9": "#F0E442", "#7F7F7F": "#B3B3B3", "#999999": "#B3B3B3"}
HEIGHT = 360  # pixels
MOST_POINTS = 2000  # in a figure; a browser draws so many in half a second
ACCURACY = "validation accuracy"


def titled(figure: go.Figure, x: str, y: str, *, height: int = HEIGHT) -> go.Figure:
    """Give a figure its axis titles, with units where there are any, and the common look."""
    figure.update_layout(
        height=height,
        margin={"l": 10, "r": 10, "t": 24, "b": 10},
        legend={"orientation": "h", "yref": "container", "y": 0, "yanchor": "bottom"},  # above is the tool bar
        xaxis={"title": x, "automargin": True},
        yaxis={"title": y, "automargin": True},
    )
    return figure


def thinned(table: pd.DataFrame, most: int = MOST_POINTS, always: pd.Series | None = None) -> pd.DataFrame:
    """Return evenly spread rows of a table, `most` at most, the first and the last among them.

    Args:
        table: In the order in which it is drawn.
        most: Rows.
        always: Of booleans; these rows are never left out.
    """
    if len(table) <= most:
        return table
    kept = {round(each * (len(table) - 1) / (most - 1)) for each in range(most)}
    chosen = pd.Series(False, index=table.index)
    chosen.iloc[sorted(kept)] = True
    return table[chosen if always is None else chosen | always]


def thinning_note(shown: int, total: int) -> str | None:
    """Return what a page says of a figure that leaves points out; None where it leaves none out."""
    return None if shown >= total else f"{shown:,} of {total:,} trials are drawn, spread evenly, the best among them."
