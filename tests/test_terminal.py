"""Nothing that a command prints can stop it, and it is a terminal only where one is."""

import contextlib
import io
import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from commands import (
    ROOT,
    SMALL_SPACE,
    assert_nothing_left,
    clean_environment,
    family_of,
    start,
    study_of,
    wait_for_trials,
)
from optuna.trial import TrialState

from search.terminal import streams
from search.terminal.console import PLAIN_WIDTH, console_on
from search.terminal.streams import Lenient, UnwritableError


@pytest.fixture
def pipe():
    """The two ends of a pipe; a test may close either."""
    ends = os.pipe()
    yield ends
    for end in ends:
        with contextlib.suppress(OSError):
            os.close(end)


def stream_on(descriptor, encoding="utf-8", **options):
    """A standard stream as a command has it."""
    raw = Lenient(descriptor, **options)
    return io.TextIOWrapper(raw, encoding=encoding, errors="backslashreplace", line_buffering=True)


def test_pipe_without_its_reader_is_written_in_vain(pipe):
    """`| head`, and a `tee` that was killed; the answer that a program waits for is no such thing."""
    reader, writer = pipe
    os.close(reader)
    stream = stream_on(writer)
    print("nobody reads", file=stream)
    assert stream.buffer.unwritten == "Broken pipe"
    with pytest.raises(UnwritableError, match="the answer cannot be written to standard output: Broken pipe"):
        streams.answer("{}", stream)


def test_full_disk_costs_what_is_printed():
    """And the next line is tried again: there may be room."""
    with Path("/dev/full").open("wb", buffering=0) as full:
        stream = stream_on(full.fileno())
        print("no room", file=stream)
        assert stream.buffer.unwritten == "No space left on device"
        os.dup2(1, full.fileno())
        stream.buffer.send()
        assert stream.buffer.unwritten is None


def test_reader_that_stands_still_is_not_waited_for_and_gets_the_rest_later(pipe):
    """A pager that waits for a key, a parent that reads only at the end: what they have not read yet is kept."""
    reader, writer = pipe
    stream = stream_on(writer)
    lines = [f"{number:>7}" for number in range(50_000)]
    for line in lines:
        print(line, file=stream)
    found = b""
    while len(found) < 8 * len(lines):
        found += os.read(reader, 65536)
        stream.buffer.send()
    assert found.decode().split("\n")[:-1] == lines


def test_reader_that_never_reads_costs_no_more_memory_than_a_limit(pipe):
    """Of what is kept for it the oldest goes."""
    reader, writer = pipe
    raw = Lenient(writer)
    for _ in range(3):
        raw.write(b"." * streams.KEPT)
    raw.write(b"the end")
    assert len(raw._kept) <= streams.KEPT
    assert raw._kept.endswith(b"the end")
    assert len(os.read(reader, 100)) == 100


def test_pipe_that_another_process_made_nonblocking_is_written_later(pipe):
    """Some programs do so with the terminal that they share."""
    _, writer = pipe
    os.set_blocking(writer, False)
    raw = Lenient(writer)
    raw.write(b"." * 200_000)
    assert (raw.unwritten, len(raw._kept) > 100_000) == (None, True)


def test_terminal_that_hung_up_is_written_in_vain():
    """Its other end is closed while the display draws."""
    master, slave = pty.openpty()
    stream = stream_on(slave)
    assert stream.isatty()
    os.close(master)
    print("gone", file=stream)
    assert stream.buffer.unwritten == "Input/output error"
    os.close(slave)


@pytest.mark.parametrize(
    ("encoding", "written"),
    [("ascii", rb"\xe9 \u2026 \udcff"), ("cp1252", b"\xe9 \x85 \\udcff"), ("utf-8", "é … \\udcff".encode())],
)
def test_character_that_an_encoding_lacks_is_printed_in_another_way(encoding, written, pipe):
    """The name of a study or file, or bytes of one that are no text."""
    reader, writer = pipe
    print("é … \udcff", file=stream_on(writer, encoding))
    assert os.read(reader, 100) == written + b"\n"


def test_console_draws_only_on_a_terminal_that_can_be_redrawn(monkeypatch, tmp_path):
    """What CI systems and other programs set says nothing of this terminal, or of a file."""
    for name, value in (
        ("FORCE_COLOR", "1"), ("TTY_COMPATIBLE", "1"), ("TTY_INTERACTIVE", "1"), ("CLICOLOR_FORCE", "1"),
        ("COLUMNS", "0"), ("LINES", "x"), ("JUPYTER_COLUMNS", "3"),
    ):  # fmt: skip
        monkeypatch.setenv(name, value)
    master, slave = pty.openpty()
    with os.fdopen(slave, "w", encoding="utf-8") as screen, (tmp_path / "log").open("w", encoding="utf-8") as log:
        for term, draws in (("xterm", True), ("dumb", False), ("unknown", False), ("", False), ("Dumb", False)):
            monkeypatch.setenv("TERM", term)
            found = console_on(screen)
            assert (found.is_terminal, found.is_interactive) == (draws, draws)
            assert found.width >= 80
        monkeypatch.setenv("TERM", "xterm")
        plain = console_on(log)
        assert (plain.is_terminal, plain.is_interactive, plain.width) == (False, False, PLAIN_WIDTH)
        plain.print("[red]not red[/]")
    os.close(master)
    assert (tmp_path / "log").read_text(encoding="utf-8") == "not red\n"


