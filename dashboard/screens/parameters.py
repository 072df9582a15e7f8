"""Which parameters matter, where the best lies between its bounds, and what accuracy costs."""

import streamlit as st

from dashboard.site import Site


def show(site: Site) -> None:
    """Show the page."""
    st.title("Parameters")
    site.view()
