"""The dashboard in a real browser, on the result of a real search."""

import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

import pytest
from commands import ROOT, clean_environment

CHROMIUM = shutil.which("chromium")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs chromium (Debian: apt-get install chromium)")


@pytest.fixture(scope="module")
def address(finished):
    """The address of a dashboard that serves the finished search; it reads the repository's configuration."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", "dashboard/app.py", "--server.port", str(port)]
    server = subprocess.Popen(
        [*command, "--", "--storage", finished.storage],
        cwd=ROOT, env=clean_environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    try:
        wait_until_healthy(f"http://127.0.0.1:{port}/_stcore/health", server)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.communicate(timeout=20)


def wait_until_healthy(url, server):
    """Wait until the server answers."""
    deadline = time.monotonic() + 40
    while time.monotonic() < deadline:
        assert server.poll() is None, server.communicate()[0]
        try:
            with urllib.request.urlopen(url, timeout=2) as response:
                if response.status == 200:
                    return
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.2)
    raise AssertionError("the dashboard did not start")


@pytest.fixture
def page(address):
    """The page in a browser, once it shows a study."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.errors = []
        page.on("pageerror", lambda error: page.errors.append(str(error)))
        page.goto(address)
        page.get_by_text("Best val_accuracy").wait_for(timeout=30_000)
        yield page
        browser.close()


def test_best_accuracy_is_read_off_the_page(page, finished):
    """What a person sees in the browser is what the command printed."""
    metric = page.get_by_test_id("stMetric").first
    assert metric.get_by_test_id("stMetricValue").inner_text() == f"{finished.answer['best']['val_accuracy']:.4f}"
    page.locator(".js-plotly-plot").nth(1).wait_for(timeout=30_000)
    page.get_by_test_id("stDataFrame").wait_for(timeout=30_000)
    assert page.get_by_test_id("stException").count() == 0
    assert page.errors == []


def test_server_listens_on_loopback_only(address):
    """The repository's configuration binds the dashboard to 127.0.0.1."""
    port = f"{int(address.rsplit(':', 1)[1]):04X}"
    rows = [line.split() for name in ("tcp", "tcp6") for line in open(f"/proc/net/{name}")]  # noqa: PTH123, SIM115
    listening = {row[1].split(":")[0] for row in rows if row[3] == "0A" and row[1].endswith(f":{port}")}
    assert listening == {"0100007F"}
