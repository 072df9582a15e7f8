"""Notes on studies and trials, and pinned trials: their file, and the page on which they are written."""

import json
import os
import stat
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from commands import ROOT

from dashboard import notes
from dashboard.notes import FILE, LONGEST, MOST, Notes, NoteStore
from dashboard.options import Options
from search.errors import SearchError, UsageError
from search.study.study import IDENTITY

WRITERS, EACH = 4, 20
WRITE = """
import sys
from pathlib import Path
from dashboard.notes import NoteStore
from dashboard.options import Options
store = NoteStore(Options("", Path(sys.argv[1]), Path(), None, True), "s", "one")
for number in range(int(sys.argv[2]), int(sys.argv[3])):
    store.change(lambda notes: notes.noted(number, f"note {number}"))
"""


@pytest.fixture
def options(tmp_path):
    """Those of a dashboard that may start searches."""
    return Options("", tmp_path, Path(), None, allow_control=True)


@pytest.fixture
def store(options):
    """The notes of a study, none yet."""
    return NoteStore(options, "s", "one")


def test_notes_are_kept(store, options):
    """On the study and on trials, with the pins; an empty text takes a note away."""
    assert store.read() == Notes()
    store.change(lambda found: found.noted(None, " about\nit all ").noted(3, "ü").with_pins([3, 5], pinned=True))
    assert NoteStore(options, "s", "one").read() == Notes("about\nit all", {3: "ü"}, frozenset({3, 5}))
    store.change(lambda found: found.noted(3, " ").with_pins([5, 9], pinned=False))
    assert store.read() == Notes("about\nit all", {}, frozenset({3}))


def test_file_is_its_owners(store):
    """Nobody else can read what was written."""
    store.change(lambda found: found.noted(None, "a secret"))
    assert {stat.S_IMODE(file.stat().st_mode) for file in store.file.parent.iterdir()} == {0o600}


def test_two_writers_lose_nothing(store, options):
    """Each change is made to what the file holds by then, also those of other processes."""
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITE, options.runs, str(first), str(first + EACH)], cwd=ROOT)
        for first in range(0, WRITERS * EACH, EACH)
    ]
    assert [writer.wait(120) for writer in writers] == [0] * WRITERS
    assert store.read().trials == {number: f"note {number}" for number in range(WRITERS * EACH)}


def test_lock_that_nobody_gives_back_is_said(store, monkeypatch):
    """Rather than waited for without an end; nothing is written."""
    store.change(lambda found: found.noted(None, "before"))
    monkeypatch.setattr(notes, "PATIENCE", 0.0)
    with store._locked(), pytest.raises(SearchError, match="somebody else has been writing it"):
        store.change(lambda found: found.noted(None, "after"))
    assert store.read().study == "before"


@pytest.mark.parametrize(
    "content",
    [
        "", "[]", "{}", "[" * 100_000, '"\\ud800"', "\0",
        '{"identity": "one", "study": 1, "trials": {}, "pinned": []}',
        '{"identity": "one", "study": "", "trials": [], "pinned": []}',
        '{"identity": "one", "study": "", "trials": {"x": ""}, "pinned": []}',
        '{"identity": "one", "study": "", "trials": {"1": null}, "pinned": []}',
        '{"identity": "one", "study": "", "trials": {}, "pinned": [true]}',
        '{"identity": "one", "study": "", "trials": {}, "pinned": [-1]}',
        '{"identity": "one", "study": "", "trials": {}, "pinned": {}}',
        json.dumps({"identity": "one", "study": "x" * (LONGEST + 1), "trials": {}, "pinned": []}),
        json.dumps({"identity": "one", "study": "", "trials": {}, "pinned": list(range(MOST + 1))}),
    ],
)  # fmt: skip
def test_damaged_file_is_said_and_left_alone(content, store):
    """Nobody's notes are written over because one byte is wrong."""
    store.file.parent.mkdir()
    store.file.write_text(content)
    with pytest.raises(SearchError, match="move it away to begin anew"):
        store.read()
    with pytest.raises(SearchError, match="move it away to begin anew"):
        store.change(lambda found: found.noted(None, "new"))
    assert store.file.read_text() == content


def test_file_of_another_kind_or_size_is_not_read(store, monkeypatch):
    """It might never end."""
    store.file.parent.mkdir()
    os.mkfifo(store.file)
    with pytest.raises(SearchError, match="no regular file"):
        store.read()
    store.file.unlink()
    store.file.write_text(" " * 11)
    monkeypatch.setattr(notes, "LARGEST", 10)
    with pytest.raises(SearchError, match="has 11 bytes"):
        store.read()


def test_too_much_is_refused(store):
    """A note that is too long, too many notes, too many pins; as many as there may be can be read again."""
    with pytest.raises(UsageError, match="a note has 2,000 characters at most, and this one has 2,001"):
        store.change(lambda found: found.noted(1, "x" * (LONGEST + 1)))
    full = Notes("", dict.fromkeys(range(MOST), "\U0001f600" * LONGEST), frozenset(range(MOST)))
    store.change(lambda _: full)
    assert store.read() == full
    with pytest.raises(UsageError, match="500 trials of a study can have a note"):
        store.change(lambda found: found.noted(MOST, "one more"))
    with pytest.raises(UsageError, match="500 trials of a study can be pinned"):
        store.change(lambda found: found.with_pins([MOST], pinned=True))
    assert store.change(lambda found: found.noted(1, "another")).trials[1] == "another"


