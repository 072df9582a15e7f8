"""Every page in every state that a storage can be in: what it says, and never a traceback."""

import contextlib
import sqlite3
import sys

import optuna
import pytest

from search.storage.address import open_storage, sqlite_file
from search.study.settings import Settings
from search.study.study import open_study

PAGES = ("home", "overview", "trials", "trial", "compare", "parameters", "failures", "timeline", "model", "studies")
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
    page = open_page(study="empty")
    assert page.selectbox(key="study").value == "empty"
    page.selectbox(key="study").select("older").run()
    assert page.selectbox(key="study").value == "older"
    assert open_page(study="older").selectbox(key="study").value == "older"


@pytest.mark.parametrize("path", PAGES)
def test_only_study_stands_in_every_address(path, make_study, open_page):
    """From the first moment: a copied link shows the same study once there are others."""
    make_study()
    assert open_page(path).query_params["study"] == "s"


def test_what_a_page_chooses_stands_in_the_address_beside_the_study(make_study, open_page):
    """The trials that are compared, for instance."""
    make_study()
    page = open_page("compare")
    assert page.query_params == {"study": "s", "trials": "1"}
    page.run()
    assert page.query_params == {"study": "s", "trials": "1"}


@pytest.mark.parametrize("path", [path for path in PAGES if path != "studies"])
def test_address_without_a_study_asks_for_one_of_several(path, make_study, open_page):
    """Nobody is shown one that a link did not name: which one that is would change with the next search."""
    for name in ("older", "newer"):
        make_study(name)
    page = open_page(path)
    assert not page.exception
    assert [each.value for each in page.title] == ["All studies"]
    assert page.selectbox(key="study").value is None
    assert "study" not in page.query_params
    page.selectbox(key="study").select("older").run()
    assert page.query_params["study"] == "older"
    assert [each.value for each in page.title] != ["All studies"]


def test_comparison_of_studies_begins_with_the_newest(make_study, open_page):
    """It is about several, so that it need not ask for one; which one it began with stands in the address."""
    for name in ("older", "newer"):
        make_study(name)
    assert open_page("studies").query_params["study"] == "newer"


@pytest.mark.parametrize("path", [path for path in PAGES if path != "home"])
def test_study_that_does_not_exist_is_said_on_every_page(path, make_study, open_page):
    """With the studies that there are, and no figure of any; the address still names it after the next run."""
    make_study("[one](x)")
    page = open_page(path, study="no *such* study")
    for _ in range(2):
        assert not page.exception
        assert [each.value for each in page.title] == ["No such study"]
        assert "There is no study **no \\*such\\* study** here" in page.warning[0].value
        assert page.dataframe[0].value["trials"].tolist() == [4]
        assert not page.metric
        assert page.query_params["study"] == page.selectbox(key="study").value == "no *such* study"
        page.run()


def test_study_that_is_deleted_is_said_where_it_was_shown(make_study, open_page):
    """A tab that is open says so, rather than showing another study; choosing one leads on."""
    make_study("kept")
    study = make_study("gone")
    page = open_page("trials", study="gone")
    assert page.title[0].value == "Trials"
    optuna.delete_study(study_name="gone", storage=study._storage)
    page.run()
    assert page.title[0].value == "No such study"
    assert page.query_params["study"] == "gone"
    page.selectbox(key="study").select("kept").run()
    assert page.title[0].value == "Trials"


def test_long_name_is_shown_as_a_whole(make_study, open_page):
    """The picker cuts it, so it stands below; a short one does not."""
    make_study("a name of more letters than fit, with *stars*")
    assert "a name of more letters than fit, with \\*stars\\*" in [each.value for each in open_page().caption]
    make_study("short")
    assert "short" not in [each.value for each in open_page(study="short").caption]


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
