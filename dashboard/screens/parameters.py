"""Which parameters matter, where the best lies between its bounds, and what accuracy costs."""

from collections.abc import Callable
from typing import NamedTuple

import optuna
import pandas as pd
import streamlit as st
from optuna.trial import FrozenTrial

from dashboard.charts.cost import COSTS, cost_chart, front
from dashboard.charts.parameters import (
    contour_chart,
    importance_chart,
    lowest_shown,
    parallel_chart,
    sample,
    slice_chart,
)
from dashboard.parts.facts import formats
from dashboard.site import Site
from dashboard.snapshot import Snapshot, column_of
from dashboard.source import View
from dashboard.style import thinned, thinning_note
from dashboard.text import figures, plain
from search.study.insight import bounds, is_ordered, searched, warnings_of
from search.study.study import ranked
from search.terminal.words import INACTIVE, number, several

MOST = 1000  # trials in a figure of Optuna's
NUMBERS = dict(enumerate(("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")))
ROUGH = "From so few trials, importance is no more than a hint."
METHOD = (
    "PED-ANOVA: how much each parameter alone decides whether a complete trial is among the best tenth. Pruned trials "
    "do not count."
)


def show(site: Site) -> None:
    """Show the page: as the study was when it was opened, since figures that change cannot be studied."""
    st.title("Parameters")
    study = site.view().study
    site.live(lambda view: _newer(view, study))
    for warning in warnings_of(study.best, study.settings) if study.best else []:
        st.warning(f"{plain(warning)}.", icon=":material/open_in_full:")
    chosen = st.selectbox("Show", list(PARTS), key="show", bind="query-params")
    if study.best is None:
        st.info("No trial is complete yet: there is nothing to compare.")
    else:
        PARTS[str(chosen)](site, study)
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
    insight = study.insight
    st.subheader("Which parameters matter")
    if insight.importances is None:
        st.info(f"Importances cannot be known: {insight.unknown}.")
    else:
        st.plotly_chart(importance_chart(insight.importances), key="importance", alt="Importance of each parameter")
        partial = (
            f"Nothing is said of {', '.join(insight.partial)}: not every trial has them." if insight.partial else ""
        )
        st.caption(f"{METHOD} {ROUGH if insight.rough else ''} {plain(partial)}")
    st.subheader("Where the best lies between its bounds")
    rows = [
        (name, figures(each.best), *_bounds(study, name), None if each.from_low is None else 100 * each.from_low)
        for name, each in insight.positions.items()
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
    held, names = _sampled(study), list(searched(study.settings))
    if not names:
        st.info("The space holds a single configuration.")
        return
    columns = st.columns(2)
    for position, name in enumerate(names):
        with columns[position % 2]:
            having = _having(held, name)
            if not having.numbers:
                st.caption(f"No complete trial has {plain(name)}.")
                continue
            st.plotly_chart(
                slice_chart(having.study, having.numbers, name, _best(study)),
                key=f"slice {name}",
                alt=f"Validation accuracy over {name}",
            )
    st.caption("Complete trials; the colour is the trial's number, later ones are brighter.")
    _notes(study, held.numbers)


def _contour(_site: Site, study: Snapshot) -> None:
    st.subheader("Accuracy over two parameters")
    names = list(searched(study.settings))
    columns = st.columns(2)
    if len(names) < 2:  # noqa: PLR2004
        st.info("It takes two parameters of more than one value.")
        return
    x = columns[0].selectbox("Across", names, key="across", bind="query-params")
    others = [name for name in names if name != x]
    y = columns[1].selectbox("Up", others, key="up", bind="query-params")
    held = _having(_sampled(study), str(x), str(y))
    if min(len({study.trials[each].params[name] for each in held.numbers}) for name in (x, y)) < 2:  # noqa: PLR2004
        st.info("The complete trials have a single value of one of them: there is nothing between which to draw.")
        return
    st.plotly_chart(
        contour_chart(held.study, str(x), str(y), _best(study)),
        key="contour",
        alt=f"Validation accuracy over {x} and {y}",
    )
    st.caption("Interpolated between the complete trials (points): far from them it says little.")
    _notes(study, held.numbers)


def _parallel(_site: Site, study: Snapshot) -> None:
    st.subheader("Each trial as a line")
    held = ranked([study.trials[each] for each in _sampled(study).numbers])
    distributions = searched(study.settings)
    if not distributions:
        st.info("The space holds a single configuration.")
        return
    st.plotly_chart(
        parallel_chart(held, distributions), key="parallel", alt="Parameters of the complete trials as lines"
    )
    st.caption("Where the lines of the best lie close together, the parameter matters.")
    if note := thinning_note(len(held), len(study.ranked)):
        st.caption(note)


def _cost(site: Site, study: Snapshot) -> None:
    st.subheader("Accuracy against cost")
    label = "Cost: seconds of training, or weights of the network"
    cost = str(st.radio(label, list(COSTS), key="cost", bind="query-params", horizontal=True))
    table = study.table[study.table["state"] == "complete"]
    edge = table[front(table[cost], table["val_accuracy"])].sort_values([cost, "trial"])
    if edge.empty:
        st.info("No complete trial recorded it.")
        return
    baseline = study.baseline.number if study.baseline else None
    figure = cost_chart(study.settings.problem, table, cost, _best(study).number, baseline)
    st.plotly_chart(figure, key="accuracy against cost", alt=f"Validation accuracy over {COSTS[cost]}")
    st.caption(
        f"On the Pareto front ({len(edge)} of {len(table)} complete trials) a trial is beaten by none that costs as "
        "little or less. One seed each: neighbours on it can be luck."
    )
    _notes(study, table["trial"].tolist())
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
    "contour": _contour,
    "parallel coordinates": _parallel,
    "accuracy against cost": _cost,
}


def _best(study: Snapshot) -> FrozenTrial:
    return study.ranked[0]


class Sample(NamedTuple):
    """The complete trials of a snapshot, `MOST` at most, as a study that Optuna can draw, and their own numbers."""

    snapshot: Snapshot  # comes along, so that no other one can have its id
    study: optuna.Study
    numbers: list[int]


@st.cache_resource(show_spinner=False, max_entries=5, hash_funcs={Snapshot: id})
def _sampled(study: Snapshot) -> Sample:
    table = study.table[study.table["state"] == "complete"]
    numbers = thinned(table, MOST, table["trial"] == _best(study).number)["trial"].tolist()
    return Sample(study, sample([study.trials[number] for number in numbers]), numbers)


def _having(held: Sample, *names: str) -> Sample:
    """Return the trials that have some parameters."""
    has_all = [all(name in held.snapshot.trials[each].params for name in names) for each in held.numbers]
    if all(has_all):
        return held
    numbers = [number for number, has in zip(held.numbers, has_all, strict=True) if has]
    return Sample(held.snapshot, sample([held.snapshot.trials[number] for number in numbers]), numbers)


def _notes(study: Snapshot, numbers: list[int]) -> None:
    """Say what a figure leaves out."""
    if note := thinning_note(len(numbers), len(study.ranked)):
        st.caption(note)
    values = [float(study.trials[number].value or 0) for number in numbers]
    low = lowest_shown(values)
    if below := sum(value < low for value in values):
        st.caption(f"Outside at first, or in the darkest colour: {several(below, 'trial')} far below, under {low:.4f}.")
