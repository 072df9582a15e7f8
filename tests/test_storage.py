"""Storages: what is opened, what is refused and left alone, and that passwords stay hidden."""

import sqlite3
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy.exc
from optuna import create_study, load_study

from search.errors import UsageError
from search.storage.address import (
    exists,
    location,
    open_read_only,
    open_storage,
    parse_url,
    shown,
    sqlite_file,
)


def url_of(file):
    """The SQLite URL of a file."""
    return f"sqlite:///{file}"


def test_new_storage_is_made_in_wal_mode(tmp_path):
    """The file and its directory are made, with write-ahead logging, so that readers and the driver do not wait."""
    file = tmp_path / "a directory" / "studies.db"
    assert not exists(url_of(file))
    open_storage(url_of(file))
    assert exists(url_of(file))
    connection = sqlite3.connect(file)
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    connection.close()


def test_missing_storage_is_not_made_by_reading(tmp_path):
    """A reader of nothing is told so, and there is still nothing afterwards."""
    file = tmp_path / "studies.db"
    with pytest.raises(UsageError, match=r"studies.db: there is no storage here yet"):
        open_read_only(url_of(file))
    assert list(tmp_path.iterdir()) == []


def test_only_a_search_makes_a_storage(storage_url, tmp_path):
    """Whoever only looks for studies in an empty storage is told so, and it is as empty afterwards."""
    assert not exists(storage_url)
    with pytest.raises(UsageError, match="there is no storage here yet; a search makes it") as refusal:
        open_read_only(storage_url)
    assert shown(storage_url).removeprefix("sqlite:///") in str(refusal.value)
    assert list(tmp_path.iterdir()) == []
    engine = sqlalchemy.create_engine(storage_url)
    assert sqlalchemy.inspect(engine).get_table_names() == []
    engine.dispose()


def test_reader_cannot_write(tmp_path):
    """What the dashboard opens refuses every write."""
    file = tmp_path / "100% of #1 & today.db"
    create_study(study_name="s", storage=open_storage(url_of(file)))
    reader = open_read_only(url_of(file))
    assert load_study(study_name="s", storage=reader).trials == []
    with pytest.raises(sqlalchemy.exc.OperationalError, match="readonly"), reader.engine.connect() as connection:
        connection.execute(sqlalchemy.text("DELETE FROM studies"))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"PK\x03\x04 something else", "is not a SQLite database; it is left as it is"),
        (b"SQLite format 3\x00" + b"\xff" * 2000, "cannot be read: "),
    ],
)
def test_damaged_or_other_files_are_refused_and_left_alone(content, message, tmp_path):
    """A file that is no whole SQLite database is named and not touched."""
    file = tmp_path / "studies.db"
    file.write_bytes(content)
    for opening in (open_read_only, open_storage):
        with pytest.raises(UsageError, match=message):
            opening(url_of(file))
    assert file.read_bytes() == content


def test_database_that_is_damaged_behind_its_first_page_is_refused(tmp_path):
    """SQLite's own check of the whole file decides, and the file is left as it is."""
    file = tmp_path / "studies.db"
    storage = open_storage(url_of(file))
    study = create_study(study_name="s", storage=storage)
    for number in range(50):
        study.enqueue_trial({"x": number})
    storage.engine.dispose()
    connection = sqlite3.connect(file)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    content = bytearray(file.read_bytes())
    content[20_000:40_000] = b"\xff" * 20_000
    file.write_bytes(content)
    with pytest.raises(UsageError, match=r"studies.db: is damaged: .*; it is left as it is$"):
        open_storage(url_of(file))
    assert file.read_bytes() == content


def test_commits_survive_a_loss_of_power(tmp_path):
    """SQLite waits for the disk at each commit: FULL is 2, and what an answer has told is on disk."""
    storage = open_storage(url_of(tmp_path / "studies.db"))
    with storage.engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"


def test_reader_that_holds_the_database_is_waited_for(tmp_path):
    """Five seconds of a lock delay a write and do not fail it."""
    file = tmp_path / "studies.db"
    study = create_study(study_name="s", storage=open_storage(url_of(file)))
    holder = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    holder.execute("BEGIN EXCLUSIVE")
    release = threading.Timer(5.0, lambda: holder.execute("ROLLBACK"))
    release.start()
    started = time.monotonic()
    study.tell(study.ask(), 0.5)
    assert time.monotonic() - started > 4.5
    release.join()
    holder.close()
    assert study.best_value == 0.5


def test_database_of_another_program_is_refused_and_left_alone(tmp_path):
    """A SQLite database without studies gets no tables from here."""
    file = tmp_path / "music.db"
    connection = sqlite3.connect(file)
    connection.execute("CREATE TABLE songs (title TEXT)")
    connection.commit()
    connection.close()
    before = file.read_bytes()
    with pytest.raises(UsageError, match=r"is the database of another program \(songs\)"):
        open_storage(url_of(file))
    assert file.read_bytes() == before


def test_directory_is_no_storage(tmp_path):
    """A directory in the place of the file is named."""
    with pytest.raises(UsageError, match="is a directory"):
        open_storage(url_of(tmp_path))


