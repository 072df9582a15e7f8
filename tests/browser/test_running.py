"""A search that is started from the page, watched while it runs, and stopped from the page."""

import os
import re
import signal

import pytest
from commands import SMALL_SPACE
from playwright.sync_api import expect
from visits import Visit

from benchmarks.browsing import serving
from search.storage.address import open_read_only
from search.storage.lease import holder_of
from search.terminal.arguments import default_storage

STUDY = "watched"
TRIALS = 900  # more than there is time for
SAID = r"(\d+) of \d+ trials finished"


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """The home of no study yet."""
    return tmp_path_factory.mktemp("runs")


@pytest.fixture(scope="module")
def dashboard(runs):
    """The address of a dashboard that may start searches."""
    with serving("--runs", runs, "--allow-control") as server:
        yield server.address


@pytest.fixture(scope="module")
def running(browser, dashboard, runs):
    """The address of a dashboard from which a search was started, which has finished trials."""
    space = runs / "space.toml"
    space.write_text(SMALL_SPACE)
    visit = Visit(browser)
    page = visit.open(dashboard)
    page.get_by_role("textbox", name="Study").fill(STUDY)
    page.get_by_role("spinbutton", name="Trials").fill(str(TRIALS))
    page.get_by_role("spinbutton", name="Workers").fill("1")
    page.get_by_role("textbox", name="Space: a TOML file on this machine").fill(str(space))
    page.get_by_text("Begin with the baseline").click()
    page.get_by_text("Confirm the result").click()
    page.get_by_text(f"--space {space} --no-baseline --no-confirm").wait_for()
    page.get_by_role("button", name="Start the search").click()
    wait_for_trials(page, 1)
    visit.end()
    yield dashboard
    holder = holder_of(open_read_only(default_storage(runs)).engine, STUDY)
    if holder is not None:
        os.kill(holder.pid, signal.SIGTERM)


def finished_trials(page, part="stSidebar"):
    """The number of finished trials beside every page, or in the page itself."""
    return int(re.search(SAID, page.get_by_test_id(part).inner_text())[1])


def wait_for_trials(page, number, part="stSidebar"):
    """Wait, without a reload, until that part of the page says so many."""
    page.wait_for_function(
        """([part, said, number]) => {
            const found = document.querySelector(`[data-testid=${part}]`).innerText.match(said);
            return found && found[1] >= number;
        }""",
        arg=[part, SAID, number],
        timeout=90_000,
    )


def test_overview_follows_the_search(visit, running):
    """It says that the search runs, and the numbers of trials rise by themselves."""
    page = visit.open(running)
    page.get_by_text(re.compile(r"Running on .*: searching")).wait_for()
    before = finished_trials(page, "stMain")
    wait_for_trials(page, before + 2, "stMain")
    wait_for_trials(page, before + 2)


def test_what_a_person_did_survives_the_refresh(visit, running):
    """A filter, the open part of the page and the place on it stay while trials come in."""
    page = visit.open(f"{running}/trials")
    page.get_by_text("Filter by accuracy").click()
    accuracy = page.get_by_role("spinbutton", name="val_accuracy from")
    accuracy.fill("0.1")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("accuracy_from=0.1"))
    main = page.get_by_test_id("stMain")
    main.evaluate("main => main.scrollTo(0, 150)")
    wait_for_trials(page, finished_trials(page) + 3)
    assert accuracy.is_visible()
    assert float(accuracy.input_value()) == 0.1
    assert main.evaluate("main => main.scrollTop") == 150


def test_search_is_stopped_from_the_page(visit, running):
    """It asks once more; the study is interrupted then, and can be resumed."""
    page = visit.open(f"{running}/control")
    page.get_by_role("button", name="Stop the search").click()
    page.get_by_role("button", name="Yes, stop it now").click()
    page.get_by_text("The search was interrupted.").wait_for(timeout=60_000)
    page.get_by_role("button", name="Resume the search").wait_for()
    page.get_by_test_id("stSidebar").get_by_text(re.compile("^Interrupted · ")).wait_for()


def test_page_goes_to_the_study_of_a_search_that_it_starts(visit, running, runs):
    """It is chosen by itself once it is there, in the address, too; its Stop is there from the start."""
    page = visit.open(f"{running}/control?study={STUDY}")
    page.get_by_role("textbox", name="Study").fill("another")
    page.get_by_role("spinbutton", name="Workers").fill("1")
    page.keyboard.press("Tab")
    page.get_by_text("--study another").wait_for()
    page.get_by_role("button", name="Start the search").click()
    page.get_by_role("button", name="Stop the search").wait_for()
    expect(page.get_by_role("combobox", name="Study")).to_have_value("another", timeout=90_000)
    page.wait_for_url(re.compile(r"study=another\b"))
    page.get_by_test_id("stMain").get_by_text(re.compile("^Driven by process")).wait_for()
    page.get_by_role("button", name="Stop the search").click()
    page.get_by_role("button", name="Yes, stop it now").click()
    page.get_by_text("The search was interrupted.").wait_for(timeout=60_000)
