"""A few trials side by side, the baseline always among them."""

import streamlit as st

from dashboard.site import Site


def show(site: Site) -> None:
    """Show the page."""
    st.title("Compare trials")
    site.view()
