"""How figures are written for people."""

from collections.abc import Mapping
from typing import Any

INACTIVE = "-"  # in place of a parameter's value that a configuration does not have
POINTS = 100  # a share in percentage points


def describe(params: Mapping[str, Any]) -> str:
    """Return parameters as a person writes them."""
    return ", ".join(f"{name} {number(value)}" for name, value in params.items())


def gain(value: float, baseline: float) -> str:
    """Return a difference of accuracies in percentage points."""
    return f"{(value - baseline) * POINTS:+.2f} points"


def clock(seconds: float) -> str:
    """Return a duration as m:ss or h:mm:ss."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def number(value: Any) -> str:
    """Return a parameter's value, a number, a text or a boolean, as a person writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def value_of(params: Mapping[str, Any], name: str) -> str:
    """Return the value of a parameter as a person writes it, or a dash where a configuration does not have it."""
    return number(params[name]) if name in params else INACTIVE


def several(amount: int, what: str) -> str:
    """Return a number of things in words."""
    return f"{amount:,} {what}{'' if amount == 1 else 's'}"


def an(thing: str) -> str:
    """Return a thing with its article."""
    return f"{'an' if thing.startswith(('a', 'e', 'i', 'o')) else 'a'} {thing}"


def capital(text: str) -> str:
    """Return a text as it begins a sentence."""
    return text[:1].upper() + text[1:]