def test_notes_of_another_study_of_the_same_name_are_left_alone(store, options):
    """A study is known by its identity; one without any has no notes."""
    store.change(lambda found: found.noted(None, "of the first"))
    other = NoteStore(options, "s", "two")
    for attempt in (other.read, lambda: other.change(lambda found: found.noted(None, "of the second"))):
        with pytest.raises(SearchError, match="holds the notes of another study of this name"):
            attempt()
    assert store.read().study == "of the first"
    with pytest.raises(SearchError, match="no identity"):
        NoteStore(options, "t", None).change(lambda found: found.noted(None, "x"))


def test_dashboard_that_looks_only_writes_nothing(options):
    """Not even a folder."""
    store = NoteStore(replace(options, allow_control=False), "s", "one")
    with pytest.raises(UsageError, match="looks only"):
        store.change(lambda found: found.noted(None, "x"))
    assert not store.file.parent.exists()


def test_place_that_cannot_be_written_is_said(store, options):
    """With the file, and why."""
    (options.runs / "s").write_text("no folder")
    with pytest.raises(SearchError, match=f"{FILE}: cannot be written"):
        store.change(lambda found: found.noted(None, "x"))


@pytest.fixture
def open_trials(make_study, open_page, tmp_path):
    """A function that opens the page of all trials of a study which has these notes."""

    def run(found, *more, **query):
        identity = make_study().user_attrs[IDENTITY]
        runs = tmp_path / "r"
        NoteStore(Options("", runs, Path(), None, allow_control=True), "s", identity).change(lambda _: found)
        return open_page("trials", "--runs", runs, *more, **query)

    return run


def numbers(page):
    """The trials that the page's table shows, in order."""
    return page.dataframe[0].value["trial"].tolist()


def test_page_shows_notes_and_pinned_trials_first(open_trials):
    """Text as it is; where the dashboard looks only, nothing can be changed."""
    page = open_trials(Notes("*all* of it", {2: "odd"}, frozenset({5, 2})), order="oldest first")
    assert [each.value for each in page.text] == ["*all* of it"]
    shown = page.dataframe[0].value.set_index("trial")
    assert numbers(page) == [2, 5, 0, 1, 3, 4]
    assert shown["mark"].tolist() == ["pinned", "pinned", "baseline", "best", "", ""]
    assert shown["note"].dropna().to_dict() == {2: "odd"}
    assert not page.text_area


def test_pinned_trials_can_be_shown_alone(open_trials):
    """By a link, too; without one nothing passes."""
    page = open_trials(Notes(pinned=frozenset({5, 2})), pinned="true")
    assert sorted(numbers(page)) == [2, 5]
    next(each for each in page.main.button if each.label == "pinned").click().run()
    assert len(numbers(page)) == 6
    page = open_trials(Notes(), pinned="true")
    assert page.info[0].value == "No trial passes these filters: pinned."


def test_notes_are_written_on_the_page(open_trials, tmp_path):
    """On the study, and on the one trial whose box is checked; and trials are pinned."""
    page = open_trials(Notes(), "--allow-control")
    page.text_area[0].input("of the study")
    page.button(key="save None").click().run()
    assert [each.value for each in page.text] == ["of the study"]
    page.session_state["trials-checked"] = ("s", [4])
    page.run()
    page.text_area[1].input("of a trial")
    page.button(key="save 4").click().run()
    page.button(key="pins").click().run()
    assert numbers(page)[0] == 4
    written = json.loads((tmp_path / "r" / "s" / FILE).read_text())
    assert (written["study"], written["trials"], written["pinned"]) == ("of the study", {"4": "of a trial"}, [4])
    assert page.button(key="pins").label == "Unpin these"
    page.button(key="pins").click().run()
    assert numbers(page)[0] == 1


def test_page_says_where_notes_cannot_be_read(make_study, open_page, tmp_path):
    """The trials are shown without them."""
    make_study()
    (tmp_path / "r" / "s").mkdir(parents=True)
    (tmp_path / "r" / "s" / FILE).write_text("{")
    page = open_page("trials", "--runs", tmp_path / "r")
    assert "does not hold what is written there" in page.warning[0].value
    assert len(numbers(page)) == 6


def test_note_stands_on_the_page_of_its_trial(make_study, open_page, tmp_path):
    """And is written there, too."""
    make_study()
    page = open_page("trial", "--runs", tmp_path / "r", "--allow-control", trial=3)
    page.text_area[0].input("odd")
    page.button(key="save 3").click().run()
    assert [each.value for each in page.text] == ["odd"]
    assert not open_page("trial", "--runs", tmp_path / "r", trial=2).text
