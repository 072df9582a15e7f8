"""Is anything better than the baseline, is the search still moving, what matters, and what went wrong?"""

from functools import partial

import streamlit as st

from dashboard.parts.best import show_best
from dashboard.parts.data_facts import facts_of
from dashboard.parts.movement import show_movement
from dashboard.parts.next_steps import show_next
from dashboard.parts.running import show_running
from dashboard.parts.verdict import show_details, show_search, show_verdict
from dashboard.site import Site
from dashboard.source import View
from search.terminal.words import several

PAGE = "overview"  # the page's content
# All that matters is in one screen of a usual size: less margin than Streamlit leaves, where there is the room.
DENSE = """<style>@media (min-width: 1000px) {
.st-key-overview { min-width: calc(100% + 6rem); margin: -5rem -3rem 0; }
.st-key-overview h1 { padding: 0 0 1rem; font-size: 1.8rem; }
}</style>"""


def show(site: Site) -> None:
    """Show the page."""
    st.html(DENSE)
    with st.container(key=PAGE, gap="xsmall"):
        st.title("Overview")
        site.live(partial(_state, site))
        site.live(partial(show_best, site))
        study = site.view().study
        show_details(study)
        st.subheader("The data")
        st.table(facts_of(study.settings.problem))


def _state(site: Site, view: View) -> None:
    study = view.study
    with st.container(gap="xsmall"):
        show_verdict(site, study)
        show_next(site, view)
        show_search(site, study)
        show_movement(view)
        if study.counts.failed:
            site.link("failures", f"Why {several(study.counts.failed, 'trial')} failed")
        show_running(view)
