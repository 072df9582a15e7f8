"""Every page in every state that a storage can be in: what it says, and never a traceback."""

import contextlib
import sqlite3
import sys

import pytest

from search.storage.address import open_storage, sqlite_file
from search.study.settings import Settings
from search.study.study import open_study

PAGES = ("overview", "trials", "trial", "compare", "parameters", "failures", "timeline", "model", "studies")
COMPLETE = ([0.96, 0.97], "COMPLETE", None)
FAILED = ([], "FAIL", "diverged at epoch 1")


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("trials", [[], [COMPLETE], [FAILED] * 3, None], ids=["empty", "one", "failed", "all states"])
def test_page_has_something_to_say_of_any_study(path, trials, make_study, open_page):
    """An empty study, one trial, failed trials only, and a trial in every state."""
    make_study(**({} if trials is None else {"trials": trials}))
    page = open_page(path)
    assert not page.exception
    assert len(page.title) == 1
    assert not page.error


@pytest.mark.parametrize(
    ("prepare", "message"),
    [
        (lambda _: None, "there is no storage here yet"),
        (lambda file: open_storage(f"sqlite:///{file}"), "holds no study yet"),
        (lambda file: file.write_bytes(b""), "there is no storage here yet"),
    ],
    ids=["missing", "empty", "no bytes"],
)
def test_storage_without_studies_gives_a_helpful_page(prepare, message, url, tmp_path, open_page):
    """The page says what is missing and how to start a search."""
    (tmp_path / "runs").mkdir()
    prepare(tmp_path / "runs" / "studies.db")
    page = open_page()
    assert not page.exception
    assert message in page.info[0].value
    assert page.code[0].value == f"python -m search.run --trials 50 --storage {url}"


def test_page_follows_the_chosen_study(url, make_study, open_page):
    """Another study from the picker, or from the address, is shown without a restart."""
    make_study("older")
    open_study("empty", open_storage(url), Settings(seed=1))
    page = open_page()
    assert page.selectbox(key="study").value == "empty"
    page.selectbox(key="study").select("older").run()
    assert page.selectbox(key="study").value == "older"
    assert open_page(study="older").selectbox(key="study").value == "older"


def test_server_that_does_not_answer_is_said_and_asked_again(url, open_page):
    """There may be studies behind it, so nobody is told to start one; its password is not shown."""
    page = open_page("overview", "--storage", "postgresql+psycopg://someone:secret@127.0.0.1:1/nothing")
    assert not page.exception
    assert "127.0.0.1" in page.warning[0].value
    assert "looked at again every 2 seconds" in page.warning[0].value
    assert "secret" not in page.warning[0].value
    assert not page.info


def test_database_that_is_busy_is_said_and_found_again(url, make_study, open_page):
    """Another program holds the file; once it lets go, the page shows the study."""
    make_study()._storage._backend.engine.dispose()
    with contextlib.closing(sqlite3.connect(sqlite_file(url), isolation_level=None)) as other:
        other.execute("PRAGMA journal_mode = DELETE")  # with write-ahead logging no reader waits
        other.execute("BEGIN EXCLUSIVE")
        page = open_page()
        assert not page.exception
        assert "database is locked" in page.warning[0].value
        other.execute("ROLLBACK")
    page.run()
    assert len(page.metric) > 0


def test_damaged_database_is_said(url, make_study, open_page):
    """Pages of the file were overwritten: the line says so, and nothing is written to it."""
    make_study()._storage._backend.engine.dispose()
    file = sqlite_file(url)
    content = bytearray(file.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    file.write_bytes(content)
    page = open_page()
    assert not page.exception
    assert "malformed" in " ".join(each.value for each in [*page.warning, *page.info, *page.error])
    assert file.read_bytes() == bytes(content)


def test_file_of_another_program_is_said(tmp_path, open_page):
    """Nobody is told to start a search there."""
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "studies.db").write_bytes(b"something else")
    page = open_page()
    assert not page.exception
    assert "is not a SQLite database; it is left as it is" in page.warning[0].value
    assert not page.code


@pytest.mark.parametrize(
    ("option", "line"), [("--nonsense", "unrecognized arguments: --nonsense"), ("--runs", "expected one argument")]
)
def test_wrong_option_is_said_on_the_page(option, line, open_page):
    """Streamlit reads its script when somebody looks: then it is too late for an exit status."""
    page = open_page("overview", option)
    assert not page.exception
    assert line in page.error[0].value


def test_python_that_would_import_something_else_is_said(open_page, make_study, tmp_path, monkeypatch):
    """What a module system puts in front is named on the page, before anything is imported that it is about."""
    make_study()
    (tmp_path / "modules" / "numpy").mkdir(parents=True)
    (tmp_path / "modules" / "numpy" / "__init__.py").touch()
    monkeypatch.setattr(sys, "path", [str(tmp_path / "modules"), *sys.path])
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "modules"))
    page = open_page()
    assert [each.value.partition(" would be imported")[0] for each in page.error] == [f"{tmp_path}/modules/numpy"]
    assert not page.title
