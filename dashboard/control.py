"""Searches as processes of their own: started, followed by their logs, interrupted. Only with `--allow-control`.

A search outlives the dashboard: it has a session of its own and is found again by the lease on its study.
"""

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from dashboard import models
from dashboard.data import search_arguments
from dashboard.options import Options, RaisingParser
from search.errors import SearchError, UsageError
from search.run.options import Options as SearchOptions
from search.run.options import parse
from search.storage.address import location, shown
from search.storage.lease import Holder
from search.study.space_file import load_space
from search.surroundings.guard import command_of, start_of
from search.terminal.shell import command_line
from trainable.problem import ProblemSpec

MODULE = "search.run"
LOGS = "_logs"  # below the runs; no study's name begins with _
ENDED = "The search has ended already."
INTERRUPTED_ALREADY = "The search was interrupted already and is about to end."
TAIL = 16_384  # bytes of a log that are read

_STEERING = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|[\x00-\x08\x0b-\x1f\x7f]")  # of a terminal: colours, cursor

_lock = threading.Lock()
_launches: dict[tuple[str, str], "Launch"] = {}
# Processes and when they started: a second signal would end a search at once.
_interrupted: set[tuple[int, str | None]] = set()


@dataclass(frozen=True)
class Launch:
    """A search that this dashboard started.

    Attributes:
        study: Its name.
        command: What a person would type for the same; without a password.
        log: What it prints.
        process: It.
    """

    study: str
    command: str
    log: Path
    process: subprocess.Popen[bytes]

    @property
    def exit_status(self) -> int | None:
        """How it ended; None while it runs."""
        return self.process.poll()


def parsed(options: Options, problem: ProblemSpec, arguments: Sequence[str]) -> SearchOptions:
    """Check the arguments of a search as its command does, the file of its space too.

    Raises:
        UsageError: One is wrong, in one line.
    """
    wanted = parse([*arguments, *_place(options, problem)], RaisingParser)
    models.check(options, wanted.model)
    if wanted.space is not None:
        if wanted.space.exists() and not wanted.space.is_file():
            raise UsageError(f"--space {wanted.space}: is not a file")
        if wanted.model is None and not problem.code:  # which parameters a file's model has only the search finds out
            load_space(wanted.space, problem)
    return wanted


def shown_command(options: Options, problem: ProblemSpec, arguments: Sequence[str]) -> str:
    """Return the command that does the same at a terminal; the password in the storage's URL is hidden."""
    place = location(shown(options.storage), options.runs)
    return command_line(MODULE, *arguments, *place, *search_arguments(problem, options.data))


def start(options: Options, problem: ProblemSpec, arguments: Sequence[str]) -> Launch:
    """Start a search, or go on with one; it runs on when the dashboard ends.

    Args:
        options: The dashboard's: where studies are.
        problem: What the search is about.
        arguments: Of `search.run`, without those that say where studies are.

    Raises:
        UsageError: The dashboard looks only, or an argument is wrong; nothing is started.
        SearchError: The process or its log cannot be made, or the search runs already.
    """
    _refuse(options)
    study = parsed(options, problem, arguments).study
    given = list(arguments) if "--study" in arguments else ["--study", study, *arguments]
    with _lock:
        known = launch_of(options, study)
        if known is not None and known.exit_status is None:
            raise SearchError(f"{study} was started from here already, and runs.")
        log = _new_log(options.runs, study)
        process = _spawn(options, problem, given, log)
        launch = Launch(study, shown_command(options, problem, given), log, process)
        _launches[options.storage, study] = launch
    threading.Thread(target=process.wait, daemon=True).start()  # an ended child that nobody waits for stays a zombie
    return launch


def launch_of(options: Options, study: str) -> Launch | None:
    """Return the last start of a study by this dashboard; None where it started none."""
    return _launches.get((options.storage, study))


def reason_not_to_stop(holder: Holder) -> str | None:
    """Return why a search cannot be interrupted from here, and what to do instead; None where it can."""
    if not holder.is_here:
        return f"It runs on another machine. Interrupt it there, on {holder.host}: kill -INT {holder.pid}"
    if not holder.runs:
        return ENDED
    if MODULE.encode() not in command_of(holder.pid):
        return f"It is driven by another program than {MODULE}. Interrupt it yourself: kill -INT {holder.pid}"
    return None


