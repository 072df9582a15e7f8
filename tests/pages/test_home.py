"""The start page: every study of a storage with what came of it, and the way to each."""

import optuna
import pytest
from many_studies import insert_studies

from search.storage.address import open_storage
from search.storage.lease import Lease


def names(page):
    """The studies that are listed, as their links name them."""
    return [each.split("=", 1)[1] for each in page.dataframe[0].value["name"]]


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
    assert table["name"].tolist() == ["./?study=theirs", "./?study=night"]
    assert table["state"].tolist() == ["unreadable", "not running"]
    assert table["verdict"].tolist() == ["the study 'theirs' was made by another program", "Better than the baseline"]
    assert table.loc[1, ["difference", "best", "baseline", "trials"]].round(6).tolist() == [1.0, 0.98, 0.97, 4]
    assert table[["difference", "best", "baseline", "changed"]].loc[0].isna().all()
    assert table["changed"].dt.tz is not None
    assert "**2 studies**, 0 running." in [each.value for each in page.markdown]


def test_names_become_links_that_say_what_they_are(make_study, open_page):
    """Whatever stands in a name is encoded, and nothing of it is another part of the address."""
    make_study("a & b=c #1?ü/")
    make_study("<b>")
    assert names(open_page("home")) == ["%3Cb%3E", "a%20%26%20b%3Dc%20%231%3F%C3%BC%2F"]


def test_links_lead_to_the_page_that_was_asked_for(make_study, open_page):
    """An address of the trials without a study leads to the trials of one."""
    for name in ("one", "two"):
        make_study(name)
    assert open_page("trials").dataframe[0].value["name"].tolist() == ["./trials?study=two", "./trials?study=one"]
    assert open_page().dataframe[0].value["name"].tolist() == ["./?study=two", "./?study=one"]


def test_search_finds_a_part_of_a_name(url, open_page):
    """In letters of either case; it stands in the address, and its absence leaves nothing out."""
    insert_studies(open_storage(url), 12, trials=4)
    page = open_page("home", search="STUDY 1")
    assert names(page) == ["study%2012", "study%2011", "study%2010", "study%201"]
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
