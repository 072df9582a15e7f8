"""Which parameters matter, and how accuracy depends on them."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import optuna
import plotly.graph_objects as go
from optuna.distributions import BaseDistribution
from optuna.trial import FrozenTrial
from optuna.visualization import plot_contour, plot_slice

from dashboard.style import ACCURACY, BASELINE, BEST, LINES, STATES, titled
from dashboard.text import figures, in_figure, in_template
from search.study.insight import bounds, place
from search.terminal.words import INACTIVE

TOP = 0.1  # share of the trials that stands out among parallel coordinates
ROOM = 0.06  # around the values of a parameter, a share of its range


def sample(trials: Sequence[FrozenTrial]) -> optuna.Study:
    """Return a study in memory of some trials, which is what Optuna draws."""
    study = optuna.create_study(direction="maximize")
    study.add_trials(trials)
    return study


def importance_chart(importances: Mapping[str, float]) -> go.Figure:
    """Draw the shares of the parameters as bars, the greatest on top."""
    names, shares = [*map(in_figure, importances)][::-1], list(importances.values())[::-1]
    figure = go.Figure()
    figure.add_bar(
        x=shares, y=names, orientation="h", text=[f"{share:.0%}" for share in shares], textposition="outside",
        cliponaxis=False, marker={"color": STATES["complete"][0]}, hovertemplate="%{y}: %{x:.1%}<extra></extra>",
    )  # fmt: skip
    titled(figure, "importance (PED-ANOVA), share", "parameter", height=110 + 45 * len(names))
    figure.update_xaxes(range=[0, 1.08], tickformat=".0%")
    return figure


def lowest_shown(values: Sequence[float]) -> float:
    """Return from which accuracy on a figure begins, so that a few bad trials do not flatten all the others.

    It is Tukey's outer fence, three interquartile ranges below the lower quartile, where values lie below it.
    """
    low, high = np.quantile(values, [0.25, 0.75])
    return max(min(values), float(low - 3 * (high - low)))


def slice_chart(study: optuna.Study, numbers: Sequence[int], name: str, best: FrozenTrial) -> go.Figure:
    """Draw the accuracy of each trial over one of its parameters, as Optuna does; the best is marked.

    Args:
        study: From `sample`, which numbers its trials anew.
        numbers: Their own.
        name: The parameter.
        best: The best trial.
    """
    figure = titled(plot_slice(study, params=[name], target_name=ACCURACY), in_figure(name), ACCURACY, height=320)
    figure.update_layout(title=None, width=None)
    for trace in figure.data:
        trace.marker.color = [numbers[each] for each in trace.marker.color]
    figure.update_traces(
        hovertemplate=f"{in_template(name)} %{{x}}<br>{ACCURACY} %{{y:.4f}}<br>trial %{{marker.color}}<extra></extra>",
        marker={"size": 7, "colorbar": {"title": "trial", "xpad": 0, "x": 1.02}, "colorscale": "Viridis"},
    )
    if name in best.params:
        _mark(figure, best.params[name], best.value, f"best: trial {best.number}")
    begin_with(figure, [float(trial.value or 0) for trial in study.get_trials(deepcopy=False)])
    _tick(figure.layout.xaxis, study, name)
    return figure


def contour_chart(study: optuna.Study, x: str, y: str, best: FrozenTrial) -> go.Figure:
    """Draw the accuracy over two parameters, as Optuna does: it is interpolated between the trials."""
    figure = titled(plot_contour(study, params=[x, y], target_name=ACCURACY), in_figure(x), in_figure(y), height=480)
    figure.update_layout(title=None, width=None, showlegend=False)
    values = [float(trial.value or 0) for trial in study.get_trials(deepcopy=False)]
    figure.update_traces(
        selector={"type": "contour"}, colorscale="Viridis", reversescale=False,
        zmin=lowest_shown(values), zmax=max(values), zauto=False, colorbar={"tickformat": ".4f"},
        contours={"start": lowest_shown(values), "end": max(values), "size": (max(values) - lowest_shown(values)) / 12},
    )  # fmt: skip
    figure.update_traces(selector={"type": "scatter"}, marker={"size": 5, "line": {"width": 1, "color": BASELINE}})
    if x in best.params and y in best.params:
        _mark(figure, best.params[x], best.params[y], f"best: trial {best.number}")
    _tick(figure.layout.xaxis, study, x)
    _tick(figure.layout.yaxis, study, y)
    return figure


def parallel_chart(trials: Sequence[FrozenTrial], distributions: Mapping[str, BaseDistribution]) -> go.Figure:
    """Draw each trial as a line through its parameters: the best tenth and the best stand out.

    Optuna's figure has a trace for each trial, with which a browser is slow.

    Args:
        trials: Complete ones, best first.
        distributions: Of the parameters, each of more than one value.
    """
    top = max(1, math.ceil(TOP * len(trials)))
    figure = go.Figure()
    for name, held, line in (
        (f"the other {len(trials) - top}", trials[top:], {"color": BASELINE, "width": 0.6, "dash": "dot"}),
        (f"best tenth, {top - 1} without the best", trials[1:top], {"color": LINES[0], "width": 1.2}),
        (f"the best: trial {trials[0].number}", trials[:1], {"color": BEST, "width": 4}),
    ):
        if held:
            _add_lines(figure, held, distributions, name, line)
    titled(figure, "parameter", "place between the bounds (log scale where searched so)", height=440)
    figure.update_yaxes(tickvals=[0, 1], ticktext=["low", "high"], range=[-2 * ROOM, 1 + 2 * ROOM])
    for name, each in distributions.items():
        for height, value, anchor in zip((0, 1), bounds(each), ("top", "bottom"), strict=True):
            figure.add_annotation(
                x=in_figure(name), y=height, text=in_figure(figures(value)), showarrow=False, yanchor=anchor
            )
    return figure


def ticks(low: float, high: float) -> list[float]:
    """Return the values 1, 2 and 5 times a power of ten between two bounds, for an axis with a log scale."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    values = [digit * 10.0**power for power in powers for digit in (1, 2, 5)]
    return [value for value in values if low * (1 - 1e-9) <= value <= high * (1 + 1e-9)]


