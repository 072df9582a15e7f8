"""Signals wait for a safe moment, and a second one does not."""

import contextlib
import os
import signal
import subprocess
import sys

import pytest

from search.terminal.signals import Interrupted, Interruptible, write_now


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
        "import ctypes, os, signal, threading, search.terminal.signals\n"
        "search.terminal.signals.LIMIT = 0.5\n"
        "with search.terminal.signals.Interruptible():\n"
        "    threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGTERM)).start()\n"
        "    libc = ctypes.CDLL(None)\n"
        "    while True: libc.sleep(60)"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False, timeout=30).returncode == 143


def test_last_resort_says_what_it_did_not_wait_for_and_that_the_study_goes_on():
    """A command that ends without its answer is told from one that crashed."""
    script = (
        "import ctypes, os, signal, threading, search.terminal.signals\n"
        "search.terminal.signals.LIMIT = 0.25\n"
        "with search.terminal.signals.Interruptible('the same command goes on') as signals:\n"
        "    signals.awaited = 'the end of Ray'\n"
        "    threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGTERM)).start()\n"
        "    libc = ctypes.CDLL(None)\n"
        "    while True: libc.sleep(60)"
    )
    result = subprocess.run([sys.executable, "-c", script], check=False, timeout=30, capture_output=True, text=True)
    assert (result.returncode, result.stdout) == (143, "")
    assert result.stderr == (
        "SIGTERM: ended after 0.25 s without waiting for the end of Ray; the study is safe: the same command goes on\n"
    )


def test_last_words_neither_block_nor_fail():
    """A full pipe, one that nobody reads and a closed stream cost the line, not the end of the process."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(writer, b"." * 65536)
    os.set_blocking(writer, True)
    write_now(writer, b"never read")
    os.close(reader)
    write_now(writer, b"nobody reads")
    os.close(writer)
    write_now(writer, b"closed")


def test_second_signal_ends_the_process_at_once():
    """A person who asks twice does not wait for anything."""
    script = (
        "import os, signal, time; from search.terminal.signals import Interruptible\n"
        "with Interruptible():\n"
        "    os.kill(os.getpid(), signal.SIGINT); os.kill(os.getpid(), signal.SIGINT); time.sleep(60)"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False, timeout=30).returncode == 130


LEAVING = (
    "import atexit; from search.terminal.streams import leave\n"
    "atexit.register(print, ', cleared up', end=''); print('the answer', end=''); leave({})"
)


@pytest.mark.parametrize("status", [0, 1, 143])
def test_command_leaves_python_uncleared(status):
    """What is printed stands; what Python does at its end takes many seconds on a busy machine, or even aborts."""
    command = [sys.executable, "-c", LEAVING.format(status)]
    result = subprocess.run(command, check=False, timeout=30, capture_output=True, text=True)
    assert (result.returncode, result.stdout, result.stderr) == (status, "the answer", "")
