"""What accuracy costs: the trials that no other one beats in both, and where they lie."""

from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import ArrayLike, NDArray

from dashboard.charts.parameters import begin_with
from dashboard.style import ACCURACY, BASELINE, BEST, STATES, thinned, titled
from trainable.problems import BUILT_IN

FRONT = STATES["pruned"][0]
COSTS = {"seconds": "training time, seconds", "weights": "weights of the network"}


def front(cost: ArrayLike, accuracy: ArrayLike) -> NDArray[np.bool_]:
    """Return which trials are on the Pareto front: none is better for as little, or as good for less.

    Trials that are equal in both are on it together; one whose cost or accuracy is not known (NaN) is not.
    """
    costs, values = np.asarray(cost, dtype=float), np.asarray(accuracy, dtype=float)
    known = np.isfinite(costs) & np.isfinite(values)
    on_front = np.zeros(len(costs), dtype=bool)
    if not known.any():
        return on_front
    steps, step = np.unique(costs[known], return_inverse=True)
    best = np.full(len(steps), -np.inf)
    np.maximum.at(best, step, values[known])
    cheaper = np.concatenate([[-np.inf], np.maximum.accumulate(best)[:-1]])
    on_front[known] = (values[known] == best[step]) & (values[known] > cheaper[step])
    return on_front


def cost_chart(table: pd.DataFrame, cost: str, best: int, baseline: int | None) -> go.Figure:
    """Draw complete trials by what they cost, with the Pareto front.

    Args:
        table: Rows of `Snapshot.table`, those of complete trials.
        cost: One of `COSTS`.
        best: The number of the best trial.
        baseline: The number of the baseline trial, if there is one.
    """
    on_front = front(table[cost], table["val_accuracy"])
    edge = table[on_front].sort_values([cost, "trial"])
    rest = thinned(table[~on_front])
    figure = go.Figure()
    colour, symbol = STATES["complete"]
    _add(figure, rest, cost, "complete trials", {"color": colour, "symbol": symbol, "size": 7, "opacity": 0.9})
    line = {"mode": "lines+markers", "line": {"shape": "hv", "color": FRONT}}
    _add(figure, edge, cost, "Pareto front", {"color": FRONT, "symbol": "diamond", "size": 10}, **line)
    marked = (("baseline", baseline, BASELINE, "square-open"), ("the best", best, BEST, "star"))
    for name, number, its_colour, its_symbol in marked:
        _add(
            figure, table[table["trial"] == number], cost, name,
            {"color": its_colour, "symbol": its_symbol, "size": 15, "line": {"width": 2}},
        )  # fmt: skip
    begin_with(figure, table["val_accuracy"].tolist())
    return titled(figure, COSTS[cost], ACCURACY)


def _add(figure: go.Figure, table: pd.DataFrame, cost: str, name: str, marker: dict[str, Any], **style: Any) -> None:
    """Add markers; none where there is nothing to mark."""
    if table.empty:
        return
    figure.add_scatter(
        x=table[cost],
        y=table["val_accuracy"],
        name=name,
        marker=marker,
        customdata=table[["trial", *BUILT_IN.names, "seconds", "weights"]],
        hovertemplate=(
            "trial %{customdata[0]}<br>val_accuracy %{y:.4f}<br>hidden_units %{customdata[1]}<br>"
            "learning_rate %{customdata[2]:.3g}<br>batch_size %{customdata[3]}<br>epochs %{customdata[4]}<br>"
            "%{customdata[5]:.1f} s, %{customdata[6]:,} weights"
        ),
        **({"mode": "markers"} | style),
    )
