"""Ctrl-C and SIGTERM: the first ends the command in good order, the second at once."""

import os
import select
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any, Self

LIMIT = 9.0  # seconds from a signal to the end of the command, come what may
SHOW_CURSOR = b"\x1b[?25h"
SIGNAL_BASE = 128  # a shell's exit status for a process that a signal ended


class Interrupted(BaseException):
    """The person or the system asked the command to end."""

    def __init__(self, signal_number: int) -> None:
        """Remember which signal it was."""
        super().__init__(signal.Signals(signal_number).name)
        self.exit_status = SIGNAL_BASE + signal_number


class Interruptible:
    """A block in which signals are held until `check` is called, so that nothing is left half done."""

    def __init__(self, promise: str = "the same command goes on") -> None:
        """Have a promise to give where the command ends without its answer: how it is continued."""
        self.awaited = "what was running"  # what the main thread does, in words for the person
        self.promise = promise
        self._received: int | None = None
        self._at_once = False

    @property
    def received(self) -> bool:
        """Whether a signal has come."""
        return self._received is not None

    def check(self) -> None:
        """Raise `Interrupted` if a signal has come."""
        if self._received is not None:
            raise Interrupted(self._received)

    @contextmanager
    def raising(self) -> Iterator[None]:
        """Let a signal, one that came already too, raise `Interrupted` wherever this inner block stands."""
        self._at_once = True
        try:
            self.check()
            yield
        finally:
            self._at_once = False
            self._take_over()  # from what the block may have put in their place, as Ray does

    def __enter__(self) -> Self:
        """Take over SIGINT and SIGTERM."""
        self._done = threading.Event()
        reader, self._writer = socket.socketpair()
        self._writer.setblocking(False)  # as `set_wakeup_fd` wants it
        signal.set_wakeup_fd(self._writer.fileno())
        threading.Thread(target=self._insist, args=(reader,), daemon=True).start()
        self._previous = self._take_over()
        return self

    def _insist(self, reader: socket.socket) -> None:
        """End the process where the main thread does not: it may wait inside Ray, where no handler runs."""
        with reader:
            while received := reader.recv(1):
                if received[0] in self._previous and not self._done.wait(LIMIT):
                    self._give_up(received[0])

    def _give_up(self, number: int) -> None:
        """End the process, and say so: the main thread could not."""
        name = signal.Signals(number).name
        _show_cursor()
        line = f"{name}: ended after {LIMIT:g} s without waiting for {self.awaited}; the study is safe: {self.promise}"
        below = "\n" if os.isatty(2) else ""  # a live display leaves the cursor at the end of its last line
        write_now(2, f"{below}{line}\n".encode())
        os._exit(SIGNAL_BASE + number)

    def _take_over(self) -> dict[int, Any]:
        return {number: signal.signal(number, self._handle) for number in (signal.SIGINT, signal.SIGTERM)}

    def __exit__(self, *_: object) -> None:
        """Give the signals back."""
        self._done.set()
        signal.set_wakeup_fd(-1)
        self._writer.close()
        for number, handler in self._previous.items():
            signal.signal(number, handler)

    def _handle(self, number: int, _frame: FrameType | None) -> None:
        if self._received is not None:
            _show_cursor()
            os._exit(SIGNAL_BASE + number)
        self._received = number
        if self._at_once:
            raise Interrupted(number)


def speak_at_end() -> None:
    """Let SIGINT and SIGTERM end the process at once with a line, where nothing has to be put in order yet."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _stop)


def _stop(number: int, _frame: FrameType | None) -> None:
    write_now(2, f"{signal.Signals(number).name}: stopped\n".encode())
    os._exit(SIGNAL_BASE + number)


def write_now(stream: int, text: bytes) -> None:
    """Write up to 4096 bytes to a descriptor if that is possible at once; never wait, never fail, take no lock."""
    with suppress(OSError, ValueError):
        if select.select([], [stream], [], 0)[1]:
            os.write(stream, text)


def _show_cursor() -> None:
    """Give terminals back the cursor, which a live display hides."""
    for stream in (1, 2):
        if os.isatty(stream):
            write_now(stream, SHOW_CURSOR)
