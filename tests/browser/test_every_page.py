"""Every page in a real browser: errors, requests to elsewhere, accessibility, a phone's width."""

from urllib.parse import parse_qs, urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect
from visits import PATIENCE, WIDE, Visit

PAGES = {
    "home": "All studies",
    "": "Overview",
    "trials": "Trials",
    "trial": "Trial",
    "compare": "Compare trials",
    "parameters": "Parameters",
    "failures": "Failures",
    "timeline": "Timeline",
    "model": "Best model",
    "studies": "Compare studies",
}
# The colours of the words of a command are Streamlit's, and no option changes them.
NOT_OURS = {"exclude": [["[data-testid=stCode] .token"]]}
# Of a page, in the browser: it has the colours of a scheme, and none of them is still on its way.
COLOURED = """scheme => getComputedStyle(document.querySelector('[data-testid=stApp]')).colorScheme === scheme
    && !document.getAnimations().some(each => each instanceof CSSTransition)"""
PHONE = {"width": 400, "height": 800}  # pixels


@pytest.fixture(scope="module")
def visit(browser, address):
    """Somebody who has opened the dashboard; nothing may go wrong meanwhile."""
    visit = Visit(browser)
    visit.open(address)
    yield visit
    visit.end()


@pytest.fixture(scope="module", params=PAGES.values())
def visited(request, visit):
    """Somebody who goes from page to page in a window of a usual size, as the menu leads there."""
    visit.page.emulate_media(color_scheme="light")
    visit.page.set_viewport_size(WIDE)
    visit.follow(request.param)
    visit.page.mouse.move(WIDE["width"] / 2, 0)  # away from the menu
    return visit


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_page_is_accessible(scheme, visited):
    """No serious finding of axe-core, in light and in dark."""
    visited.page.emulate_media(color_scheme=scheme)
    visited.page.wait_for_function(COLOURED, arg=scheme)
    found = Axe().run(visited.page, context=NOT_OURS).response["violations"]
    serious = [each for each in found if each["impact"] in ("serious", "critical")]
    assert [(each["id"], node["html"]) for each in serious for node in each["nodes"]] == []


def test_page_fits_a_phone(visited):
    """At 400 pixels the page scrolls up and down, and not to the side."""
    visited.page.set_viewport_size(PHONE)
    for part in (visited.page.locator("html"), visited.page.get_by_test_id("stMain")):
        # Streamlit lays tables out anew a moment after the window has changed.
        expect(part).to_have_js_property("scrollWidth", PHONE["width"], timeout=PATIENCE)


def test_page_names_its_study_where_the_menu_is_closed(visited):
    """On a phone; in a wide window the menu does. The list of all studies is about none."""
    study = parse_qs(urlsplit(visited.page.url).query)["study"][0]
    named = visited.page.get_by_text(f"Study {study}", exact=True)
    visited.page.set_viewport_size(WIDE)
    expect(named).not_to_be_visible()
    visited.page.set_viewport_size(PHONE)
    expect(named).to_be_visible(visible=visited.page.title() != "All studies")
