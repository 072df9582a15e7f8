"""Figures as SVG that stands inside a page: small, printable, and coloured by the page's style sheet.

A series has a class of the style sheet, such as `s0` to `s3`, which decides its colour. Lengths are in units of the
view box.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

from search.confirmation.verdict import Estimate

WIDTH = 460
HEIGHT = 230  # of what the axes enclose
LEFT, RIGHT, TOP = 72, 14, 12
AXIS = 44  # below a plot: numbers and title
ROW = 40
LABEL = 112  # beside a bar
LEGEND_COLUMNS = 3

Points = Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Axis:
    """Maps values from `low` to `high` to lengths from `start` to `end`."""

    low: float
    high: float
    start: float
    end: float

    def at(self, value: float) -> float:
        """Return where a value lies."""
        return round(self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start), 1)

    def ticks(self, most: int, *, whole: bool = False) -> list[tuple[float, str]]:
        """Return round values, `most` or a few less, with their texts."""
        rough = (self.high - self.low) / most
        power = 10.0 ** math.floor(math.log10(rough))
        step = next(power * each for each in (1, 2, 5, 10) if power * each >= rough * (1 - 1e-9))
        step = max(step, 1.0) if whole else step
        decimals = max(0, -math.floor(math.log10(step) + 1e-9))
        first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
        return [(each * step, f"{each * step:.{decimals}f}") for each in range(first, last + 1)]


def lines(series: Sequence[tuple[str, str, Points]], x_title: str, y_title: str) -> str:
    """Draw lines over whole numbers: of each the name, the class and the points."""
    points = [point for _, _, each in series for point in each]
    x = _axis([each for each, _ in points], LEFT, WIDTH - RIGHT, least=1.0)
    y = _axis([each for _, each in points], TOP + HEIGHT, TOP, least=0.001)
    parts = [*_y_axis(y, y_title), *_x_axis(x, x_title, TOP + HEIGHT, whole=True)]
    for position, (name, style, each) in enumerate(series):
        drawn = " ".join(f"{x.at(a)},{y.at(b)}" for a, b in each)
        parts.append(f'<polyline class="line {style}" points="{drawn}"/>')
        parts += [f'<circle class="dot {style}" cx="{x.at(a)}" cy="{y.at(b)}" r="2.4"/>' for a, b in each]
        column, row = position % LEGEND_COLUMNS, position // LEGEND_COLUMNS
        left, top = LEFT + column * 130, TOP + HEIGHT + AXIS + 14 + 18 * row
        parts += [_line(f"line {style}", (left, left + 24), (top - 4, top - 4)), _text(left + 30, top, name)]
    return _svg(
        parts, TOP + HEIGHT + AXIS + 6 + 18 * math.ceil(len(series) / LEGEND_COLUMNS), f"{y_title} by {x_title}"
    )


def intervals(rows: Sequence[tuple[str, str, Estimate]], x_title: str, level: str, *, zero: bool = False) -> str:
    """Draw estimates with their intervals one below the other: of each the name, the class and the estimate.

    Args:
        rows: What is drawn.
        x_title: Of the axis.
        level: Of the intervals, such as "98 %".
        zero: Whether 0 is marked.
    """
    ends = [end for _, _, each in rows for end in (each.low, each.high)] + [0.0] * zero
    x = _axis(ends, RIGHT + 10, WIDTH - RIGHT - 10, least=0.001)
    bottom = TOP + ROW * len(rows)
    parts = _x_axis(x, x_title, bottom, whole=False)
    if zero:
        parts.append(_line("zero", (x.at(0), x.at(0)), (TOP + 16, bottom)))
    for position, (name, style, each) in enumerate(rows):
        top, middle = TOP + ROW * position, TOP + ROW * position + 26
        parts.append(_text(RIGHT + 10, top + 11, name))
        low, high = x.at(each.low), x.at(each.high)
        parts.append(_line(f"whisker {style}", (low, high), (middle, middle)))
        parts += [_line(f"whisker {style}", (end, end), (middle - 5, middle + 5)) for end in (low, high)]
        parts.append(f'<circle class="dot {style}" cx="{x.at(each.mean)}" cy="{middle}" r="5"/>')
    return _svg(parts, bottom + AXIS, f"{x_title}, {level} intervals")


def bars(rows: Sequence[tuple[str, float]], x_title: str) -> str:
    """Draw shares as bars, from 0 to 1."""
    x = Axis(0.0, 1.0, LABEL, WIDTH - 50)
    bottom = TOP + 30 * len(rows)
    parts = _x_axis(x, x_title, bottom, whole=False)
    for position, (name, share) in enumerate(rows):
        top = TOP + 30 * position
        parts.append(_text(LABEL - 8, top + 16, name, "end"))
        parts.append(f'<rect class="dot s0" x="{LABEL}" y="{top + 3}" width="{x.at(share) - LABEL:.1f}" height="18"/>')
        parts.append(_text(x.at(share) + 6, top + 16, f"{share:.0%}"))
    return _svg(parts, bottom + AXIS, x_title)


def _axis(values: Sequence[float], start: float, end: float, *, least: float) -> Axis:
    """Return an axis for values with a little room around them; it spans `least` at least."""
    low, high = min(values), max(values)
    room = max((high - low) * 0.04, (least - (high - low)) / 2)
    return Axis(low - room, high + room, start, end)


def _x_axis(x: Axis, title: str, bottom: float, *, whole: bool) -> list[str]:
    """Return grid lines, numbers and the title below a plot."""
    parts = [_line("axis", (x.start, x.end), (bottom, bottom))]
    for value, text in x.ticks(6, whole=whole):
        at = x.at(value)
        parts += [_line("grid", (at, at), (TOP, bottom)), _text(at, bottom + 17, text, "middle")]
    return [*parts, _text((x.start + x.end) / 2, bottom + 36, title, "middle")]


def _y_axis(y: Axis, title: str) -> list[str]:
    """Return grid lines, numbers and the title beside a plot."""
    parts = []
    for value, text in y.ticks(6):
        at = y.at(value)
        parts += [_line("grid", (LEFT, WIDTH - RIGHT), (at, at)), _text(LEFT - 7, at + 4, text, "end")]
    place = f'class="label" text-anchor="middle" transform="translate(13,{(y.start + y.end) / 2}) rotate(-90)"'
    return [*parts, f"<text {place}>{escape(title)}</text>"]


def _line(style: str, x: tuple[float, float], y: tuple[float, float]) -> str:
    return f'<line class="{style}" x1="{x[0]}" x2="{x[1]}" y1="{y[0]}" y2="{y[1]}"/>'


def _text(x: float, y: float, text: str, anchor: str = "start") -> str:
    return f'<text class="label" x="{x}" y="{y}" text-anchor="{anchor}">{escape(text)}</text>'


def _svg(parts: Iterable[str], height: float, title: str) -> str:
    return f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(title)}">{"".join(parts)}</svg>'
