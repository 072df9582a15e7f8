"""What the tests in a browser share: the browser, the dashboard's server, and visitors."""

from pathlib import Path

import pytest
from visits import ALONE, Visit

from benchmarks.browsing import browsing, chromium, serving


def pytest_collection_modifyitems(items):
    """Skip these tests where there is no browser."""
    for item in items:
        if chromium() is None and item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.skip(reason="needs chromium (Debian: apt-get install chromium)"))


@pytest.fixture(scope="module")
def browser():
    """A browser that reaches nothing but this machine."""
    with browsing(ALONE) as browser:
        yield browser


@pytest.fixture(scope="module")
def address(finished):
    """The address of a dashboard that serves the finished search."""
    with serving("--storage", finished.storage, "--runs", finished.runs) as server:
        yield server.address


@pytest.fixture
def visit(browser):
    """Somebody who visits the dashboard; nothing may go wrong meanwhile."""
    visit = Visit(browser)
    yield visit
    visit.end()
