"""Addresses and titles of tabs, as somebody sees them who goes from page to page and copies links."""

import re

import optuna
import pytest
from many_studies import insert_studies
from playwright.sync_api import expect
from visits import PATIENCE, Visit

from benchmarks.browsing import serving
from search.storage.address import open_storage

ROW = 35  # pixels, of a table; its title is as high
LONG = "a name that is longer than the picker beside the page, with an & and a #"


@pytest.fixture
def storage(tmp_path):
    """A storage of three studies, the newest with a long name."""
    storage = open_storage(f"sqlite:///{tmp_path / 'studies.db'}")
    insert_studies(storage, 2, trials=8)
    optuna.copy_study(from_study_name="study 2", from_storage=storage, to_storage=storage, to_study_name=LONG)
    return storage


@pytest.fixture
def address(storage, tmp_path):
    """The address of a dashboard that serves them."""
    with serving("--storage", f"sqlite:///{tmp_path / 'studies.db'}", "--runs", tmp_path) as server:
        yield server.address


def heading(page, text):
    """Wait until a page has this heading."""
    page.get_by_role("heading", level=1, name=text, exact=True).wait_for()


def named(page, title):
    """Wait until the tab has this title."""
    expect(page).to_have_title(title, timeout=PATIENCE)


def test_study_and_page_stand_in_the_address_and_in_the_tab(address, visit):
    """From the list over the pages of a study to one trial."""
    page = visit.open(address)
    named(page, "All studies")
    picker = page.get_by_role("combobox", name="Study")
    picker.fill("study 2")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{address}/?study=study+2")
    named(page, "Overview - study 2")
    visit.follow("Compare trials")
    page.wait_for_url(re.compile(r"/compare\?study=study\+2&trials=4$"))
    named(page, "Compare trials - study 2")
    visit.follow("Trial")
    named(page, "Trial 4 - study 2")
    page.get_by_role("button", name="Next").click()
    page.wait_for_url(re.compile(r"/trial\?study=study\+2&trial=5$"))
    named(page, "Trial 5 - study 2")
    visit.follow("All studies")
    named(page, "All studies")


def test_link_that_was_copied_shows_the_same_study(address, browser, visit):
    """Whatever is newer; also one whose name has signs that mean something in an address."""
    page = visit.open(f"{address}/trials")
    page.get_by_role("combobox", name="Study").fill(LONG)
    page.keyboard.press("Enter")
    named(page, f"Trials - {LONG}")
    other = Visit(browser)
    copy = other.open(page.url)
    named(copy, f"Trials - {LONG}")
    copy.get_by_test_id("stSidebar").get_by_text(LONG).wait_for()
    other.end()


def test_study_cannot_be_cleared_away(address, visit):
    """The picker has no x."""
    page = visit.open(f"{address}/?study=study+1")
    beside = page.get_by_test_id("stSidebar").get_by_test_id("stSelectbox")
    expect(beside.get_by_role("combobox")).to_have_value("study 1")
    assert beside.get_by_role("button").count() == 1  # which opens it
    assert beside.get_by_role("button", name=re.compile("clear", re.IGNORECASE)).count() == 0


def test_steps_back_lead_from_a_study_to_the_list_again(address, visit):
    """Page by page; each has the study's name meanwhile."""
    page = visit.open(f"{address}/home")
    page.get_by_role("combobox", name="Study").fill("study 1")
    page.keyboard.press("Enter")
    named(page, "Overview - study 1")
    visit.follow("Trials")
    named(page, "Trials - study 1")
    page.go_back()
    named(page, "Overview - study 1")
    page.go_back()
    named(page, "All studies")


def test_click_on_a_row_opens_its_study(address, visit):
    """Wherever in the row; the box at its left does the same."""
    page = visit.open(f"{address}/home")
    for place in (50, 300):
        table = page.get_by_test_id("stDataFrame")
        table.locator("canvas [role=row]").nth(2).wait_for(state="attached")
        table.click(position={"x": place, "y": 2.5 * ROW})
        named(page, "Overview - study 2")
        visit.follow("All studies")
        named(page, "All studies")


def test_open_tab_says_that_its_study_was_deleted(address, storage, visit):
    """By itself, and without the figures of another one."""
    page = visit.open(f"{address}/trials?study=study+2")
    optuna.delete_study(study_name="study 2", storage=storage)
    heading(page, "No such study")
    named(page, "No such study - study 2")
    assert page.url == f"{address}/trials?study=study+2"
    page.get_by_role("combobox", name="Study").fill("study 1")
    page.keyboard.press("Enter")
    heading(page, "Trials")
    page.wait_for_url(f"{address}/trials?study=study+1")
