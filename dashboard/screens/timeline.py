"""What ran where and when, and where workers were idle."""

import streamlit as st

from dashboard.site import Site


def show(site: Site) -> None:
    """Show the page."""
    st.title("Timeline")
    site.view()
