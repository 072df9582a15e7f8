"""Figures of one model: what it takes for what, and how sure it is."""

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from dashboard.style import LINES, titled
from trainable.problem import ProblemSpec

MISTAKES = ((0.0, "#FEE8D6"), (1.0, "#D55E00"))
PATTERNS = ("", "/")  # series differ by more than colour


def confusion_figure(problem: ProblemSpec, counts: NDArray[np.int64]) -> go.Figure:
    """Draw how many examples of each class were taken for which; only mistakes have a colour.

    Args:
        problem: Whose classes have names.
        counts: int64 [classes, classes], true ones in rows.
    """
    names, label = list(problem.labels), problem.words.label
    wrong = np.where(np.eye(len(counts), dtype=bool) | (counts == 0), np.nan, counts.astype(float))
    figure = go.Figure(
        go.Heatmap(
            x=names, y=names, z=wrong, texttemplate="%{z}", colorscale=MISTAKES, xgap=1, ygap=1, zmin=0,
            showscale=False, hovertemplate=f"%{{z}} {problem.examples} of a %{{y}} taken for a %{{x}}<extra></extra>",
        )
    )  # fmt: skip
    for name, right in zip(names, np.diag(counts).tolist(), strict=True):
        figure.add_annotation(x=name, y=name, text=f"{right:,}", showarrow=False)
    titled(figure, f"predicted {label}", f"true {label}", height=460)
    figure.update_xaxes(type="category", showgrid=False)
    figure.update_yaxes(type="category", autorange="reversed", showgrid=False)
    return figure


def probabilities_figure(problem: ProblemSpec, by_model: Mapping[str, Sequence[float]]) -> go.Figure:
    """Draw the probabilities that each model gives to one example, class by class, side by side."""
    figure = go.Figure()
    for position, (name, values) in enumerate(by_model.items()):
        figure.add_bar(
            name=name, x=list(problem.labels), y=list(values),
            marker={"color": LINES[position], "pattern_shape": PATTERNS[position]},
            hovertemplate="a %{x}: %{y:.4f}",
        )  # fmt: skip
    titled(figure, problem.words.label, "probability", height=300)
    figure.update_layout(barmode="group", showlegend=True)
    figure.update_xaxes(type="category")
    figure.update_yaxes(range=[0, 1])
    return figure
