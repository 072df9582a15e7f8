"""A finished search, as somebody sees it in a browser who works with it."""

import contextlib
import csv
import re
from pathlib import Path

import pytest
from commands import study_of
from playwright.sync_api import TimeoutError as TooLate
from playwright.sync_api import expect
from visits import PATIENCE, Visit

from benchmarks.browsing import serving
from search.storage.address import open_storage
from search.study.settings import Settings
from search.study.study import open_study, ranked

ROW = 35  # pixels, of a table; its title is as high


@pytest.fixture
def trials(finished):
    """The trials of the search, as Optuna reads them."""
    return study_of(finished.runs, finished.study).trials


def test_best_accuracy_is_read_off_the_page(visit, address, finished):
    """What a person sees in the browser is what the command printed."""
    page, best = visit.open(address), finished.answer["best"]
    page.get_by_text(f"best {best['val_accuracy']:.4f} (trial {best['number']})").wait_for()


def test_server_listens_on_loopback_only(address):
    """The repository's configuration binds the dashboard to 127.0.0.1."""
    port = f"{int(address.rsplit(':', 1)[1]):04X}"
    rows = [line.split() for name in ("tcp", "tcp6") for line in Path(f"/proc/net/{name}").read_text().splitlines()]
    listening = {row[1].split(":")[0] for row in rows if row[3] == "0A" and row[1].endswith(f":{port}")}
    assert listening == {"0100007F"}


def laid_out(table):
    """Wait until a table's rows are drawn and its size has been the same for half a second."""
    table.locator("canvas [role=row]").nth(2).wait_for(state="attached")  # its title and two rows
    canvas, before = table.locator("canvas").first, None
    while (now := canvas.bounding_box()) != before:
        before = now
        table.page.wait_for_timeout(500)


def test_row_of_the_table_opens_its_trial(visit, address, trials):
    """One click on a cell of the second row, and the page of the second best trial is there."""
    second = ranked(trials)[1].number
    for _ in range(3):  # under load a click is sometimes not the table's; one comes back and clicks again
        page = visit.open(f"{address}/trials")
        table = page.get_by_test_id("stDataFrame")
        laid_out(table)
        table.click(position={"x": 3 * ROW, "y": 2.5 * ROW})  # beside the box at its left
        heading = page.get_by_role("heading", level=1, name=f"Trial {second}", exact=True)
        with contextlib.suppress(TooLate):
            heading.wait_for(timeout=PATIENCE / 2)
            break
    else:
        pytest.fail(f"{page.url}: {page.get_by_test_id('stMain').inner_text()}")
    page.wait_for_url(re.compile(rf"/trial\?.*trial={second}\b"))


def test_trials_are_compared(visit, address, trials):
    """A trial that is typed in stands beside the others, and in the address."""
    best, other = ranked(trials)[0].number, trials[-1].number
    page = visit.open(f"{address}/compare?trials={best}")
    page.get_by_role("combobox", name="Trials (the baseline is always shown)").fill(str(other))
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(rf"trials={best}&trials={other}\b"))
    page.get_by_test_id("stTable").get_by_text(f"Trial {other}").first.wait_for()


def test_csv_has_the_rows_that_are_shown(visit, address, trials, tmp_path):
    """Of a filtered table it has the same trials, with all the digits that Optuna has."""
    page = visit.open(f"{address}/trials?state=complete")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download these trials as CSV").click()
    download.value.save_as(tmp_path / "trials.csv")
    with (tmp_path / "trials.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(int(row["trial"]), float(row["val_accuracy"]), int(row["hidden_units"])) for row in rows] == [
        (trial.number, trial.value, trial.params["hidden_units"]) for trial in ranked(trials)
    ]


def test_link_to_a_filtered_view_shows_the_same(visit, browser, address, trials):
    """What somebody has filtered is in the address, so somebody else sees it, too."""
    page, best = visit.open(f"{address}/trials"), ranked(trials)[0]
    page.get_by_text("Filter by accuracy").click()
    page.get_by_role("spinbutton", name="val_accuracy from").fill(f"{best.value:.4f}")
    page.keyboard.press("Enter")
    shown = page.get_by_text(f"1 of {len(trials)} trials.")
    shown.wait_for()
    other = Visit(browser)
    other.open(page.url).get_by_text(f"1 of {len(trials)} trials.").wait_for()
    other.end()


def test_drawn_digit_is_read_by_the_model(visit, address, finished):
    """A stroke from top to bottom is a 1 to the best model, and to the baseline beside it."""
    page = visit.open(f"{address}/model")
    canvas = page.get_by_label("Draw a digit")
    canvas.scroll_into_view_if_needed()
    area = canvas.bounding_box()
    middle = area["x"] + area["width"] / 2
    page.mouse.move(middle, area["y"] + 50)
    page.mouse.down()
    page.mouse.move(middle, area["y"] + 230, steps=5)
    page.mouse.up()
    for name in (f"Trial {finished.answer['best']['number']}", "The baseline"):
        page.get_by_role("listitem").filter(has_text=f"{name} says 1, probability").wait_for()


def test_keyboard_reaches_the_menu_and_the_study(visit, address):
    """Tab comes to a page's link and to the picker of the study; Enter follows the link."""
    page = visit.open(address)
    reached = [_tab(page) for _ in range(20)]
    assert {"Trials", "Best model", "Study"} <= set(reached)
    page.get_by_role("link", name="Overview").focus()
    while _tab(page) != "Trials":
        pass
    page.keyboard.press("Enter")
    page.get_by_role("heading", level=1, name="Trials").wait_for()


def _tab(page):
    """Press Tab; return the name of what has the focus then."""
    page.keyboard.press("Tab")
    return page.evaluate("""() => {
        const found = document.activeElement;
        return found.getAttribute('aria-label')?.replace(/^.*\\. /, '') ?? found.innerText.split('\\n').at(-1);
    }""")


@pytest.fixture
def two_studies(tmp_path):
    """The address of a dashboard that serves two studies."""
    url = f"sqlite:///{tmp_path / 'studies.db'}"
    for name in ("older", "newer"):
        open_study(name, open_storage(url), Settings(seed=1))
    with serving("--storage", url, "--runs", tmp_path) as server:
        yield server.address


def test_chosen_study_stays_from_page_to_page(two_studies, visit):
    """It is in the address, and the menu takes it along."""
    visit.open(f"{two_studies}/?study=older")
    for title in ("Trials", "Trial", "Overview"):
        page = visit.follow(title)
        expect(page.get_by_role("combobox", name="Study")).to_have_value("older", timeout=PATIENCE)
        page.wait_for_url(re.compile(r"\?study=older$"))
