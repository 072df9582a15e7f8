"""A SQLite file and the log beside it: whose it is, and what is left of it."""

import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from commands import ROOT, invoke
from optuna import create_study, load_study

from search.errors import UsageError
from search.storage import sqlite
from search.storage.address import exists, open_read_only, open_storage
from search.storage.sqlite import leave_files, settle
from search.storage.wal import check_own, checkpoint

OLD = ROOT / "tests" / "studies" / "version-0.1.0-verdict.db"


def url_of(file):
    """The SQLite URL of a file."""
    return f"sqlite:///{file}"


def trials_of(file):
    """How many trials the study has, read as all commands read it."""
    return len(load_study(study_name="s", storage=open_read_only(url_of(file))).trials)


class Storage:
    """A storage that is written, and what is in its folder at a moment, as after a kill."""

    def __init__(self, folder):
        """Make it, with a study."""
        folder.mkdir(exist_ok=True)
        self.file = folder / "studies.db"
        self.open()

    def open(self):
        """Open it, as a command does."""
        self.storage = open_storage(url_of(self.file))
        self.study = create_study(study_name="s", storage=self.storage, load_if_exists=True)

    def write(self, trials):
        """Write some trials, which are in the log then."""
        for _ in range(trials):
            self.study.tell(self.study.ask(), 0.5)

    def end(self):
        """End in good order, as a command does."""
        del self.study
        self.storage.engine.dispose()
        settle(self.file)

    def killed(self, folder):
        """Copy what a kill would leave now; return the file."""
        folder.mkdir()
        for end in ("", "-wal"):
            shutil.copyfile(f"{self.file}{end}", folder / f"studies.db{end}")
        return folder / "studies.db"


@pytest.fixture
def written(tmp_path):
    """A storage that is written."""
    return Storage(tmp_path / "written")


def content(file):
    """What is in a folder."""
    return {each.name: each.read_bytes() for each in file.parent.iterdir() if not each.name.endswith("-shm")}


def assert_refused(file):
    """No command opens the file, each names both files, and all is left as it is."""
    before = content(file)
    for opening in (open_read_only, open_storage, exists):
        with pytest.raises(UsageError, match=r"studies\.db: studies\.db-wal beside it is of another .*remove .*-wal; "):
            opening(url_of(file))
    assert content(file) == before


@pytest.mark.parametrize("taken_in", [False, True])
def test_log_of_a_killed_command_is_taken(written, taken_in, tmp_path):
    """It is the file's own, whether a part of it was taken into the file already or not."""
    written.write(2)
    if taken_in:
        checkpoint(written.storage.engine)
    written.write(3)
    file = written.killed(tmp_path / "killed")
    check_own(file)
    assert trials_of(file) == 5
    open_storage(url_of(file))
    assert trials_of(file) == 5


def test_log_that_begins_anew_is_still_the_files_own(written, tmp_path):
    """After all was taken in, SQLite writes the log from its start, over what was there."""
    for _ in range(3):
        written.write(2)
        checkpoint(written.storage.engine)
    written.write(1)
    assert trials_of(written.killed(tmp_path / "killed")) == 7


def test_storage_that_is_killed_while_it_is_made_is_its_own(tmp_path):
    """What is in the log only, the marks' table among it, is not another file's."""
    file = tmp_path / "studies.db"
    sqlite.prepare(file)
    with closing(sqlite.connect(file)) as connection:
        for end in ("", "-wal"):
            assert not end or not Path(f"{file}{end}").exists()
        connection.execute("CREATE TABLE studies (x)")
        copy = tmp_path / "killed.db"
        for end in ("", "-wal"):
            shutil.copyfile(f"{file}{end}", f"{copy}{end}")
    assert sqlite.tables_of(copy) == {"studies"}


def test_backup_beside_the_log_of_later_writes_is_refused(written, tmp_path):
    """The backup was whole; the log would bring back some of what came after it."""
    written.write(3)
    written.end()
    backup = shutil.copy(written.file, tmp_path / "backup.db")
    written.open()
    written.write(3)
    file = written.killed(tmp_path / "killed")
    assert trials_of(file) == 6
    shutil.copyfile(backup, file)
    assert_refused(file)
    result = invoke("search.run", "--trials", 1, "--no-confirm", "--study", "s", "--runs", file.parent)
    assert (result.returncode, result.stdout, result.stderr.count("\n")) == (2, "", 1)
    Path(f"{file}-wal").unlink()  # what the line says
    assert trials_of(file) == 3


def test_file_of_another_storage_beside_a_log_is_refused(written, tmp_path):
    """Whoever has more trials, and whatever the two have in common."""
    written.write(2)
    file = written.killed(tmp_path / "killed")
    other = Storage(tmp_path / "other")
    other.write(5)
    other.end()
    shutil.copyfile(other.file, file)
    assert_refused(file)


@pytest.mark.parametrize("left", [b"", None])
def test_log_without_its_file_is_not_thrown_away(written, left, tmp_path):
    """SQLite would remove the log of an empty file, with all that is only there."""
    written.write(2)
    file = written.killed(tmp_path / "killed")
    file.unlink() if left is None else file.write_bytes(left)
    with pytest.raises(UsageError, match=r"studies\.db-wal beside it is of another"):
        open_storage(url_of(file))
    assert Path(f"{file}-wal").stat().st_size > 0


