"""Sign-in: who sees studies, and what is shown to everyone else."""

import sys
import threading

import pytest
from commands import ROOT
from streamlit.testing.v1 import AppTest

from dashboard import sign_in
from search.errors import SearchError

AUTH = {
    "redirect_uri": "http://localhost:8501/oauth2callback",
    "cookie_secret": "0123456789abcdef" * 2,
    "client_id": "dashboard",
    "client_secret": "secret",
    "server_metadata_url": "http://localhost:9000/.well-known/openid-configuration",
}
ADA = {"is_logged_in": True, "name": "Ada", "email": "Ada@example.org", "email_verified": True}


@pytest.fixture(autouse=True)
def _fresh_process(monkeypatch):
    """Each test is a dashboard that has just been started."""
    monkeypatch.setattr(sign_in, "_asked_for", threading.Event())


@pytest.fixture
def enter(url, monkeypatch):
    """A function that opens the dashboard as someone, with some secrets."""
    monkeypatch.setattr(sys, "argv", ["app.py", "--storage", url])

    def run(secrets, user):
        page = AppTest.from_file(str(ROOT / "dashboard" / "app.py"), default_timeout=30)
        page.secrets.update(secrets)
        page.user = user
        return page.run()

    return run


def texts(page):
    """Everything that a page says."""
    return [
        element.value for kind in (page.title, page.error, page.markdown, page.caption, page.metric) for element in kind
    ]


def test_nothing_of_a_study_is_shown_before_sign_in(enter, make_study):
    """Neither its name nor its numbers: only the way in."""
    make_study()
    page = enter({"auth": AUTH}, {"is_logged_in": False})
    assert [each.label for each in page.button] == ["Sign in"]
    assert texts(page) == ["Hyperparameter search", "Studies are shown to people who have signed in."]
    assert not page.selectbox


def test_who_has_signed_in_sees_the_study_and_the_way_out(enter, make_study):
    """The name and the way out are beside the page."""
    make_study()
    page = enter({"auth": AUTH}, ADA)
    assert page.selectbox(key="study").value == "s"
    assert "Signed in as Ada" in [each.value for each in page.sidebar.caption]
    assert "Sign out" in [each.label for each in page.sidebar.button]


@pytest.mark.parametrize(
    ("user", "reason"),
    [
        ({"email": "eve@example.org"}, "eve@example.org may not look at this dashboard."),
        ({"email_verified": False}, "The provider does not vouch for your e-mail address."),
        ({"email_verified": None}, "The provider does not vouch for your e-mail address."),
        ({"email": None}, "The provider does not vouch for your e-mail address."),
    ],
)
def test_people_who_are_not_on_the_list_are_refused(enter, user, reason):
    """The address has to be on the list, and the provider has to vouch for it."""
    page = enter({"auth": AUTH, "access": {"emails": ["ada@example.org"]}}, ADA | user)
    assert [each.value for each in page.error] == [reason]
    assert not page.selectbox
    assert [each.label for each in page.button] == ["Sign out"]


def test_people_on_the_list_are_let_in(enter, make_study):
    """Upper and lower case do not matter."""
    make_study()
    page = enter({"auth": AUTH, "access": {"emails": ["ada@EXAMPLE.org"]}}, ADA)
    assert page.selectbox(key="study").value == "s"


@pytest.mark.parametrize(
    ("secrets", "reason"),
    [
        ({"access": {"emails": ["ada@example.org"]}}, "there is no [auth] to sign in with"),
        ({"auth": AUTH, "access": {}}, "[access] must have emails ="),
        ({"auth": AUTH, "access": {"emails": "ada@example.org"}}, "[access] must have emails ="),
        ({"auth": AUTH, "access": {"emails": [], "domains": []}}, "takes emails only, and has domains"),
        ({"auth": AUTH | {"cookie_secret": "xxx"}}, "needs a random cookie_secret of 32 characters"),
        ({"auth": {}}, "needs a random cookie_secret"),
    ],
)
def test_wrong_secrets_shut_the_dashboard(enter, secrets, reason):
    """One line says what is wrong; nothing is shown."""
    page = enter(secrets, ADA)
    [error] = page.error
    assert reason in error.value
    assert not page.selectbox
    assert not page.exception


def test_secrets_that_cannot_be_read_shut_the_dashboard(tmp_path, monkeypatch):
    """Streamlit takes a broken file for none, which would let everyone in."""
    (tmp_path / ".streamlit").mkdir()
    (tmp_path / ".streamlit" / "secrets.toml").write_text("[auth\n")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SearchError, match="cannot be read, so nothing is shown"):
        sign_in.check()


def test_secrets_that_go_missing_open_nothing(enter):
    """A dashboard that asked for sign-in once does not stop to ask."""
    enter({"auth": AUTH}, ADA)
    page = enter({"another": {"a": 1}}, ADA)
    assert [each.value for each in page.error] == [
        "secrets.toml had an [auth] section and has none now: restart the dashboard"
    ]


def test_missing_authlib_is_said_in_one_line(enter, monkeypatch):
    """With [auth] but without the extra, the page says what to install."""
    monkeypatch.setitem(sys.modules, "authlib", None)
    page = enter({"auth": AUTH}, {"is_logged_in": False})
    assert [each.value for each in page.error] == [
        "Sign-in is configured, but Authlib is not installed: pip install -e '.[auth]'."
    ]
    assert not page.button


def test_each_named_provider_has_its_button(enter):
    """Streamlit's [auth.NAME] sections are offered by their names."""
    common = {key: AUTH[key] for key in ("redirect_uri", "cookie_secret")}
    provider = {key: value for key, value in AUTH.items() if key not in common}
    page = enter({"auth": common | {"one": provider, "two": provider}}, {"is_logged_in": False})
    assert [each.label for each in page.button] == ["Sign in with one", "Sign in with two"]


def test_no_study_is_read_for_someone_who_has_not_signed_in(monkeypatch, url, tmp_path):
    """The guard is where studies are read, so that it holds for parts that refresh by themselves, too."""
    import streamlit as st
    from streamlit.runtime.secrets import Secrets

    from dashboard.source import Source

    secrets = Secrets()
    secrets._secrets = {"auth": AUTH}
    monkeypatch.setattr(st, "secrets", secrets)
    source = Source(url, tmp_path)
    for read in (source.names, lambda: source.view("s")):
        with pytest.raises(SearchError, match="sign in first"):
            read()
