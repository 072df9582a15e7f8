"""Figures of one model: what it takes for what, how sure it is, and its weights."""

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from dashboard.model.images import ABOVE, BELOW, NONE
from dashboard.style import LINES, titled
from dashboard.text import in_figure, short_names
from trainable.problem import ProblemSpec

MISTAKES = ((0.0, "#FEE8D6"), (1.0, "#D55E00"))
WEIGHTS = [(share, f"rgb{tuple(colour.tolist())}") for share, colour in ((0, BELOW), (0.5, NONE), (1, ABOVE))]
PATTERNS = ("", "/")  # series differ by more than colour
MOST_WRITTEN = 20  # classes of a confusion matrix with its numbers in it; of more there is only the colour
MOST_BARS = 20  # classes of which all probabilities are drawn
FEW_BARS = 10  # of more classes
TICKS = 5  # of a scale of colours, about


def confusion_figure(problem: ProblemSpec, counts: NDArray[np.int64], chosen: Sequence[int]) -> go.Figure:
    """Draw how many examples of each class were taken for which; only mistakes have a colour.

    Args:
        problem: Whose classes have names.
        counts: int64 [chosen, chosen], true ones in rows.
        chosen: The classes.
    """
    names, label, is_small = _names(problem, chosen), problem.words.label, len(chosen) <= MOST_WRITTEN
    wrong = np.where(np.eye(len(counts), dtype=bool) | (counts == 0), np.nan, counts.astype(float))
    step = max(1, int(np.nanmax(wrong, initial=0)) // TICKS)
    figure = go.Figure(
        go.Heatmap(
            x=names, y=names, z=wrong, texttemplate="%{z}" if is_small else None, colorscale=MISTAKES, zmin=0,
            xgap=int(is_small), ygap=int(is_small), showscale=not is_small and bool((wrong > 0).any()),
            colorbar={"orientation": "h", "thickness": 12, "y": 1, "yanchor": "bottom", "dtick": step},
            hovertemplate=f"%{{z}} {problem.examples} of {label} %{{y}} taken for {label} %{{x}}<extra></extra>",
        )
    )  # fmt: skip
    if is_small:
        for name, right in zip(names, np.diag(counts).tolist(), strict=True):
            figure.add_annotation(x=name, y=name, text=f"{right:,}", showarrow=False)
    titled(figure, f"predicted {label}", f"true {label}", height=460 if is_small else 640)
    ends = (-0.5, len(names) - 0.5)  # said, since of a matrix without mistakes nothing is drawn
    axis = {"type": "category", "categoryorder": "array", "categoryarray": names, "showgrid": False}
    figure.update_xaxes(axis, range=ends)
    figure.update_yaxes(axis, range=ends[::-1])
    return figure


def probabilities_figure(problem: ProblemSpec, by_model: Mapping[str, Sequence[float]]) -> go.Figure:
    """Draw the probabilities that each model gives to one example, class by class, side by side.

    Of many classes, those are drawn to which a model gives most.
    """
    highest = np.max(list(by_model.values()), axis=0)
    most = len(highest) if len(highest) <= MOST_BARS else FEW_BARS
    chosen = np.sort(np.argsort(-highest, kind="stable")[:most])
    figure, names = go.Figure(), _names(problem, chosen.tolist())
    for position, (name, values) in enumerate(by_model.items()):
        figure.add_bar(
            name=name, x=names, y=[values[number] for number in chosen],
            marker={"color": LINES[position], "pattern_shape": PATTERNS[position]},
            hovertemplate=f"{problem.words.label} %{{x}}: %{{y:.4f}}",
        )  # fmt: skip
    among = "" if most == len(highest) else f", the {most} most probable of {len(highest):,}"
    titled(figure, f"{problem.words.label}{among}", "probability", height=300)
    figure.update_layout(barmode="group", showlegend=True)
    figure.update_xaxes(type="category")
    figure.update_yaxes(range=[0, 1])
    return figure


def weights_figure(
    columns: Sequence[str], units: Sequence[int], weights: NDArray[np.float32], reach: float
) -> go.Figure:
    """Draw weights of hidden units, a row a column of the data.

    Args:
        columns: Their names, which differ.
        units: Their numbers.
        weights: float32 [columns, units].
        reach: Positive; the weight that has the strongest colour.
    """
    names = [in_figure(name) for name in columns]
    figure = go.Figure(
        go.Heatmap(
            x=[str(unit) for unit in units], y=names, z=weights, zmin=-reach, zmax=reach, colorscale=WEIGHTS,
            colorbar={"orientation": "h", "thickness": 12, "y": 1, "yanchor": "bottom"},
            hovertemplate="weight of %{y} in unit %{x}: %{z:.3f}<extra></extra>",
        )
    )  # fmt: skip
    titled(figure, "hidden unit", "column", height=120 + 24 * len(names))
    figure.update_xaxes(type="category", showgrid=False)
    figure.update_yaxes(type="category", autorange="reversed", showgrid=False, title=None)
    return figure


def _names(problem: ProblemSpec, chosen: Sequence[int]) -> list[str]:
    """Return what some classes are called in a figure."""
    names = short_names(problem.labels)
    return [in_figure(names[number]) for number in chosen]
