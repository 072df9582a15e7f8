"""A figure that people touch: what they did with it stays while it follows a search, and its points lead to trials."""

from dataclasses import dataclass
from pathlib import Path

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


@dataclass(frozen=True)
class Touched:
    """What a person did with a figure.

    Attributes:
        opened: The trial whose point was clicked just now; None where none was.
        chosen: The trials that a box or a lasso holds, by number.
    """

    opened: int | None
    chosen: tuple[int, ...]


def show_figure(figure: go.Figure, key: str, label: str) -> Touched:
    """Show a figure whose points have the numbers of their trials as the first of their custom data.

    Args:
        figure: As `style.titled` makes it; it has the colours of the theme afterwards.
        key: What the figure is known by: one with another key forgets what a person did.
        label: What it shows, for who cannot see it.

    Raises:
        SearchError: The browser sent something else than numbers of trials.
    """
    figure.update_layout(template={})
    sent = _figure(
        key=key,
        data={
            "figure": figure.to_json(),
            "dark": DARK,
            "height": figure.layout.height or HEIGHT,
            "label": label,
            "library": _address(),
        },
        on_opened_change=_nothing,
        on_chosen_change=_nothing,
    )
    opened = numbers_in([] if sent.opened is None else [sent.opened])
    return Touched(opened[0] if opened else None, numbers_in(sent.chosen or []))


def numbers_in(sent: object) -> tuple[int, ...]:
    """Return the numbers of trials that a browser sent.

    Raises:
        SearchError: It is something else.
    """
    if not isinstance(sent, list) or not all(type(each) is int and each >= 0 for each in sent):
        raise SearchError("the browser sent something else than numbers of trials")
    return tuple(sent)


def _address() -> str:
    """Return where a browser finds Plotly."""
    base = str(st.get_option("server.baseUrlPath")).strip("/")
    return f"{f'/{base}' if base else ''}/component/{_library.name}/plotly.min.js?version={plotly.__version__}"


def _nothing() -> None:
    """Streamlit hands on what a component says only where something is called then."""
