"""What ran where and when, and how much of the time workers stood idle."""

from datetime import UTC, datetime, timedelta

import pandas as pd
import streamlit as st

from dashboard.charts.timeline import NO_HOST, occupancy, since, spans, timeline_chart
from dashboard.site import Site
from dashboard.source import View
from dashboard.style import thinned
from dashboard.text import lasting
from search.study.instants import is_timed
from search.terminal.words import clock

LATEST = 500  # trials: a browser draws so many bars in half a second
COMMAND = "last command"
PERIODS = {
    COMMAND: None,
    f"latest {LATEST} trials": None,
    "last hour": timedelta(hours=1),
    "last 6 hours": timedelta(hours=6),
    "last day": timedelta(days=1),
    "everything": timedelta.max,
}
MEASURED = (
    "A lane is a place for one trial at a time: the storage does not record workers, so each trial is put on the first "
    "lane of its host that is free. A trial counts from its start, when it is given to a worker, to its end. A lane's "
    "time is that between the first start and the last end on its host in the period shown; pauses between two "
    "commands count as idle."
)


def show(site: Site) -> None:
    """Show the page."""
    st.title("Timeline")
    periods = [each for each in PERIODS if each != COMMAND or site.view().study.goal is not None]
    about = f"The last command is shown up to its latest {LATEST} trials; hours count back from the study's last event."
    period = st.selectbox("Period", periods, key="period", bind="query-params", help=about)
    site.live(lambda view: _period(view, str(period)))


def _period(view: View, period: str) -> None:
    """Show the trials of a period."""
    study = view.study
    begun = spans(study.table, study.local(datetime.now(UTC)) if view.status.is_running else None)
    if begun.empty:
        st.info("No trial has begun yet.")
        return
    held = since(begun, _beginning(view, begun, period))
    if held.empty:
        st.info("No trial was at work in this period.")
        return
    lanes = occupancy(held)
    _summary(lanes)
    drawn = thinned(held)
    figure = timeline_chart(drawn, view.study.settings.problem.names)
    st.plotly_chart(figure, key="timeline", alt="Bars of trials over time, a line for each lane of a host")
    if len(drawn) < len(held):
        st.caption(f"{len(drawn):,} of {len(held):,} trials are drawn, spread evenly; idle time is measured with all.")
    for note in _notes(view, held):
        st.caption(note)
    _lanes(lanes)


def _beginning(view: View, begun: pd.DataFrame, period: str) -> datetime:
    """Return when a period begins; its end is the last that is known."""
    goal = view.study.goal
    length = PERIODS[period]
    if length is None:
        starts = begun["start"].sort_values()
        latest = pd.Timestamp(starts.iloc[-min(LATEST, len(starts))])
        is_known = any(map(is_timed, view.study.trials)) or view.status.rate is not None  # else the zone may be another
        return max(latest, view.study.local(goal.since)) if period == COMMAND and goal and is_known else latest
    first, last = begun["start"].min(), begun["end"].max()
    return pd.Timestamp(first if length > last - first else last - length)


def _summary(lanes: pd.DataFrame) -> None:
    """Say how busy all lanes were together."""
    busy, idle = lanes["busy"].sum(), lanes["idle"].sum()
    columns = st.columns(4)
    columns[0].metric("Busy", f"{busy / (busy + idle):.0%}" if busy + idle else "no time", border=True)
    columns[1].metric("Idle, all lanes together", lasting(idle), border=True)
    columns[2].metric("Longest gap of a lane", lasting(lanes["gap"].max()), border=True)
    columns[3].metric("Lanes", len(lanes), border=True)


def _notes(view: View, held: pd.DataFrame) -> list[str]:
    """Return what a figure cannot say of itself."""
    study, notes = view.study, []
    is_open = held["state"] == "running"
    if is_open.any() and not view.status.is_running:
        notes.append("No one drives the study: trials that it left running are drawn to the last event it recorded.")
    unplaced = study.table.loc[held.index, "host"].isna()
    if (held["host"] == NO_HOST).any():
        notes.append("A trial records its host with its first epoch; those without have lanes of their own.")
    elif unplaced.any():
        notes.append(
            "A trial records its host with its first epoch; those without are taken to be on the only host that the "
            "study knows."
        )
    if study.evidence is not None:
        notes.append("Networks of the confirmation record when they ended, not when they began: they are not here.")
    return notes


def _lanes(lanes: pd.DataFrame) -> None:
    """Show how busy each lane was."""
    st.subheader("How busy each lane was")
    shown = lanes.assign(
        **{name: lanes[name].map(clock) for name in ("busy", "idle", "gap")}, share=100 * lanes["share"]
    )
    st.dataframe(
        shown,
        hide_index=True,
        column_config={
            "host": "Host",
            "lane": "Lane",
            "trials": "Trials",
            "busy": "Busy, m:ss",
            "idle": "Idle, m:ss",
            "gap": "Longest gap, m:ss",
            "share": st.column_config.NumberColumn("Busy, % of its time", format="%.1f"),
        },
        alt="Busy and idle time of each lane",
    )
    st.caption(MEASURED)
