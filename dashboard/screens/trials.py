"""Every trial in a table that can be filtered, sorted, and taken away as CSV."""

import functools
from typing import Any

import pandas as pd
import streamlit as st
from optuna.distributions import BaseDistribution, CategoricalDistribution

from dashboard.filters import ORDERS, Filters, Range, as_csv, ordered, stops
from dashboard.marks import mark_of
from dashboard.parts.facts import formats
from dashboard.site import Site
from dashboard.snapshot import STATES, Snapshot, column_of, columns_of
from dashboard.text import plain
from search.study.insight import is_ordered, searched
from search.terminal.words import INACTIVE, gain, number

ALWAYS = ("trial", "mark")
LEFT_OUT = ("weights", "retry_of", "started", "ended")  # unless somebody asks for them
HEIGHT = 560  # pixels
ROW = 35  # pixels
FORMATS = {
    "trial": st.column_config.NumberColumn(pinned=True),
    "mark": st.column_config.TextColumn("role", width=85, help="The best trial and the baseline"),
    "gain": st.column_config.NumberColumn("gain, points", format="%+.2f", help="Percentage points over the baseline"),
    "seconds": st.column_config.NumberColumn(format="%.1f", help="Of training"),
    "attempt": st.column_config.NumberColumn(help="Which attempt at its configuration a trial is"),
    "failure": st.column_config.TextColumn(width="medium"),
}
OPENED = "trials-opened"  # session state: the trial whose row was clicked


def show(site: Site) -> None:
    """Show the page."""
    st.title("Trials")
    study = site.view().study
    states, order = _main_choices()
    with st.expander("Filter by accuracy and parameters, choose columns", icon=":material/filter_list:"):
        accuracies, ranges, choices = _accuracies(), *_parameters(study)
        offered = [name for name in columns_of(study.settings.problem) if name not in ALWAYS]
        chosen = [name for name in offered if name not in LEFT_OUT]
        columns = st.multiselect("Columns", offered, chosen, key="columns", bind="query-params")
    filters = Filters({"val_accuracy": accuracies, **ranges}, {"state": states, **choices})
    site.live(lambda view: _trials(site, view.study, filters, order, columns))


def _main_choices() -> tuple[list[str], str]:
    left, right = st.columns([3, 1])
    states = left.multiselect("State", STATES, key="state", bind="query-params", placeholder="any")
    return states, str(right.selectbox("Order", list(ORDERS), key="order", bind="query-params"))


def _accuracies() -> Range:
    def ask(column: Any, end: str) -> float | None:
        found: float | None = column.number_input(
            f"val_accuracy {end}", 0.0, 1.0, None, 0.001, "%.4f", f"accuracy_{end}",
            placeholder="any", bind="query-params",
        )  # fmt: skip
        return found

    left, right = st.columns(2)
    return ask(left, "from"), ask(right, "to")


def _parameters(study: Snapshot) -> tuple[dict[str, Range], dict[str, list[Any]]]:
    """Ask for each parameter that the space searches; return ranges, and choices."""
    ranges, choices, places = {}, {}, st.columns(2)
    for position, (name, distribution) in enumerate(searched(study.settings).items()):
        with places[position % len(places)]:
            if isinstance(distribution, CategoricalDistribution):
                choices[column_of(name)] = _values(name, distribution)
            else:
                ranges[column_of(name)] = _range(name, distribution)
    return ranges, choices


def _values(name: str, distribution: CategoricalDistribution) -> list[Any]:
    offered = distribution.choices if is_ordered(distribution) else [*map(number, distribution.choices), INACTIVE]
    return st.multiselect(plain(name), offered, key=column_of(name), bind="query-params", placeholder="any")


def _range(name: str, distribution: BaseDistribution) -> Range:
    offered = stops(distribution)
    ends = (offered[0], offered[-1])
    low, high = st.select_slider(plain(name), offered, ends, "{:.6g}".format, column_of(name), bind="query-params")
    return None if low == ends[0] else low, None if high == ends[1] else high


def _trials(site: Site, study: Snapshot, filters: Filters, order: str, columns: list[str]) -> None:
    if not study.trials:
        st.info("The study has no trial yet.")
        return
    found = ordered(filters.applied(study.table), order)
    st.markdown(f"**{len(found):,} of {len(study.table):,} trials.** {_summary(study)}")
    _table(site, study, found, columns)
    content = functools.partial(as_csv, found, study.settings.problem)
    st.download_button(
        "Download these trials as CSV", content, f"{study.name}-trials.csv", "text/csv",
        help="All columns, with all digits", icon=":material/download:", on_click="ignore", disabled=found.empty,
    )  # fmt: skip


def _summary(study: Snapshot) -> str:
    """Say which trial is the best, and how it compares."""
    best, baseline = study.best, study.baseline
    if best is None:
        return "None is complete, so there is no best one."
    text = f"Trial {best.number} is the best, with {best.value:.4f}"
    if baseline is None:
        return f"{text}; there is no complete baseline to compare it with."
    if baseline is best:
        return f"{text}: it is the baseline."
    gained = gain(float(best.value or 0), float(baseline.value or 0))
    return f"{text}: {gained} over the baseline, trial {baseline.number}."


def _table(site: Site, study: Snapshot, found: pd.DataFrame, columns: list[str]) -> None:
    shown = found.assign(mark="")
    for trial in (study.best, study.baseline):
        if trial is not None:
            shown.loc[shown["trial"] == trial.number, "mark"] = mark_of(study, trial.number)
    numbers, problem = found["trial"].tolist(), study.settings.problem
    accuracy = st.column_config.NumberColumn(format="%.4f", help=f"Share of the validation {problem.examples}")
    st.dataframe(
        shown[[*ALWAYS, *columns]],
        height=min(HEIGHT, ROW * (len(shown) + 1) + 3),
        hide_index=True,
        column_config=FORMATS | formats(study) | {"val_accuracy": accuracy},
        key="table",
        on_select=lambda: _remember(numbers),
        selection_mode="single-row",
        placeholder="" if study.settings.space.is_fixed else INACTIVE,
        alt="Trials, a row each",
    )
    st.caption("The box at the left of a row opens its trial; a column's title sorts by it.")
    if OPENED in st.session_state:
        site.go("trial", trial=str(st.session_state.pop(OPENED)))


def _remember(numbers: list[int]) -> None:
    """Note whose row was clicked, by the rows that the person saw: there may be others since."""
    rows = st.session_state["table"].selection.rows
    if rows:
        st.session_state[OPENED] = numbers[rows[0]]
