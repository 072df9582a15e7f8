"""Every trial in a table that can be filtered, sorted, and taken away as CSV."""

import streamlit as st

from dashboard.site import Site


def show(site: Site) -> None:
    """Show the page."""
    st.title("Trials")
    site.view()
