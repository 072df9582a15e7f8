"""The figure of a search in a browser: what a person did with it stays, and its points lead somewhere."""

import pytest
from visits import Visit

from benchmarks.browsing import serving
from search.confirmation.extent import GOAL
from search.confirmation.goal import Goal
from search.storage.address import open_storage
from search.storage.lease import Lease
from search.study.settings import Settings
from search.study.study import enqueue, open_study

FIGURE = ".search-figure"
# Of the figure, in the browser: where the point of a series is on the screen.
PLACE = """(figure, [series, point]) => {
    const {xaxis, yaxis} = figure._fullLayout, {x, y} = figure.calcdata[series][point];
    const area = figure.getBoundingClientRect();
    return [area.left + xaxis._offset + xaxis.l2p(x), area.top + yaxis._offset + yaxis.l2p(y)];
}"""
RANGES = "figure => [figure._fullLayout.xaxis.range, figure._fullLayout.yaxis.range].map(each => each.map(Number))"
POINTS = "figure => figure.calcdata[0].length"


def finish(study, settings, value):
    """End a trial of a study."""
    trial = study.ask(dict(settings.space.distributions))
    trial.report(value, 1)
    study.tell(trial, value)


@pytest.fixture(scope="module")
def followed(tmp_path_factory):
    """The address of a dashboard that serves a study which somebody drives, and a function that ends a trial of it."""
    folder = tmp_path_factory.mktemp("followed")
    url, settings = f"sqlite:///{folder / 'studies.db'}", Settings(seed=1, sampler="random", pruner="none")
    study = open_study("s", open_storage(url), settings)
    study.set_user_attr(GOAL, Goal(99, None, 1).to_json())
    enqueue(study, settings, [])
    for value in (0.95, 0.96, 0.97):
        finish(study, settings, value)
    with Lease(open_storage(url), "s"), serving("--storage", url, "--runs", folder) as server:
        yield server.address, lambda value: finish(study, settings, value)


@pytest.fixture
def page(browser, followed):
    """The overview of that study, opened by somebody for whom nothing goes wrong."""
    visit = Visit(browser)
    page = visit.open(followed[0])
    page.locator(f"{FIGURE} .main-svg").first.wait_for()
    page.wait_for_function(f"document.querySelector('{FIGURE}').calcdata?.length")
    yield page
    visit.end()


def wait_for_points(page, number):
    """Wait until the figure has so many complete trials."""
    page.wait_for_function(
        "([figure, number]) => document.querySelector(figure).calcdata[0].length === number", arg=[FIGURE, number]
    )


def test_zoom_stays_while_trials_come_in(page, followed):
    """The figure is the same element, shows the new trial's point, and stands where a person zoomed to."""
    figure = page.locator(FIGURE)
    figure.scroll_into_view_if_needed()
    before, area = figure.evaluate(POINTS), figure.locator(".nsewdrag").first.bounding_box()
    whole = figure.evaluate(RANGES)
    page.mouse.move(area["x"] + 0.1 * area["width"], area["y"] + 0.1 * area["height"])
    page.mouse.down()
    page.mouse.move(area["x"] + 0.6 * area["width"], area["y"] + 0.7 * area["height"], steps=5)
    page.mouse.up()
    page.wait_for_function(f"whole => JSON.stringify(({RANGES})(document.querySelector('{FIGURE}'))) !== whole",
                           arg=str(whole).replace(" ", ""))  # fmt: skip
    zoomed = figure.evaluate(RANGES)
    figure.evaluate("figure => { figure.mine = true; }")
    followed[1](0.5)  # which changes what the figure would show by itself
    wait_for_points(page, before + 1)
    assert figure.evaluate(RANGES) == zoomed
    assert figure.evaluate("figure => figure.mine")


def test_hover_stays_while_trials_come_in(page, followed):
    """What is said of a point is there before and after."""
    figure = page.locator(FIGURE)
    figure.scroll_into_view_if_needed()
    before = figure.evaluate(POINTS)
    page.mouse.move(*figure.evaluate(PLACE, [0, 0]), steps=3)
    said = figure.locator(".hoverlayer")
    said.get_by_text("trial 0, complete").wait_for()
    followed[1](0.965)
    wait_for_points(page, before + 1)
    said.get_by_text("hidden_units 512").wait_for()


def test_click_opens_the_trial(page):
    """As a link does."""
    figure = page.locator(FIGURE)
    figure.scroll_into_view_if_needed()
    place = figure.evaluate(PLACE, [0, 1])
    page.mouse.move(*place, steps=3)
    figure.locator(".hoverlayer").get_by_text("trial 1, complete").wait_for()
    page.mouse.click(*place)
    page.get_by_role("heading", level=1, name="Trial 1", exact=True).wait_for()


def test_trials_in_a_box_are_compared(page):
    """A box around some points, and a link that leads to them side by side."""
    figure = page.locator(FIGURE)
    figure.scroll_into_view_if_needed()
    area = figure.locator(".nsewdrag").first.bounding_box()
    page.mouse.move(area["x"] + area["width"] / 2, area["y"] + area["height"] / 2)
    figure.locator("[data-attr=dragmode][data-val=select]").click()
    page.mouse.move(area["x"] + 1, area["y"] + 1)
    page.mouse.down()
    page.mouse.move(area["x"] + area["width"] - 1, area["y"] + area["height"] - 1, steps=5)
    page.mouse.up()
    page.get_by_role("link", name="Compare the").click()
    page.get_by_role("heading", level=1, name="Compare trials").wait_for()
    page.wait_for_url("**trials=2**")
