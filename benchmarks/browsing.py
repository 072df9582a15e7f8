"""The real dashboard and a real browser that looks at it."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

from benchmarks.systems import ROOT, BenchmarkError

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ViewportSize

FLAGS = (
    "--no-sandbox",  # of a browser that root starts in a container, and that sees this machine's own pages only
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
INSTALL = "apt-get install chromium, or python -m playwright install chromium"
WIDE: "ViewportSize" = {"width": 1280, "height": 900}  # pixels
# Of a page, in the browser: its script has ended, and its charts are drawn.
COMPLETE = """() => document.querySelector('h1')
    && document.querySelector('[data-testid=stApp]').dataset.testScriptState === 'notRunning'
    && !document.querySelector('[data-testid=stSkeleton]')
    && [...document.querySelectorAll('[data-testid=stPlotlyChart], .search-figure')]
        .every(each => each.querySelector('.main-svg'))"""
STARTED_WITHIN, ENDED_WITHIN = 60.0, 20.0  # seconds
LINES_SHOWN = 20  # of what a server wrote that did not start
MIB = 2**20


@dataclass(frozen=True)
class Server:
    """A dashboard that answers.

    Attributes:
        address: Its URL, without a path.
        pid: Of its process.
    """

    address: str
    pid: int

    @property
    def memory(self) -> float:
        """Its resident size in MiB."""
        return int(Path(f"/proc/{self.pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / MIB


@contextmanager
def serving(*options: object) -> Iterator[Server]:
    """Serve the dashboard on a free port of this machine, with the repository's configuration.

    Args:
        *options: Of the dashboard.

    Raises:
        BenchmarkError: It did not start; with its last words.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", "dashboard/app.py", "--server.port", str(port), "--"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("SEARCH_", "COV_CORE"))}
    with tempfile.TemporaryFile("w+") as log:
        process = subprocess.Popen(
            [*command, *map(str, options)], cwd=ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT
        )
        try:
            _wait(process, f"http://127.0.0.1:{port}/_stcore/health", log)
            yield Server(f"http://127.0.0.1:{port}", process.pid)
        finally:
            process.terminate()
            process.wait(ENDED_WITHIN)


def _wait(process: "subprocess.Popen[bytes]", url: str, log: IO[str]) -> None:
    """Wait until the server answers."""
    deadline = time.monotonic() + STARTED_WITHIN
    while process.poll() is None and time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(url, timeout=2) as response:  # noqa: S310 (the address is our own)
                if response.status == 200:  # noqa: PLR2004 (HTTP's OK)
                    return
        except OSError:
            time.sleep(0.1)
    log.seek(0)
    raise BenchmarkError("\n".join(["the dashboard did not start:", *log.read().splitlines()[-LINES_SHOWN:]]))


@contextmanager
def browsing(*flags: str) -> Iterator["Browser"]:
    """Run Chromium without a window.

    Args:
        *flags: Of Chromium, besides `FLAGS`.

    Raises:
        BenchmarkError: It or Playwright is not installed, or a page did not do what was expected of it in time.
    """
    try:
        from playwright.sync_api import Error, sync_playwright  # noqa: PLC0415 (missing where only searches are run)
    except ImportError as error:
        raise BenchmarkError("Playwright is not installed; make test installs it") from error
    try:
        with sync_playwright() as playwright:
            if chromium() is None and not Path(playwright.chromium.executable_path).exists():
                raise BenchmarkError(f"there is no Chromium: {INSTALL}")
            browser = playwright.chromium.launch(executable_path=chromium(), args=[*FLAGS, *flags])
            yield browser
            browser.close()
    except Error as error:
        raise BenchmarkError(f"the browser: {error.message}") from error


def chromium() -> str | None:
    """Return the system's Chromium; None where there is only Playwright's own, or none."""
    return shutil.which("chromium") or shutil.which("chromium-browser")
