"""What a browser may send as a drawing."""

import base64
import re

import numpy as np
import pytest
from commands import ROOT

from dashboard.model.drawing import SIDE, decoded
from search.errors import SearchError

PIXELS = np.arange(SIDE * SIDE).astype(np.uint8)


def encoded(content):
    """Base64 as the browser sends it."""
    return base64.b64encode(content).decode()


def test_drawing_is_read_row_by_row():
    """The browser's bytes are the rows of the picture, from the top."""
    np.testing.assert_array_equal(decoded(encoded(PIXELS.tobytes())), PIXELS.reshape(SIDE, SIDE))


@pytest.mark.parametrize(
    "sent",
    [
        "AAAA",
        encoded(bytes(SIDE * SIDE - 3)),
        encoded(bytes(SIDE * SIDE + 1)),
        encoded(bytes(SIDE * SIDE))[:-1] + "!",
        "é" * len(encoded(bytes(SIDE * SIDE))),
        "A" * 10_000_000,
        [0] * SIDE * SIDE,
        {"drawing": 1},
        7,
        b"AAAA",
    ],
    ids=["short", "too short", "too long", "no Base64", "no ASCII", "huge", "list", "object", "number", "bytes"],
)
def test_anything_else_is_refused(sent):
    """A browser that sends another length, kind or alphabet gets one line."""
    with pytest.raises(SearchError, match="something else than a drawing of 112 x 112 pixels"):
        decoded(sent)


def test_browser_and_server_agree_on_the_size():
    """The script sends as many pixels as the server takes."""
    script = (ROOT / "dashboard" / "model" / "drawing.js").read_text()
    assert re.search(r"const SIDE = (\d+);", script)[1] == str(SIDE)


def test_canvas_loads_nothing_from_elsewhere():
    """No part of the canvas names another server."""
    for kind in ("js", "css", "html"):
        assert "//" not in re.sub(
            r"(?m)\s*// .*$|^// .*$", "", (ROOT / "dashboard" / "model" / f"drawing.{kind}").read_text()
        )
