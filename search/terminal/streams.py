"""A command's process: its standard streams, which never stop it, its first signals, its end.

A pipe whose reader has gone, a terminal that hung up, a full disk, a closed descriptor and an encoding without a
character cost what is printed, never the command.
"""

import io
import os
import select
import signal
import sys
import threading
from collections.abc import Callable
from typing import NoReturn, TextIO

from search.errors import EXIT_USAGE, SearchError
from search.terminal.signals import SIGNAL_BASE, Interrupted, speak_at_end

PATIENCE = 30.0  # seconds that the end of a command waits for a reader that does not read
KEPT = 2**20  # bytes that are kept for such a reader; of more the oldest go
NO_PLACE = "the working directory was removed; change to one that is there"
OWNER = 0o700  # the rights that a file's owner needs, whatever the umask is
PIECE = select.PIPE_BUF  # bytes that a pipe takes without waiting where it takes any


class UnwritableError(SearchError):
    """Nobody could be given the answer that was asked for."""


class Lenient(io.RawIOBase):
    """A descriptor to which writing neither fails nor waits; what it does not take at once is offered again."""

    def __init__(self, descriptor: int, *, is_open: bool = True) -> None:
        """Write to this descriptor; where it was not open, nobody reads it."""
        super().__init__()
        self.name = descriptor
        self._closed_reason = None if is_open else "it is closed"
        self.unwritten = self._closed_reason  # why the last write was in vain
        self._kept = bytearray()
        self._lock = threading.RLock()  # the display draws in a thread of its own

    def fileno(self) -> int:
        """Return the descriptor."""
        return self.name

    def isatty(self) -> bool:
        """Say whether it is a terminal."""
        return os.isatty(self.name)

    def writable(self) -> bool:
        """Say that it can be written."""
        return True

    def write(self, data: "bytes | bytearray | memoryview") -> int:  # type: ignore[override]  # of the types of Buffer
        """Take bytes and write as many as are taken at once."""
        with self._lock:
            self._kept += data
            self.send()
            del self._kept[:-KEPT]
        return len(data)

    @property
    def is_waiting(self) -> bool:
        """Whether something was not taken yet."""
        return bool(self._kept)

    def send(self, patience: float = 0.0) -> None:
        """Write what was not taken yet; wait so many seconds at most for each piece of it."""
        with self._lock:
            self.unwritten = self._closed_reason
            try:
                while self._kept and select.select([], [self.name], [], patience)[1]:
                    del self._kept[: os.write(self.name, self._kept[:PIECE])]
            except BlockingIOError:  # another process made it so: there is room for less than a piece
                return
            except OSError as error:
                self._kept.clear()
                self.unwritten = error.strerror or str(error)


def begin() -> None:
    """Put lenient streams in the place of standard output and error, outlive the terminal, and take the first signals.

    A descriptor that was closed would be given to the next file that is opened, and what is printed would go there.
    """
    was_open = [_hold(descriptor) for descriptor in range(3)]
    sys.stdin = sys.stdin or open(os.devnull, encoding="utf-8")  # noqa: PTH123, SIM115 (a device, for the whole process)
    sys.stdout = _stream(1, sys.stdout, is_open=was_open[1])
    sys.stderr = _stream(2, sys.stderr, is_open=was_open[2])
    if hasattr(signal, "SIGHUP"):
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())  # a parent may have blocked what is to end this process
    os.umask(os.umask(0) & ~OWNER)
    speak_at_end()


def _hold(descriptor: int) -> bool:
    """Open the null device where a descriptor is closed; say whether it was open."""
    try:
        os.fstat(descriptor)
    except OSError:
        os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)  # the lowest that is closed: this one
        return False
    return True


def _stream(descriptor: int, old: TextIO | None, *, is_open: bool) -> TextIO:
    encoding = "utf-8" if old is None else old.encoding
    raw = Lenient(descriptor, is_open=is_open)
    # A `RawIOBase` does as the buffer: it takes all that it is given.
    return io.TextIOWrapper(raw, encoding=encoding, errors="backslashreplace", line_buffering=True)


def command(main: Callable[[], int]) -> int:
    """Run a command with lenient streams; return its exit status.

    What was printed is read then, unless its reader has stood still for a while.
    """
    begin()
    status = status_of(main) if _has_place() else EXIT_USAGE
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
        if isinstance(buffer := getattr(stream, "buffer", None), Lenient):
            buffer.send(0.0 if status > SIGNAL_BASE else PATIENCE)
    return status


def status_of(main: Callable[[], int]) -> int:
    """Run a command; return its exit status, also where argparse, a signal or an error ends it, which is one line."""
    try:
        return main()
    except SystemExit as end:
        return int(end.code or 0)
    except Interrupted as end:
        return end.exit_status
    except SearchError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_status


def _has_place() -> bool:
    """Say whether the working directory is there, from which all that a command starts begins; tell where it is not."""
    try:
        os.getcwd()  # noqa: PTH109 (only to know whether there is one)
    except OSError:
        print(f"error: {NO_PLACE}", file=sys.stderr)
        return False
    return True


def leave(status: int) -> NoReturn:
    """End the process without Python's clearing up.

    It takes many seconds on a busy machine, and now and then a thread that Ray has left aborts the process in it.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def answer(text: str, stream: TextIO | None = None) -> None:
    """Print what a program or a file waits for to what was standard output at the command's start, if that is given.

    Raises:
        UnwritableError: Nobody takes it.
    """
    stream = stream or sys.stdout
    print(text, file=stream, flush=True)
    if isinstance(buffer := getattr(stream, "buffer", None), Lenient):
        if buffer.is_waiting:
            buffer.send(PATIENCE)
        if reason := buffer.unwritten or ("nobody reads it" if buffer.is_waiting else None):
            raise UnwritableError(f"the answer cannot be written to standard output: {reason}")
