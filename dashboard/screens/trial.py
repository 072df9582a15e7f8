"""One trial: its curve, parameters, times, failure, and the commands that repeat or export it."""

import streamlit as st

from dashboard.site import Site


def show(site: Site) -> None:
    """Show the page."""
    st.title("Trial")
    site.view()
