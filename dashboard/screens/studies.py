"""Studies side by side: best over time, verdicts, spaces."""

import streamlit as st

from dashboard.site import Site


def show(site: Site) -> None:
    """Show the page."""
    st.title("Compare studies")
    site.view()
