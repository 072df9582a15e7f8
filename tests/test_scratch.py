"""The folder of one run: where it is made, what goes there, and when it is removed."""

import os
import shutil
import tempfile
from pathlib import Path

import pytest

from search.errors import RuntimeLostError, StartError, UsageError
from search.runtime.scratch import LONGEST_BASE, VARIABLES, scratch_folder
from search.surroundings.capacity import Demand


@pytest.fixture
def place():
    """A folder whose path is short enough for sockets, and that variables shall name."""
    folder = Path(tempfile.mkdtemp(prefix="t", dir="/tmp"))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch):
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)


def test_folder_is_where_temporary_files_are_wanted_and_goes_with_the_block(place, monkeypatch):
    """This process's and its children's temporary files lie in it; all of it is gone afterwards."""
    monkeypatch.setenv("TMPDIR", str(place))
    with scratch_folder() as folder:
        assert folder.parent == place
        assert folder.stat().st_mode & 0o777 == 0o700
        assert os.environ["TMPDIR"] == tempfile.gettempdir() == str(folder)
        Path(tempfile.mkdtemp()).joinpath("file").write_text("something")
    assert list(place.iterdir()) == []
    assert os.environ["TMPDIR"] == tempfile.gettempdir() == str(place)


def test_folder_is_kept_for_who_looks_for_an_error(place, monkeypatch):
    """Ray's logs may say more than its error; a signal asks for no logs, nor does a wrong option."""
    monkeypatch.setenv("TMPDIR", str(place))
    for error, kept in ((KeyboardInterrupt, 0), (UsageError, 0), (RuntimeLostError, 1), (StartError, 2)):
        with pytest.raises(error), scratch_folder():
            raise error
        assert len(list(place.iterdir())) == kept


@pytest.mark.parametrize("kind", ["long", "missing", "a file", "relative", "full"])
def test_place_that_will_not_do_is_passed_over(kind, place, monkeypatch):
    """What another program or a batch system has set does not stand in the way."""
    named = {
        "long": place / ("x" * LONGEST_BASE),
        "missing": place / "none",
        "a file": place / "file",
        "relative": Path("here"),
        "full": place,
    }[kind]
    if kind == "long":
        named.mkdir()
    elif kind == "a file":
        named.write_text("")
    elif kind == "full":
        used = shutil.disk_usage(place)
        monkeypatch.setattr(
            shutil, "disk_usage", lambda at: used._replace(free=5 * (Path(at) == place)) if Path(at) == place else used
        )
    monkeypatch.setenv("TMPDIR", str(named))
    with scratch_folder() as folder:
        assert place not in folder.parents
        assert folder.is_absolute()


def test_large_data_need_room_where_memory_cannot_be_shared(place, monkeypatch):
    """Ray keeps them in the folder then, so that a disk without room is passed over; otherwise they take none there."""
    monkeypatch.setenv("TMPDIR", str(place))
    monkeypatch.setattr("search.runtime.scratch.USUAL", ())
    large = Demand(10**15)
    with pytest.raises(UsageError, match=r"MB left of the 1000000150 that a run may need\)"), scratch_folder(large):
        pass
    monkeypatch.setattr("search.runtime.scratch.SHARED_MEMORY", place / "none")
    with scratch_folder():
        pass
    monkeypatch.setattr("search.runtime.scratch._is_shared", lambda store: store == large.store)
    with scratch_folder(large) as folder:
        assert folder.parent == place


def test_no_place_at_all_is_said_in_one_line(place, monkeypatch):
    """Each place is named with what is wrong with it, and what would be right."""
    long = place / ("x" * LONGEST_BASE)
    monkeypatch.setattr("search.runtime.scratch.USUAL", (str(long), str(place / "none")))
    message = (
        rf"^there is no place for temporary files \({long}: is not an absolute path of at most 19 bytes; "
        rf"{place}/none: No such file or directory\); set TMPDIR to a folder of at most 19 bytes$"
    )
    with pytest.raises(UsageError, match=message), scratch_folder():
        pass
