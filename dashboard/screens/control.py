"""Start, stop and resume searches from the page."""

import streamlit as st

from dashboard.site import Site


def show(site: Site) -> None:
    """Show the page."""
    st.title("Run a search")
    site.view()