def begin_with(figure: go.Figure, values: Sequence[float]) -> None:
    """Let the axis of accuracy leave out what lies far below the others at first."""
    low, high = lowest_shown(values), max(values)
    if low > min(values):
        room = ROOM * (high - low or 1)
        figure.update_yaxes(range=[low - room, high + 2 * room])


def _tick(axis: Any, study: optuna.Study, name: str) -> None:
    """Give a log scale round numbers, which plotly abbreviates."""
    values = [trial.params[name] for trial in study.get_trials(deepcopy=False) if name in trial.params]
    if axis.type == "log":
        chosen = ticks(min(values), max(values))
        axis.update(tickvals=chosen, ticktext=[f"{value:g}" for value in chosen], tickangle=0)


def _mark(figure: go.Figure, x: Any, y: Any, name: str) -> None:
    """Mark the best trial; a parameter of listed choices has an axis of texts."""
    last, layout = figure.data[-1], figure.layout
    across = str(x) if layout.xaxis.type == "category" and isinstance(last.x[0], str) else x
    up = str(y) if layout.yaxis.type == "category" and isinstance(last.y[0], str) else y
    figure.add_scatter(
        x=[across], y=[up], name=name, mode="markers", showlegend=True,
        hovertemplate=f"{name}<extra></extra>",
        marker={"symbol": "star", "size": 15, "color": BEST, "line": {"width": 1, "color": BASELINE}},
    )  # fmt: skip
    figure.update_layout(showlegend=True)
    figure.update_traces(selector=lambda trace: trace.name != name, showlegend=False)


def _add_lines(
    figure: go.Figure,
    trials: Sequence[FrozenTrial],
    distributions: Mapping[str, BaseDistribution],
    name: str,
    line: dict[str, Any],
) -> None:
    """Add the lines of some trials as one trace, with a gap after each."""
    x: list[str | None] = []
    y: list[float | None] = []
    texts: list[str] = []
    for trial in trials:
        said = f"trial {trial.number}, {ACCURACY} {trial.value:.4f}<br>"
        params = trial.params
        values = {key: figures(params[key]) if key in params else INACTIVE for key in distributions}
        said += "<br>".join(in_figure(f"{key} {value}") for key, value in values.items())
        x += [*map(in_figure, distributions), None]
        y += [*(place(params[key], each) if key in params else None for key, each in distributions.items()), None]
        texts += [said] * (len(distributions) + 1)
    figure.add_scatter(
        x=x, y=y, name=name, mode="lines+markers", line=line, marker={"size": 4}, connectgaps=False,
        text=texts, hovertemplate="%{text}<extra></extra>",
    )  # fmt: skip
