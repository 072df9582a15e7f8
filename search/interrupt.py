"""Ctrl-C and SIGTERM: the first ends the command in good order, the second at once."""

import os
import signal
from types import FrameType, TracebackType
from typing import Any, Self

SIGNAL_BASE = 128  # a shell's exit status for a process that a signal ended


class Interrupted(BaseException):
    """The person or the system asked the command to end."""

    def __init__(self, signal_number: int) -> None:
        """Remember which signal it was."""
        super().__init__(signal.Signals(signal_number).name)
        self.exit_status = SIGNAL_BASE + signal_number


class Interruptible:
    """A block in which signals are held until `check` is called, so that nothing is left half done.

    Attributes:
        at_once: Whether a signal ends the block wherever it stands: for steps that leave nothing half done.
    """

    def __init__(self) -> None:
        """No signal has come yet."""
        self._received: int | None = None
        self.at_once = False

    @property
    def received(self) -> bool:
        """Whether a signal has come."""
        return self._received is not None

    def check(self) -> None:
        """Raise `Interrupted` if a signal has come."""
        if self._received is not None:
            raise Interrupted(self._received)

    def __enter__(self) -> Self:
        """Take over SIGINT and SIGTERM."""
        self._previous = self.take_over()
        return self

    def take_over(self) -> dict[int, Any]:
        """Handle SIGINT and SIGTERM here; return who did before."""
        return {number: signal.signal(number, self._handle) for number in (signal.SIGINT, signal.SIGTERM)}

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Give the signals back."""
        for number, handler in self._previous.items():
            signal.signal(number, handler)

    def _handle(self, number: int, _frame: FrameType | None) -> None:
        if self._received is not None:
            os._exit(SIGNAL_BASE + number)
        self._received = number
        if self.at_once:
            raise Interrupted(number)
