"""How the best val_accuracy rises, drawn; a click opens a trial, and some that are marked are compared."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboard.charts.progress import best_chart, drawn, spread_of, with_values
from dashboard.parts.figure import show_figure
from dashboard.site import Site
from dashboard.source import View
from dashboard.style import ACCURACY, thinning_note
from search.terminal.words import several

AXES = {"trial": "trial", "time": "ended"}  # columns of the table
MOST = 6  # trials besides the baseline, as many as that page takes
TOUCH = "A click on a point opens its trial; with a box or a lasso around points they can be compared."


def show_best(site: Site, view: View) -> None:
    """Show the figure; above it, over what it is drawn, and what can be done with the trials that are marked."""
    study = view.study
    table, spread = with_values(study.table), spread_of(study.evidence)
    above = st.container(horizontal=True, vertical_alignment="center")
    x = AXES[_axis(above)]
    if table.empty:
        st.info("No trial has reported a val_accuracy yet.")
        return
    figure = best_chart(table, x, study.baseline_value, spread, study.settings.problem)
    chosen = show_figure(figure, study.name, f"best by {x}", f"{ACCURACY} of each trial, and the best so far")
    with above:
        _compare(site, table, chosen)
    band = f"The band is what {spread.seeds} fresh seeds of the baseline span." if spread else None
    notes = (_below(table, figure.layout.yaxis.range[0]), band, thinning_note(len(drawn(table, x)), len(table)))
    st.caption(" ".join([TOUCH, *(note for note in notes if note)]))


def to_compare(table: pd.DataFrame, chosen: Sequence[int]) -> list[int]:
    """Return, of the trials that a person has marked, those that are compared: the best ones, best first."""
    rows = table[table["trial"].isin(chosen)]
    numbers: list[int] = rows.sort_values(["val_accuracy", "trial"], ascending=[False, True])["trial"].tolist()
    return numbers[:MOST]


def _axis(place: DeltaGenerator) -> str:
    """Ask for the horizontal axis, in a place."""
    place.markdown("**Best value over time**", width="content")
    asked = place.segmented_control(
        "Horizontal axis", list(AXES), default="trial", required=True, key="x", bind="query-params",
        label_visibility="collapsed",
    )  # fmt: skip
    return asked or "trial"


def _compare(site: Site, table: pd.DataFrame, chosen: Sequence[int]) -> None:
    """Lead to the trials that a person has marked."""
    if numbers := to_compare(table, chosen):
        those = f"these {len(numbers)}" if len(chosen) <= MOST else f"the best {MOST} of these {len(chosen)}"
        site.link("compare", f"Compare {those}", trials=[str(number) for number in numbers])


def _below(table: pd.DataFrame, low: float) -> str | None:
    """Return what a person has to know of trials that lie below what the figure shows."""
    hidden = int((table["val_accuracy"] < low).sum())
    lie = "lies" if hidden == 1 else "lie"
    return f"{several(hidden, 'trial')} {lie} below: double-click on the figure to see all." if hidden else None
