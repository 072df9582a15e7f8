"""A figure that people touch: what they did with it stays while it follows a search, and its points lead to trials."""

from pathlib import Path
from urllib.parse import quote

import plotly
import plotly.graph_objects as go
import streamlit as st
from streamlit.components.v1 import declare_component

from dashboard.style import DARK, HEIGHT
from search.errors import SearchError

_HERE = Path(__file__).parent
# Streamlit serves a component's folder: so Plotly comes from this server, once, and not with each figure.
_library = declare_component("plotly", path=Path(plotly.__file__).parent / "package_data")
_figure = st.components.v2.component(
    "mnist_search.figure",
    html='<div class="search-figure" role="figure"></div>',
    js=(_HERE / "figure.js").read_text(encoding="utf-8"),
    isolate_styles=False,  # Plotly's own styles are the page's
)


def show_figure(figure: go.Figure, study: str, key: str, label: str) -> tuple[int, ...]:
    """Show a figure whose points have the numbers of their trials as the first of their custom data, if any.

    A click opens the trial's page as a link does that is pasted into a browser: a page that Python changes to while the
    part around the figure follows a search may still be sent what that part shows.

    Args:
        figure: As `style.titled` makes it; it has the colours of the theme afterwards.
        study: Whose trials they are.
        key: What the figure is known by within the study: one with another key forgets what a person did.
        label: What it shows, for who cannot see it.

    Returns:
        The trials that a box or a lasso holds, by number.

    Raises:
        SearchError: The browser sent something else than numbers of trials.
    """
    figure.update_layout(template={})
    sent = _figure(
        key=f"{key} of {study}",
        data={
            "figure": figure.to_json(),
            "dark": DARK,
            "height": figure.layout.height or HEIGHT,
            "label": label,
            "library": f"{_base()}/component/{_library.name}/plotly.min.js?version={plotly.__version__}",
            "trial": f"{_base()}/trial?study={quote(study, safe='')}&trial=",
        },
        on_chosen_change=_nothing,
    )
    return numbers_in(sent.chosen or [])


def numbers_in(sent: object) -> tuple[int, ...]:
    """Return the numbers of trials that a browser sent.

    Raises:
        SearchError: It is something else.
    """
    if not isinstance(sent, list) or not all(type(each) is int and each >= 0 for each in sent):
        raise SearchError("the browser sent something else than numbers of trials")
    return tuple(sent)


def _base() -> str:
    """Return what the addresses of this server begin with."""
    base = str(st.get_option("server.baseUrlPath")).strip("/")
    return f"/{base}" if base else ""


def _nothing() -> None:
    """Streamlit hands on what a component says only where something is called then."""