@pytest.mark.parametrize(
    ("command", "status", "said"),
    [
        ("--print-space >&-", 1, "error: the answer cannot be written to standard output: it is closed\n"),
        ("--print-space >/dev/full", 1, "error: the answer cannot be written to standard output: No space left on"),
        ("--print-space >&- 2>&- <&-", 1, ""),
        ("--help >/dev/full", 0, ""),
        ("--help >&- 2>&- <&-", 0, ""),
        ("--trials é 2>&-", 2, ""),
        ("--trials é 2>/dev/full", 2, ""),
        ("--trials é", 2, "error: --trials: must be a whole number of at least 1, got '\\xe9'\n"),
    ],
)
def test_command_ends_with_its_status_whatever_its_streams_are(command, status, said):
    """Closed, full, or of an encoding that lacks a character: never a traceback."""
    line = f"{sys.executable} -m search.run {command}"
    environment = clean_environment() | {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "1"}
    result = subprocess.run(
        ["/bin/sh", "-c", line], cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=60
    )
    assert (result.returncode, result.stdout) == (status, "")
    assert result.stderr.startswith(said)
    assert len(result.stderr.splitlines()) == bool(said)


def test_working_directory_that_is_gone_is_named(tmp_path):
    """All that the command would start begins there."""
    line = f"rmdir {tmp_path}; {sys.executable} -m search.run --print-space"
    result = subprocess.run(
        ["/bin/sh", "-c", line], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60
    )
    said = "error: the working directory was removed; change to one that is there\n"
    assert (result.returncode, result.stdout, result.stderr) == (2, "", said)


def test_locale_without_the_characters_of_a_name_is_named():
    """Cron and old machines have the locale C, and Python takes it for ASCII where it is told not to mend that."""
    environment = clean_environment() | {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    command = [sys.executable, "-m", "search.run", "--print-space", "--runs", "naïve"]
    result = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=60)
    said = (
        "must be UTF-8 without control characters such as line breaks; this locale has ascii names: set LC_ALL=C.UTF-8"
    )
    assert (result.returncode, result.stderr) == (2, f"error: --runs: {said}\n")


def test_first_moments_of_a_command_end_with_a_line():
    """A signal that comes before anything has to be put in order ends the process at once."""
    script = (
        "import os, signal, sys; from search.terminal import streams\nstreams.command(lambda: os.kill(os.getpid(), {}))"
    )
    for number in (signal.SIGINT, signal.SIGTERM):
        command = [sys.executable, "-c", script.format(int(number))]
        result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
        assert (result.returncode, result.stdout, result.stderr) == (128 + number, "", f"{number.name}: stopped\n")


def test_signals_that_the_parent_blocked_end_a_command():
    """What it is started with blocked would never reach it; and its own files are its own, whatever the umask."""
    script = (
        "import os, signal, sys; from search.terminal import streams\n"
        "signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT}); os.umask(0o777); streams.begin()\n"
        "print(oct(os.umask(0o22)), flush=True); os.kill(os.getpid(), signal.SIGTERM)"
    )
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=30)
    assert (result.returncode, result.stdout, result.stderr) == (143, "0o77\n", "SIGTERM: stopped\n")


@pytest.mark.thorough  # it starts Ray: the whole way of a real search whose terminal goes
def test_search_goes_on_without_its_terminal(tmp_path):
    """The reader of its lines ends, and the terminal hangs up: the study is completed and the report written."""
    space = tmp_path / "space.toml"
    space.write_text(SMALL_SPACE)
    options = ("--space", space, "--no-baseline", "--workers", 1)
    process = start("--trials", 6, "--study", "h", "--runs", tmp_path, *options)
    process.stdout.readline()
    process.stdout.close()
    wait_for_trials(process, tmp_path, "h", 1)
    for pid in (process.pid, *family_of(process)):
        os.kill(pid, signal.SIGHUP)
    assert process.wait(timeout=200) == 0
    assert process.stderr.read() == ""
    process.stderr.close()
    assert {trial.state for trial in study_of(tmp_path, "h").trials} <= {TrialState.COMPLETE, TrialState.PRUNED}
    assert len(study_of(tmp_path, "h").trials) == 6
    assert (tmp_path / "h" / "report.html").exists()


@pytest.mark.thorough  # it starts Ray: what is tested is how Ray's processes take the signal
def test_sigterm_to_every_process_ends_a_search_in_good_order(tmp_path):
    """As the system's shutdown and service managers send it: the line, the answer so far, no trial left running."""
    space = tmp_path / "space.toml"
    space.write_text(SMALL_SPACE)
    options = ("--space", space, "--no-baseline", "--workers", 1)
    process = start("--trials", 500, "--study", "t", "--runs", tmp_path, *options)
    wait_for_trials(process, tmp_path, "t", 1)
    family, asked = family_of(process), time.monotonic()
    for pid in (process.pid, *family):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
    stdout, stderr = process.communicate(timeout=30)
    assert time.monotonic() - asked < 10
    assert (process.returncode, stderr) == (143, "")
    assert "SIGTERM: stopped; the same command with --study t goes on" in stdout
    assert "report     " in stdout
    assert_nothing_left(family)
    assert not [trial for trial in study_of(tmp_path, "t").trials if trial.state == TrialState.RUNNING]
