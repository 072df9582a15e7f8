"""Backing a storage up and putting it back: one whole file, and never a mixture."""

import json
import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from commands import invoke
from optuna import create_study, load_study

from search.storage import backup
from search.storage.address import open_read_only, open_storage
from search.storage.lease import LEASES, Lease
from search.storage.sqlite import settle
from search.storage.wal import has_log


@pytest.fixture
def runs(tmp_path):
    """A folder with a storage in which a study has two trials."""
    write(tmp_path / "runs" / "studies.db", 2)
    return tmp_path / "runs"


def write(file, trials):
    """Write trials into a storage, and end."""
    storage = open_storage(f"sqlite:///{file}")
    study = create_study(study_name="s", storage=storage, load_if_exists=True)
    for _ in range(trials):
        study.tell(study.ask(), 0.5)
    del study
    storage.engine.dispose()
    settle(file)


def trials_of(file):
    """How many trials the study has."""
    return len(load_study(study_name="s", storage=open_read_only(f"sqlite:///{file}")).trials)


def studies(command, file, runs, *more):
    """Run the command; return its status and all that it said."""
    result = invoke("search.studies", command, file, "--runs", runs, *more)
    return result.returncode, result.stdout + result.stderr


def test_backup_of_a_storage_in_use_is_one_whole_file(runs, tmp_path):
    """It has what is in the log only, and no driver has a study of it; its permissions are the storage's."""
    (runs / "studies.db").chmod(0o640)
    storage = open_storage(f"sqlite:///{runs / 'studies.db'}")
    with Lease(storage, "s"):
        study = load_study(study_name="s", storage=storage)
        study.tell(study.ask(), 0.5)
        assert has_log(runs / "studies.db")
        status, said = studies("backup", tmp_path / "kept" / "b.db", runs, "--json")
    assert (status, json.loads(said)["backup"]) == (0, str(tmp_path / "kept" / "b.db"))
    assert [each.name for each in (tmp_path / "kept").iterdir()] == ["b.db"]
    assert (tmp_path / "kept" / "b.db").stat().st_mode & 0o777 == 0o640
    with closing(sqlite3.connect(tmp_path / "kept" / "b.db")) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)
        assert connection.execute(f"SELECT count(*) FROM {LEASES.name}").fetchone() == (0,)
    assert trials_of(tmp_path / "kept" / "b.db") == 3


def test_restores_within_a_second_keep_each_what_they_replace(runs, tmp_path):
    """What was there first is not written over by what came after it."""
    for trials in (3, 4):
        write(tmp_path / f"{trials}.db", trials)
        assert studies("restore", tmp_path / f"{trials}.db", runs)[0] == 0
    assert trials_of(runs / "studies.db") == 4
    assert sorted(trials_of(kept) for kept in runs.glob("*.replaced-*")) == [2, 3]


def test_backup_overwrites_nothing(runs, tmp_path):
    """Whatever is there, a link that leads nowhere, too."""
    (tmp_path / "file").write_text("mine")
    (tmp_path / "link").symlink_to("nowhere")
    for name in ("file", "link"):
        status, said = studies("backup", tmp_path / name, runs)
        assert (status, said.count("\n")) == (2, 1)
        assert "is there already, and nothing is overwritten" in said
    assert (tmp_path / "file").read_text() == "mine"


def test_backup_comes_back_and_what_was_there_is_kept(runs, tmp_path):
    """The old storage is one whole file beside it, with what was in its log."""
    studies("backup", tmp_path / "b.db", runs)
    write(runs / "studies.db", 3)
    status, said = studies("restore", tmp_path / "b.db", runs, "--json")
    kept = Path(json.loads(said)["replaced"])
    assert (status, trials_of(runs / "studies.db"), trials_of(kept)) == (0, 2, 5)
    assert kept.parent == runs
    assert trials_of(tmp_path / "b.db") == 2
    write(runs / "studies.db", 1)
    assert trials_of(runs / "studies.db") == 3


def test_backup_takes_the_place_of_what_a_kill_left(runs, tmp_path):
    """Its log is kept with it, and not beside the backup."""
    studies("backup", tmp_path / "b.db", runs)
    file, killed = runs / "studies.db", tmp_path / "killed"
    storage = open_storage(f"sqlite:///{file}")
    study = load_study(study_name="s", storage=storage)
    study.tell(study.ask(), 0.5)
    killed.mkdir()
    for end in ("", "-wal"):
        shutil.copyfile(f"{file}{end}", killed / f"studies.db{end}")
    shutil.copyfile(tmp_path / "b.db", killed / "studies.db")  # as a person does, and is refused then
    assert "studies.db-wal beside it is of another" in studies("backup", tmp_path / "c.db", killed)[1]
    status, said = studies("restore", tmp_path / "b.db", killed)
    assert (status, trials_of(killed / "studies.db")) == (0, 2)
    kept = Path(said.split("what it was: ")[1].strip())
    assert Path(f"{kept}-wal").stat().st_size > 0
    assert not Path(f"{killed / 'studies.db'}-wal").exists()


