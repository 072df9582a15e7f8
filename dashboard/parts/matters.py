"""What matters, in a line: the parameters that decide most whether a trial is among the best."""

import streamlit as st

from dashboard.site import Site
from dashboard.source import View
from dashboard.text import plain
from search.study.importance import Importance

MOST = 3  # parameters that are named


def show_matters(site: Site, view: View) -> None:
    """Say which parameters matter, and lead to the page that shows all of it."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(told(view.study.insight.importance), width="content")
        site.link("parameters", "What matters")


def told(importance: Importance) -> str:
    """Return the line; it says why there is nothing to say where that is so."""
    if importance.shares is None:
        return f"**What matters** cannot be known yet: {importance.unknown}."
    shares = [f"{plain(name)} **{share:.0%}**" for name, share in list(importance.shares.items())[:MOST]]
    at = "" if importance.epoch is None else f" at epoch {importance.epoch}"
    hint = ", no more than a hint" if importance.rough else ""
    return f"**What matters most**: {', '.join(shares)} (from {importance.trials:,} trials{at}{hint})."
