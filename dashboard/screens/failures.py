"""What went wrong, by reason, with the newest story of each."""

import streamlit as st

from dashboard.site import Site


def show(site: Site) -> None:
    """Show the page."""
    st.title("Failures")
    site.view()
