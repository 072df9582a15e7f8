"""Which parameters matter, where the best lies between its bounds, and what accuracy costs."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import pandas as pd
import streamlit as st
from optuna.trial import TrialState

from dashboard.charts.cost import COSTS, cost_chart, front
from dashboard.charts.parameters import (
    Point,
    importance_chart,
    lowest_shown,
    pair_chart,
    parallel_chart,
    slice_chart,
)
from dashboard.parts.facts import formats
from dashboard.site import Site
from dashboard.snapshot import Snapshot, column_of
from dashboard.source import View
from dashboard.style import ACCURACY, thinned, thinning_note
from dashboard.text import figures, plain
from search.study.importance import FEWEST_TRIALS
from search.study.insight import bounds, is_ordered, searched, warnings_of
from search.study.study import ranked
from search.terminal.words import INACTIVE, number, several

MOST = 1000  # trials in a figure of Optuna's
NUMBERS = dict(enumerate(("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")))
ALL, COMPLETE = "all", "complete"
NONE_COMPLETE = "No trial is complete yet."
METHOD = "PED-ANOVA: how much each parameter alone decides whether a trial is among the best tenth."


def show(site: Site) -> None:
    """Show the page: as the study was when it was opened, since figures that change cannot be studied."""
    st.title("Parameters")
    study = site.view().study
    site.live(lambda view: _newer(view, study))
    for warning in warnings_of(study.best, study.settings) if study.best else []:
        st.warning(f"{plain(warning)}.", icon=":material/open_in_full:")
    chosen = st.segmented_control("Show", list(PARTS), default="importance", required=True, key="show",
                                  bind="query-params")  # fmt: skip
    if study.rung.accuracies:
        PARTS[str(chosen)](site, study)
    else:
        st.info("No trial is complete or pruned yet: there is nothing to compare.")
    _not_searched(study)


def _newer(view: View, study: Snapshot) -> None:
    """Say what the page does not show yet."""
    more = view.study.counts.finished - study.counts.finished
    if more:
        st.caption(f"Of {study.counts.finished} finished trials; {more} more by now.")
        if st.button("Show them, too"):
            st.rerun()


def _not_searched(study: Snapshot) -> None:
    problem, distributions = study.settings.problem, study.settings.space.distributions
    today = {name: figures(value, 6) for name, value in problem.baseline.items()}
    fixed = [f"{name} = {today.get(name, INACTIVE)}" for name in problem.names if name not in distributions]
    params = study.ranked[0].params if study.ranked else {}
    fixed += [
        f"{name} = {number(each.to_external_repr(each.to_internal_repr(params[name])))} (a single value)"
        for name, each in distributions.items()
        if each.single() and name in params
    ]
    all_of_them = f"All {NUMBERS.get(len(problem.names), len(problem.names))} parameters are searched."
    st.caption(f"Not searched: {plain(', '.join(fixed))}." if fixed else all_of_them)


def _importance(_site: Site, study: Snapshot) -> None:
    importance = study.insight.importance
    st.subheader("Which parameters matter")
    if importance.shares is None:
        st.info(f"Importances cannot be known: {importance.unknown}.")
    else:
        st.plotly_chart(importance_chart(importance.shares), key="importance", alt="Importance of each parameter")
        st.caption(f"{METHOD} {plain(importance.basis)}")
    if study.best is None:
        return
    st.subheader("Where the best lies between its bounds")
    rows = [
        (name, figures(each.best), *_bounds(study, name), None if each.from_low is None else 100 * each.from_low)
        for name, each in study.insight.positions.items()
    ]
    columns = ["Parameter", "Best", "Lowest", "Highest", "Place between them, %"]
    st.dataframe(
        pd.DataFrame(rows, columns=columns),
        hide_index=True,
        column_config={
            columns[-1]: st.column_config.ProgressColumn(color="blue", min_value=0, max_value=100, format="%.0f")
        },
        alt="The best value of each parameter and its bounds",
    )
    st.caption("0 % is the lowest and 100 % the highest value of the space, on the scale on which it is searched.")


def _bounds(study: Snapshot, name: str) -> tuple[str, str]:
    each = study.settings.space.distributions[name]
    low, high = map(figures, bounds(each))
    return (low, high) if is_ordered(each) else (INACTIVE, INACTIVE)


def _slices(_site: Site, study: Snapshot) -> None:
    st.subheader("Accuracy over each parameter")
    held, names = _chosen(study), searched(study.settings)
    if not names:
        st.info("The space holds a single configuration.")
        return
    if not held.points:
        st.info(NONE_COMPLETE)
        return
    columns = st.columns(2)
    for position, (name, distribution) in enumerate(names.items()):
        with columns[position % 2]:
            having = _having(held.points, name)
            if not having:
                st.caption(f"No trial has {plain(name)}.")
                continue
            st.plotly_chart(
                slice_chart(having, name, distribution, held.best, held.title),
                key=f"slice {name}",
                alt=f"Validation accuracy over {name}",
            )
    _notes(held)


def _pairs(_site: Site, study: Snapshot) -> None:
    st.subheader("Accuracy over two parameters")
    names = searched(study.settings)
    if len(names) < 2:  # noqa: PLR2004
        st.info("It takes two parameters of more than one value.")
        return
    columns = st.columns(2)
    x = str(columns[0].selectbox("Across", list(names), key="across", bind="query-params"))
    others = [name for name in names if name != x]
    y = str(columns[1].selectbox("Up", others, key="up", bind="query-params"))
    held = _chosen(study)
    having = _having(held.points, x, y)
    if not having:
        st.info(f"No trial has both {plain(x)} and {plain(y)}.")
        return
    figure = pair_chart(having, {x: names[x], y: names[y]}, held.best, held.title)
    st.plotly_chart(figure, key="pairs", alt=f"Validation accuracy over {x} and {y}")
    _notes(held)


def _parallel(_site: Site, study: Snapshot) -> None:
    st.subheader("Each trial as a line")
    distributions = searched(study.settings)
    if not distributions or study.best is None:
        st.info("The space holds a single configuration." if study.best else NONE_COMPLETE)
        return
    table = study.table[study.table["state"].isin(["complete", "pruned"])]
    drawn = thinned(table, MOST, table["trial"] == study.best.number)["trial"].tolist()
    trials = [study.trials[number] for number in drawn]
    pruned = [trial for trial in trials if trial.state == TrialState.PRUNED]
    figure = parallel_chart(ranked(trials), pruned, distributions)
    st.plotly_chart(figure, key="parallel", alt="Parameters of the trials as lines")
    st.caption("Where the lines of the best lie close together, the parameter matters.")
    if note := thinning_note(len(drawn), len(table)):
        st.caption(note)


def _cost(site: Site, study: Snapshot) -> None:
    st.subheader("Accuracy against cost")
    label = "Cost: seconds of training, or weights of the network"
    cost = str(st.radio(label, list(COSTS), key="cost", bind="query-params", horizontal=True))
    if study.best is None:
        st.info(NONE_COMPLETE)
        return
    table = study.table[study.table["state"] == "complete"]
    edge = table[front(table[cost], table["val_accuracy"])].sort_values([cost, "trial"])
    if edge.empty:
        st.info("No complete trial recorded it.")
        return
    baseline = study.baseline.number if study.baseline else None
    figure = cost_chart(study.settings.problem, table, cost, study.best.number, baseline)
    st.plotly_chart(figure, key="accuracy against cost", alt=f"Validation accuracy over {COSTS[cost]}")
    st.caption(
        f"On the Pareto front ({len(edge)} of {len(table)} complete trials) a trial is beaten by none that costs as "
        "little or less. One seed each: neighbours on it can be luck."
    )
    _say_what_is_below(table["val_accuracy"].tolist())
    _front_table(site, study, edge)


def _front_table(site: Site, study: Snapshot, edge: pd.DataFrame) -> None:
    """List the trials of the front; a chosen row leads to its trial."""
    problem = study.settings.problem
    st.subheader("Trials of the Pareto front")
    columns = ["trial", "val_accuracy", "gain", "seconds", "weights", *map(column_of, problem.names)]
    chosen = st.dataframe(
        edge[columns],
        hide_index=True,
        key="front",
        on_select="rerun",
        selection_mode="single-row",
        placeholder="" if study.settings.space.is_fixed else INACTIVE,
        column_config=formats(study)
        | {
            "val_accuracy": st.column_config.NumberColumn(format="%.4f"),
            "gain": st.column_config.NumberColumn("gain, points", format="%+.2f"),
            "seconds": st.column_config.NumberColumn("training, seconds", format="%.1f"),
            "weights": st.column_config.NumberColumn(format="localized"),
        },
        alt="Trials of the Pareto front, the cheapest first",
    )
    for row in chosen.selection.rows[:1]:
        number = int(edge.iloc[row]["trial"])
        site.link("trial", f"Everything about trial {number}", trial=str(number))
    st.caption("Choose a row for a link to its trial.")


PARTS: dict[str, Callable[[Site, Snapshot], None]] = {
    "importance": _importance,
    "slices": _slices,
    "two parameters": _pairs,
    "parallel coordinates": _parallel,
    "accuracy against cost": _cost,
}


class Chosen(NamedTuple):
    """The trials of a figure: `MOST` at most, of `total`; the number of the best among them, and what is measured."""

    points: list[Point]
    total: int
    best: int
    title: str


def _chosen(study: Snapshot) -> Chosen:
    """Ask which trials are drawn, where that makes a difference, and say by what they are compared."""
    rung = study.rung
    if rung.epoch is None:
        return _points(study, rung.accuracies, None)
    which = st.segmented_control(
        "Trials", [ALL, COMPLETE], default=ALL, required=True, key="compared", bind="query-params"
    )
    if which == COMPLETE:
        return _points(study, {trial.number: float(trial.value or 0) for trial in study.ranked}, None)
    st.caption(
        f"By the accuracy at epoch {rung.epoch}, which most trials reached. Crosses were pruned there or later, and "
        "the best is that of all epochs."
    )
    return _points(study, rung.accuracies, rung.epoch)


def _points(study: Snapshot, values: Mapping[int, float], epoch: int | None) -> Chosen:
    """Return the trials that have these values as points, evenly thinned, the best always among them."""
    best = study.best.number if study.best else -1
    table = study.table.loc[sorted(values)]
    drawn = thinned(table, MOST, table["trial"] == best)["trial"].tolist()
    points = [
        Point(number, study.trials[number].state == TrialState.COMPLETE, values[number], study.trials[number].params)
        for number in drawn
    ]
    return Chosen(points, len(table), best, ACCURACY if epoch is None else f"{ACCURACY}, epoch {epoch}")


def _having(points: Sequence[Point], *names: str) -> list[Point]:
    """Return the trials that have some parameters."""
    return [each for each in points if {*names} <= each.params.keys()]


def _notes(held: Chosen) -> None:
    """Say what a figure leaves out, and where it is from few trials."""
    if len(held.points) < FEWEST_TRIALS:
        st.caption(f"From {several(len(held.points), 'trial')}: no more than a hint.")
    if note := thinning_note(len(held.points), held.total):
        st.caption(note)
    _say_what_is_below([each.value for each in held.points])


def _say_what_is_below(values: Sequence[float]) -> None:
    low = lowest_shown(values)
    if below := sum(value < low for value in values):
        st.caption(f"Outside at first, or in the darkest colour: {several(below, 'trial')} far below, under {low:.4f}.")
