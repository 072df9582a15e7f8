"""Is anything better than the baseline, is the search still moving, what matters, and what went wrong?"""

from functools import partial

import streamlit as st

from dashboard.parts.best import show_best
from dashboard.parts.data_facts import facts_of
from dashboard.parts.matters import show_matters
from dashboard.parts.movement import show_movement
from dashboard.parts.next_steps import show_next
from dashboard.parts.running import show_running
from dashboard.parts.verdict import show_details, show_search, show_verdict
from dashboard.site import Site
from dashboard.source import View

PAGE = "overview"  # the page's content
NOW_AND_THEN = 20.0  # seconds
# All that matters is in one screen of a usual size: less margin than Streamlit leaves, where there is the room.
DENSE = """<style>
@media (min-width: 1000px) {
.st-key-overview { min-width: calc(100% + 6rem); margin: -5rem -3rem 0; }
.st-key-overview h1 { padding: 0 0 1rem; font-size: 1.8rem; }
}</style>"""


def show(site: Site) -> None:
    """Show the page."""
    st.html(DENSE)
    with st.container(key=PAGE, gap="xsmall"):
        st.title("Overview")
        site.live(partial(_answer, site))
        left, right = st.columns([2, 3], gap="medium")
        with left, st.container(gap="xsmall"):
            site.live(partial(_search, site))
            site.live(partial(show_matters, site), every=NOW_AND_THEN)
        with right, st.container(gap="xsmall"):
            site.live(partial(show_best, site))
            site.live(show_running)
        study = site.view().study
        show_details(study)
        st.subheader("The data")
        st.table(facts_of(study.settings.problem))


def _answer(site: Site, view: View) -> None:
    with st.container(gap="xsmall"):
        show_verdict(site, view.study)
        show_next(site, view)


def _search(site: Site, view: View) -> None:
    with st.container(gap="xsmall"):
        show_search(site, view.study)
        show_movement(view)
