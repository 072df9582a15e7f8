"""A process of its own for what a person's file or TensorFlow does, so that a command never has to."""

import contextlib
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from typing import IO, BinaryIO, TypeVar

from trainable.errors import ConfigError, DataError, ProgramError, one_line

SECRETS = ("SEARCH_STORAGE", "PGPASSWORD")  # not for processes that run what others have written
ERROR = "error: "  # begins the line in which a helper says why it failed
KEPT = 1 << 16  # bytes of the end of what a helper prints
LENGTH = 8  # bytes before a request, which say how long it is
LAST_WORDS = 1.0  # seconds for what the processes of a helper that has ended may still print

Answer = TypeVar("Answer")


def run_helper(module: str, request: bytes, arguments: Sequence[str] = ()) -> bytes:
    """Run a module of this project as a process; return what it has written to standard output.

    Args:
        module: Its name; it calls `answer`.
        request: For its standard input.
        arguments: Of its command line.

    Raises:
        ProgramError: It failed; the message is what it said, or how it ended.
    """
    return ask_helper(module, request, lambda stream: stream.read(), arguments)


def ask_helper(
    module: str, request: bytes, receive: Callable[[IO[bytes]], Answer], arguments: Sequence[str] = ()
) -> Answer:
    """Run a module of this project as a process that ends with this one, come what may; return its answer.

    Args:
        module: Its name; it calls `answer` or `answer_in_parts`.
        request: For its standard input.
        receive: Reads the answer while it is written, or raises `EOFError` where it is not whole.
        arguments: Of its command line.

    Raises:
        ProgramError: It failed; the message is what it said, or how it ended.
    """
    command = [sys.executable, "-m", module, *arguments]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, env=environment()) as process:
        try:
            listener, said = _listen(process.stderr)
            received = [_asked(process, request, receive)]
        except EOFError:
            received = []  # the process says why
        except BaseException:
            process.kill()
            raise
        status = process.wait()
        listener.join(LAST_WORDS)
    if status or not received:
        raise ProgramError(_reason(bytes(said), status))
    return received[0]


def _asked(process: "subprocess.Popen[bytes]", request: bytes, receive: Callable[[IO[bytes]], Answer]) -> Answer:
    """Send a request, and receive the answer; standard input stays open, as the helper ends once it is not."""
    if process.stdin is None or process.stdout is None:
        raise EOFError
    try:
        process.stdin.write(len(request).to_bytes(LENGTH, "big") + request)
        process.stdin.flush()
    except BrokenPipeError as error:
        raise EOFError from error
    return receive(process.stdout)


def _listen(stream: IO[bytes] | None) -> tuple[threading.Thread, bytearray]:
    """Read what a process prints as long as it does; return what does so, and where the end of it is kept."""
    said, printed = bytearray(), os.dup(stream.fileno()) if stream else os.open(os.devnull, os.O_RDONLY)

    def read() -> None:
        with os.fdopen(printed, "rb", buffering=0) as lines:
            while part := lines.read(KEPT):
                said.extend(part)
                del said[:-KEPT]

    listener = threading.Thread(target=read, daemon=True)
    listener.start()
    return listener, said


def answer(make: Callable[[bytes], bytes]) -> None:
    """Answer the request on standard input in a helper; what anything else prints there goes to standard error.

    Args:
        make: Returns the answer; a `ValueError` of this package's own is told to the command, in its line.
    """
    answer_in_parts(lambda request, output: output.write(make(request)))


def answer_in_parts(make: Callable[[bytes, BinaryIO], object]) -> None:
    """As `answer`, where `make` writes the answer."""
    command, output = apart()
    with output:
        try:
            make(_request(command), output)
        except (ConfigError, DataError, ProgramError) as error:
            print(f"\n{ERROR}{error}", file=sys.stderr, flush=True)
            os._exit(1)
        output.flush()
    with contextlib.suppress(OSError, ValueError):  # it may be closed
        sys.stderr.flush()
    os._exit(0)  # whatever threads a person's file has started


def apart() -> tuple[int, BinaryIO]:
    """Return a helper's standard input, as a descriptor, and its standard output, for itself alone.

    What anything else prints there goes to standard error from then on, and it reads nothing.
    """
    command, output = os.dup(sys.stdin.fileno()), os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, sys.stdin.fileno())
    os.close(nothing)
    return command, output


def _request(command: int) -> bytes:
    """Return the request on standard input, whose end ends this process."""
    request = _exactly(command, int.from_bytes(_exactly(command, LENGTH), "big"))
    threading.Thread(target=_end_with, args=(command,), daemon=True).start()
    return request


def _exactly(stream: int, number: int) -> bytes:
    """Read so many bytes, or what there is before the end."""
    parts = [b""]
    while number and (part := os.read(stream, number)):
        parts.append(part)
        number -= len(part)
    return b"".join(parts)


def _end_with(command: int) -> None:
    """End this process, whatever it does, once the one that started it has ended."""
    while os.read(command, 1):
        pass
    os._exit(1)


def environment() -> dict[str, str]:
    """Return the environment of a helper."""
    return {name: value for name, value in os.environ.items() if name not in SECRETS}


def _reason(said: bytes, status: int) -> str:
    lines = said.decode(errors="replace").strip().splitlines()
    told = [line.removeprefix(ERROR) for line in lines if line.startswith(ERROR)]
    if told:
        return told[-1]
    return ended(status, lines[-1] if lines else "")


def ended(status: int, last: str) -> str:
    """Return how a helper ended, by its exit status, and the last line that it printed, if any."""
    how = f"by signal {-status}" if status < 0 else f"with status {status}"
    return f"its process ended {how}{f': {one_line(last)}' if last else ''}"
