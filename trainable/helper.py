"""A process of its own for what a person's file or TensorFlow does, so that a command never has to."""

import os
import subprocess
import sys
from collections.abc import Callable, Sequence

from trainable.errors import ConfigError, DataError, ProgramError, one_line

SECRETS = ("SEARCH_STORAGE", "PGPASSWORD")  # not for processes that run what others have written
ERROR = "error: "  # begins the line in which a helper says why it failed


def run_helper(module: str, request: bytes, arguments: Sequence[str] = ()) -> bytes:
    """Run a module of this project as a process; return what it has written to standard output.

    Args:
        module: Its name; it calls `answer`.
        request: For its standard input.
        arguments: Of its command line.

    Raises:
        ProgramError: It failed; the message is what it said, or how it ended.
    """
    command = [sys.executable, "-m", module, *arguments]
    ended = subprocess.run(command, input=request, capture_output=True, check=False, env=environment())
    if ended.returncode:
        raise ProgramError(_reason(ended.stderr, ended.returncode))
    return ended.stdout


def answer(make: Callable[[bytes], bytes]) -> None:
    """Answer the request on standard input in a helper; what anything else prints there goes to standard error.

    Args:
        make: Returns the answer; a `ValueError` of this package's own is told to the command, in its line.
    """
    with os.fdopen(os.dup(sys.stdout.fileno()), "wb") as output:
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
        try:
            output.write(make(sys.stdin.buffer.read()))
        except (ConfigError, DataError, ProgramError) as error:
            sys.exit(f"\n{ERROR}{error}")


def environment() -> dict[str, str]:
    """Return the environment of a helper."""
    return {name: value for name, value in os.environ.items() if name not in SECRETS}


def _reason(said: bytes, status: int) -> str:
    lines = said.decode(errors="replace").strip().splitlines()
    told = [line.removeprefix(ERROR) for line in lines if line.startswith(ERROR)]
    if told:
        return told[-1]
    last = f": {one_line(lines[-1])}" if lines else ""
    return f"its process ended {f'by signal {-status}' if status < 0 else f'with status {status}'}{last}"
