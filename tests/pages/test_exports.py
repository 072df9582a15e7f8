"""Which exported files the page offers, and which it does not."""

import json

import pytest

from dashboard.model.exports import content_of, exports_of, files_of, lowered
from dashboard.parts.model_files import sized
from search.errors import SearchError


def export_to(folder, **description):
    """Write what an export holds besides the model."""
    folder.mkdir(parents=True)
    (folder / "model.json").write_text(json.dumps(description))
    (folder / "MODEL_CARD.md").write_text("# Model card")
    return folder


def test_exports_are_those_of_the_study(tmp_path):
    """Other studies' exports, and what is no description, are left out."""
    mine = export_to(tmp_path / "mine", study="s")
    export_to(tmp_path / "other", study="t")
    for name, text in (("broken", "{"), ("list", "[]"), ("deep", "[" * 100_000)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "model.json").write_text(text)
    assert [each.folder for each in exports_of(tmp_path, "s")] == [mine]
    assert exports_of(tmp_path / "nowhere", "s") == []


def test_links_out_of_an_export_are_not_offered(tmp_path):
    """A link may lead to any file of the machine."""
    folder, secret = export_to(tmp_path / "exports" / "a", study="s"), tmp_path / "secret"
    secret.mkdir()
    (secret / "model.json").write_text('{"study": "s"}')
    (folder / "link").symlink_to(secret / "model.json")
    (folder / "folder").symlink_to(secret)
    (tmp_path / "exports" / "b").symlink_to(secret)
    assert [file.name for file in files_of(folder)] == ["MODEL_CARD.md", "model.json"]
    assert [each.folder for each in exports_of(tmp_path / "exports", "s")] == [folder]
    with pytest.raises(SearchError, match="leads out of"):
        content_of(folder / "link", folder)


def test_file_that_is_gone_is_one_line(tmp_path):
    """A file may vanish between offer and click."""
    with pytest.raises(SearchError, match="gone: cannot be read: No such file or directory"):
        content_of(tmp_path / "gone", tmp_path)


def test_headings_are_lowered_outside_of_code():
    """A comment in code is no heading."""
    assert lowered("# a\n```\n# b\n```\n## c") == "### a\n```\n# b\n```\n#### c"


@pytest.mark.parametrize(
    ("size", "text"), [(0, "0 bytes"), (999, "999 bytes"), (1000, "1.0 kB"), (6_521_377, "6.5 MB")]
)
def test_sizes_are_short(size, text):
    """Sizes in powers of 1000."""
    assert sized(size) == text
