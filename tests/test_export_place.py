"""Where an export may go: a new folder, or an empty one that is there, whole or not at all."""

import errno
import os
from pathlib import Path

import pytest
from commands import invoke

from search.errors import SearchError, UsageError
from search.export.place import WORK, check_free, filled

NAMES = ["MODEL_CARD.md", "a.json", "model.keras", "savedmodel"]


def fill(output):
    """Export something."""
    with filled(output, last="a.json") as folder:
        for name in NAMES[:3]:
            (folder / name).write_text(name)
        (folder / NAMES[3]).mkdir()
        (folder / NAMES[3] / "saved_model.pb").write_text("deep")


def held(folder):
    """What is in a folder."""
    return sorted(each.name for each in folder.iterdir())


@pytest.mark.parametrize("kind", ["new", "nested", "empty", "dot", "link", "dangling link", "ext4"])
def test_empty_folder_is_filled_whatever_it_is_called(kind, tmp_path, monkeypatch):
    """A new folder, one that is there, the working directory, a link to a folder, the root of a new file system."""
    place = tmp_path / "place"
    outputs = {
        "nested": place / "a" / "b", "dot": Path(), "link": tmp_path / "link", "dangling link": tmp_path / "link",
    }  # fmt: skip
    output = outputs.get(kind, place)
    if kind not in ("new", "nested", "dangling link"):
        place.mkdir()
    if kind == "dot":
        monkeypatch.chdir(place)
    if "link" in kind:
        output.symlink_to("place")
    if kind == "ext4":
        (place / "lost+found").mkdir()
    fill(output)
    assert held(output) == [*NAMES[:2], *(["lost+found"] if kind == "ext4" else []), *NAMES[2:]]
    assert (output / "savedmodel" / "saved_model.pb").read_text() == "deep"
    assert held(tmp_path) == sorted({"place", *(["link"] if "link" in kind else [])})


def test_folder_that_is_there_is_all_that_is_written(tmp_path):
    """Nothing is made beside it: its parent may be another user's, or another file system."""
    output = tmp_path / "place"
    output.mkdir()
    before = tmp_path.stat().st_mtime_ns
    fill(output)
    assert tmp_path.stat().st_mtime_ns == before


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("full", "must be a new or an empty folder; this one holds .hidden"),
        ("file", "must be a new or an empty folder; this is none"),
        ("loop", "must be a new or an empty folder|symbolic links"),
        ("below a file", "Not a directory"),
        ("long", "File name too long"),
    ],
)
def test_other_place_is_refused_before_anything_is_done(kind, message, tmp_path):
    """In one line, with status 2, although there is not even a study; what is there stays as it is."""
    place = tmp_path / "place"
    if kind == "full":
        place.mkdir()
        (place / ".hidden").touch()
    elif kind == "loop":
        place.symlink_to("place")
    else:
        place.touch()
    output = {"below a file": place / "new", "long": tmp_path / ("x" * 256)}.get(kind, place)
    result = invoke("search.export", "--runs", tmp_path / "none", "--output", output)
    assert (result.returncode, len(result.stderr.splitlines())) == (2, 1)
    with pytest.raises(UsageError, match=f"^--output .*{message}"):
        fill(output)
    assert held(tmp_path) == ["place"]


@pytest.mark.parametrize(
    ("number", "kind"), [(errno.EACCES, UsageError), (errno.EROFS, UsageError), (errno.ENOSPC, SearchError)]
)
@pytest.mark.parametrize("is_there", [False, True])
def test_place_that_cannot_be_written_is_said_before_the_model_is_read(number, kind, is_there, tmp_path, monkeypatch):
    """A folder of another user's, a file system that is read-only or full: the line says which folder."""
    output = tmp_path / "place"
    if is_there:
        output.mkdir()

    def refuse(path):
        raise OSError(number, os.strerror(number), str(path))

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(kind, match=f"cannot be written: {os.strerror(number)} in {output if is_there else tmp_path}$"):
        fill(output)
    assert held(tmp_path) == (["place"] if is_there else [])


@pytest.mark.parametrize("is_there", [False, True])
@pytest.mark.parametrize("what", ["write", "move", "signal"])
def test_nothing_is_left_where_filling_fails(what, is_there, tmp_path, monkeypatch):
    """Want of room while a file is written or gets its name, or a signal: the folder is as it was."""
    output = tmp_path / "new" / "place"
    if is_there:
        output.mkdir(parents=True)
    rename = Path.rename

    def fail(path, target):
        if path.name == "a.json" or what == "signal":
            raise KeyboardInterrupt if what == "signal" else OSError(errno.ENOSPC, "No space left on device")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", fail)
    monkeypatch.setattr(Path, "replace", fail if what == "signal" else lambda path, _: fail(path / "a.json", None))
    with pytest.raises((SearchError, KeyboardInterrupt), match=r"^--output .*: No space left on device$|^$"):
        if what == "write":
            with filled(output, last="a.json"):
                raise OSError(errno.ENOSPC, "No space left on device")
        fill(output)
    assert list(output.rglob("*")) == []
    assert output.exists() == is_there


def test_killed_export_leaves_no_folder_that_looks_whole(tmp_path, monkeypatch):
    """What describes the files comes last; the folder of an unfinished one is named when it is in the way."""
    names, rename = [], Path.rename
    monkeypatch.setattr(Path, "rename", lambda path, target: names.append(path.name) or rename(path, target))
    output = tmp_path / "place"
    output.mkdir()
    fill(output)
    assert names[-1] == "a.json"
    other = tmp_path / "other"
    (other / WORK).mkdir(parents=True)
    with pytest.raises(UsageError, match=f"this one holds {WORK}$"):
        check_free(other)
