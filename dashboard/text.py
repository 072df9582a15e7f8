"""Texts that somebody chose, such as labels, columns and names of files, as a page shows them: as they are, or cut."""

import html
import re
from collections.abc import Sequence
from typing import Any

from search.study.ranges import is_number
from search.terminal.words import clock, number

LONGEST = 24  # characters of a name in a figure or a table
CUT = "…"
MINUTE, HOUR = 60, 3600  # seconds

# What has a meaning in Markdown, in its tables, or in formulas; an underscore has none inside a word.
_MARKS = re.compile(r"[\\`*{}\[\]<>|$~#&!]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")
_SHORTCODE = re.compile(r":(?=[\w+/-])")  # begins an icon, an emoji or a colour of Streamlit's, or makes a link
_JOINER = "\u2060"  # cannot be seen; a backslash would not keep a colon from beginning one


def plain(text: str) -> str:
    """Return Markdown that shows a text as it is, in one line."""
    return _SHORTCODE.sub(f":{_JOINER}", _MARKS.sub(r"\\\g<0>", " ".join(text.split())))


def in_figure(text: str) -> str:
    """Return a text as a figure shows it, for which it would otherwise be HTML."""
    return html.escape(text, quote=False)


def in_template(text: str) -> str:
    """Return a text as a figure's template shows it, for which braces after a percent sign have a meaning."""
    return in_figure(text).replace("%{", "% {")


def figures(value: Any, digits: int = 4) -> str:
    """Return a parameter's value, a number with so many digits."""
    return f"{value:.{digits}g}" if is_number(value) else number(value)


def lasting(seconds: float) -> str:
    """Return a duration with its unit; a short one in seconds."""
    if round(seconds) < MINUTE:
        return f"{seconds:.0f} s"
    return f"{clock(seconds)} {'min' if round(seconds) < HOUR else 'h'}"


def short(text: str, longest: int = LONGEST) -> str:
    """Return a text, cut where it is longer."""
    return text if len(text) <= longest else text[: longest - 1] + CUT


def short_names(names: Sequence[str]) -> list[str]:
    """Return names that differ from each other, cut where they are long; where that makes two equal, with a number."""
    found: dict[str, None] = {}
    for position, name in enumerate(names):
        cut = short(name)
        found[cut if cut not in found else f"{cut}{position}"] = None
    return list(found)