def is_stopping(holder: Holder) -> bool:
    """Say whether a search was interrupted from here and is about to end."""
    return holder.is_here and (holder.pid, holder.process) in _interrupted


def is_ending(launch: Launch) -> bool:
    """Say likewise of a search that was started from here, which may have no lease yet."""
    return _process_of(launch) in _interrupted


def stop(options: Options, holder: Holder) -> None:
    """Interrupt a search as Ctrl-C does: trials in flight are recorded as interrupted, and it ends within seconds.

    SIGINT, since it means the same as at a terminal. Whoever holds a lease has its own handlers for SIGINT and SIGTERM
    in place, also where it was started with SIGINT ignored, as shells do in the background.

    Raises:
        UsageError: The dashboard looks only.
        SearchError: It cannot be interrupted from here, was already, or has ended.
    """
    _refuse(options)
    if reason := reason_not_to_stop(holder):
        raise SearchError(reason)
    with _lock:
        if is_stopping(holder):
            raise SearchError(INTERRUPTED_ALREADY)
        _interrupt(holder)
        _interrupted.add((holder.pid, holder.process))


def stop_launch(options: Options, launch: Launch) -> None:
    """Interrupt likewise a search that was started from here, before it has a lease.

    Raises:
        UsageError: The dashboard looks only.
        SearchError: It was interrupted already, or has ended.
    """
    _refuse(options)
    with _lock:
        if launch.exit_status is not None:
            raise SearchError(ENDED)
        if is_ending(launch):
            raise SearchError(INTERRUPTED_ALREADY)
        _interrupted.add(_process_of(launch))
        launch.process.send_signal(signal.SIGINT)  # nobody else's: an id is not given again before it was waited for


def tail(log: Path, lines: int = 15) -> list[str]:
    """Return the last lines of a log, without what steers a terminal; none where it cannot be read."""
    try:
        with log.open("rb") as stream:
            size = stream.seek(0, os.SEEK_END)
            stream.seek(max(size - TAIL, 0))
            text = stream.read().decode("utf-8", errors="replace")
    except OSError:
        return []
    return _STEERING.sub("", text).splitlines()[-lines:]


def error_in(lines: Sequence[str]) -> str | None:
    """Return the line in which a search said why it ended; None where there is none."""
    errors = [line for line in lines if line.startswith("error: ")]
    return errors[-1].removeprefix("error: ") if errors else None


def _refuse(options: Options) -> None:
    if not options.allow_control:
        raise UsageError("this dashboard looks only; it was started without --allow-control")


def _place(options: Options, problem: ProblemSpec) -> list[str]:
    return ["--runs", str(options.runs), *search_arguments(problem, options.data)]


def _process_of(launch: Launch) -> tuple[int, str | None]:
    return launch.process.pid, start_of(launch.process.pid)


def _new_log(runs: Path, study: str) -> Path:
    """Make an empty log that only this user can read."""
    log = runs / LOGS / study / f"{datetime.now(UTC):%Y%m%d-%H%M%S}.log"
    try:
        log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        log.touch(mode=0o600, exist_ok=False)
    except FileExistsError as error:
        raise SearchError(f"{study} was started a moment ago.") from error
    except OSError as error:
        raise SearchError(f"{error.filename}: {error.strerror}") from error
    return log


def _spawn(options: Options, problem: ProblemSpec, arguments: Sequence[str], log: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", MODULE, *arguments, *_place(options, problem)]
    # Every user of the machine can read a command line; the URL may hold a password.
    environment = os.environ | {"SEARCH_STORAGE": options.storage}
    try:
        with log.open("ab") as output:
            return subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=environment,
                start_new_session=True,  # Ctrl-C at the dashboard's terminal is not for the search
            )
    except OSError as error:
        raise SearchError(f"the search cannot be started: {error.strerror}") from error


def _interrupt(holder: Holder) -> None:
    """Signal the very process that has the lease: once opened, its id cannot be another one's."""
    try:
        process = os.pidfd_open(holder.pid)
    except OSError as error:
        raise SearchError(ENDED) from error
    try:
        if not holder.runs:
            raise SearchError(ENDED)
        signal.pidfd_send_signal(process, signal.SIGINT)
    except PermissionError as error:
        raise SearchError(f"The search belongs to another user of {holder.host}.") from error
    except ProcessLookupError as error:
        raise SearchError(ENDED) from error
    finally:
        os.close(process)
