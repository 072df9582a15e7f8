"""Commands that a person copies, as a shell reads them."""

import shlex


def command_line(module: str, *arguments: str) -> str:
    """Return the command that runs a module with these arguments, each quoted where a shell wants it."""
    return shlex.join(["python", "-m", module, *arguments])


def dashboard_command(*place: str) -> str:
    """Return the command that shows studies; `place` are the options that say where they are."""
    return command_line("streamlit", "run", "dashboard/app.py", *(["--", *place] if place else []))
