"""The start page: every study of a storage with what came of it, and the way to each."""

import optuna
import pytest
from clicks import click
from many_studies import insert_studies

from search.storage.address import open_storage
from search.storage.lease import Lease


def names(page):
    """The studies that are listed."""
    return page.dataframe[0].value["name"].tolist()


def test_studies_are_listed_with_what_came_of_them(url, make_study, confirm, open_page):
    """State, verdict, difference, best, baseline, trials and the last change; what is not there stays empty."""
    confirm(make_study("night"))
    optuna.create_study(study_name="theirs", storage=open_storage(url))
    page = open_page()
    assert not page.exception
    table = page.dataframe[0].value
    assert table.columns.tolist() == [
        "name", "state", "verdict", "difference", "best", "baseline", "trials", "changed",
    ]  # fmt: skip
    assert names(page) == ["theirs", "night"]
    assert table["state"].tolist() == ["unreadable", "not running"]
    assert table["verdict"].tolist() == ["the study 'theirs' was made by another program", "Better than the baseline"]
    assert table.loc[1, ["difference", "best", "baseline", "trials"]].round(6).tolist() == [1.0, 0.98, 0.97, 4]
    assert table[["difference", "best", "baseline", "changed"]].loc[0].isna().all()
    assert table["changed"].dt.tz is not None
    assert "**2 studies**, 0 running." in [each.value for each in page.markdown]


HOSTILE = "a & b=c #1?ü/"  # signs that mean something in an address


@pytest.mark.parametrize(("path", "title"), [("home", "Overview"), ("trials", "Trials")])
@pytest.mark.parametrize("clicked", [{"cell": [1, "verdict"]}, {"rows": [1]}])
def test_click_on_a_row_opens_its_study(path, title, clicked, make_study, open_page):
    """On the page that was asked for, whatever the name is; a click on nothing that is there opens nothing."""
    for name in (HOSTILE, "other"):
        make_study(name)
    page = open_page(path)
    assert names(page) == ["other", HOSTILE]
    click(page, cell=[7, "verdict"])
    assert [each.value for each in page.title] == ["All studies"]
    click(page, **clicked)
    assert not page.exception
    assert [each.value for each in page.title] == [title]
    assert page.query_params["study"] == HOSTILE


def test_search_finds_a_part_of_a_name(url, open_page):
    """In letters of either case; it stands in the address, and its absence leaves nothing out."""
    insert_studies(open_storage(url), 12, trials=4)
    page = open_page("home", search="STUDY 1")
    assert names(page) == ["study 12", "study 11", "study 10", "study 1"]
    assert "**4 of 12 studies**, 0 running." in [each.value for each in page.markdown]
    page.text_input(key="search").set_value("nothing like it").run()
    assert not page.exception
    assert names(page) == []
    page.text_input(key="search").set_value("").run()
    assert len(names(page)) == 12


def test_running_searches_are_counted(url, make_study, open_page):
    """By the leases on the studies."""
    for name in ("one", "two"):
        make_study(name)
    with Lease(open_storage(url), "one"):
        page = open_page("home")
    assert page.dataframe[0].value["state"].tolist() == ["not running", "searching"]
    assert "**2 studies**, 1 running." in [each.value for each in page.markdown]


def test_study_that_is_picked_beside_the_list_is_shown(make_study, open_page):
    """The start page is the way to a study, and no page about one."""
    for name in ("one", "two"):
        make_study(name)
    page = open_page("home")
    page.selectbox(key="study").select("one").run()
    assert [each.value for each in page.title] == ["Overview"]
    assert page.query_params["study"] == "one"


@pytest.mark.parametrize("chosen", ["one", "gone"])
def test_start_page_is_there_whichever_study_is_chosen(chosen, make_study, open_page):
    """The menu takes the chosen study along; the list is of all of them."""
    make_study("one")
    page = open_page("home", study=chosen)
    assert not page.exception
    assert [each.value for each in page.title] == ["All studies"]
    assert page.query_params["study"] == chosen