@pytest.mark.parametrize("url", ["", "runs/studies.db", "sqlite://", "sqlite:///:memory:"])
def test_addresses_that_cannot_hold_a_study_are_refused(url):
    """Only a database URL that survives the process is accepted."""
    with pytest.raises(UsageError, match="--storage must"):
        parse_url(url)


def test_unknown_kinds_of_database_are_refused():
    """The lease knows the clocks of these two."""
    with pytest.raises(UsageError, match="--storage: must be one of sqlite, postgresql, got mysql"):
        parse_url("mysql+pymysql://db.example/studies")


def test_file_with_braces_is_that_file(tmp_path):
    """Optuna takes a URL for a template."""
    file = tmp_path / "{SCHEMA_VERSION}.db"
    create_study(study_name="s", storage=open_storage(url_of(file)))
    assert file.exists()
    assert load_study(study_name="s", storage=open_read_only(url_of(file))).trials == []


def test_password_is_hidden():
    """What is printed of a URL has stars in the place of the password; nothing else has it either."""
    url = "postgresql+psycopg://ann:s3cret@db.example/studies"
    assert shown(url) == "postgresql+psycopg://ann:***@db.example/studies"
    assert sqlite_file(url) is None
    for unencoded in ("p@s3cret/w", "p@s:s3cret", "p@s3cret"):
        with pytest.raises(UsageError, match=r"must be percent-encoded, e\.g\. @ as %40") as refusal:
            parse_url(f"postgresql+psycopg://ann:{unencoded}@db.example/studies")
        assert "s3cret" not in str(refusal.value)
    for wrong in ("postgresql+nosuchdriver://ann:s3cret@db/studies", "postgresql://ann:s3cret@db:port/studies"):
        with pytest.raises(UsageError) as refusal:
            parse_url(wrong)
        assert "s3cret" not in str(refusal.value)


@pytest.mark.parametrize(
    ("storage", "named", "told"),
    [
        ("sqlite:///a.db", "studies.db", ["--storage", "sqlite:///a.db"]),
        ("sqlite:///runs/studies.db", "studies.db", ["--storage", "sqlite:///runs/studies.db"]),
        ("sqlite:///runs/studies.db", "sqlite:///a.db", ["--storage", "sqlite:///runs/studies.db"]),
        ("sqlite:///a.db", "sqlite:///a.db", []),
        ("sqlite:///runs/studies.db", "", []),
    ],
)
def test_further_commands_name_the_storage_that_the_variable_does_not(storage, named, told, monkeypatch):
    """The option has won over the variable, of whatever content, so it must do so again."""
    monkeypatch.delenv("SEARCH_RUNS", raising=False)
    monkeypatch.setenv("SEARCH_STORAGE", named)
    assert location(storage, Path("runs")) == told


@pytest.mark.parametrize(
    ("runs", "named", "told"), [("runs", "x", ["--runs", "runs"]), ("x", "", ["--runs", "x"]), ("runs", "", [])]
)
def test_further_commands_name_the_runs_that_the_variable_does_not(runs, named, told, monkeypatch):
    """SEARCH_RUNS would send them elsewhere, where an option has won over it."""
    monkeypatch.delenv("SEARCH_STORAGE", raising=False)
    monkeypatch.setenv("SEARCH_RUNS", named)
    assert location(f"sqlite:///{runs}/studies.db", Path(runs)) == told


def test_storage_whose_making_was_cut_short_is_made_anew(tmp_path):
    """A database without tables, as a kill may leave it, counts as not there and is completed."""
    file = tmp_path / "studies.db"
    sqlite3.connect(file).close()
    assert not exists(url_of(file))
    open_storage(url_of(file))
    assert exists(url_of(file))


def test_storage_whose_tables_are_not_all_there_is_completed(storage_url, storage):
    """A kill may come between two of them; who reads finds nothing yet, and a search makes the rest."""
    with storage.engine.begin() as connection:
        for table in ("trial_heartbeats", "alembic_version"):
            connection.execute(sqlalchemy.text(f"DROP TABLE {table}"))
    storage.engine.dispose()
    with pytest.raises(UsageError, match="there is no storage here yet"):
        open_read_only(storage_url)
    open_storage(storage_url)
    assert exists(storage_url)
    assert load_study(study_name=create_study(storage=storage).study_name, storage=open_read_only(storage_url))


def test_password_in_the_query_is_hidden_too():
    """Some drivers take the password there."""
    assert "s3cret" not in shown("postgresql+psycopg://db.example/studies?user=ann&password=s3cret")


def test_unparsable_url_is_not_repeated():
    """A text that is no URL may still hold a password, so the message does not quote it."""
    with pytest.raises(UsageError) as refusal:
        parse_url("ann:s3cret@db.example")
    assert "s3cret" not in str(refusal.value)


def test_storage_that_several_commands_make_at_once_is_made(storage_url):
    """Each of them has it, whoever was faster with which table."""
    with ThreadPoolExecutor(4) as pool:
        for made in pool.map(lambda _: open_storage(storage_url), range(4)):
            assert made.get_all_studies() == []
