"""Which parameters matter, and how accuracy depends on them."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import plotly.graph_objects as go
from optuna.distributions import BaseDistribution, CategoricalDistribution
from optuna.trial import FrozenTrial

from dashboard.style import ACCURACY, BASELINE, BEST, LINES, STATES, titled
from dashboard.text import figures, in_figure
from search.study.insight import bounds, in_order, place
from search.terminal.words import INACTIVE

TOP = 0.1  # share of the trials that stands out among parallel coordinates
ROOM = 0.06  # around the values of a parameter, a share of its range
STAR = {"symbol": "star", "size": 16, "line": {"width": 1, "color": BASELINE}}  # the best trial


class Point(NamedTuple):
    """A trial in a figure.

    Attributes:
        trial: Its number.
        is_complete: Or else it was pruned.
        value: Its validation accuracy where the trials can be compared, a share.
        params: Those that it has.
    """

    trial: int
    is_complete: bool
    value: float
    params: Mapping[str, Any]


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


def slice_chart(points: Sequence[Point], name: str, distribution: BaseDistribution, best: int, title: str) -> go.Figure:
    """Draw the accuracy of each trial over one of its parameters, from bound to bound; the best is marked.

    Args:
        points: Trials that have the parameter.
        name: The parameter.
        distribution: What it is drawn from.
        best: The number of the best trial.
        title: What the accuracy is called.
    """
    figure = titled(go.Figure(), in_figure(name), title, height=300)
    for state, held in _by_state(points):
        colour, symbol = STATES[state]
        figure.add_scatter(
            x=_across(held, name, distribution), y=[each.value for each in held], mode="markers", name=state,
            marker={"color": colour, "symbol": symbol, "size": 8, "opacity": 0.85},
            text=_hovers(held), hovertemplate="%{text}<extra></extra>", showlegend=False,
        )  # fmt: skip
    held = [each for each in points if each.trial == best]
    figure.add_scatter(
        x=_across(held, name, distribution), y=[each.value for each in held], mode="markers", name="best",
        marker=STAR | {"color": BEST}, text=_hovers(held), hovertemplate="%{text}<extra></extra>", showlegend=False,
    )  # fmt: skip
    begin_with(figure, [each.value for each in points])
    _scale(figure.layout.xaxis, distribution)
    return figure


def pair_chart(points: Sequence[Point], axes: Mapping[str, BaseDistribution], best: int, title: str) -> go.Figure:
    """Draw each trial over two of its parameters; its colour is its accuracy, and nothing is drawn between trials.

    Args:
        points: Trials that have both.
        axes: The parameter across and the one up, with what each is drawn from.
        best: The number of the best trial.
        title: What the accuracy is called.
    """
    (across, horizontal), (up, vertical) = axes.items()
    figure = titled(go.Figure(), in_figure(across), in_figure(up), height=480)
    values = [each.value for each in points]
    figure.update_layout(
        coloraxis={
            "colorscale": "Viridis", "cmin": lowest_shown(values), "cmax": max(values),
            "colorbar": {"title": title, "tickformat": ".4f"},
        }
    )  # fmt: skip
    marks = {state: {"symbol": STATES[state][1], "size": 11} for state in ("complete", "pruned")}
    groups = [(state, held, marks[state]) for state, held in _by_state(points)]
    groups.append((f"best: trial {best}", [each for each in points if each.trial == best], STAR))
    for name, held, mark in groups:
        figure.add_scatter(
            x=_across(held, across, horizontal), y=_across(held, up, vertical), mode="markers", name=name,
            marker=mark | {"color": [each.value for each in held], "coloraxis": "coloraxis"},
            text=_hovers(held), hovertemplate="%{text}<extra></extra>",
        )  # fmt: skip
    _scale(figure.layout.xaxis, horizontal)
    _scale(figure.layout.yaxis, vertical)
    return figure


def parallel_chart(
    trials: Sequence[FrozenTrial], pruned: Sequence[FrozenTrial], distributions: Mapping[str, BaseDistribution]
) -> go.Figure:
    """Draw each trial as a line through its parameters: the best tenth of the complete ones and the best stand out.

    Optuna's figure has a trace for each trial, with which a browser is slow.

    Args:
        trials: Complete ones, best first.
        pruned: Those that were ended early.
        distributions: Of the parameters, each of more than one value.
    """
    top = max(1, math.ceil(TOP * len(trials)))
    figure = go.Figure()
    for name, held, line in (
        (f"{len(pruned)} pruned", pruned, {"color": STATES["pruned"][0], "width": 0.4, "dash": "dot"}),
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


def _by_state(points: Sequence[Point]) -> list[tuple[str, list[Point]]]:
    """Return the points by state, the complete ones last, so that they lie on top."""
    groups = (("pruned", [each for each in points if not each.is_complete]),
              ("complete", [each for each in points if each.is_complete]))  # fmt: skip
    return [(state, held) for state, held in groups if held]


def _across(points: Sequence[Point], name: str, distribution: BaseDistribution) -> list[Any]:
    """Return where points lie on the axis of a parameter; listed choices stand on an axis of texts."""
    values = [each.params[name] for each in points]
    is_listed = isinstance(distribution, CategoricalDistribution)
    return [in_figure(figures(value)) for value in values] if is_listed else values


def _hovers(points: Sequence[Point]) -> list[str]:
    """Return what is said of each point."""
    said = []
    for each in points:
        params = "<br>".join(in_figure(f"{name} {figures(value)}") for name, value in each.params.items())
        said.append(f"trial {each.trial}{'' if each.is_complete else ', pruned'}: {each.value:.4f}<br>{params}")
    return said


def _scale(axis: Any, distribution: BaseDistribution) -> None:
    """Let an axis go from bound to bound, so that one sees how close to one a trial lies."""
    if isinstance(distribution, CategoricalDistribution):
        names = [in_figure(figures(each)) for each in in_order(distribution)]
        axis.update(type="category", categoryorder="array", categoryarray=names, range=[-0.5, len(names) - 0.5])
        return
    low, high = bounds(distribution)
    if distribution.log:  # type: ignore[attr-defined]
        chosen = ticks(low, high)
        axis.update(type="log", tickvals=chosen, ticktext=[f"{value:g}" for value in chosen], tickangle=0)
        low, high = math.log10(low), math.log10(high)
    room = ROOM * (high - low)
    axis.update(range=[low - room, high + room])


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
        said = f"trial {trial.number}, {'pruned' if trial.value is None else f'{ACCURACY} {trial.value:.4f}'}<br>"
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