@pytest.mark.parametrize("cut", ["_copy", "_put_aside"])
def test_restore_that_is_cut_short_changes_nothing(runs, tmp_path, cut, monkeypatch):
    """The storage is the old one until the new one is whole."""
    studies("backup", tmp_path / "b.db", runs)
    write(runs / "studies.db", 1)

    def fail(*_):
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(backup, cut, fail)
    status, said = studies("restore", tmp_path / "b.db", runs)
    assert (status, said) == (1, f"error: {runs / 'studies.db'}: cannot be written: No space left on device\n")
    assert [each.name for each in runs.iterdir()] == ["studies.db"]
    assert trials_of(runs / "studies.db") == 3


def test_storage_that_is_driven_is_not_replaced(runs, tmp_path):
    """The driver is named, and goes on."""
    studies("backup", tmp_path / "b.db", runs)
    storage = open_storage(f"sqlite:///{runs / 'studies.db'}")
    with Lease(storage, "s"):
        status, said = studies("restore", tmp_path / "b.db", runs)
        assert status == 1
        assert f"its study 's' is held by process {os.getpid()} on" in said
        create_study(study_name="t", storage=storage)


def test_only_a_whole_storage_is_restored(runs, tmp_path):
    """What is none, or damaged, or the storage itself, is named; another program's database is not replaced."""
    file = runs / "studies.db"
    (tmp_path / "text").write_text("x" * 5000)
    damaged = bytearray(file.read_bytes())
    damaged[20_000:40_000] = b"\xff" * 20_000
    (tmp_path / "damaged.db").write_bytes(damaged)
    with closing(sqlite3.connect(tmp_path / "music.db")) as other:
        other.execute("CREATE TABLE songs (title)")
    sqlite3.connect(tmp_path / "empty.db").close()
    for name, message in {
        "none": "No such file or directory",
        "text": "is not a SQLite database",
        "damaged.db": "is damaged",
        "music.db": "is the database of another program (songs)",
        "empty.db": "holds no storage",
        "runs/studies.db": "is the storage itself",
    }.items():
        status, said = studies("restore", tmp_path / name, runs)
        assert (status, said.count("\n")) == (2, 1)
        assert message in said
    assert trials_of(file) == 2
    status, said = studies("restore", file, runs, "--storage", f"sqlite:///{tmp_path / 'music.db'}")
    assert (status, "is the database of another program (songs)" in said) == (2, True)


def test_backup_replaces_a_damaged_storage(runs, tmp_path):
    """That is what it is for; the damaged file is kept."""
    studies("backup", tmp_path / "b.db", runs)
    (runs / "studies.db").write_bytes(b"PK" * 5000)
    status, said = studies("restore", tmp_path / "b.db", runs)
    assert (status, trials_of(runs / "studies.db")) == (0, 2)
    assert Path(said.split("what it was: ")[1].strip()).read_bytes() == b"PK" * 5000


def test_backup_makes_a_storage_where_none_is(runs, tmp_path):
    """On another machine, for instance, and where the path is a link."""
    studies("backup", tmp_path / "b.db", runs)
    status, said = studies("restore", tmp_path / "b.db", tmp_path / "new" / "runs")
    assert (status, "what it was" in said) == (0, False)
    assert trials_of(tmp_path / "new" / "runs" / "studies.db") == 2
    link = tmp_path / "link.db"
    link.symlink_to(runs / "studies.db")
    assert studies("restore", tmp_path / "b.db", runs, "--storage", f"sqlite:///{link}")[0] == 0
    assert link.is_symlink()


def test_server_has_its_own_tools():
    """The line names them."""
    status, said = studies("backup", "b.db", "runs", "--storage", "postgresql+psycopg://ann:s3cret@db/studies")
    assert status == 2
    assert "pg_dump backs it up" in said
    assert "s3cret" not in said


def test_storage_that_is_not_there_is_not_backed_up(tmp_path):
    """Nothing is made."""
    status, said = studies("backup", tmp_path / "b.db", tmp_path / "runs")
    assert (status, "there is no storage here yet" in said) == (2, True)
    assert list(tmp_path.iterdir()) == []
