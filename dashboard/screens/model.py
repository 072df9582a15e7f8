"""The best model: its card, its mistakes, its weights, its files, and a digit to try it on."""

import streamlit as st

from dashboard.site import Site


def show(site: Site) -> None:
    """Show the page."""
    st.title("Best model")
    site.view()
