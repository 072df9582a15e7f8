"""Where lines for people go: a terminal that draws, or a file."""

import os
from typing import TextIO

from rich.console import Console

PLAIN_WIDTH = 200  # columns of what is no terminal: no table is wider
CANNOT_REDRAW = ("", "dumb", "unknown")  # values of TERM
# What a console learns from the environment: FORCE_COLOR, TTY_COMPATIBLE or COLUMNS were meant for other programs.
OF_TERMINALS = ("TERM", "COLORTERM", "NO_COLOR")


def console_on(stream: TextIO) -> Console:
    """Return a console that draws on a terminal that can be redrawn, and prints plain lines on anything else."""
    draws = stream.isatty() and os.environ.get("TERM", "").strip().lower() not in CANNOT_REDRAW
    return Console(
        file=stream,
        force_terminal=draws,
        force_interactive=draws,
        force_jupyter=False,
        width=None if draws else PLAIN_WIDTH,
        _environ={name: os.environ[name] for name in OF_TERMINALS if name in os.environ},
    )


def say(console: Console, text: str, *, whole: bool = False) -> None:
    """Print a line without colours, on a terminal broken between words, in a file never.

    Nor is a whole one: there is a path or a command in it to be copied.
    """
    console.print(text, highlight=False, markup=False, emoji=False, soft_wrap=whole or not console.is_terminal)
