"""Fetching the images where the surroundings do not help."""

import tempfile

import pytest

from trainable.mnist.download import DownloadError, package


def test_want_of_a_temporary_folder_is_the_sources_failure(monkeypatch):
    """The next source is asked, and where there is none, the line says what failed."""
    monkeypatch.setattr(tempfile, "TemporaryDirectory", lambda: open("/nothere"))  # noqa: PTH123, SIM115
    with pytest.raises(DownloadError, match=r"^package mirror: .*No such file or directory"):
        package()
