"""The folder of kept models: what is counted and removed is what was written there."""

import pytest

from search.trials.models import ModelStore

STRAY = (
    "trial-7.keras", "trial-000007.keras", "trial-\u0660\u0660\u0660\u0660\u0667.keras", "trial-00007.keras.keras",
    "my-trial-00007.keras", "final-mine.keras", "final-01.keras", "final-.keras", "final-1-copy.keras",
)  # fmt: skip


@pytest.fixture
def models(tmp_path):
    """The models of three trials and two finalists."""
    store = ModelStore(tmp_path, "s")
    for number in (3, 12, 123_456):
        store.write(number, b"a trial's")
    for name in ("baseline", "12"):
        store.write_final(name, b"a finalist's")
    return store


def test_files_of_other_names_are_left_alone(models):
    """What a person puts there is no model of a trial, and is there in the end."""
    for name in STRAY:
        (models.folder / name).write_bytes(b"a person's")
    (models.folder / "trial-00008.keras").mkdir()
    (models.folder / "final-8.keras").mkdir()
    assert models.kept() == [3, 12, 123_456]
    assert (models.path(8), models.final("8"), models.final("mine"), models.final("../final-12")) == (None,) * 4
    models.keep_only([12])
    models.keep_only_final(["baseline"])
    left = {"trial-00012.keras", "final-baseline.keras", "trial-00008.keras", "final-8.keras", *STRAY}
    assert {file.name for file in models.folder.iterdir()} == left


def test_file_that_goes_while_others_are_removed_is_no_error(models, monkeypatch):
    """A person may tidy up, too."""
    monkeypatch.setattr(models, "kept", lambda: [3, 7])
    models.keep_only([])
    assert models.path(3) is None
