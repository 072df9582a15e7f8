"""All studies of the storage, and the way to each: the start page, and what is shown where a study is missing."""

from collections.abc import Sequence
from contextlib import suppress

import pandas as pd
import streamlit as st

from dashboard.listing import Entry
from dashboard.site import REFRESH, STUDY, Site
from dashboard.status import Phase
from dashboard.text import plain
from search.errors import SearchError

LISTED_EVERY = 10.0  # seconds
HEIGHT = 560  # pixels
ROW = 35  # pixels
COLUMNS = {
    "name": st.column_config.TextColumn("study", width=172, pinned=True),
    "state": st.column_config.TextColumn(width=90),
    "verdict": st.column_config.TextColumn(width=160),
    "difference": st.column_config.NumberColumn(
        "by points", format="%+.2f", width=75, help="The verdict's difference, percentage points on the test data"
    ),
    "best": st.column_config.NumberColumn(format="%.4f", width=62, help="The best validation accuracy"),
    "baseline": st.column_config.NumberColumn(format="%.4f", width=75, help="The baseline trial's"),
    "trials": st.column_config.NumberColumn(format="localized", width=60, help="Finished ones"),
    "changed": st.column_config.DatetimeColumn("last change", format="distance", width=118),
}
# Of `Entry`, in the order in which they are shown.
KINDS = {
    "name": "object", "state": "object", "verdict": "object", "difference": "float64", "best": "float64",
    "baseline": "float64", "trials": "int64", "changed": "datetime64[ns, UTC]",
}  # fmt: skip
RUNNING = (Phase.SEARCHING, Phase.CONFIRMING)
OPENED, LEFT = "studies-opened", "studies-left"  # session state: that a row was clicked, that a study was picked


def show(site: Site) -> None:
    """Show the start page."""
    if st.session_state.pop(LEFT, False):
        site.go("overview")
    st.title("All studies")
    _list(site, "")


def leave() -> None:
    """Note that a study was picked beside the page, which is then to be shown."""
    st.session_state[LEFT] = True


def choose(site: Site, path: str) -> None:
    """Show the same in place of a page about one study, where the address names none: a row leads to that page."""
    st.title("All studies")
    _list(site, path)


def missing(site: Site, path: str, names: Sequence[str]) -> None:
    """Say that there is no such study as the address names, until there is, and which ones there are."""
    st.title("No such study")
    st.warning(f"There is no study **{plain(site.name)}** here: it was deleted, or never had this name.")
    _list(site, path)

    @st.fragment(run_every=REFRESH)
    def looked_for() -> None:
        with suppress(SearchError):  # the list says so
            if site.source.names() != names:
                st.rerun()

    looked_for()


@st.fragment(run_every=LISTED_EVERY)
def _list(site: Site, path: str) -> None:
    """Show the studies, and show them anew every few seconds."""
    try:
        entries = site.source.entries()
    except SearchError as error:
        st.warning(f"The studies cannot be read at the moment: {plain(str(error))}", icon=":material/sync_problem:")
        return
    asked = st.text_input("Search", key="search", bind="query-params", placeholder="A part of a study's name")
    found = [each for each in entries if asked.casefold() in each.name.casefold()]
    st.markdown(_summary(entries, found))
    names = [each.name for each in found]
    st.dataframe(
        _table(found),
        height=min(HEIGHT, ROW * (max(len(found), 1) + 1) + 3),
        hide_index=True,
        column_config=COLUMNS,
        key="studies-listed",
        on_select=lambda: _remember(names),
        selection_mode=["single-row", "single-cell"],
        placeholder="",
        alt="Studies, a row each",
    )
    st.caption("A click on a row opens its study; a column's title sorts by it.")
    if st.session_state.pop(OPENED, False):
        site.go(path or "overview")


def _summary(entries: Sequence[Entry], found: Sequence[Entry]) -> str:
    """Say how many studies there are, how many of them are shown, and how many run."""
    shown = "" if len(found) == len(entries) else f"{len(found):,} of "
    running = sum(each.state in RUNNING for each in entries)
    return f"**{shown}{len(entries):,} {'study' if len(entries) == 1 else 'studies'}**, {running:,} running."


def _table(entries: Sequence[Entry]) -> pd.DataFrame:
    """Return a row for each study."""
    return pd.DataFrame([vars(each) for each in entries], columns=list(KINDS)).astype(KINDS)


def _remember(names: Sequence[str]) -> None:
    """Choose the study whose row was clicked, by the rows that the person saw: there may be others since."""
    selection = st.session_state["studies-listed"].selection
    rows = [*selection.rows, *(row for row, _ in selection.cells)]
    if rows and rows[0] < len(names):
        st.session_state[STUDY], st.session_state[OPENED] = names[rows[0]], True