@pytest.mark.parametrize("kept", [0, 20, 32, 1000])
def test_torn_log_is_none(written, kept, tmp_path):
    """Where no transaction of it is whole, SQLite takes nothing, beside any file."""
    written.write(2)
    written.end()
    backup = shutil.copy(written.file, tmp_path / "backup.db")
    written.open()
    written.write(1)
    file = written.killed(tmp_path / "killed")
    shutil.copyfile(backup, file)
    with Path(f"{file}-wal").open("rb+") as log:
        log.truncate(kept)
    assert trials_of(file) == 2


def test_storage_of_before_has_no_marks_and_opens(tmp_path):
    """Its log of a killed command is taken; from then on there are marks."""
    file = tmp_path / "studies.db"
    shutil.copyfile(OLD, file)
    sqlite.prepare(file)
    copy = tmp_path / "killed.db"
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("UPDATE studies SET study_name = 's'")
        connection.commit()
        for end in ("", "-wal"):
            shutil.copyfile(f"{file}{end}", f"{copy}{end}")
    assert trials_of(copy) > 0
    open_storage(url_of(copy))
    assert "mnist_search_marks" in sqlite.tables_of(copy)


def test_journal_of_another_file_is_refused(written, tmp_path):
    """Where there is no write-ahead log, what a kill leaves is a journal, which is rolled back into any file."""
    written.write(1)
    written.end()
    file = shutil.copy(written.file, tmp_path / "studies.db")
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")
        connection.execute("UPDATE mnist_search_marks SET mark = replace(mark, 'a', 'b')")
        connection.execute("PRAGMA cache_size=1")  # so that it goes to the file before its transaction ends
        connection.execute("CREATE TABLE large AS SELECT zeroblob(100000)")
        journal = Path(f"{file}-journal").read_bytes()
        hot, other = tmp_path / "hot.db", tmp_path / "other.db"
        shutil.copyfile(file, hot)
    Path(f"{hot}-journal").write_bytes(journal)
    check_own(hot)
    assert trials_of(hot) == 1
    second = Storage(tmp_path / "second")
    second.end()
    shutil.copyfile(second.file, other)
    Path(f"{other}-journal").write_bytes(journal)
    with pytest.raises(UsageError, match=r"other\.db-journal beside it is of another"):
        check_own(other)


def test_looking_takes_no_lock_of_this_process_away(written):
    """The log of a command that is at work stays, whoever else opens and closes the file meanwhile."""
    written.write(1)
    check_own(written.file)
    assert exists(url_of(written.file))
    close = f"import sqlite3; c = sqlite3.connect({str(written.file)!r}); c.execute('SELECT * FROM studies'); c.close()"
    subprocess.run([sys.executable, "-c", close], check=True)
    assert Path(f"{written.file}-wal").exists()


def test_command_leaves_one_file(written):
    """Everything is in it, and what a reader made beside it is gone, too."""
    written.write(3)
    assert trials_of(written.file) == 3
    del written.study
    leave_files()
    assert list(content(written.file)) == ["studies.db"]
    assert trials_of(written.file) == 3
    leave_files()
    assert [each.name for each in written.file.parent.iterdir()] == ["studies.db"]


def test_everything_is_in_the_file_where_a_reader_stays(written, tmp_path):
    """The log cannot be removed then, but a copy of the file alone has all trials."""
    written.write(3)
    with closing(sqlite3.connect(written.file)) as reader:
        reader.execute("SELECT * FROM studies").fetchone()
        written.end()
        copy = shutil.copy(written.file, tmp_path / "copy.db")
    assert trials_of(copy) == 3


def test_file_that_cannot_be_written_is_read_and_nothing_is_left(written, tmp_path, monkeypatch):
    """Without a log as one that does not change, with one in a copy."""
    monkeypatch.setattr(sqlite, "_can_be_written", lambda _: False)
    written.write(2)
    killed = written.killed(tmp_path / "killed")
    written.end()
    monkeypatch.setattr(sqlite, "_copies", {})
    before = content(killed)
    assert trials_of(killed) == 2
    assert content(killed) == before
    assert not Path(f"{killed}-shm").exists()
    whole = tmp_path / "whole" / "studies.db"
    whole.parent.mkdir()
    with closing(sqlite3.connect(killed)) as taken:
        taken.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        shutil.copyfile(killed, whole)
    assert trials_of(whole) == 2
    assert [each.name for each in whole.parent.iterdir()] == ["studies.db"]


def test_log_of_a_link_lies_beside_what_it_leads_to(written, tmp_path):
    """So that is where it is looked for."""
    written.write(2)
    backup = Storage(tmp_path / "other")
    backup.end()
    file = written.killed(tmp_path / "killed")
    link = tmp_path / "link.db"
    link.symlink_to(file)
    assert trials_of(link) == 2
    Path(f"{file}-shm").unlink(missing_ok=True)
    shutil.copyfile(backup.file, file)
    with pytest.raises(UsageError, match=r"link\.db: studies\.db-wal beside it is of another"):
        exists(url_of(link))
