"""What stands where a file or a folder should be, and what it is: told before anything starts, and never waited for."""

import os
import subprocess
import sys

import pytest
from commands import ROOT, clean_environment, invoke

from search.errors import UsageError
from search.run.options import parse
from search.run.plan import check_places
from search.terminal.files import LARGEST, read_text


@pytest.fixture
def place(tmp_path):
    """A folder with a pipe that nobody writes, a link to nothing, and a file."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "lost").symlink_to(tmp_path / "nothing")
    (tmp_path / "file").write_text("")
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["run", "--storage", "sqlite:///{}/pipe"], "{}/pipe: is a device or a pipe; --storage must name a file"),
        (["run", "--storage", "sqlite:////dev/null"], "/dev/null: is a device or a pipe; --storage must name a file"),
        (["report", "--storage", "sqlite:///{}/pipe"], "{}/pipe: is a device or a pipe; --storage must name a file"),
        (["studies", "restore", "{}/pipe"], "{}/pipe: holds no storage"),
        (["studies", "restore", "{}"], "{}: holds no storage"),
        (["run", "--space", "/dev/zero"], f"--space /dev/zero: must have at most {LARGEST // 10**6} MB"),
        (["run", "--runs", ""], "--runs: must name a directory; . is the current one"),
        (
            ["run", "--runs", "{}/lost"],
            "--runs: must be a directory, or a new one, but '{}/lost' is a link to nothing",
        ),
        (
            ["run", "--study", "lost", "--runs", "{}"],
            "--study lost: {}/lost is a file or a link to nothing; give it another name",
        ),
        (
            ["run", "--study", "file", "--runs", "{}"],
            "--study file: {}/file is a file or a link to nothing; give it another name",
        ),
    ],
)
def test_what_is_no_file_or_no_folder_is_refused(arguments, line, place):
    """A line, status 2, nothing made; a pipe would be waited for, a link to nothing be called a file that exists."""
    before = sorted(place.rglob("*"))
    command, *rest = [each.format(place) for each in arguments]
    if command == "report":
        rest += ["--output", str(place / "page.html")]
    result = invoke(f"search.{command}", *rest)
    assert (result.returncode, result.stdout, result.stderr) == (2, "", f"error: {line.format(place)}\n")
    assert sorted(place.rglob("*")) == before


def test_folders_in_which_nothing_can_be_written_are_refused(tmp_path):
    """Before Ray is started; a folder that is still to be made is judged by the one that it is made in."""
    check_places(parse(["--runs", str(tmp_path / "a" / "b")]))
    assert list(tmp_path.iterdir()) == []
    for option, places in (
        ("--storage", ["--storage", "sqlite:////proc/a/b.db", "--runs", str(tmp_path)]),
        ("--runs", ["--storage", f"sqlite:///{tmp_path}/b.db", "--runs", "/proc/a"]),
    ):
        with pytest.raises(UsageError, match=f"^{option}: nothing can be written in /proc: "):
            check_places(parse(places))


def test_pipe_in_the_place_of_the_images_is_not_waited_for(place):
    """Neither where it is named nor in the cache."""
    result = invoke("search.run", "--data", place / "pipe", "--runs", place / "new")
    assert result.returncode == 2
    assert result.stderr.endswith("found: a folder, device or pipe\n")


def test_text_may_come_from_a_pipe(tmp_path):
    """As of a shell's <(...)."""
    reader, writer = os.pipe()
    os.write(writer, b"text")
    os.close(writer)
    assert read_text(tmp_path / f"/dev/fd/{reader}", "--space") == "text"
    os.close(reader)


def test_dashboard_that_is_not_started_by_streamlit_says_how(tmp_path):
    """In place of a hundred warnings and no page."""
    result = subprocess.run(
        [sys.executable, "dashboard/app.py", "--runs", tmp_path],
        cwd=ROOT, env=clean_environment() | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    line = "error: Streamlit shows these pages: python -m streamlit run dashboard/app.py\n"
    assert (result.returncode, result.stdout, result.stderr) == (2, "", line)
