"""What accuracy costs: the trials that no other one beats in both, and where they lie."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import ArrayLike, NDArray

from dashboard.charts.parameters import begin_with
from dashboard.snapshot import column_of
from dashboard.style import ACCURACY, BASELINE, BEST, STATES, thinned, titled
from dashboard.text import figures, in_figure, in_template
from search.terminal.words import INACTIVE
from trainable.problem import ProblemSpec

FRONT = STATES["pruned"][0]
FORMATS = {"float": ":.3g", "share": ":.3g"}  # of a parameter's numbers
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


def cost_chart(problem: ProblemSpec, table: pd.DataFrame, cost: str, best: int, baseline: int | None) -> go.Figure:
    """Draw complete trials by what they cost, with the Pareto front.

    Args:
        problem: The study's.
        table: Rows of `Snapshot.table`, those of complete trials.
        cost: One of `COSTS`.
        best: The number of the best trial.
        baseline: The number of the baseline trial, if there is one.
    """
    on_front = front(table[cost], table["val_accuracy"])
    edge = table[on_front].sort_values([cost, "trial"])
    plain, big = dict(zip(("color", "symbol"), STATES["complete"], strict=True)), {"size": 15, "line": {"width": 2}}
    figure, shown = go.Figure(), ["trial", *map(column_of, problem.names), "seconds", "weights"]
    for name, rows, marker, line in (
        ("complete trials", thinned(table[~on_front]), plain | {"size": 7, "opacity": 0.9}, None),
        ("Pareto front", edge, {"color": FRONT, "symbol": "diamond", "size": 10}, {"shape": "hv", "color": FRONT}),
        ("baseline", table[table["trial"] == baseline], {"color": BASELINE, "symbol": "square-open"} | big, None),
        ("the best", table[table["trial"] == best], {"color": BEST, "symbol": "star"} | big, None),
    ):
        if len(rows):
            figure.add_scatter(
                x=rows[cost], y=rows["val_accuracy"], name=name, customdata=_said(rows[shown], problem), marker=marker,
                line=line, mode="lines+markers" if line else "markers",
            )  # fmt: skip
    figure.update_traces(hovertemplate=_hover(problem))
    begin_with(figure, table["val_accuracy"].tolist())
    return titled(figure, COSTS[cost], ACCURACY)


def _said(rows: pd.DataFrame, problem: ProblemSpec) -> pd.DataFrame:
    """Return what is said of trials, with texts for parameters that not all trials need have."""
    own = [column_of(each.name) for each in problem.parameters if each.can_lack]
    texts = {name: [INACTIVE if pd.isna(each) else in_figure(figures(each)) for each in rows[name]] for name in own}
    return rows.assign(**texts)


def _hover(problem: ProblemSpec) -> str:
    """Return what is said of each trial, in the order of its custom data."""
    told = [
        f"{in_template(each.name)} %{{customdata[{place}]{'' if each.can_lack else FORMATS.get(each.kind, '')}}}<br>"
        for place, each in enumerate(problem.parameters, start=1)
    ]
    seconds = len(told) + 1
    return (
        f"trial %{{customdata[0]}}<br>val_accuracy %{{y:.4f}}<br>{''.join(told)}"
        f"%{{customdata[{seconds}]:.1f}} s, %{{customdata[{seconds + 1}]:,}} weights"
    )
