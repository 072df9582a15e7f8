"""Is anything better than the baseline, is the search still moving, what matters, and what went wrong?"""

from functools import partial

import streamlit as st

from dashboard.parts.best import show_best
from dashboard.parts.data_facts import facts_of
from dashboard.parts.movement import show_movement
from dashboard.parts.next_steps import show_next
from dashboard.parts.running import show_running
from dashboard.parts.verdict import show_explanation, show_search, show_verdict
from dashboard.site import Site
from dashboard.snapshot import STATES, Snapshot
from dashboard.source import View
from search.terminal.words import several

AXES = {"trial": "trial", "time": "ended"}  # columns of the table
PAGE = "overview"  # of the page's content
# All that matters is in one screen of a usual size: less margin than Streamlit leaves, where there is the room.
DENSE = """<style>@media (min-width: 1000px) {
.st-key-overview { width: calc(100% + 6rem); margin: -4.5rem -3rem 0; }
.st-key-overview h1 { padding: 0.5rem 0 0; font-size: 1.8rem; }
}</style>"""


def show(site: Site) -> None:
    """Show the page."""
    st.html(DENSE)
    with st.container(key=PAGE, gap="small"):
        st.title("Overview")
        site.live(partial(_state, site))
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown("**Best value over time**")
            axis = st.segmented_control(
                "Horizontal axis", list(AXES), default="trial", required=True, key="x", bind="query-params",
                label_visibility="collapsed",
            )  # fmt: skip
        site.live(partial(show_best, site, AXES[axis or "trial"]))
        study = site.view().study
        show_explanation(study)
        st.subheader("The data")
        st.table(facts_of(study.settings.problem))


def _state(site: Site, view: View) -> None:
    with st.container(gap="small"):
        show_verdict(site, view.study)
        show_next(site, view)
        show_search(site, view.study)
        show_movement(view)
        _counts(site, view.study)
        show_running(view)


def _counts(site: Site, study: Snapshot) -> None:
    """Say how many trials are in which state."""
    counts = study.table["state"].value_counts()
    named = [f"**{counts[state]:,}** {state}" for state in STATES if state in counts]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(" · ".join(named) or "No trial yet.")
        if study.counts.failed:
            site.link("failures", f"Why {several(study.counts.failed, 'trial')} failed")
