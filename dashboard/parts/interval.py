"""Figures with their intervals, drawn as in the report: a line from low to high, and the mean on it."""

from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from search.confirmation.verdict import Estimate
from search.confirmation.wording import percent
from search.report.figures import intervals
from search.terminal.words import POINTS

# Streamlit takes drawings out of HTML, and a picture would not know the colours of the theme.
_drawing = st.components.v2.component(
    "mnist_search.interval",
    html='<div class="drawing"></div>',
    css=(Path(__file__).parent / "interval.css").read_text(encoding="utf-8"),
    js="""export default ({ parentElement, data }) => {
        parentElement.querySelector(".drawing").innerHTML = data.drawing;
    }""",
)


def show_difference(name: str, tone: str, difference: Estimate, confidence: float, what: str) -> None:
    """Show a difference of accuracies, and where 0 lies.

    Args:
        name: What lies on the line.
        tone: One of `report.findings.TONES`.
        difference: Of shares.
        confidence: Of the interval, a share.
        what: The accuracies that differ.
    """
    points = Estimate(*(POINTS * each for each in (difference.mean, difference.low, difference.high)))
    row = (f"{name}: {points.told('+.2f', unit=' points')}", tone, points)
    drawing = intervals([row], f"percentage points of {what}", percent(confidence), zero=True)
    _drawing(key="difference", data={"drawing": drawing})


def show_accuracies(rows: Sequence[tuple[str, Estimate]], confidence: float, what: str) -> None:
    """Show accuracies one below the other.

    Args:
        rows: What is said of each, and the accuracy.
        confidence: Of the intervals, a share.
        what: The accuracies.
    """
    drawing = intervals([(name, "same", each) for name, each in rows], what, percent(confidence))
    _drawing(key="accuracies", data={"drawing": drawing})
