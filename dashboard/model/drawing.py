"""The canvas in the browser, and what it sends: nothing of it is believed before it is checked."""

import base64
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
import streamlit as st

from dashboard.model.images import Image
from search.errors import SearchError
from trainable.problem import ProblemSpec

SIDE = 112  # pixels of what the browser sends, as in drawing.js
ENCODED = 4 * -(-SIDE * SIDE // 3)  # characters

_HERE = Path(__file__).parent
_canvas = st.components.v2.component(
    "mnist_search.drawing",
    html=(_HERE / "drawing.html").read_text(encoding="utf-8"),
    css=(_HERE / "drawing.css").read_text(encoding="utf-8"),
    js=(_HERE / "drawing.js").read_text(encoding="utf-8"),
)


@runtime_checkable
class Drawable(Protocol):
    """A problem whose examples people can draw."""

    def from_drawing(self, drawing: Image) -> Image | None:
        """Return a drawing, light on dark, as an example; None where nothing is drawn."""


def canvas(problem: ProblemSpec) -> Image | None:
    """Show a canvas; return what is drawn on it, uint8 [SIDE, SIDE], or None where nothing is.

    Raises:
        SearchError: The browser sent something else.
    """
    title = f"Draw a {problem.words.label}"
    how = f"{title} from {problem.labels[0]} to {problem.labels[-1]} with the mouse or a finger."
    sent = _canvas(key="drawing", data={"title": title, "how": how}, on_drawing_change=lambda: None).drawing
    return decoded(sent) if sent else None


def decoded(sent: object) -> Image:
    """Return the drawing, uint8 [SIDE, SIDE], that a browser sent in Base64.

    Raises:
        SearchError: It is something else.
    """
    wrong = SearchError(f"the browser sent something else than a drawing of {SIDE} x {SIDE} pixels")
    if not isinstance(sent, str) or len(sent) != ENCODED:
        raise wrong
    try:
        content = base64.b64decode(sent, validate=True)
        return np.frombuffer(content, np.uint8).reshape(SIDE, SIDE)
    except ValueError as error:
        raise wrong from error
