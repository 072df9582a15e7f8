"""Signals wait for a safe moment, and a second one does not."""

import os
import signal
import subprocess
import sys

import pytest

from search.interrupt import Interrupted, Interruptible


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_signal_is_held_until_asked_for(number, status):
    """The first signal raises at the next check, with the exit status of a shell."""
    with Interruptible() as signals:
        signals.check()
        os.kill(os.getpid(), number)
        with pytest.raises(Interrupted) as end:
            signals.check()
    assert end.value.exit_status == status
    assert str(end.value) == number.name


def test_handlers_are_given_back():
    """After the block signals do what they did before."""
    before = signal.getsignal(signal.SIGTERM)
    with Interruptible():
        assert signal.getsignal(signal.SIGTERM) != before
    assert signal.getsignal(signal.SIGTERM) == before


def test_process_that_does_not_come_to_its_end_is_ended():
    """A main thread that waits where no handler runs does not keep the command beyond its limit."""
    script = (
        "import ctypes, os, signal, threading, search.interrupt\n"
        "search.interrupt.LIMIT = 0.5\n"
        "with search.interrupt.Interruptible():\n"
        "    threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGTERM)).start()\n"
        "    libc = ctypes.CDLL(None)\n"
        "    while True: libc.sleep(60)"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False, timeout=30).returncode == 143


def test_second_signal_ends_the_process_at_once():
    """A person who asks twice does not wait for anything."""
    script = (
        "import os, signal, time; from search.interrupt import Interruptible\n"
        "with Interruptible():\n"
        "    os.kill(os.getpid(), signal.SIGINT); os.kill(os.getpid(), signal.SIGINT); time.sleep(60)"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False, timeout=30).returncode == 130
